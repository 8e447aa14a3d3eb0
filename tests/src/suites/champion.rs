//! The facade's evaluation: beside the model that serves, judged by a rule, and what a person decides stands.

use std::path::Path;
use std::sync::Arc;

use aws_types::SdkConfig;
use refit_pipeline::aws::ArtifactStore;
use refit_pipeline::endpoint::EndpointError;
use refit_pipeline::evaluation::{ApprovalRule, ChampionStanding, ComparisonSpec, Metric, Outcome, SliceBy, Verdict};
use refit_pipeline::registry::{ApprovalStatus, RegistryClient};
use refit_pipeline::warehouse::{Extract, Warehouse};
use refit_pipeline::{ModelSpec, Pipeline, PipelineError, Retrained, RunId, Settings};
use serde_json::Value;

use super::pipeline::{beats_the_mean, chain, model, pipeline, warehouse};

const MAY: (&str, &str, &str) = ("2024-05", "2024-05-01", "2024-06-01");
const JUNE: (&str, &str, &str) = ("2024-06", "2024-06-01", "2024-07-01");

/// The model of a month.
fn north((_, from, ceiling): (&str, &str, &str)) -> ModelSpec {
    model("north", from, ceiling)
}

async fn retrained(
    pipeline: &Pipeline,
    warehouse: &Arc<dyn Warehouse>,
    month: (&str, &str, &str),
    model: ModelSpec,
) -> Retrained {
    let run: RunId = month.0.parse().unwrap();
    let models = [model];
    pipeline.prepare(&run, Arc::clone(warehouse), &models).await.unwrap().into_result().unwrap();
    pipeline.retrain(&run, &models).await.unwrap().into_result().unwrap().remove(0)
}

async fn serve(pipeline: &Pipeline, month: (&str, &str, &str)) {
    pipeline.refresh(&[north(month)]).await.unwrap().packages.into_result().unwrap();
}

/// Trees of one level, one of them: worse than any other.
fn poor(settings: &mut Settings) {
    settings.tuning.hyperparameters.insert("num_round".into(), "1".into());
}

async fn json(store: &ArtifactStore, key: &str) -> Value {
    let (bytes, _) = store.get(&store.uri(key).unwrap()).await.unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// The first model waits for a person; the second is compared with what serves, and approved by the rule with its reasons.
/// A rerun after the second serves compares with the first again.
pub async fn the_second_model_is_judged_beside_what_serves(config: &SdkConfig, dir: &Path) {
    let warehouse = warehouse(dir);
    let better = |settings: &mut Settings| {
        settings.approval = Some(ApprovalRule::default());
        settings.evaluation.slices = vec![SliceBy { column: "a".into(), cuts: vec![5.0] }];
    };
    let (first, registry) =
        (pipeline(config, &dir.join("work"), |it| (better(it), poor(it)).1), RegistryClient::new(config));
    let may = retrained(&first, &warehouse, MAY, north(MAY)).await;
    assert_eq!((&may.champion, may.package.approval), (&ChampionStanding::None, ApprovalStatus::PendingManualApproval));
    let said = "left pending by rule: there is no champion to compare it with";
    assert_eq!(may.package.approval_description.as_deref(), Some(said));
    registry.approve(&may.package.arn, "good enough to begin with").await.unwrap();
    serve(&first, MAY).await;

    let second = pipeline(config, &dir.join("work"), better);
    let june = retrained(&second, &warehouse, JUNE, north(JUNE)).await;
    let ChampionStanding::Compared(champion) = &june.champion else { panic!("{:?}", june.champion) };
    assert_eq!((champion.package.as_str(), champion.serves), (may.package.arn.as_str(), true));
    let compared = &june.evaluation.champion.as_ref().unwrap().comparison;
    assert_eq!(compared.verdict, Verdict::Better);
    // The champion's figure is what it predicts for the rows that the challenger is measured on.
    assert_ne!(compared.champion, may.evaluation.metrics.rmse());
    assert_eq!(june.package.approval, ApprovalStatus::Approved);
    let description = june.package.approval_description.as_deref().unwrap();
    assert!(description.starts_with("approved by rule: better than the champion: rmse "), "{description}");
    assert_eq!(june.evaluation.slices.iter().map(|slice| slice.rows).sum::<u64>(), june.evaluation.metrics.rows());

    let drifted = june.evaluation.drift.as_ref().unwrap().columns.iter();
    let mut drifted: Vec<_> = drifted.map(|column| column.column.as_str()).collect();
    drifted.sort_unstable();
    assert_eq!(drifted, ["a", "b", "prediction", "y"]);

    evidence_lies_in_s3(config, &june, &may).await;

    // The second serves now; on another machine the same run still compares with the first.
    serve(&second, JUNE).await;
    let elsewhere = pipeline(config, &dir.join("elsewhere"), better);
    let run: RunId = JUNE.0.parse().unwrap();
    let again = elsewhere.retrain(&run, &[north(JUNE)]).await.unwrap().into_result().unwrap().remove(0);
    assert_eq!(again.package, june.package);
    assert_eq!(again.champion, june.champion);
    let report = |model: &Retrained| std::fs::read(model.report.with_extension("json")).unwrap();
    assert_eq!(report(&again), report(&june));
}

/// What the package links: the report, the statistics, and what the model was trained on.
async fn evidence_lies_in_s3(config: &SdkConfig, june: &Retrained, may: &Retrained) {
    let store = ArtifactStore::new(config, "refit-tests".parse().unwrap());
    let below = format!("evaluation/north/{}", june.best.name);
    let metadata = &june.package.metadata;
    assert_eq!(metadata["champion"], may.package.arn.as_str());
    assert_eq!((metadata["champion-serves"].as_str(), metadata["verdict"].as_str()), ("true", "better"));
    assert_eq!(metadata["report"], format!("s3://refit-tests/{below}/report.html"));
    assert_eq!(metadata["training-manifest"], format!("s3://refit-tests/{below}/manifest.json"));
    assert_eq!(
        (metadata["features"].as_str(), &metadata["contract-sha256"]),
        ("2", &june.dataset.manifest.contract_sha256)
    );
    assert_eq!(june.package.model_quality, Some(store.uri(&format!("{below}/statistics.json")).unwrap()));

    let statistics = json(&store, &format!("{below}/statistics.json")).await;
    let rmse = &statistics["regression_metrics"]["rmse"]["value"];
    assert_eq!(rmse.as_f64(), Some(june.evaluation.metrics.rmse()));
    let manifest = json(&store, &format!("{below}/manifest.json")).await;
    assert_eq!(manifest["digest"], june.dataset.manifest.digest.as_str());
    let report = json(&store, &format!("{below}/report.json")).await;
    assert_eq!(report["context"]["champion"]["standing"], "compared");
    assert_eq!(report["context"]["decision"]["outcome"], "approve");
    assert_eq!(report["context"]["drift_from"], "the champion's");
    let page = std::fs::read_to_string(&june.report).unwrap();
    assert!(page.contains("the model that serves now") && page.contains("The approval rule"));
}

/// A worse model is rejected, once; what a person decides about it, and what a person writes, stays.
pub async fn a_person_has_the_last_word(config: &SdkConfig, dir: &Path) {
    let (warehouse, registry) = (warehouse(dir), RegistryClient::new(config));
    let may = pipeline(config, &dir.join("work"), |_| {});
    let first = retrained(&may, &warehouse, MAY, north(MAY)).await;
    assert_eq!(first.package.approval, ApprovalStatus::Approved);
    // Nothing serves yet, so the newest approved one is the champion.
    let strict = |settings: &mut Settings| (settings.approval = Some(ApprovalRule::default()), poor(settings)).1;
    let june = pipeline(config, &dir.join("work"), strict);
    let worse = retrained(&june, &warehouse, JUNE, north(JUNE)).await;
    let ChampionStanding::Compared(champion) = &worse.champion else { panic!("{:?}", worse.champion) };
    assert_eq!((champion.package.as_str(), champion.serves), (first.package.arn.as_str(), false));
    assert_eq!(worse.package.approval, ApprovalStatus::Rejected);
    let why = worse.package.approval_description.as_deref().unwrap();
    assert!(why.starts_with("rejected by rule: worse than the champion"), "{why}");

    registry.approve(&worse.package.arn, "the champion has a leak").await.unwrap();
    let again = retrained(&june, &warehouse, JUNE, north(JUNE)).await;
    assert_eq!(again.decision.as_ref().map(|decision| decision.outcome), Some(Outcome::Reject));
    assert_eq!(again.package.approval, ApprovalStatus::Approved);
    assert_eq!(again.package.approval_description.as_deref(), Some("the champion has a leak"));
}

/// A run that ended between registering and deciding is decided by the next; without a rule nothing is; a person's note is kept.
pub async fn an_open_decision_is_taken_by_the_next_run(config: &SdkConfig, dir: &Path) {
    let (warehouse, registry) = (warehouse(dir), RegistryClient::new(config));
    let undecided = pipeline(config, &dir.join("work"), |settings| settings.approval = None);
    let package = retrained(&undecided, &warehouse, MAY, north(MAY)).await.package;
    assert_eq!((package.approval, &package.approval_description), (ApprovalStatus::PendingManualApproval, &None));

    registry.leave_pending(&package.arn, "ask the desk first").await.unwrap();
    let ruled = pipeline(config, &dir.join("work"), |_| {});
    let noted = retrained(&ruled, &warehouse, MAY, north(MAY)).await.package;
    assert_eq!(
        (noted.approval, noted.approval_description.as_deref()),
        (ApprovalStatus::PendingManualApproval, Some("ask the desk first"))
    );

    let june = retrained(&undecided, &warehouse, JUNE, north(JUNE)).await.package;
    let decided = retrained(&ruled, &warehouse, JUNE, north(JUNE)).await.package;
    assert_eq!((decided.arn, decided.approval), (june.arn, ApprovalStatus::Approved));
}

/// A champion that cannot predict the rows is told with the reason, and stops nothing: its artifact is gone, or its contract is
/// another one.
pub async fn a_champion_that_cannot_be_compared_is_told(config: &SdkConfig, dir: &Path) {
    let warehouse = warehouse(dir);
    let may = pipeline(config, &dir.join("work"), |_| {});
    let first = retrained(&may, &warehouse, MAY, north(MAY)).await;
    serve(&may, MAY).await;

    // One feature more than the champion has.
    let mut wider = north(JUNE);
    let window = wider.extract.date_window().unwrap();
    wider.extract = Extract::new("SELECT y, day, a, b, a * b AS c FROM rows WHERE day >= $1 AND day < $2 ORDER BY id")
        .window(window);
    let rule = |settings: &mut Settings| settings.approval = Some(ApprovalRule::default());
    let june = pipeline(config, &dir.join("work"), rule);
    let other = retrained(&june, &warehouse, JUNE, wider).await;
    let why = "it was trained under another contract than these rows have (c is extra)";
    let ChampionStanding::NotCompared { champion, reason } = &other.champion else { panic!("{:?}", other.champion) };
    assert_eq!((champion.package.as_str(), reason.as_str()), (first.package.arn.as_str(), why));
    assert_eq!(other.package.approval, ApprovalStatus::PendingManualApproval);
    let said = format!("left pending by rule: the champion was not compared: {why}");
    assert_eq!(other.package.approval_description, Some(said));
    assert!(std::fs::read_to_string(&other.report).unwrap().contains(why));

    // Gone where it was registered, and another machine has no copy: then what is served is compared. Once that is gone too,
    // the newest approved package is the champion, and has no artifact.
    let store = ArtifactStore::new(config, "refit-tests".parse().unwrap());
    store.delete(first.artifact.uri.key()).await.unwrap();
    let elsewhere = pipeline(config, &dir.join("elsewhere"), rule);
    let pending = |settings: &mut Settings| settings.approval = None;
    let copied = pipeline(config, &dir.join("third"), pending);
    let copied = retrained(&copied, &warehouse, ("2024-06a", JUNE.1, JUNE.2), north(JUNE)).await;
    assert!(matches!(copied.champion, ChampionStanding::Compared(_)), "{:?}", copied.champion);
    store.delete("models/north.tar.gz").await.unwrap();
    let lone = retrained(&elsewhere, &warehouse, ("2024-06b", JUNE.1, JUNE.2), north(JUNE)).await;
    let ChampionStanding::NotCompared { reason, .. } = &lone.champion else { panic!("{:?}", lone.champion) };
    assert!(reason.starts_with("its artifact is gone") && reason.contains(first.artifact.uri.key()), "{reason}");
}

/// Rows of another width, or with other names, are refused before they are sent.
pub async fn rows_are_held_to_the_contract(config: &SdkConfig, dir: &Path) {
    let warehouse = warehouse(dir);
    let pipeline = pipeline(config, &dir.join("work"), |_| {});
    let may = retrained(&pipeline, &warehouse, MAY, north(MAY)).await;
    serve(&pipeline, MAY).await;
    let name = &may.model;
    assert_eq!(pipeline.invoke(name, "1,2\n,3\n").await.unwrap().len(), 2);
    for (rows, row, fields) in [("1,2\n0.5,1,2\n", 2, 3), ("1\n", 1, 1), ("1;2\n", 1, 1)] {
        let PipelineError::Endpoint { source, .. } = pipeline.invoke(name, rows).await.unwrap_err() else { panic!() };
        let found = matches!(*source, EndpointError::RowWidth { row: at, fields: has, features: 2, .. } if (at, has) == (row, fields));
        assert!(found, "{source}");
    }
    assert_eq!(pipeline.invoke_named(name, &["a", "b"], "1,2\n").await.unwrap().len(), 1);
    for (names, problems) in [
        (&["b", "a"][..], "a is feature 2 instead of 1, b is feature 1 instead of 2"),
        (&["a"], "b is missing"),
        (&["a", "b", "y"], "y is extra"),
    ] {
        let error = pipeline.invoke_named(name, names, "1,2\n").await.unwrap_err();
        assert!(matches!(&error, PipelineError::Features { problems: found, .. } if found == problems), "{error}");
    }
    let nothing = pipeline.invoke_named(&"south".parse().unwrap(), &["a"], "1\n").await.unwrap_err();
    assert!(matches!(nothing, PipelineError::NoContract { .. }), "{nothing}");
}

/// Settings that no dataset could answer are refused at once, those that this one cannot before anything is tuned.
pub async fn settings_that_say_nothing_are_refused(config: &SdkConfig, dir: &Path) {
    let mut settings = super::pipeline::settings(dir);
    let mut comparison = ComparisonSpec::new(Metric::Rmse);
    comparison.confidence = 95.0;
    settings.evaluation.comparison = Some(comparison);
    let error = Pipeline::new(config, settings).unwrap_err();
    assert!(matches!(error, PipelineError::EvaluationSettings { .. }) && chain(&error).contains("95"), "{error}");

    let unknown = |settings: &mut Settings| {
        settings.approval = Some(beats_the_mean());
        settings.evaluation.slices = vec![SliceBy { column: "region".into(), cuts: Vec::new() }];
    };
    let pipeline = pipeline(config, &dir.join("work"), unknown);
    let (run, models): (RunId, _) = (MAY.0.parse().unwrap(), [north(MAY)]);
    pipeline.prepare(&run, warehouse(dir), &models).await.unwrap().into_result().unwrap();
    let error = pipeline.retrain(&run, &models).await.unwrap().into_result().unwrap_err();
    assert!(chain(&error).contains("has no column region to slice by; its features are a, b"), "{}", chain(&error));
    let tuned = dir.join("work/logs/tuningjobhistory.csv");
    assert!(!tuned.exists(), "nothing was tuned");
}
