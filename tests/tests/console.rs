//! The page for people, in a real browser.

use refit_local::{LocalAws, Options};
use refit_tests::python;

#[tokio::test(flavor = "multi_thread")]
async fn a_person_watches_and_decides() {
    let dir = tempfile::tempdir().unwrap();
    let aws = LocalAws::start(Options::new(dir.path())).await.unwrap();
    let url = aws.endpoint_url().to_owned();
    let tests = move || python::run(["-m", "pytest", "tests/browser", "--endpoint-url", &url]);
    println!("{}", tokio::task::spawn_blocking(tests).await.unwrap());
    aws.stop().await;
}
