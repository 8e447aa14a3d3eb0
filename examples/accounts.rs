//! A team's program for AWS: the same binary in the training, the QA and the production account, told apart by the account id of
//! the credentials it runs with. A scheduler calls `prepare` and `retrain` in the training account and `refresh` in all of them;
//! a person calls `list`, `approve` and `rollback`.
//!
//! What to change when you copy this: the table of accounts, the query and the models. Region, credentials and (for a rehearsal
//! on refit-local) `AWS_ENDPOINT_URL` come from the environment, as with every AWS program.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use aws_config::{BehaviorVersion, SdkConfig};
use chrono::{NaiveDate, Utc};
use clap::{Parser, Subcommand};
use refit_pipeline::aws::caller_account;
use refit_pipeline::registry::{ModelPackageArn, RegistryClient};
use refit_pipeline::tuning::ResourceLimits;
use refit_pipeline::warehouse::{
    Connection, DatasetSpec, DateWindow, Extract, Percent, Postgres, Split, Sqlite, Warehouse,
};
use refit_pipeline::{ModelSpec, Outcomes, Pipeline, RunId, Settings};
use tokio::signal::ctrl_c;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// What an account is for. Its bucket, its role and its endpoint are called after it.
struct Account {
    id: &'static str,
    stage: &'static str,
    trains: bool,
}

const ACCOUNTS: [Account; 3] = [
    Account { id: "123456789012", stage: "training", trains: true },
    Account { id: "222222222222", stage: "qa", trains: false },
    Account { id: "333333333333", stage: "production", trains: false },
];

/// One row for each customer and month: did they stay, and what was known of them.
const SQL: &str = "\
SELECT customer_id, stayed, tenure, spend, tickets FROM customers WHERE seen_on >= $1 AND seen_on < $2 AND segment = $3 \
ORDER BY customer_id, seen_on";

#[derive(Parser)]
#[command(about = "Retrains churn models and serves what is approved")]
struct Args {
    /// Where datasets, artifacts, histories and reports are kept on this machine.
    #[arg(long, default_value = "work")]
    base_dir: PathBuf,
    /// Training jobs for each model.
    #[arg(long, default_value_t = 10)]
    jobs: u32,
    /// Tune with one training job that is never a parent, to see that everything works.
    #[arg(long)]
    testing: bool,
    #[command(subcommand)]
    step: Step,
}

#[derive(Subcommand)]
enum Step {
    /// Extract the datasets of a run.
    Prepare {
        /// A `postgresql://` URL (its password in PGPASSWORD), or the path of an SQLite file.
        #[arg(long)]
        warehouse: String,
        /// The day of the run, such as 2026-11-01: what was seen up to 30 days before it is extracted.
        day: NaiveDate,
    },
    /// Tune, evaluate and register the models of a run.
    Retrain { day: NaiveDate },
    /// Serve the latest approved package of every model.
    Refresh,
    /// Show the packages of every model.
    List,
    /// Approve a package.
    Approve { package: ModelPackageArn, why: String },
    /// Reject a package that serves badly, and serve the one approved before it.
    Rollback { package: ModelPackageArn, why: String },
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,refit_pipeline=info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let args = Args::parse();
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let id = caller_account(&config).await?;
    let known = ACCOUNTS.iter().find(|account| account.id == id.as_str());
    let account = known.with_context(|| format!("the account {id} is not in this program's table of accounts"))?;
    let pipeline = Pipeline::new(&config, settings(&args, account)?)?;
    run(&args.step, account, &config, &pipeline).await
}

async fn run(step: &Step, account: &Account, config: &SdkConfig, pipeline: &Pipeline) -> anyhow::Result<()> {
    let models = models(account, config, step)?;
    if matches!(step, Step::Prepare { .. } | Step::Retrain { .. } | Step::Approve { .. }) {
        ensure!(account.trains, "the {} account only serves: run this in the training account", account.stage);
    }
    match step {
        Step::Prepare { warehouse, day } => {
            let run = run_of(*day)?;
            let prepared = tokio::select! {
                prepared = pipeline.prepare(&run, open(warehouse)?, &models) => prepared?,
                interrupted = interrupted() => {
                    interrupted?;
                    pipeline.settled().await;
                    bail!("interrupted: the queries are cancelled, and nothing is kept of what was not whole");
                }
            };
            report(prepared, |prepared| println!("{}\t{}", prepared.model, prepared.dir.display()))?;
        }
        Step::Retrain { day } => {
            let retrained = pipeline.retrain(&run_of(*day)?, &models).await?;
            report(retrained, |model| println!("{}\t{}\t{}", model.model, model.package.arn, model.report.display()))?;
        }
        Step::Refresh => {
            let refreshed = pipeline.refresh(&models).await?;
            println!("{}", refreshed.plan);
            report(refreshed.packages, |package| println!("{}", package.arn))?;
        }
        Step::List => list(config, &models).await?,
        Step::Approve { package, why } => {
            let package = RegistryClient::new(config).approve(package, why).await?;
            println!("{}\t{}", package.arn, package.approval);
        }
        Step::Rollback { package, why } => {
            let named = |model: &&ModelSpec| model.group.name().eq_ignore_ascii_case(package.group());
            let model =
                models.iter().find(named).with_context(|| format!("no model registers in the group of {package}"))?;
            let rolled_back = pipeline.rollback(model, package, why).await?;
            report(rolled_back.packages, |package| println!("{}", package.arn))?;
        }
    }
    Ok(())
}

/// Ctrl-C, or the SIGTERM of a scheduler that takes the machine away.
async fn interrupted() -> std::io::Result<()> {
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = ctrl_c() => interrupted,
        _ = terminated.recv() => Ok(()),
    }
}

fn settings(args: &Args, account: &Account) -> anyhow::Result<Settings> {
    let role = format!("arn:aws:iam::{}:role/refit", account.id);
    let bucket = format!("churn-models-{}", account.id);
    let endpoint = format!("churn-{}", account.stage);
    let mut settings = Settings::new(bucket.parse()?, &args.base_dir, role.parse()?, endpoint.parse()?)?;
    settings.testing = args.testing;
    settings.tuning.limits = ResourceLimits::new(args.jobs, args.jobs.min(2))?;
    settings.tuning.objective = "reg:logistic".into();
    Ok(settings)
}

/// A run is named after its day, so that it extracts the same rows whenever it is repeated.
fn run_of(day: NaiveDate) -> anyhow::Result<RunId> {
    Ok(day.to_string().parse()?)
}

/// Prints the models that came through, then fails with those that did not.
fn report<T>(outcomes: Outcomes<T>, print: impl FnMut(&T)) -> anyhow::Result<()> {
    outcomes.succeeded().for_each(print);
    outcomes.into_result()?;
    Ok(())
}

/// A model for each segment, registered in the training account. The last month is left out: who left is known later.
fn models(account: &Account, config: &SdkConfig, step: &Step) -> anyhow::Result<Vec<ModelSpec>> {
    let region = config.region().context("there is no region: set AWS_REGION")?;
    let registry = ACCOUNTS.iter().find(|account| account.trains).context("no account trains")?.id;
    let day = match step {
        Step::Prepare { day, .. } | Step::Retrain { day } => *day,
        _ => Utc::now().date_naive(),
    };
    let window = DateWindow::pushed_back("2024-01-01".parse()?, day, 30)?;
    let fifteen = Percent::new(15)?;
    let split = Split::ByHash { column: "customer_id".into(), validation: fifteen, evaluation: fifteen };
    let model = |segment: &str| {
        let name = format!("churn-{segment}");
        let extract = Extract::new(SQL).window(window).bind(segment);
        let mut model = ModelSpec::new(name.parse()?, extract, DatasetSpec::new("stayed", split.clone()))?;
        if !account.trains {
            model.group = format!("arn:aws:sagemaker:{region}:{registry}:model-package-group/{name}").parse()?;
        }
        Ok(model)
    };
    ["private", "business"].into_iter().map(model).collect()
}

fn open(warehouse: &str) -> anyhow::Result<Arc<dyn Warehouse>> {
    if !warehouse.starts_with("postgres") {
        return Ok(Arc::new(Sqlite::file(warehouse)?));
    }
    let connection = Connection::url(warehouse)?;
    let connection = match std::env::var("PGPASSWORD") {
        Ok(password) => connection.password(password),
        Err(_) => connection,
    };
    Ok(Arc::new(Postgres::new(connection)?))
}

async fn list(config: &SdkConfig, models: &[ModelSpec]) -> anyhow::Result<()> {
    let registry = RegistryClient::new(config);
    for model in models {
        for package in registry.list(&model.group).await? {
            println!("{}\t{}", package.arn, package.approval);
        }
    }
    Ok(())
}
