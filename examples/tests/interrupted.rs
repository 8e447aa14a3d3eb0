//! The team's program, interrupted while the warehouse lets it wait: it leaves the warehouse at once, and says so.

#[path = "../../crates/warehouse/tests/support/postgres.rs"]
#[allow(dead_code, reason = "the warehouse's tests use more of the server")]
mod postgres_server;

use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use postgres_server::Server;
use refit_local::{LocalAws, Options};

const WAITING: &str =
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'refit-warehouse' AND wait_event_type = 'Lock'";
const THERE: &str = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'refit-warehouse'";

fn wait_for(server: &Server, sql: &str, expected: &str) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while server.psql(sql) != [expected] {
        assert!(Instant::now() < deadline, "{sql} gives {:?}", server.psql(sql));
        sleep(Duration::from_millis(20));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_prepare_leaves_the_warehouse_alone() {
    let dir = tempfile::tempdir().unwrap();
    let aws = LocalAws::start(Options::new(dir.path().join("aws"))).await.unwrap();
    let (url, work) = (aws.endpoint_url().to_owned(), dir.path().join("work"));
    let interrupted = tokio::task::spawn_blocking(move || {
        let server = Server::start();
        let mut client = server.client();
        client
            .batch_execute(
                "CREATE TABLE customers (customer_id int8, stayed boolean, tenure int4, spend float8, tickets int4, seen_on date, segment text)",
            )
            .unwrap();
        // The queries wait for a table that another session keeps to itself, and would wait as long as it does.
        let mut holding = client.transaction().unwrap();
        holding.batch_execute("LOCK TABLE customers").unwrap();
        for signal in ["-TERM", "-INT"] {
            let mut command = Command::new(env!("CARGO_BIN_EXE_accounts"));
            command.env_remove("AWS_PROFILE").env("AWS_ENDPOINT_URL", &url).env("AWS_REGION", "us-east-1");
            command.env("AWS_ACCESS_KEY_ID", "refit-local").env("AWS_SECRET_ACCESS_KEY", "refit-local");
            command.arg("--base-dir").arg(&work).args([
                "prepare",
                "--warehouse",
                &server.url("postgres"),
                "2025-03-01",
            ]);
            let child = command.stderr(Stdio::piped()).spawn().unwrap();
            wait_for(&server, WAITING, "2");
            assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
            let output = child.wait_with_output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(!output.status.success() && said.contains("interrupted: the queries are cancelled"), "{said}");
            wait_for(&server, THERE, "0");
        }
        holding.commit().unwrap();
    });
    interrupted.await.unwrap();
    aws.stop().await;
}
