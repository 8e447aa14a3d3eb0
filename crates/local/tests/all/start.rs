//! Starting and stopping.

use std::process::Stdio;

use refit_local::{LocalAws, LocalError, Options};

use crate::client::Client;
use crate::program::{Program, command};

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_or_dropped_backend_starts_again_with_what_it_had() {
    let folder = tempfile::tempdir().unwrap();
    let local = LocalAws::start(Options::new(folder.path())).await.unwrap();
    let s3 = Client::new(local.endpoint_url(), "s3");
    assert_eq!(s3.send("PUT", "/bucket", &[], b"").unwrap().status, 200);
    assert_eq!(s3.send("PUT", "/bucket/key", &[], b"value").unwrap().status, 200);
    local.stop().await;
    assert!(s3.send("GET", "/bucket/key", &[], b"").is_err(), "a stopped backend does not answer");
    for _ in 0..3 {
        let local = LocalAws::start(Options::new(folder.path())).await.unwrap();
        let s3 = Client::new(local.endpoint_url(), "s3");
        assert_eq!(s3.send("GET", "/bucket/key", &[], b"").unwrap().body, b"value");
        drop(local);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_config_names_the_backend_and_its_accounts() {
    let folder = tempfile::tempdir().unwrap();
    let local = LocalAws::start(Options::new(folder.path()).region("eu-west-1")).await.unwrap();
    let config = local.sdk_config();
    assert_eq!(config.endpoint_url(), Some(local.endpoint_url()));
    assert_eq!(config.region().map(|region| region.as_ref()), Some("eu-west-1"));
    assert!(local.sdk_config_for("123456789012").is_some());
    assert!(local.sdk_config_for("999999999999").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_is_made_again_in_us_east_1_only() {
    for (region, status) in [("us-east-1", 200), ("eu-west-1", 409)] {
        let folder = tempfile::tempdir().unwrap();
        let local = LocalAws::start(Options::new(folder.path()).region(region)).await.unwrap();
        let s3 = Client::new(local.endpoint_url(), "s3");
        assert_eq!(s3.send("PUT", "/bucket", &[], b"").unwrap().status, 200);
        let again = s3.send("PUT", "/bucket", &[], b"").unwrap();
        assert_eq!(again.status, status, "{}", again.text());
        local.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_named() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let first = LocalAws::start(Options::new(folders[0].path())).await.unwrap();
    let port: u16 = first.endpoint_url().rsplit(':').next().unwrap().parse().unwrap();
    let error = LocalAws::start(Options::new(folders[1].path()).port(port)).await.unwrap_err();
    assert!(matches!(error, LocalError::Port { port: named, .. } if named == port), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_folder_that_is_a_file_is_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = LocalAws::start(Options::new(file.path())).await.unwrap_err();
    assert!(matches!(error, LocalError::DataFolder { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_a_newer_version_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    LocalAws::start(Options::new(folder.path())).await.unwrap().stop().await;
    let database = rusqlite::Connection::open(folder.path().join("refit-local.sqlite")).unwrap();
    database.pragma_update(None, "user_version", 1_000_000).unwrap();
    drop(database);
    let error = LocalAws::start(Options::new(folder.path())).await.unwrap_err();
    assert!(matches!(error, LocalError::NewerData { .. }), "{error}");
}

#[test]
fn a_data_folder_has_one_owner_and_the_other_is_told_who() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(folder.path());
    let second = command(folder.path()).stdout(Stdio::null()).stderr(Stdio::piped()).output().unwrap();
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(!second.status.success());
    assert!(said.contains(&format!("is in use by process {}", program.id())), "{said}");
}

#[test]
fn the_program_ends_cleanly_when_it_is_asked_to() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(folder.path());
    let s3 = Client::new(&program.endpoint_url, "s3");
    assert_eq!(s3.send("PUT", "/bucket", &[], b"").unwrap().status, 200);
    assert!(program.terminate().success());
}

#[test]
fn what_the_program_cannot_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for (flag, value, said) in [
        ("--pace", "soon", "`soon` is no pace: write a duration such as 2s"),
        ("--role", "deploy", "`deploy` is no role: write ARN=ACCOUNT"),
        ("--account", "123", "write ID:ACCESS_KEY:SECRET"),
    ] {
        let output = command(folder.path()).args([flag, value]).output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && errors.contains(said), "{errors}");
    }
}
