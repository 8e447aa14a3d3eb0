//! The team's program in its training account, rehearsed on the embedded backend by what a scheduler and a person would type.

use std::path::Path;
use std::process::{Command, Output};

use refit_local::{Account, LocalAws, Options};

/// A customer's stay depends on their tenure and on how many tickets they opened: anything that learns sees that.
fn customers(path: &Path) {
    let sqlite = rusqlite::Connection::open(path).unwrap();
    let table =
        "CREATE TABLE customers (customer_id INTEGER, stayed INTEGER, tenure INTEGER, spend REAL, tickets INTEGER,
                 seen_on TEXT, segment TEXT)";
    sqlite.execute_batch(table).unwrap();
    let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
                INSERT INTO customers SELECT i, i * 7 % 100 > i * 13 % 10 * 9, i * 7 % 100, i % 37 * 1.5, i * 13 % 10,
                       date('2024-01-01', (i % 400) || ' days'), CASE WHEN i % 2 THEN 'private' ELSE 'business' END FROM n";
    sqlite.execute_batch(rows).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_training_account_goes_from_the_warehouse_to_the_endpoint() {
    let dir = tempfile::tempdir().unwrap();
    let unknown = Account::new("999999999999", "unknown", "unknown").unwrap();
    let qa = Account::new("222222222222", "qa", "qa").unwrap();
    let options = Options::new(dir.path().join("aws")).accounts([Account::default(), qa, unknown]);
    let aws = LocalAws::start(options).await.unwrap();
    let warehouse = dir.path().join("customers.sqlite");
    customers(&warehouse);
    let (url, work) = (aws.endpoint_url().to_owned(), dir.path().join("work"));
    let call = async |key: &str, arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_accounts"));
        command.env_remove("AWS_PROFILE").env("AWS_ENDPOINT_URL", &url).env("AWS_REGION", "us-east-1");
        command.env("AWS_ACCESS_KEY_ID", key).env("AWS_SECRET_ACCESS_KEY", key);
        command.arg("--base-dir").arg(&work).args(["--jobs", "2"]).args(arguments);
        tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap()
    };

    let warehouse = warehouse.to_str().unwrap();
    let prepared = done(call("refit-local", &["prepare", "--warehouse", warehouse, "2025-03-01"]).await);
    assert_eq!(prepared.lines().count(), 2, "{prepared}");
    let retrained = done(call("refit-local", &["retrain", "2025-03-01"]).await);
    let packages: Vec<_> = retrained.lines().map(|line| line.split('\t').nth(1).unwrap()).collect();
    assert_eq!(packages.len(), 2, "{retrained}");
    let pending = done(call("refit-local", &["list"]).await);
    assert_eq!(pending.matches("PendingManualApproval").count(), 2, "{pending}");

    let refused = failed(call("refit-local", &["refresh"]).await);
    assert!(refused.contains("no approved model package"), "{refused}");
    for package in &packages {
        done(call("refit-local", &["approve", package, "looked at the report"]).await);
    }
    let plan = done(call("refit-local", &["refresh"]).await);
    assert!(plan.contains("churn-private.tar.gz") && plan.contains("churn-business.tar.gz"), "{plan}");
    let nothing_left = failed(call("refit-local", &["rollback", packages[0], "a test"]).await);
    assert!(nothing_left.contains("no approved model package"), "{nothing_left}");

    assert!(failed(call("qa", &["retrain", "2025-03-01"]).await).contains("only serves"));
    assert!(failed(call("unknown", &["list"]).await).contains("999999999999"));
    aws.stop().await;
}

fn done(output: Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    out.into_owned()
}

fn failed(output: Output) -> String {
    assert!(!output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8_lossy(&output.stderr).into_owned()
}
