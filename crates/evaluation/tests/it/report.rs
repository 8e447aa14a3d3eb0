//! The page and the JSON: every figure, nothing live, never large.

use chrono::{DateTime, NaiveDate, TimeDelta, TimeZone, Utc};
use refit_evaluation::{
    ChampionLineage, ChampionStanding, DatasetLineage, Direction, EvaluationRow, Report, ReportContext, Trial,
    TuningSummary, evaluate,
};

use crate::fixtures::{booster, evaluation, features};

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2024, 5, 31, 6, 0, 0).unwrap()
}

fn past(job: &str, days: i64, rmse: f64) -> EvaluationRow {
    EvaluationRow {
        datetime: now() - TimeDelta::days(days),
        testing: false,
        trainingjob: job.to_owned(),
        objective: "reg:squarederror".to_owned(),
        hyperparameter_tuning_metric: "validation:rmse".to_owned(),
        mae: rmse,
        rmse,
        stdev_error: rmse,
    }
}

fn trial(name: &str, value: Option<f64>, eta: &str) -> Trial {
    let hyperparameters = [("eta", eta), ("objective", "reg:squarederror")].map(|(n, v)| (n.to_owned(), v.to_owned()));
    Trial {
        name: name.to_owned(),
        status: "Failed".to_owned(),
        objective_value: value,
        hyperparameters: hyperparameters.into(),
    }
}

fn tuning(trials: Vec<Trial>) -> TuningSummary {
    TuningSummary {
        name: "tune-jfk-2405".to_owned(),
        parent: Some("tune-jfk-2404".to_owned()),
        objective_metric: "validation:rmse".to_owned(),
        direction: Direction::Minimize,
        trials,
    }
}

fn context() -> ReportContext {
    let mut context = ReportContext::new("jfk", "tune-jfk-2405-002", now());
    context.label = "arr_delay".to_owned();
    context.unit = Some("minutes".to_owned());
    context.artifact_digest = Some("ab".repeat(32));
    context.dataset = Some(DatasetLineage {
        digest: "cd".repeat(32),
        query: "select arr_delay, dep_delay from flights where day < $2".to_owned(),
        window: NaiveDate::from_ymd_opt(2024, 1, 1).zip(NaiveDate::from_ymd_opt(2024, 6, 1)),
    });
    context.tuning = Some(tuning(vec![
        trial("tune-jfk-2405-001", Some(9.75), "0.31284763"),
        trial("tune-jfk-2405-002", Some(8.5), "0.1"),
        trial("tune-jfk-2405-003", None, "0.2"),
    ]));
    context.history = vec![past("tune-jfk-2403-001", 60, 11.0), past("tune-jfk-2404-001", 30, 10.0)];
    context
}

#[track_caller]
fn assert_holds(html: &str, texts: &[&str]) {
    for text in texts {
        assert!(html.contains(text), "the page does not hold {text:?}");
    }
}

#[test]
fn the_page_holds_the_figures_in_words() {
    let html = Report::new(evaluation(), context()).html();
    // From expected.json: mae 6.92885, rmse 8.78649, stdev 8.78356, baseline 22.13244, so 60.3 % lower; 12.1 % lower
    // than 10.0.
    assert_holds(&html, &["400", "6.929", "8.786", "8.784", "22.13", "60.3%", "12.1%", "RMSE 10.00 on 1 May 2024"]);
    assert_holds(&html, &["actual arr_delay (minutes)", "predicted arr_delay (minutes)", "+0.2270", "84.2%"]);
}

#[test]
fn the_page_holds_the_lineage() {
    let html = Report::new(evaluation(), context()).html();
    assert_holds(&html, &["tune-jfk-2405-002", "tune-jfk-2405<", "tune-jfk-2404<", &"ab".repeat(32), &"cd".repeat(32)]);
    assert_holds(&html, &["from 2024-01-01, before 2024-06-01", "where day &lt; $2", "dep_delay"]);
}

#[test]
fn the_page_holds_the_trials() {
    let html = Report::new(evaluation(), context()).html();
    // Digits are cut, what all share is said once, the beginning of the names too; a trial without a value says how it
    // ended.
    assert_holds(
        &html,
        &[
            "0.3128",
            "The same in all: ",
            "<b>reg:squarederror</b>",
            "Failed",
            ">003</td>",
            "begin with <span class=\"name\">tune-jfk-2405-<",
        ],
    );
}

#[test]
fn nothing_live_is_on_the_page() {
    let html = Report::new(evaluation(), context()).html();
    for forbidden in ["<script", "http://", "https://", "@import", "url(", "<iframe", "onload"] {
        assert!(!html.contains(forbidden), "{forbidden}");
    }
    assert_holds(&html, &["default-src 'none'", "prefers-color-scheme: dark", "@media print"]);
}

#[test]
fn a_hostile_name_stays_text() {
    let hostile = "</title></style><script>alert('x')</script>\"&";
    let mut context = context();
    context.model = hostile.to_owned();
    context.training_job = hostile.to_owned();
    context.label = hostile.to_owned();
    context.unit = Some(hostile.to_owned());
    context.artifact_digest = Some(hostile.to_owned());
    context.dataset = Some(DatasetLineage { digest: hostile.into(), query: hostile.into(), window: None });
    let mut tried = trial(hostile, Some(1.0), hostile);
    tried.hyperparameters.insert(hostile.to_owned(), hostile.to_owned());
    let mut summary = tuning(vec![tried.clone(), trial("b", None, "1")]);
    summary.name = hostile.to_owned();
    summary.parent = Some(hostile.to_owned());
    summary.objective_metric = hostile.to_owned();
    context.tuning = Some(summary);
    context.history = vec![past(hostile, 3, 1.0), past("other", 2, 1.0)];
    let mut evaluation = evaluation();
    evaluation.objective = hostile.to_owned();
    evaluation.importance[0].feature = hostile.to_owned();

    let html = Report::new(evaluation, context).html();
    assert!(!html.contains("<script"), "a script got through");
    assert_eq!(html.matches("</title></head>").count() + html.matches("</title><style>").count(), 1);
    assert_eq!(html.matches("</style>").count(), 1);
    assert!(html.contains("&lt;script&gt;alert"));
}

#[test]
fn the_page_stays_below_a_megabyte() {
    let mut state = 1_u64;
    // A linear congruential generator (Knuth's MMIX constants): spread is all that matters here.
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / f64::from(1_u32 << 24)
    };
    let mut lines = String::new();
    for _ in 0..100_000 {
        let (label, delay, distance) = (random() * 300.0 - 50.0, random() * 200.0, random() * 2500.0);
        lines.push_str(&format!("{label:.2},{delay:.2},{distance:.1},,,0\n"));
    }
    let set = refit_evaluation::EvaluationSet::from_reader("many", std::io::Cursor::new(lines), &features());
    let evaluation = evaluate(&booster("model.tar.gz"), set).unwrap();

    let mut context = context();
    let mut many: Vec<_> = (0..750).map(|i| trial(&format!("{:063}", i), Some(random()), "0.123456789")).collect();
    for (place, trial) in many.iter_mut().enumerate() {
        let named = |i: usize| (format!("{:0>64}", format!("hyperparameter-{i}")), format!("{:0>256}", place));
        trial.hyperparameters.extend((0..100).map(named));
    }
    context.tuning = Some(tuning(many));
    context.history = (0..5000).map(|i| past(&format!("{:063}", i), i, 10.0)).collect();
    context.dataset = Some(DatasetLineage { query: "select ".repeat(100_000), ..DatasetLineage::default() });
    let html = Report::new(evaluation, context).html();
    assert!(html.len() < 1_000_000, "{} bytes", html.len());
    assert_holds(&html, &["The best 50 of 750", "The last 15 of 5,001"]);
}

#[test]
fn the_json_holds_what_the_page_leaves_out() {
    let report = Report::new(evaluation(), context());
    let json = report.json();
    assert_eq!(json["evaluation"]["metrics"]["rmse"].as_f64(), Some(evaluation().metrics.rmse()));
    assert_eq!(json["evaluation"]["importance"].as_array().unwrap().len(), 5);
    assert_eq!(json["context"]["tuning"]["trials"][0]["hyperparameters"]["eta"], "0.31284763");
    assert_eq!(json["context"]["history"].as_array().unwrap().len(), 2);
    assert_eq!(json["comparison"]["previous"]["trainingjob"], "tune-jfk-2404-001");
    assert_eq!(json["comparison"]["improvement_over_mean"].as_f64(), report.comparison().improvement_over_mean);
}

#[test]
fn the_previous_evaluation_is_the_newest_real_one_before() {
    let mut context = context();
    context.history = vec![
        past("real-2", 20, 10.0),
        past("real-1", 40, 12.0),
        past("test", 5, 1.0).testing(true),
        past("later", -1, 1.0),
        past("tune-jfk-2405-002", 0, 8.786),
    ];
    let report = Report::new(evaluation(), context);
    assert_eq!(report.comparison().previous.as_ref().unwrap().trainingjob, "real-2");
}

#[test]
fn a_first_evaluation_without_context_is_a_page_too() {
    let html = Report::new(evaluation(), ReportContext::new("jfk", "job", now())).html();
    assert_holds(&html, &["The first evaluation of this model.", "actual label"]);
    assert!(!html.contains("NaN") && !html.contains("inf"));
}

#[test]
fn two_rows_are_a_page_too() {
    let lines = std::io::Cursor::new("1,2,3,4,5,6\n2,2,3,4,5,6\n");
    let set = refit_evaluation::EvaluationSet::from_reader("two", lines, &features());
    let html = Report::new(evaluate(&booster("model.tar.gz"), set).unwrap(), context()).html();
    assert_holds(&html, &["On 2 held-out rows"]);
    assert!(!html.contains("NaN"));
}

#[test]
fn one_trial_far_off_does_not_flatten_the_curve() {
    let mut context = context();
    let usual = (0..8).map(|i| trial(&format!("t{i}"), Some(8.0 + f64::from(i) / 10.0), "0.1"));
    context.tuning = Some(tuning(usual.chain([trial("t8", Some(5000.0), "0.5")]).collect()));
    let html = Report::new(evaluation(), context).html();
    // Its mark is an arrow at the edge, and the scale is that of the others: 8.0, 8.2, …
    assert_holds(&html, &["t8: 5,000, outside the chart", ">8.2</text>"]);
}

#[test]
fn a_metric_that_should_rise_finds_its_highest() {
    let mut summary =
        tuning(vec![trial("low", Some(0.5), "1"), trial("high", Some(0.9), "2"), trial("nan", Some(f64::NAN), "3")]);
    summary.direction = Direction::Maximize;
    assert_eq!(summary.best().unwrap().name, "high");
    summary.direction = Direction::Minimize;
    assert_eq!(summary.best().unwrap().name, "low");
}

#[test]
fn the_page_says_what_it_was_compared_with_and_why_not() {
    let of = |standing: ChampionStanding| {
        let mut context = context();
        context.champion = Some(standing);
        Report::new(evaluation(), context).html()
    };
    let champion = ChampionLineage {
        package: "arn:aws:sagemaker:us-east-1:123456789012:model-package/jfk/7".to_owned(),
        serves: false,
        training_job: Some("tune-jfk-2404-002".to_owned()),
        artifact_digest: None,
    };
    assert_holds(&of(ChampionStanding::None), &["Nothing serves yet and nothing is approved"]);
    let reason = "its artifact is gone".to_owned();
    let page = of(ChampionStanding::NotCompared { champion: champion.clone(), reason });
    assert_holds(&page, &["not compared</b> with the newest approved model: its artifact is gone.", ">jfk/7<"]);
    let page = of(ChampionStanding::Compared(ChampionLineage { serves: true, ..champion }));
    assert_holds(&page, &["The champion is the package", "tune-jfk-2404-002"]);
}
