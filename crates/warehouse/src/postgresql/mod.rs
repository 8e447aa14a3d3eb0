//! Extraction from PostgreSQL.

mod bind;
mod connect;
mod decode;
mod numeric;
mod read;
mod tls;
mod types;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use arrow::record_batch::RecordBatchReader;
use postgres::Config;
use postgres::config::SslMode;

pub use self::tls::TlsMode;
use crate::stream;
use crate::{Extract, Warehouse, WarehouseError};

/// How long a connection attempt takes at most, where the URL does not say `connect_timeout`.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// A PostgreSQL database.
///
/// | parameter | default | what it does |
/// |---|---|---|
/// | [`tls`](Self::tls) | verified TLS; plain where every host is loopback or a socket | whether the connection is encrypted |
/// | [`ca_file`](Self::ca_file) | the system's authorities | who signs the server's certificate |
/// | [`search_path`](Self::search_path) | the server's | which schemas a table's bare name is looked up in |
/// | [`password`](Self::password) | the URL's | keeps the secret out of the URL |
///
/// Sessions run in the time zone UTC.
///
/// ```no_run
/// use refit_warehouse::{Extract, Postgres, Warehouse};
///
/// let warehouse = Postgres::new("postgres://etl@warehouse.example.com/analytics")?
///     .password(std::fs::read_to_string("/run/secrets/etl")?)
///     .search_path(["features", "public"]);
/// for batch in warehouse.extract(&Extract::new("SELECT * FROM events WHERE clicks > $1").bind(10))? {
///     println!("{} rows", batch?.num_rows());
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Postgres {
    config: Config,
    tls: TlsMode,
    ca_file: Option<PathBuf>,
    search_path: Vec<String>,
}

impl Postgres {
    /// The database at a URL: `postgres://user:password@host:port/database?connect_timeout=10`.
    ///
    /// `sslmode=disable` in it means [`TlsMode::Plain`]; `require`, `verify-ca` and `verify-full` all mean
    /// [`TlsMode::VerifyFull`]. Connects to nothing yet.
    ///
    /// # Errors
    /// [`WarehouseError::InvalidUrl`].
    pub fn new(url: &str) -> Result<Self, WarehouseError> {
        let (config, tls) = connect::parse(url)?;
        Ok(Self { config, tls, ca_file: None, search_path: Vec::new() })
    }

    /// Sets the password.
    #[must_use]
    pub fn password(mut self, password: impl AsRef<str>) -> Self {
        self.config.password(password.as_ref().trim_end_matches(['\r', '\n']));
        self
    }

    /// Sets whether and how the connection is encrypted.
    #[must_use]
    pub fn tls(mut self, mode: TlsMode) -> Self {
        self.tls = mode;
        self
    }

    /// Trusts the certificate authorities in a PEM file, and no others.
    #[must_use]
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca_file = Some(path.into());
        self
    }

    /// Sets the schemas in which a table's bare name is looked up.
    #[must_use]
    pub fn search_path<S: Into<String>>(mut self, schemas: impl IntoIterator<Item = S>) -> Self {
        self.search_path = schemas.into_iter().map(Into::into).collect();
        self
    }

    /// The configuration a connection is made with: the mode of TLS settled, the defaults filled in.
    fn settled(&self) -> Config {
        let mut config = self.config.clone();
        config.ssl_mode(match self.tls {
            TlsMode::Plain => SslMode::Disable,
            TlsMode::VerifyFull => SslMode::Require,
            TlsMode::ByHost if connect::is_loopback(&config) => SslMode::Disable,
            TlsMode::ByHost => SslMode::Require,
        });
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        if config.get_application_name().is_none() {
            config.application_name("refit-warehouse");
        }
        config
    }
}

impl Warehouse for Postgres {
    fn extract(&self, extract: &Extract) -> Result<Box<dyn RecordBatchReader + Send>, WarehouseError> {
        let config = self.settled();
        let connector = tls::connector(&config, self.ca_file.as_deref())?;
        let search_path = self.search_path.clone();
        let extract = extract.clone();
        // The connection is made on the reading thread: the `postgres` crate must not block inside an async runtime, and
        // the caller may be in one.
        stream::spawn(move |sink| {
            let mut client = connect::open(&config, connector.clone(), &search_path)?;
            read::run(&mut client, connector, &extract, sink)
        })
    }
}

impl fmt::Debug for Postgres {
    /// Says where it connects to, never the password.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Postgres")
            .field("host", &connect::host(&self.config))
            .field("database", &self.config.get_dbname())
            .field("user", &self.config.get_user())
            .field("tls", &self.tls)
            .field("ca_file", &self.ca_file)
            .field("search_path", &self.search_path)
            .finish_non_exhaustive()
    }
}
