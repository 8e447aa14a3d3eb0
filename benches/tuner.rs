//! The tuner of refit-local beside Optuna's TPE and Gaussian process samplers, over the same objective, and warm beside cold.
//! The searches are driven by `tuner.py`, ours through boto3.

use std::path::Path;
use std::process::Command;

use refit_benches::{Claim, Goal};
use refit_local::{LocalAws, Options};
use serde_json::Value;

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let dir = tempfile::tempdir().expect("a folder");
    let results = dir.path().join("results.json");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let aws = runtime.block_on(LocalAws::start(Options::new(dir.path().join("aws")))).expect("started");
    let status = Command::new(root.join("target/optuna/bin/python"))
        .arg(root.join("benches/tuner.py"))
        .arg(aws.endpoint_url())
        .arg(&results)
        .status();
    runtime.block_on(aws.stop());
    assert!(status.expect("dev/setup tuner makes the peers' venv").success(), "tuner.py failed");
    let medians: Value = serde_json::from_slice(&std::fs::read(results).expect("results")).expect("JSON");
    let median = |dataset: &str, what: &str| medians[dataset][what].as_f64().expect("a median");

    // Every metric is to be small.
    for (name, dataset, peer) in [
        ("tuner.flights-to-tpe", "flights", "tpe"),
        ("tuner.flights-to-gp", "flights", "gp"),
        ("tuner.diabetes-to-tpe", "diabetes", "tpe"),
        ("tuner.diabetes-to-gp", "diabetes", "gp"),
        ("tuner.breast-cancer-to-tpe", "breast-cancer", "tpe"),
        ("tuner.breast-cancer-to-gp", "breast-cancer", "gp"),
    ] {
        let measured = median(dataset, "ours") / median(dataset, peer);
        println!("{}", Claim { name, measured, goal: Goal::AtMost(1.0) });
    }
    let datasets = ["flights", "diabetes", "breast-cancer"];
    let worst =
        datasets.map(|dataset| median(dataset, "warm") / median(dataset, "cold")).into_iter().fold(0.0, f64::max);
    println!("{}", Claim { name: "tuner.warm-start-jobs-to-cold", measured: worst, goal: Goal::AtMost(0.5) });
}
