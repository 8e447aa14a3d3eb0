//! The main job, end to end, on real data: three models (one for each of New York's airports) predict how late a flight
//! arrives from what is known when it departs. Month one starts cold; month two warm starts from month one and refreshes the
//! endpoint that already serves.
//!
//! What to change when you copy this: the warehouse (`Postgres` instead of files), the SQL and the label in `model`, the names
//! in `settings`, and the `SdkConfig` (`aws_config::load_defaults` instead of `LocalAws`).

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use chrono::{DateTime, Months, NaiveDate, TimeDelta, Utc};
use clap::Parser;
use comfy_table::{Table, presets};
use refit_local::{LocalAws, Options};
use refit_pipeline::aws::Poll;
use refit_pipeline::evaluation::{ApprovalRule, MetricThreshold, RequiredVerdict, SliceBy};
use refit_pipeline::tuning::{ParameterRange, ParameterRanges, ResourceLimits, ScalingType, TrainingJob};
use refit_pipeline::warehouse::{DatasetSpec, DateWindow, Extract, Split, Sqlite, Warehouse};
use refit_pipeline::{ModelSpec, Pipeline, Retrained, RunId, Settings};
use tracing_indicatif::IndicatifLayer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt};

const AIRPORTS: [&str; 3] = ["EWR", "JFK", "LGA"];

/// One row for each flight that arrived: its delay in minutes, and what was known when it departed, with the hour's weather.
const SQL: &str = "\
SELECT f.arr_delay, f.time_hour, f.dep_delay, f.sched_dep_time, f.sched_arr_time, f.distance,
       CASE WHEN f.carrier = 'UA' THEN 1 ELSE 0 END AS carrier_ua, CASE WHEN f.carrier = 'B6' THEN 1 ELSE 0 END AS carrier_b6,
       CASE WHEN f.carrier = 'EV' THEN 1 ELSE 0 END AS carrier_ev, CASE WHEN f.carrier = 'DL' THEN 1 ELSE 0 END AS carrier_dl,
       CASE WHEN f.carrier = 'AA' THEN 1 ELSE 0 END AS carrier_aa, CASE WHEN f.carrier = 'MQ' THEN 1 ELSE 0 END AS carrier_mq,
       CASE WHEN f.carrier = 'WN' THEN 1 ELSE 0 END AS carrier_wn, CASE WHEN f.carrier = '9E' THEN 1 ELSE 0 END AS carrier_9e,
       w.temp, w.dewp, w.humid, w.wind_dir, w.wind_speed, w.wind_gust, w.precip, w.pressure, w.visib
FROM flights f
LEFT JOIN weather w ON w.origin = f.origin AND w.time_hour = f.time_hour
WHERE f.time_hour >= $1 AND f.time_hour < $2 AND f.origin = $3 AND f.arr_delay IS NOT NULL
ORDER BY f.time_hour, f.carrier, f.flight";

#[derive(Parser)]
#[command(about = "Retrains and redeploys three models on real data, twice, the second time warm")]
struct Args {
    /// Everything lands here: `aws/` is the embedded backend's data, `work/` the pipeline's base directory.
    #[arg(long, default_value = "target/quickstart")]
    dir: PathBuf,
    /// Training jobs for each model and month.
    #[arg(long, default_value_t = 8)]
    jobs: u32,
    /// Go on with what an earlier run left, instead of starting anew.
    #[arg(long)]
    resume: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    show_progress();
    let began = Utc::now();
    if !args.resume {
        start_anew(&args.dir)?;
    }
    let aws = LocalAws::start(Options::new(args.dir.join("aws"))).await?;
    let pipeline = Pipeline::new(&aws.sdk_config(), settings(&args)?)?;
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    let files = [("flights", data.join("flights.parquet")), ("weather", data.join("weather.parquet"))];
    let warehouse: Arc<dyn Warehouse> = Arc::new(Sqlite::files(files)?.index("weather", &["origin", "time_hour"])?);

    let first = month(&pipeline, &warehouse, "2013-05").await?;
    let second = month(&pipeline, &warehouse, "2013-06").await?;
    let served = invoke(&pipeline, &second).await?;

    let months = [first, second];
    summarise(&months, &served, began);
    ensure!(months.iter().flatten().all(beats_the_mean), "a model is no better than predicting the mean");
    ensure!(months[1].iter().all(|model| !model.parents().is_empty()), "the second month did not warm start");
    aws.stop().await;
    Ok(())
}

/// Clears what an earlier quickstart left, and nothing else.
fn start_anew(dir: &Path) -> anyhow::Result<()> {
    for entry in dir.read_dir().into_iter().flatten() {
        let name = entry?.file_name();
        let ours = name == "aws" || name == "work";
        ensure!(ours, "{} holds {name:?}, which no quickstart left: name another folder with --dir", dir.display());
    }
    if dir.exists() {
        std::fs::remove_dir_all(dir).with_context(|| format!("clearing {}", dir.display()))?;
    }
    Ok(())
}

/// One month's run: what the scheduler of a team would call, in three steps that could as well be three programs.
async fn month(pipeline: &Pipeline, warehouse: &Arc<dyn Warehouse>, month: &str) -> anyhow::Result<Vec<Retrained>> {
    let run: RunId = month.parse()?;
    let evaluation: NaiveDate = format!("{month}-01").parse()?;
    let models = AIRPORTS.iter().map(|airport| model(airport, evaluation)).collect::<anyhow::Result<Vec<_>>>()?;
    pipeline.prepare(&run, Arc::clone(warehouse), &models).await?.into_result()?;
    let retrained = pipeline.retrain(&run, &models).await?.into_result()?;
    pipeline.refresh(&models).await?.packages.into_result()?;
    Ok(retrained)
}

/// The rows of an airport up to the end of the evaluation month; the month before it validates, the earlier ones train.
fn model(airport: &str, evaluation: NaiveDate) -> anyhow::Result<ModelSpec> {
    let month = Months::new(1);
    let january = NaiveDate::from_ymd_opt(2013, 1, 1).context("a date")?;
    let window = DateWindow::new(january, evaluation + month)?;
    let split =
        Split::ByTime { column: "time_hour".into(), validation_from: evaluation - month, evaluation_from: evaluation };
    let spec = ModelSpec::new(
        format!("arr-delay-{}", airport.to_lowercase()).parse()?,
        Extract::new(SQL).window(window).bind(airport),
        DatasetSpec::new("arr_delay", split),
    )?;
    Ok(spec)
}

fn settings(args: &Args) -> anyhow::Result<Settings> {
    let mut settings = Settings::new(
        "refit-quickstart".parse()?,
        args.dir.join("work"),
        "arn:aws:iam::123456789012:role/refit".parse()?,
        "arr-delay".parse()?,
    )?;
    // A first model has no champion, so no verdict is asked for; a model that is surely worse than its champion is rejected.
    settings.approval = Some(ApprovalRule {
        verdict: RequiredVerdict::Any,
        thresholds: vec![MetricThreshold::at_least("improvement_over_mean", 0.0)],
        ..ApprovalRule::default()
    });
    settings.evaluation.unit = Some("minutes".into());
    settings.evaluation.slices = vec![
        SliceBy { column: "dep_delay".into(), cuts: vec![0.0, 15.0, 60.0] },
        SliceBy { column: "sched_dep_time".into(), cuts: vec![600.0, 1200.0, 1800.0] },
    ];
    settings.poll = Poll::default().with_ceiling(Duration::from_millis(250));
    settings.tuning.limits = ResourceLimits::new(args.jobs, 2)?;
    settings.tuning.seed = Some(2013);
    settings.tuning.hyperparameters.insert("tree_method".into(), "hist".into());
    let auto = ScalingType::Auto;
    settings.tuning.ranges = ParameterRanges::new([
        ParameterRange::continuous("eta", 0.02, 0.3, ScalingType::Logarithmic)?,
        ParameterRange::integer("max_depth", 4, 9, auto)?,
        ParameterRange::integer("num_round", 100, 400, auto)?,
        ParameterRange::continuous("min_child_weight", 1.0, 60.0, auto)?,
        ParameterRange::continuous("subsample", 0.5, 1.0, auto)?,
        ParameterRange::continuous("colsample_bytree", 0.5, 1.0, auto)?,
        ParameterRange::continuous("lambda", 0.0, 100.0, auto)?,
        ParameterRange::continuous("alpha", 0.0, 100.0, auto)?,
    ])?;
    Ok(settings)
}

/// What the endpoint answers for the first flight of each model's evaluation month, beside what really happened.
async fn invoke(pipeline: &Pipeline, models: &[Retrained]) -> anyhow::Result<Vec<(f64, f64)>> {
    let mut served = Vec::new();
    for model in models {
        let rows = std::fs::read_to_string(model.dataset.dir.join("evaluation.csv"))?;
        let (label, features) = rows.lines().next().and_then(|row| row.split_once(',')).context("an evaluation row")?;
        // Names and order of the columns are those that the model was trained on, or nothing is sent.
        let names = model.dataset.manifest.feature_names();
        let predictions = pipeline.invoke_named(&model.model, &names, features).await?;
        served.push((label.parse()?, *predictions.first().context("a prediction")?));
    }
    Ok(served)
}

/// A line for each thing that happened, above a bar for each model that is being worked on.
fn show_progress() {
    let bars = IndicatifLayer::new();
    let lines = fmt::layer()
        .with_writer(bars.get_stderr_writer())
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .without_time()
        .compact();
    let filter = EnvFilter::new("warn,refit_pipeline=info");
    tracing_subscriber::registry().with(filter).with(lines).with(bars).init();
}

fn beats_the_mean(model: &Retrained) -> bool {
    model.evaluation.metrics.regression().is_some_and(|errors| errors.rmse < errors.baseline_rmse)
}

fn summarise(months: &[Vec<Retrained>], served: &[(f64, f64)], began: DateTime<Utc>) {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_FULL_CONDENSED);
    table.set_header([
        "run",
        "model",
        "tuning job",
        "warm-started from",
        "RMSE",
        "of the mean",
        "of the champion",
        "package",
        "approval",
    ]);
    for model in months.iter().flatten() {
        let metrics = &model.evaluation.metrics;
        table.add_row([
            model.run.to_string(),
            model.model.to_string(),
            model.tuning_job.name.to_string(),
            model.parents().iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
            format!("{:.2} min", metrics.rmse()),
            metrics.regression().map_or(String::new(), |errors| format!("{:.2} min", errors.baseline_rmse)),
            model.evaluation.champion.as_ref().map_or(String::new(), |it| format!("{:.2} min", it.metrics.rmse())),
            format!("version {}", model.package.version),
            model.package.approval.to_string(),
        ]);
    }
    println!("{table}");
    for (model, (label, prediction)) in months[months.len() - 1].iter().zip(served) {
        println!(
            "{} serves: the arrival delay of the last month's first flight is predicted {prediction:+.1} min, it was {label:+.0} min",
            model.model
        );
    }
    for model in months.iter().flatten() {
        println!("report: {}", model.report.display());
    }
    let wall = (Utc::now() - began).to_std().unwrap_or_default();
    let training = time_training(began, months.iter().flatten().flat_map(|model| &model.training_jobs));
    let share = 100.0 * training.as_secs_f64() / wall.as_secs_f64();
    println!(
        "{:.1} s in all; XGBoost was training for {share:.0} % of it, the loop's own share is {:.0} %",
        wall.as_secs_f64(),
        100.0 - share
    );
}

/// For how long since then at least one of these training jobs was in the step that SageMaker calls `Training`.
fn time_training<'a>(since: DateTime<Utc>, jobs: impl Iterator<Item = &'a TrainingJob>) -> Duration {
    let steps = jobs.flat_map(|job| &job.transitions).filter(|step| step.status == "Training");
    let mut steps: Vec<_> = steps.filter_map(|step| Some((step.started, step.ended?))).collect();
    steps.sort();
    let (mut total, mut until) = (TimeDelta::zero(), since);
    for (started, ended) in steps {
        total += (ended - started.max(until)).max(TimeDelta::zero());
        until = until.max(ended);
    }
    total.to_std().unwrap_or_default()
}
