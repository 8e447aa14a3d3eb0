//! Runs the embedded backend until it is told to stop.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use refit_local::{Account, LocalAws, LocalError, Options, Pace, Role};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// S3, SageMaker, SageMaker Runtime and STS on 127.0.0.1.
#[derive(Debug, Parser)]
#[command(version, after_help = "REFIT_LOG sets what is logged to stderr, such as REFIT_LOG=refit_local=debug.")]
struct Arguments {
    /// The folder that keeps everything; made when it is not there.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,

    /// The port on 127.0.0.1; 0 takes a free one.
    #[arg(long, value_name = "N", default_value_t = 0)]
    port: u16,

    /// An account and its access key, instead of 123456789012:refit-local:refit-local. May be given again.
    #[arg(long, value_name = "ID:ACCESS_KEY:SECRET")]
    account: Vec<Account>,

    /// A role that other accounts may assume; an account may assume all of its own. May be given again.
    #[arg(long, value_name = "ARN=ACCOUNT[,ACCOUNT]")]
    role: Vec<Role>,

    /// The region of everything.
    #[arg(long, value_name = "REGION", default_value = "us-east-1")]
    region: String,

    /// How long state changes take, such as 2s or Creating=30s,Stopping=500ms.
    #[arg(long, value_name = "PACE", default_value = "0s")]
    pace: Pace,

    /// Bytes for the models of each instance of an endpoint.
    #[arg(long, value_name = "BYTES", default_value_t = 4 << 30)]
    instance_memory: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = EnvFilter::try_from_env("REFIT_LOG").unwrap_or_else(|_| EnvFilter::new("warn,s3s=off"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut text = error.to_string();
            let mut source = std::error::Error::source(&*error);
            while let Some(cause) = source {
                text = format!("{text}: {cause}");
                source = cause.source();
            }
            let _ = writeln!(std::io::stderr(), "refit-local: {text}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    // Before the first line is out, so that no signal sent after it is missed.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let local = start(arguments).await?;
    let mut stdout = std::io::stdout();
    writeln!(stdout, "refit-local listening on {}", local.endpoint_url())?;
    stdout.flush()?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    local.stop().await;
    Ok(())
}

async fn start(arguments: Arguments) -> Result<LocalAws, LocalError> {
    let options = Options::new(arguments.data)
        .port(arguments.port)
        .accounts(arguments.account)
        .roles(arguments.role)
        .region(arguments.region)
        .pace(arguments.pace)
        .instance_memory(arguments.instance_memory);
    LocalAws::start(options).await
}
