use refit_booster::Booster;

use super::super::table::Features;
use super::*;

/// 400 rows of y = 2 a - b, some b missing, from a small generator that needs no crate.
fn csv(rows: u32, seed: u32) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(state >> 8) / f64::from(1 << 24)
    };
    let mut text = String::new();
    for row in 0..rows {
        let (a, b) = (next(), next());
        let b_text = if row % 7 == 0 { String::new() } else { b.to_string() };
        text += &format!("{},{a},{b_text}\n", 2.0 * a - b);
    }
    text.into_bytes()
}

fn channels() -> Arc<Vec<Channel>> {
    let csv_type = || Some("text/csv".to_owned());
    Arc::new(vec![
        Channel::new("train", csv_type(), vec![csv(400, 1)]),
        Channel::new("validation", csv_type(), vec![csv(100, 2)]),
    ])
}

fn request(pairs: &[(&str, &str)]) -> TrainingRequest {
    TrainingRequest {
        hyperparameters: pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        channels: channels(),
        image_tag: "1.7-1".to_owned(),
        threads: 1,
        clock: Clock::default(),
    }
}

fn run(request: &TrainingRequest) -> Result<TrainingOutcome, String> {
    train(request, &mut |_| ControlFlow::Continue(())).map_err(|failure| failure.reason)
}

fn value(outcome: &TrainingOutcome, name: &str) -> f64 {
    outcome.final_metrics.iter().find(|(metric, _)| metric == name).map(|(_, value)| *value).unwrap()
}

#[test]
fn the_artifact_predicts_with_the_error_that_the_metrics_tell() {
    for image_tag in ["1.7-1", "3.0-5"] {
        let mut request = request(&[("num_round", "30"), ("max_depth", "3")]);
        request.image_tag = image_tag.to_owned();
        let outcome = run(&request).unwrap();
        assert_eq!((outcome.rounds, outcome.stopped), (30, false));
        let booster = Booster::from_artifact(&outcome.artifact).unwrap();
        let table = request.channels[1].table(false).unwrap();
        let Features::Dense { values, .. } = &table.features else { panic!("sparse") };
        let predictions = booster.predict_dense(values, table.columns).unwrap();
        let squares = predictions.values.iter().zip(&table.labels).map(|(p, y)| f64::from(p - y).powi(2));
        let rmse = (squares.sum::<f64>() / table.labels.len() as f64).sqrt();
        let told = value(&outcome, "validation:rmse");
        assert!((rmse - told).abs() < 1e-6, "{image_tag}: {rmse}, but the metric says {told}");
        assert!(told < 0.2, "{image_tag}: it learns: {told}");
    }
}

#[test]
fn each_round_tells_its_metrics_and_can_be_the_last() {
    let mut seen = Vec::new();
    let request = request(&[("num_round", "50"), ("eval_metric", "mae,rmse")]);
    let outcome = train(&request, &mut |round| {
        seen.push(round.clone());
        if round.index == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .unwrap();
    assert_eq!(seen.len(), 3);
    let names: Vec<&str> = seen[0].metrics.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["train:mae", "train:rmse", "validation:mae", "validation:rmse"]);
    assert_eq!((outcome.rounds, outcome.stopped), (3, true));
    assert_eq!(outcome.final_metrics, seen[2].metrics);
    assert_eq!(Booster::from_artifact(&outcome.artifact).unwrap().num_trees(), 3);
}

#[test]
fn early_stopping_trims_the_model_to_its_best_round() {
    let request =
        request(&[("num_round", "2000"), ("eta", "1"), ("eval_metric", "rmse"), ("early_stopping_rounds", "5")]);
    let mut history = Vec::new();
    let outcome = train(&request, &mut |round| {
        history.push(round.metrics.iter().find(|(name, _)| name == "validation:rmse").unwrap().1);
        ControlFlow::Continue(())
    })
    .unwrap();
    let best = (0..history.len()).min_by(|a, b| history[*a].total_cmp(&history[*b])).unwrap();
    assert_eq!(history.len(), best + 6, "five rounds after the best one");
    assert_eq!(Booster::from_artifact(&outcome.artifact).unwrap().num_trees(), best + 1);
}

#[test]
fn early_stopping_without_a_metric_has_no_effect_as_in_the_container() {
    let outcome = run(&request(&[("num_round", "40"), ("eta", "1"), ("early_stopping_rounds", "1")])).unwrap();
    assert_eq!(outcome.rounds, 40);
}

#[test]
fn trainings_that_share_channels_do_not_disturb_each_other() {
    let shared = request(&[("num_round", "20"), ("tree_method", "hist"), ("subsample", "0.7"), ("seed", "3")]);
    let alone = run(&shared).unwrap().artifact;
    let other = TrainingRequest {
        hyperparameters: BTreeMap::from([
            ("num_round".to_owned(), "20".to_owned()),
            ("tree_method".to_owned(), "hist".to_owned()),
            ("max_bin".to_owned(), "16".to_owned()),
        ]),
        ..shared.clone()
    };
    // The same matrix again, after another number of bins, and from several threads.
    run(&other).unwrap();
    assert_eq!(run(&shared).unwrap().artifact, alone);
    std::thread::scope(|scope| {
        let same: Vec<_> = (0..3).map(|_| scope.spawn(|| run(&shared).unwrap().artifact)).collect();
        run(&other).unwrap();
        for artifact in same {
            assert_eq!(artifact.join().unwrap(), alone);
        }
    });
}

#[test]
fn the_metric_of_a_classifier_follows_the_image() {
    let labels = b"1,0.9\n0,0.1\n1,0.8\n0,0.3\n1,0.6\n0,0.2\n".to_vec();
    let metric = |image_tag: &str| {
        let mut request = request(&[("num_round", "1"), ("objective", "binary:logistic")]);
        request.channels = Arc::new(vec![Channel::new("train", Some("csv".to_owned()), vec![labels.clone()])]);
        request.image_tag = image_tag.to_owned();
        run(&request).unwrap().final_metrics[0].0.clone()
    };
    assert_eq!((metric("1.2-2"), metric("1.7-1")), ("train:error".to_owned(), "train:logloss".to_owned()));
}

#[test]
fn faults_of_the_caller_are_client_errors() {
    assert!(run(&request(&[])).unwrap_err().contains("num_round"));
    let mut without_train = request(&[("num_round", "1")]);
    without_train.channels = Arc::new(vec![]);
    assert!(run(&without_train).unwrap_err().contains("UserError: Missing required channel: train, exit code: 1"));
    let with = |name: &str, text: &str| {
        let mut request = request(&[("num_round", "1"), ("objective", "binary:logistic")]);
        let csv = |name: &str, text: &str| Channel::new(name, Some("csv".to_owned()), vec![text.as_bytes().to_vec()]);
        request.channels = Arc::new(vec![csv("train", "1,2\n0,3\n"), csv(name, text)]);
        run(&request).unwrap_err()
    };
    assert!(with("test", "1,2\n").contains("UserError: Extraneous channel found: test"));
    assert!(with("validation", "1,2,3\n").contains("train has 1 features, channel validation has 2"));
    let mut labels = request(&[("num_round", "1"), ("objective", "binary:logistic")]);
    labels.hyperparameters.insert("max_depth".to_owned(), "2".to_owned());
    let reason = run(&labels).unwrap_err();
    assert!(reason.contains("UserError: ") && reason.contains("label must be in [0,1]"), "{reason}");
}

#[test]
fn the_tree_method_left_open_follows_the_image() {
    let metrics = |image_tag: &str, tree_method: Option<&str>| {
        let mut request = request(&[("num_round", "5"), ("max_depth", "3")]);
        request.image_tag = image_tag.to_owned();
        request.hyperparameters.extend(tree_method.map(|method| ("tree_method".to_owned(), method.to_owned())));
        run(&request).unwrap().final_metrics
    };
    let (exact, hist) = (metrics("1.7-1", Some("exact")), metrics("1.7-1", Some("hist")));
    assert_ne!(exact, hist);
    assert_eq!(metrics("1.7-1", None), exact);
    assert_eq!(metrics("3.0-5", None), hist);
    assert_eq!(metrics("3.0-5", Some("auto")), hist);
    assert_eq!(metrics("3.0-5", Some("exact")), exact);
}

#[test]
fn the_containers_metrics_come_with_xgboosts_and_stop_early() {
    let labels = b"1,0.9\n0,0.1\n1,0.8\n0,0.3\n1,0.6\n0,0.2\n".to_vec();
    let mut request = request(&[
        ("num_round", "40"),
        ("objective", "binary:logistic"),
        ("min_child_weight", "0"),
        ("eval_metric", "logloss,f1,accuracy"),
        ("early_stopping_rounds", "3"),
    ]);
    let csv = |name: &str| Channel::new(name, Some("csv".to_owned()), vec![labels.clone()]);
    request.channels = Arc::new(vec![csv("train"), csv("validation")]);
    let outcome = run(&request).unwrap();
    let names: Vec<&str> = outcome.final_metrics.iter().map(|(name, _)| name.as_str()).collect();
    let own = ["train:f1", "train:accuracy", "validation:f1", "validation:accuracy"];
    assert_eq!(names, [&["train:logloss", "validation:logloss"][..], &own].concat());
    assert_eq!((value(&outcome, "validation:accuracy"), value(&outcome, "validation:f1")), (1.0, 1.0));
    assert_eq!(outcome.rounds, 4, "all rows are right after the first round");
}

#[test]
fn the_same_rows_in_every_format_give_the_same_model() {
    let csv = csv(50, 3);
    let text = String::from_utf8(csv.clone()).unwrap();
    let libsvm: String = text
        .lines()
        .map(|line| {
            let (label, features) = line.split_once(',').unwrap();
            let cells = features.split(',').enumerate().filter(|(_, value)| !value.is_empty());
            format!("{label} {}\n", cells.map(|(at, value)| format!("{at}:{value}")).collect::<Vec<_>>().join(" "))
        })
        .collect();
    let model = |content_type: &str, bytes: Vec<u8>| {
        let mut request = request(&[("num_round", "5"), ("max_depth", "2")]);
        request.channels = Arc::new(vec![Channel::new("train", Some(content_type.to_owned()), vec![bytes])]);
        run(&request).unwrap().artifact
    };
    assert_eq!(model("text/csv", csv), model("text/libsvm", libsvm.into_bytes()));
}

/// Rows that all score alike stay in their order, so the mean average precision is a sum by hand.
#[test]
fn a_ranking_compares_the_rows_of_a_query() {
    let rows = "0 qid:1 0:1\n1 qid:1 0:0\n1 qid:2 0:1\n0 qid:2 0:0\n0 qid:2 0:2\n";
    let alike = [("num_round", "1"), ("eta", "0"), ("objective", "rank:pairwise"), ("eval_metric", "map")];
    let map = |rows: &str| {
        let mut request = request(&alike);
        request.channels = Arc::new(vec![Channel::new("train", None, vec![rows.as_bytes().to_vec()])]);
        value(&run(&request).unwrap(), "train:map")
    };
    let by_query = (1.0 / 2.0 + 1.0) / 2.0;
    let as_one = (1.0 / 2.0 + 2.0 / 3.0) / 2.0;
    assert!((map(rows) - by_query).abs() < 1e-6, "{}", map(rows));
    let without = map(&rows.replace("qid:1 ", "").replace("qid:2 ", ""));
    assert!((without - as_one).abs() < 1e-6, "without queries all rows are one: {without}");
}
