//! A running backend.

use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_async::time::SystemTimeSource;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_types::SdkConfig;
use aws_types::region::Region;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::auth::{Authenticator, Sessions};
use crate::conditions::Conditions;
use crate::console::Console;
use crate::data_folder::DataFolder;
use crate::db::Database;
use crate::dispatch::Services;
use crate::error::LocalError;
use crate::hazards::Hazards;
use crate::objects::ObjectStore;
use crate::options::{Account, Options};
use crate::sagemaker::Sagemaker;
use crate::sts::Sts;
use crate::{s3, server};

/// An embedded S3, SageMaker, SageMaker Runtime and STS that answers on 127.0.0.1.
///
/// It runs on the tokio runtime it was started on. [`LocalAws::stop`] lets requests in flight end; dropping it ends
/// them at once. Either way the data folder is free for the next start, and everything that was acknowledged is in it.
#[derive(Debug)]
pub struct LocalAws {
    endpoint_url: String,
    region: String,
    accounts: Vec<Account>,
    conditions: Conditions,
    database: Database,
    sagemaker: Arc<Sagemaker>,
    server: JoinHandle<()>,
    stop: Option<oneshot::Sender<()>>,
    /// Let go last: the fields are dropped in this order.
    _folder: DataFolder,
}

impl LocalAws {
    /// Starts a backend and returns once it answers.
    ///
    /// # Errors
    /// [`LocalError`]: the options are wrong, the data folder cannot be used or is in use, or the port is taken.
    pub async fn start(options: Options) -> Result<Self, LocalError> {
        options.check()?;
        let Options { pace, instance_memory, .. } = options;
        let conditions = Conditions { pace, instance_memory, ..Conditions::default() };
        let Opened { folder, database, objects, sessions, sagemaker } = open(&options, &conditions).await?;
        let sagemaker = Arc::new(sagemaker);
        let (listener, address) = server::bind(options.port).await?;
        let endpoint_url = format!("http://{address}");
        let ids = options.accounts.iter().map(Account::id);
        let console = Console::new(Arc::clone(&sagemaker), objects.clone(), ids, &options.region, &endpoint_url);
        let clock = conditions.clock.clone();
        let sts = Sts { sessions: sessions.clone(), clock: clock.clone(), roles: options.roles };
        let authenticator = Authenticator::new(&options.accounts, sessions, clock);
        let s3 = s3::service(objects, authenticator.clone(), conditions.hazards.clone(), options.region.clone());
        let services = Services {
            authenticator,
            conditions: conditions.clone(),
            s3,
            sagemaker: Arc::clone(&sagemaker),
            sts,
            console,
        };
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(server::serve(listener, Arc::new(services), stopped));
        tracing::info!(endpoint_url, data = %options.data.display(), "refit-local answers");
        Ok(Self {
            endpoint_url,
            region: options.region,
            accounts: options.accounts,
            conditions,
            database,
            sagemaker,
            server,
            stop: Some(stop),
            _folder: folder,
        })
    }

    /// Where it answers, such as `http://127.0.0.1:4566`.
    #[must_use]
    pub fn endpoint_url(&self) -> &str {
        &self.endpoint_url
    }

    /// The configuration with which AWS clients talk to this backend, as its first account.
    ///
    /// Nothing in it is read from the environment. S3 clients also need `force_path_style(true)`.
    #[must_use]
    pub fn sdk_config(&self) -> SdkConfig {
        self.config_of(&self.accounts[0])
    }

    /// The same as [`LocalAws::sdk_config`], as the account of this id. `None` when there is no such account.
    #[must_use]
    pub fn sdk_config_for(&self, account_id: &str) -> Option<SdkConfig> {
        let account = self.accounts.iter().find(|account| account.id() == account_id)?;
        Some(self.config_of(account))
    }

    /// What goes wrong on demand.
    #[must_use]
    pub fn hazards(&self) -> &Hazards {
        &self.conditions.hazards
    }

    /// Moves the backend's clock forward: jobs reach their time limits, state changes end, what is made later is dated later.
    ///
    /// The next start begins with the machine's time again. The clock is at most a hundred years ahead.
    pub fn advance_clock(&self, by: Duration) {
        self.conditions.clock.advance(by);
    }

    /// Stops: no new request is taken, requests in flight end, jobs are interrupted, the data folder is let go.
    ///
    /// The next start on the folder goes on with the tuning jobs; a training job that no tuning job started ends as Failed.
    pub async fn stop(mut self) {
        self.stop.take();
        if let Err(error) = (&mut self.server).await {
            tracing::error!(%error, "the server ended badly");
        }
        self.sagemaker.shut_down().await;
    }

    fn config_of(&self, account: &Account) -> SdkConfig {
        let credentials = Credentials::new(account.access_key(), account.secret_key(), None, None, "refit-local");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(self.region.clone()))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .endpoint_url(&self.endpoint_url)
            .sleep_impl(TokioSleep::new())
            .time_source(SystemTimeSource::new())
            .build()
    }
}

impl Drop for LocalAws {
    fn drop(&mut self) {
        self.server.abort();
        self.sagemaker.interrupt();
        // A thread that is still at work can write no more, so the folder may have a new owner.
        self.database.close();
    }
}

/// What a data folder holds, opened.
struct Opened {
    folder: DataFolder,
    database: Database,
    objects: ObjectStore,
    sessions: Sessions,
    sagemaker: Sagemaker,
}

/// Locks the data folder and opens what is in it, away from the runtime's threads.
async fn open(options: &Options, conditions: &Conditions) -> Result<Opened, LocalError> {
    let (path, conditions) = (options.data.clone(), conditions.clone());
    let opened = tokio::task::spawn_blocking(move || {
        let folder = DataFolder::lock(&path)?;
        let database = Database::open(&folder.database())?;
        let objects = ObjectStore::open(folder.path(), database.clone(), conditions.clock.clone())?;
        let sessions =
            Sessions::open(&database).map_err(|source| LocalError::Database { path: folder.database(), source })?;
        let sagemaker = Sagemaker::open(database.clone(), objects.clone(), conditions)
            .map_err(|error| LocalError::Resume { path, reason: error.message })?;
        Ok(Opened { folder, database, objects, sessions, sagemaker })
    });
    match opened.await {
        Ok(opened) => opened,
        Err(error) => {
            let source = std::io::Error::other(error);
            Err(LocalError::DataFolder { path: options.data.clone(), source })
        }
    }
}
