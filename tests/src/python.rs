//! Other people's clients, in Python.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use refit_local::{Account, LocalAws, Options};

const ACCOUNTS: [&str; 2] = ["123456789012:refit-local:refit-local", "210987654321:other:other-secret"];

/// Runs `dev/python` with these arguments and returns what it printed; panics with its output if it failed.
pub fn run<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let output = Command::new(root.join("dev/python")).args(arguments).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "Python failed\n{out}{err}");
    out.into_owned()
}

/// Starts a backend of two accounts, runs `dev/python` with what `arguments` makes of its URL, and prints what that said.
pub async fn against_local(arguments: impl FnOnce(&str) -> Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let accounts = ACCOUNTS.map(|account| account.parse::<Account>().unwrap());
    let local = LocalAws::start(Options::new(folder.path()).accounts(accounts)).await.unwrap();
    let arguments = arguments(local.endpoint_url());
    let printed = tokio::task::spawn_blocking(move || run(arguments)).await.unwrap();
    assert!(!printed.trim().is_empty(), "Python said nothing");
    println!("{printed}");
    local.stop().await;
}

/// Runs the pytest suite of a folder against a backend of two accounts. `python` chooses the venv, as `dev/python` does.
pub async fn suite(python: &[&str], folder: &str) {
    against_local(|url| {
        let mut arguments = [python, &["-m", "pytest", folder, "--endpoint-url", url]].concat();
        arguments.extend(ACCOUNTS.iter().flat_map(|account| ["--account", account]));
        arguments.into_iter().map(str::to_owned).collect()
    })
    .await;
}
