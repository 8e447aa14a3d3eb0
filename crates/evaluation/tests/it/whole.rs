//! An evaluation with champion, slices and drift, on the fixture's rows.

use std::io::Cursor;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Float32Array, Float64Array, Int32Array, StringArray};
use arrow::record_batch::RecordBatch;
use refit_booster::{Booster, artifact};
use refit_evaluation::{
    ColumnProfile, ComparisonSpec, Evaluation, EvaluationError, EvaluationSet, EvaluationSpec, Metric, Report,
    ReportContext, SliceBy, TrainingProfile, Verdict, evaluate, evaluate_with,
};

use crate::fixtures::{booster, evaluated, evaluation, features, path, set};

fn rows() -> EvaluationSet {
    EvaluationSet::from_csv(path("evaluation.csv"), &features()).unwrap()
}

fn training(features: &[&str]) -> TrainingProfile {
    let named = |name: &&str| serde_json::json!({"name": name, "data_type": "Float32"});
    let manifest = serde_json::json!({"contract": {"label": {"name": "arr_delay"}, "features": features.iter().map(named).collect::<Vec<_>>()}});
    TrainingProfile::from_manifest(manifest.to_string().as_bytes()).unwrap()
}

#[test]
fn a_model_against_itself_is_not_worse() {
    let champion = booster("model.tar.gz");
    let mut spec = EvaluationSpec::default();
    spec.champion = Some(&champion);
    let found = evaluate_with(&champion, rows(), &spec).unwrap();
    let champion = found.champion.unwrap();
    assert_eq!(champion.metrics, found.metrics);
    assert_eq!(champion.comparison.verdict, Verdict::NotWorse);
    assert_eq!((champion.comparison.champion, champion.comparison.improvement), (found.metrics.rmse(), 0.0));
}

/// By the mean of the squared errors the worse model of a quantile would win. The model is one that Python's XGBoost 3.0.5 wrote.
#[test]
fn a_quantiles_model_is_compared_by_its_quantile_or_not_at_all() {
    let archive = std::fs::read(path("../../../booster/tests/fixtures/3.0.5.tar.gz")).unwrap();
    let members = artifact::unpack(archive.as_slice(), &artifact::Limits::default()).unwrap();
    let model = members.iter().find(|member| member.path == "reg-quantileerror of one/model.ubj").unwrap();
    let model = Booster::from_bytes(&model.bytes).unwrap();
    let names: Vec<_> = (0..model.num_features()).map(|feature| format!("f{feature}")).collect();
    let lines: String = (0..40).map(|row| format!("{row}{}\n", format!(",{row}").repeat(names.len()))).collect();
    let evaluated = |spec: &EvaluationSpec<'_>| {
        evaluate_with(&model, EvaluationSet::from_reader("rows", Cursor::new(lines.clone()), &names), spec)
    };
    let mut spec = EvaluationSpec::default();
    spec.champion = Some(&model);
    let error = evaluated(&spec).unwrap_err();
    assert!(error.to_string().contains("Metric::QuantileLoss"), "{error}");
    spec.comparison = Some(ComparisonSpec::new(Metric::QuantileLoss { alpha: 0.7 }));
    assert_eq!(evaluated(&spec).unwrap().champion.unwrap().comparison.verdict, Verdict::NotWorse);
}

#[test]
fn slices_make_up_the_whole() {
    let mut spec = EvaluationSpec::default();
    let by = |column: &str, cuts: &[f64]| SliceBy { column: column.to_owned(), cuts: cuts.to_vec() };
    spec.slices = vec![by("wind_speed", &[8.0, 12.0]), by("unused", &[])];
    let found = evaluate_with(&booster("model.tar.gz"), rows(), &spec).unwrap();
    let of = |column: &str| found.slices.iter().filter(|slice| slice.column == column).collect::<Vec<_>>();
    let mut names: Vec<_> = of("wind_speed").iter().map(|slice| slice.value.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["12 and above", "8 to 12", "below 8", "missing"]);
    for slices in [of("wind_speed"), of("unused")] {
        assert_eq!(slices.iter().map(|slice| slice.rows).sum::<u64>(), 400);
        let mae: f64 = slices.iter().map(|slice| slice.mae * slice.weight).sum::<f64>() / 400.0;
        assert!((mae - found.metrics.mae()).abs() < 1e-12);
    }
    assert_eq!(of("unused").len(), 1);
    spec.slices = vec![by("carrier", &[])];
    let error = evaluate_with(&booster("model.tar.gz"), rows(), &spec).unwrap_err();
    assert!(error.to_string().contains("has no column carrier to slice by; its features are dep_delay"), "{error}");
}

#[test]
fn drift_is_measured_where_training_is_described() {
    assert_eq!(evaluation().drift, None);
    let mut profile = training(&["dep_delay", "distance", "wind_speed", "visib", "unused"]);
    let own = evaluation().prediction_profile;
    let far = ColumnProfile { name: "distance".into(), ..own.clone() };
    profile.columns = vec![own, far];
    let mut spec = EvaluationSpec::default();
    spec.training = Some(&profile);
    let drift = evaluate_with(&booster("model.tar.gz"), rows(), &spec).unwrap().drift.unwrap();
    assert_eq!(drift.columns.len(), 2);
    let of = |name: &str| drift.columns.iter().find(|column| column.column == name).unwrap().psi.unwrap();
    assert!(of("prediction") < 0.02 && of("distance") > 1.0, "{drift:?}");
}

/// The features are Float32 and a manifest's quantiles Float64: 0.1 as a Float32 is a little above 0.1.
#[test]
fn the_training_rows_do_not_drift_from_their_own_manifest() {
    let text = std::fs::read_to_string(path("evaluation.csv")).unwrap();
    let tenths = |line: &str| Some((line.split(',').nth(3)?.parse::<f64>().ok()? / 10.0).round() / 10.0);
    let mut values: Vec<f64> = text.lines().filter_map(tenths).collect();
    let row = |(number, value): (usize, &f64)| format!("{number},1,1,{value},1,0\n");
    let set = set(&values.iter().enumerate().map(row).collect::<String>());
    values.sort_unstable_by(f64::total_cmp);
    let quantile = |percent: usize| values[(percent * values.len()).div_ceil(100).max(1) - 1];
    let mut profile = training(&["dep_delay", "distance", "wind_speed", "visib", "unused"]);
    profile.columns = vec![ColumnProfile {
        name: "wind_speed".into(),
        count: values.len() as u64,
        min: values.first().copied(),
        max: values.last().copied(),
        quantiles: (0..=100).map(quantile).collect(),
        ..ColumnProfile::default()
    }];
    let mut spec = EvaluationSpec::default();
    spec.training = Some(&profile);
    let found = evaluate_with(&booster("model.tar.gz"), set, &spec).unwrap().drift.unwrap();
    let [wind] = &found.columns[..] else { panic!("{found:?}") };
    assert!(wind.psi.unwrap() < 0.01, "{wind:?}");
    assert_eq!((wind.below_training, wind.above_training), (0.0, 0.0));
}

/// A slice begins with its cut, though 0.7 as a Float32 is a little below 0.7.
#[test]
fn a_cut_belongs_to_the_slice_above_it() {
    let mut spec = EvaluationSpec::default();
    spec.slices = vec![SliceBy { column: "wind_speed".to_owned(), cuts: vec![0.7] }];
    let found = evaluate_with(&booster("model.tar.gz"), set("1,1,1,0.7,1,0\n2,1,1,0.6,1,0\n"), &spec).unwrap();
    let named: Vec<_> = found.slices.iter().map(|slice| (slice.value.as_str(), slice.rows)).collect();
    assert_eq!((named.len(), named.contains(&("0.7 and above", 1))), (2, true), "{named:?}");
}

#[test]
fn a_broken_contract_names_every_column() {
    for (features, problems) in [
        (
            &["distance", "dep_delay", "wind_speed", "visib", "unused"][..],
            "distance is feature 2 instead of 1, dep_delay is feature 1 instead of 2",
        ),
        (&["dep_delay", "distance", "wind_speed", "visib"], "unused is extra"),
        (&["dep_delay", "distance", "wind_speed", "visib", "unused", "carrier"], "carrier is missing"),
    ] {
        let profile = training(features);
        let mut spec = EvaluationSpec::default();
        spec.training = Some(&profile);
        let error = evaluate_with(&booster("model.tar.gz"), set("not a row"), &spec).unwrap_err();
        let named = matches!(&error, EvaluationError::Contract { problems: found, .. } if found == problems);
        assert!(named, "{error}");
    }
}

fn batch(label: ArrayRef, wind: ArrayRef) -> RecordBatch {
    let rows = label.len();
    let constant = |value: f64| Arc::new(Float64Array::from(vec![value; rows])) as ArrayRef;
    let columns = [
        ("arr_delay", label),
        ("dep_delay", constant(8.0)),
        ("distance", constant(1205.0)),
        ("wind_speed", wind),
        ("visib", constant(9.9)),
        ("unused", constant(0.0)),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

fn of_batches(batches: Vec<RecordBatch>) -> Result<Evaluation, EvaluationError> {
    let schema = batches[0].schema();
    evaluate(&booster("model.tar.gz"), EvaluationSet::from_batches("rows", &schema, batches.into_iter().map(Ok)))
}

#[test]
fn record_batches_measure_as_their_csv_does() {
    let wind = |values: Vec<Option<f32>>| Arc::new(Float32Array::from(values)) as ArrayRef;
    let whole = |values: Vec<i32>| Arc::new(Int32Array::from(values)) as ArrayRef;
    let batches = vec![
        batch(whole(vec![10, 4]), wind(vec![Some(13.5), None])),
        batch(whole(vec![7]), wind(vec![Some(f32::NAN)])),
    ];
    let csv = evaluated("10,8,1205,13.5,9.9,0\n4,8,1205,,9.9,0\n7,8,1205,,9.9,0\n").unwrap();
    assert_eq!(of_batches(batches).unwrap(), csv);
}

#[test]
fn bad_batches_are_named() {
    let floats = |values: Vec<Option<f64>>| Arc::new(Float64Array::from(values)) as ArrayRef;
    let good = || batch(floats(vec![Some(1.0)]), floats(vec![Some(2.0)]));
    let error = |bad: RecordBatch| of_batches(vec![good(), bad]).unwrap_err();
    let missing = error(batch(floats(vec![None]), floats(vec![Some(2.0)])));
    assert!(matches!(missing, EvaluationError::MissingLabel { line: 2, .. }), "{missing}");
    let infinite = error(batch(floats(vec![Some(f64::INFINITY)]), floats(vec![Some(2.0)])));
    assert!(matches!(infinite, EvaluationError::Label { line: 2, .. }), "{infinite}");
    let field = error(batch(floats(vec![Some(1.0)]), floats(vec![Some(1e39)])));
    assert!(matches!(&field, EvaluationError::Field { line: 2, column, .. } if column == "wind_speed"), "{field}");
    let text = error(batch(floats(vec![Some(1.0)]), Arc::new(StringArray::from(vec!["12"]))));
    assert_eq!(
        text.to_string(),
        "the column wind_speed of rows is Utf8, which is no number; encode it as the training query does"
    );
    assert!(matches!(error(good().project(&[0, 1]).unwrap()), EvaluationError::RowWidth { found: 2, expected: 6, .. }));
    let empty = of_batches(vec![good().slice(0, 0)]).unwrap_err();
    assert!(matches!(empty, EvaluationError::EmptySet { .. }), "{empty}");
}

#[test]
fn labels_that_tell_nothing_apart_are_refused() {
    let error = evaluated("10,8,1205,13.5,9.9,0\n10,9,1205,13.5,9.9,0\n").unwrap_err();
    assert_eq!(error.to_string(), "all 2 labels of rows are 10; widen the evaluation split or the date window");
}

#[test]
fn a_set_of_another_contract_is_refused() {
    let named = ["dep_delay", "distance", "wind_speed", "visib", "unused"];
    let mut profile = training(&named);
    profile.contract_sha256 = Some("aa".to_owned());
    let evaluated = |profile: &TrainingProfile, set: EvaluationSet| {
        let mut spec = EvaluationSpec::default();
        spec.training = Some(profile);
        evaluate_with(&booster("model.tar.gz"), set, &spec)
    };
    let error = evaluated(&profile, rows().under_contract("bb")).unwrap_err();
    let named =
        matches!(&error, EvaluationError::ContractSha256 { found, expected, .. } if found == "bb" && expected == "aa");
    assert!(named, "{error}");
    assert!(evaluated(&profile, rows().under_contract("aa")).is_ok());
    assert!(evaluated(&profile, rows()).is_ok(), "what is not known is not held against it");
}

#[test]
fn a_champion_that_does_not_fit_is_told_from_a_challenger_that_does_not() {
    let against = |champion: &str, set: EvaluationSet| {
        let champion = booster(champion);
        let mut spec = EvaluationSpec::default();
        spec.champion = Some(&champion);
        evaluate_with(&booster("model.tar.gz"), set, &spec).unwrap_err()
    };
    let reason = |error: EvaluationError| match error {
        EvaluationError::Champion { source, .. } => *source,
        other => panic!("{other}"),
    };
    let kind = reason(against("binary.tar.gz", rows()));
    let names = matches!(&kind, EvaluationError::ChampionKind { champion, challenger }
        if champion == "binary:logistic" && challenger == "reg:squarederror");
    assert!(names, "{kind}");
    assert!(matches!(reason(against("classes.tar.gz", rows())), EvaluationError::ChampionKind { .. }));
    let own = against("binary.tar.gz", EvaluationSet::from_csv(path("evaluation.csv"), &features()[..3]).unwrap());
    assert!(matches!(own, EvaluationError::FeatureCount { .. }), "{own}");
}

#[test]
fn cuts_that_are_not_in_order_are_refused() {
    for cuts in [&[8.0, 8.0][..], &[12.0, 8.0], &[1.0, f64::NAN], &[f64::NAN]] {
        let mut spec = EvaluationSpec::default();
        spec.slices = vec![SliceBy { column: "wind_speed".to_owned(), cuts: cuts.to_vec() }];
        let error = evaluate_with(&booster("model.tar.gz"), rows(), &spec).unwrap_err();
        assert!(matches!(&error, EvaluationError::SliceCuts { column, .. } if column == "wind_speed"), "{error}");
    }
}

#[test]
fn predictions_drift_from_those_of_the_model_that_serves() {
    let rows = || EvaluationSet::from_csv(path("binary.csv"), &features()).unwrap();
    let (challenger, champion) = (booster("binary.tar.gz"), booster("weaker.tar.gz"));
    let earlier = Report::new(evaluate(&champion, rows()).unwrap(), ReportContext::new("m", "j", chrono::Utc::now()));
    let mut profile = training(&["dep_delay", "distance", "wind_speed", "visib", "unused"]);
    profile.columns = vec![ColumnProfile::from_report(earlier.json().to_string().as_bytes()).unwrap()];
    let mut spec = EvaluationSpec::default();
    spec.training = Some(&profile);
    let psi =
        |spec: &EvaluationSpec<'_>| evaluate_with(&challenger, rows(), spec).unwrap().drift.unwrap().columns[0].psi;
    assert!(psi(&spec).unwrap() > 0.1, "another model predicts otherwise");
    spec.champion = Some(&champion);
    assert!(psi(&spec).unwrap() < 0.02, "the same model predicts the same");
    assert!(matches!(ColumnProfile::from_report(b"{}"), Err(EvaluationError::EarlierReport { .. })));
}

// The booster's contributions are Python's: its own tests hold them to that.
#[test]
fn effects_are_the_mean_sizes_of_contributions() {
    let text = std::fs::read_to_string(path("evaluation.csv")).unwrap();
    let lines: Vec<&str> = text.lines().take(100).collect();
    let number = |field: &str| if field.is_empty() { f32::NAN } else { field.parse::<f32>().unwrap() };
    let values: Vec<f32> = lines.iter().flat_map(|line| line.split(',').skip(1).map(number)).collect();
    let booster = booster("model.tar.gz");
    let contributions = booster.contributions_dense(&values, 5).unwrap();
    let found = evaluate(&booster, set(&lines.join("\n"))).unwrap();
    assert_eq!(found.explained_rows, 100);
    for (place, name) in features().iter().enumerate() {
        let sizes = contributions.values.chunks(6).map(|row| f64::from(row[place].abs()));
        let expected = sizes.sum::<f64>() / 100.0;
        let effect = found.importance.iter().find(|feature| feature.feature == *name).unwrap().effect.unwrap();
        assert!((effect - expected).abs() <= 1e-9 * expected.max(1.0), "{name}: {effect}, expected {expected}");
    }
    // Of more rows a sample is drawn, the same one each time.
    assert_eq!((evaluation().explained_rows, evaluation().importance), (128, evaluation().importance));
}
