//! What ARCHITECTURE says of the tree, held by a test: which crate may use which, where `aws_sdk_` may be written,
//! how large a file may grow.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const FEATURE_CRATES: [&str; 5] =
    ["refit-warehouse", "refit-evaluation", "refit-tuning", "refit-registry", "refit-endpoint"];
const LARGEST_FILE: usize = 400;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// Every package's normal and build dependencies by name, the whole resolved graph.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    // Only the host's packages, which are there since the build; the lock names those of every platform.
    let version = Command::new("rustc").arg("-vV").output().unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--filter-platform", host])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let name_of: BTreeMap<&str, &str> = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| (package["id"].as_str().unwrap(), package["name"].as_str().unwrap()))
        .collect();
    let shipped = |dep: &&Value| dep["dep_kinds"].as_array().unwrap().iter().any(|kind| kind["kind"] != "dev");
    let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for node in metadata["resolve"]["nodes"].as_array().unwrap() {
        let from = name_of[node["id"].as_str().unwrap()].to_owned();
        let to = node["deps"].as_array().unwrap().iter().filter(shipped);
        graph.entry(from).or_default().extend(to.map(|dep| name_of[dep["pkg"].as_str().unwrap()].to_owned()));
    }
    graph
}

fn reachable<'a>(graph: &'a BTreeMap<String, BTreeSet<String>>, from: &'a str) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    let mut open = vec![from];
    while let Some(name) = open.pop() {
        for next in &graph[name] {
            if seen.insert(next.as_str()) {
                open.push(next);
            }
        }
    }
    seen
}

/// The Rust files of the crates' sources, path relative to the root and text.
fn sources() -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut open = vec![root().join("crates"), root().join("examples"), root().join("tests"), root().join("benches")];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
                files.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(files.len() > 50, "the walk found only {} files", files.len());
    files
}

fn code_lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim_start().starts_with("//"))
}

#[test]
fn dependencies_run_down_only() {
    let graph = dependencies();
    let workspace = |name: &&str| name.starts_with("refit-");
    for from in FEATURE_CRATES {
        let siblings: Vec<_> = reachable(&graph, from).into_iter().filter(|to| FEATURE_CRATES.contains(to)).collect();
        assert!(siblings.is_empty(), "{from} reaches its siblings {siblings:?}");
    }
    let direct: Vec<&str> = graph["refit-local"].iter().map(String::as_str).filter(workspace).collect();
    assert_eq!(direct, ["refit-booster", "refit-xgboost"], "refit-local shares no code with the clients it serves");
    for from in ["refit-booster", "refit-warehouse", "refit-evaluation"] {
        let aws: Vec<_> = reachable(&graph, from).into_iter().filter(|to| is_aws(to)).collect();
        assert!(aws.is_empty(), "{from} reaches {aws:?}");
    }
    let sdk: Vec<_> = reachable(&graph, "refit-local").into_iter().filter(|to| to.starts_with("aws-sdk-")).collect();
    assert!(sdk.is_empty(), "refit-local reaches {sdk:?}");
}

/// AWS's client crates; aws-lc is a cryptography library that rustls uses anywhere.
fn is_aws(name: &str) -> bool {
    name == "refit-aws" || (name.starts_with("aws-") && !name.starts_with("aws-lc-"))
}

#[test]
fn only_the_embedded_backend_compiles_xgboost() {
    let graph = dependencies();
    let users: Vec<&str> = graph
        .keys()
        .map(String::as_str)
        .filter(|name| name.starts_with("refit-") && reachable(&graph, name).contains("xgboost-rs-sys"))
        .collect();
    assert_eq!(users, ["refit-benches", "refit-examples", "refit-local", "refit-tests", "refit-xgboost"]);
}

#[test]
fn the_sdk_is_written_in_few_places_and_in_no_public_signature() {
    for (name, text) in sources() {
        let file = Path::new(&name).file_name().unwrap().to_str().unwrap();
        let allowed = ["client.rs", "wire.rs"].contains(&file)
            || name.starts_with("crates/aws/")
            || name.starts_with("tests/")
            || name.starts_with("benches/");
        let uses = code_lines(&text).filter(|line| line.contains("aws_sdk_")).count();
        assert!(allowed || uses == 0, "{name} names aws_sdk_ {uses} times; only client.rs, wire.rs and crates/aws may");
        if FEATURE_CRATES.iter().any(|krate| name.starts_with(&krate.replace("refit-", "crates/"))) {
            for line in code_lines(&text).filter(|line| line.trim_start().starts_with("pub ")) {
                assert!(!line.contains("aws_sdk_"), "{name} has the SDK in a public signature: {line}");
            }
        }
    }
}

#[test]
fn unsafe_code_lives_in_one_crate() {
    for (name, text) in sources() {
        let found = code_lines(&text).any(|line| line.contains("unsafe "));
        let allowed = name.starts_with("crates/xgboost/") || name == "tests/tidy.rs";
        assert!(allowed || !found, "{name} has unsafe code");
    }
}

#[test]
fn files_stay_small_and_are_named_for_what_is_in_them() {
    for (name, text) in sources() {
        let lines = text.lines().count();
        assert!(lines <= LARGEST_FILE, "{name} has {lines} lines; {LARGEST_FILE} is the most: give it another room");
        for word in ["utils", "helpers", "common", "manager", "misc"] {
            assert!(!name.split(['/', '.']).any(|part| part == word), "{name}: name it for what is in it");
        }
    }
}

#[test]
fn no_test_is_silently_left_out_and_no_lint_silenced_without_a_reason() {
    for (name, text) in sources() {
        let ignored = ["#[ign", "ore"].concat();
        for line in code_lines(&text) {
            assert!(!line.contains(&ignored), "{name} leaves a test out: {line}");
        }
        for (at, _) in text.match_indices("[allow(").chain(text.match_indices("[expect(")) {
            let attribute: String = text[at..].chars().take_while(|c| *c != ']').collect();
            assert!(
                attribute.contains("reason") || name == "tests/tidy.rs",
                "{name} silences a lint without a reason: {attribute}]"
            );
        }
    }
}

#[test]
fn every_crate_page_teaches_by_one_example() {
    for entry in std::fs::read_dir(root().join("crates")).unwrap() {
        let path = entry.unwrap().path().join("src/lib.rs");
        let page: String = std::fs::read_to_string(&path)
            .unwrap()
            .lines()
            .take_while(|line| line.starts_with("//!"))
            .map(|line| format!("{line}\n"))
            .collect();
        let name = path.display();
        // A bare fence opens an example or closes anything; one with a word opens what is shown and not run.
        let fences = |fence: &str| page.lines().filter(|line| *line == fence).count();
        let shown = page.lines().filter(|line| line.starts_with("//! ```") && *line != "//! ```").count();
        assert_eq!(fences("//! ```") - shown, 2, "{name}: one complete example, run as a test");
        assert_eq!(shown, fences("//! ```text"), "{name}: the example runs");
        for heading in ["//! # How it behaves", "//! # Errors"] {
            assert!(page.contains(heading), "{name}: no part headed {heading:?}");
        }
    }
}
