//! The quickstart as a user runs it, and what boto3 and pandas say of what it left.

use std::process::Command;

use refit_local::{LocalAws, Options};

#[tokio::test(flavor = "multi_thread")]
async fn the_quickstart_does_what_it_promises() {
    let dir = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_quickstart")).arg("--dir").arg(dir.path()).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    let reports: Vec<_> = out.lines().filter_map(|line| line.strip_prefix("report: ")).collect();
    assert_eq!(reports.len(), 6, "{out}");
    for report in reports {
        let page = std::fs::read_to_string(report).unwrap();
        assert!(page.contains("<svg") && page.len() < 1_000_000, "{report}");
    }

    let aws = LocalAws::start(Options::new(dir.path().join("aws"))).await.unwrap();
    let arguments = [aws.endpoint_url().to_owned(), dir.path().display().to_string()];
    let python = concat!(env!("CARGO_MANIFEST_DIR"), "/../dev/python");
    let boto3 = tokio::task::spawn_blocking(move || {
        Command::new(python).arg("tests/python/boto3_quickstart.py").args(arguments).output()
    });
    let output = boto3.await.unwrap().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && out.lines().count() == 3, "{out}{err}");
    aws.stop().await;
}
