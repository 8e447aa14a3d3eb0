//! The facade with a label that is one of several classes.

use std::path::Path;
use std::sync::Arc;

use aws_types::SdkConfig;
use refit_pipeline::aws::ArtifactStore;
use refit_pipeline::booster::Booster;
use refit_pipeline::evaluation::{ApprovalRule, ChampionStanding, ComparisonSpec, Metric, SliceBy, Verdict};
use refit_pipeline::registry::{ApprovalStatus, RegistryClient};
use refit_pipeline::warehouse::{Extract, Warehouse};
use refit_pipeline::{ModelSpec, Pipeline, PipelineError, Retrained, RunId, Settings};
use serde_json::Value;

use super::pipeline::{chain, model, pipeline, settings, warehouse};

const MAY: (&str, &str, &str) = ("2024-05", "2024-05-01", "2024-06-01");
const JUNE: (&str, &str, &str) = ("2024-06", "2024-06-01", "2024-07-01");
const ROWS: &str = "1.5,2\n9,0.25\n,7\n";

/// Whether `y` is below 0, below 10, or above.
fn kinds((_, from, ceiling): (&str, &str, &str)) -> ModelSpec {
    let mut model = model("kinds", from, ceiling);
    let window = model.extract.date_window().unwrap();
    let query = "SELECT CASE WHEN y < 0 THEN 0 WHEN y < 10 THEN 1 ELSE 2 END AS kind, day, a, b FROM rows \
                 WHERE day >= $1 AND day < $2 ORDER BY id";
    model.extract = Extract::new(query).window(window);
    model.dataset.label = "kind".into();
    model
}

fn of_classes(objective: &str, rounds: &str) -> impl Fn(&mut Settings) {
    move |settings: &mut Settings| {
        settings.tuning.objective = objective.to_owned();
        settings.tuning.metric = "validation:mlogloss".parse().unwrap();
        settings.tuning.hyperparameters.insert("num_class".into(), "3".into());
        settings.tuning.hyperparameters.insert("num_round".into(), rounds.to_owned());
        settings.approval = Some(ApprovalRule::default());
        settings.evaluation.slices = vec![SliceBy { column: "a".into(), cuts: vec![5.0] }];
        settings.evaluation.class_names = ["below", "between", "above"].map(String::from).to_vec();
    }
}

async fn retrained(pipeline: &Pipeline, warehouse: &Arc<dyn Warehouse>, month: (&str, &str, &str)) -> Retrained {
    let (run, models): (RunId, _) = (month.0.parse().unwrap(), [kinds(month)]);
    pipeline.prepare(&run, Arc::clone(warehouse), &models).await.unwrap().into_result().unwrap();
    pipeline.retrain(&run, &models).await.unwrap().into_result().unwrap().remove(0)
}

/// What the artifact itself predicts for [`ROWS`].
fn predicted(model: &Retrained) -> Vec<Vec<f64>> {
    let booster = Booster::from_artifact(&std::fs::read(&model.artifact.path).unwrap()).unwrap();
    let predictions = booster.predict_dense(&[1.5, 2.0, 9.0, 0.25, f32::NAN, 7.0], 2).unwrap();
    let rows = predictions.values.chunks(predictions.groups);
    rows.map(|row| row.iter().copied().map(f64::from).collect()).collect()
}

/// A model of probabilities serves; one that says the likeliest class is compared with it by the log loss of both, approved,
/// and serves next.
pub async fn several_classes_go_the_whole_way(config: &SdkConfig, dir: &Path) {
    let (warehouse, registry) = (warehouse(dir), RegistryClient::new(config));
    let first = pipeline(config, &dir.join("work"), |settings| of_classes("multi:softprob", "1")(settings));
    let may = retrained(&first, &warehouse, MAY).await;
    registry.approve(&may.package.arn, "good enough to begin with").await.unwrap();
    first.refresh(&[kinds(MAY)]).await.unwrap().packages.into_result().unwrap();
    let probabilities = first.invoke_outputs(&may.model, ROWS).await.unwrap();
    assert_eq!(probabilities, predicted(&may));
    assert_eq!((probabilities.len(), probabilities[0].len()), (3, 3));

    let second = pipeline(config, &dir.join("work"), |settings| of_classes("multi:softmax", "12")(settings));
    let june = retrained(&second, &warehouse, JUNE).await;
    assert!(matches!(&june.champion, ChampionStanding::Compared(champion) if champion.serves), "{:?}", june.champion);
    let compared = &june.evaluation.champion.as_ref().unwrap().comparison;
    assert_eq!((compared.metric.as_str(), compared.verdict), ("mlogloss", Verdict::Better));
    assert_eq!(june.package.approval, ApprovalStatus::Approved);
    let why = june.package.approval_description.as_deref().unwrap();
    assert!(why.starts_with("approved by rule: better than the champion: mlogloss "), "{why}");
    assert_eq!(june.evaluation.slices.iter().map(|slice| slice.rows).sum::<u64>(), june.evaluation.metrics.rows());
    let drifted = june.evaluation.drift.as_ref().unwrap();
    // June's classes are as often predicted as May's were.
    let prediction = drifted.columns.iter().find(|column| column.column == "prediction").unwrap();
    assert!(prediction.psi.unwrap() < 0.1 && prediction.ks.is_none(), "{prediction:?}");
    evidence_lies_in_s3(config, dir, &june).await;

    second.refresh(&[kinds(JUNE)]).await.unwrap().packages.into_result().unwrap();
    let classes: Vec<f64> = predicted(&june).concat();
    assert_eq!(second.invoke(&june.model, ROWS).await.unwrap(), classes);
    let outputs = second.invoke_outputs(&june.model, ROWS).await.unwrap();
    assert_eq!(outputs, predicted(&june), "one value a row is a row of one");
}

/// What the package, its statistics, its report and the history say of classes.
async fn evidence_lies_in_s3(config: &SdkConfig, dir: &Path, june: &Retrained) {
    let store = ArtifactStore::new(config, "refit-tests".parse().unwrap());
    let metrics = june.evaluation.metrics.multiclass().unwrap();
    assert!(metrics.mlogloss < metrics.baseline_mlogloss && metrics.classes.len() == 3);
    let metadata = &june.package.metadata;
    assert_eq!(metadata["merror"].parse(), Ok(metrics.merror));
    assert_eq!(metadata["mlogloss"].parse(), Ok(metrics.mlogloss));
    let key = format!("evaluation/kinds/{}/statistics.json", june.best.name);
    let (bytes, _) = store.get(&store.uri(&key).unwrap()).await.unwrap();
    let statistics: Value = serde_json::from_slice(&bytes).unwrap();
    let accuracy = statistics["multiclass_classification_metrics"]["accuracy"]["value"].as_f64();
    assert_eq!(accuracy, Some(1.0 - metrics.merror));
    let page = std::fs::read_to_string(&june.report).unwrap();
    for text in ["Confusion", ">between</th>", "the class of <em>kind</em>", "Log loss vs champion"] {
        assert!(page.contains(text), "{text}");
    }
    let history = std::fs::read_to_string(dir.join("work/models/kinds/evaluationhistory.csv")).unwrap();
    let row: Vec<&str> = history.lines().nth(2).unwrap().split(',').collect();
    assert_eq!(row[3..5], ["multi:softmax", "validation:mlogloss"]);
    assert_eq!(row[5].parse(), Ok(metrics.mae));
}

/// A comparison by a metric that the objective's models cannot be measured by fails before any request.
pub async fn a_metric_of_another_objective_is_refused(config: &SdkConfig, dir: &Path) {
    let mut settings = settings(dir);
    of_classes("multi:softprob", "1")(&mut settings);
    settings.evaluation.comparison = Some(ComparisonSpec::new(Metric::Rmse));
    let error = Pipeline::new(config, settings).unwrap_err();
    assert!(matches!(error, PipelineError::EvaluationSettings { .. }), "{error}");
    assert!(chain(&error).contains("compare by mlogloss or merror"), "{}", chain(&error));
}
