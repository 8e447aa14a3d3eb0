//! Where a server is, and how to get in.

mod channel_binding;
mod credentials;
mod tls;
mod url;

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub(crate) use self::channel_binding::channel_binding;
pub use self::credentials::Credentials;
pub(crate) use self::credentials::Login;
pub use self::tls::TlsMode;
pub(crate) use self::tls::{client_config, server_name};
use crate::ConnectionError;
use crate::error::Source;

const PORT: u16 = 5432;

/// A server, a database in it, and how to get in.
///
/// | parameter | default | what it does |
/// |---|---|---|
/// | [`user`](Self::user), [`password`](Self::password) | the URL's | who gets in |
/// | [`credentials`](Self::credentials) | none | a function that gives both, such as one that asks IAM |
/// | [`tls`](Self::tls) | verified TLS; plain where every host is loopback or a socket | whether the connection is encrypted |
/// | [`ca_file`](Self::ca_file) | the system's authorities | who signs the server's certificate |
/// | [`client_certificate`](Self::client_certificate) | none | shows the server who comes |
/// | [`search_path`](Self::search_path) | the server's | which schemas a table's bare name is looked up in |
/// | [`application_name`](Self::application_name) | `refit-warehouse` | what the server's lists of sessions show |
/// | [`connect_timeout`](Self::connect_timeout) | 30 s | how long getting in may take, for each address |
/// | [`statement_timeout`](Self::statement_timeout) | the server's | how long a query may take, the reading of its rows included |
/// | [`keepalive`](Self::keepalive) | 30 s | how long a silent connection is trusted; after three questions without an answer, ten seconds apart or as far as that, it is dead |
///
/// ```
/// use refit_warehouse::Connection;
///
/// let by_url = Connection::url("postgres://etl@warehouse.example.com/analytics?application_name=nightly")?;
/// let by_parts = Connection::to("warehouse.example.com", "analytics").user("etl").application_name("nightly");
/// assert_eq!(format!("{by_url:?}"), format!("{by_parts:?}"));
/// # Ok::<(), refit_warehouse::ConnectionError>(())
/// ```
#[derive(Clone)]
pub struct Connection {
    pub(crate) hosts: Vec<Host>,
    pub(crate) database: Option<String>,
    pub(crate) login: Login,
    pub(crate) tls: TlsMode,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) client_certificate: Option<ClientCertificate>,
    pub(crate) search_path: Vec<String>,
    pub(crate) application_name: String,
    pub(crate) options: Option<String>,
    pub(crate) connect_timeout: Duration,
    pub(crate) statement_timeout: Option<Duration>,
    pub(crate) keepalive: Duration,
}

/// A PEM file with a certificate, and one with its key.
#[derive(Debug, Clone)]
pub(crate) struct ClientCertificate {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// One place where the server may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Host {
    /// A name, an address, or the folder of a Unix socket (it begins with a slash).
    pub(crate) name: String,
    /// Where to connect to, where that is not looked up by the name.
    pub(crate) address: Option<IpAddr>,
    pub(crate) port: u16,
}

impl Host {
    pub(crate) fn is_socket(&self) -> bool {
        self.name.starts_with('/')
    }

    /// Whether it is this machine: both what it is called and where that leads.
    pub(crate) fn is_loopback(&self) -> bool {
        let named = self.name == "localhost" || self.name.parse().is_ok_and(|address: IpAddr| address.is_loopback());
        self.is_socket() || named && self.address.is_none_or(|address| address.is_loopback())
    }
}

impl fmt::Display for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, port, .. } = self;
        match self.is_socket() {
            true => write!(formatter, "{name}/.s.PGSQL.{port}"),
            false if name.contains(':') => write!(formatter, "[{name}]:{port}"),
            false => write!(formatter, "{name}:{port}"),
        }
    }
}

impl Connection {
    /// A database on a host: a name, an address, or the folder of a Unix socket. The port is 5432.
    pub fn to(host: impl Into<String>, database: impl Into<String>) -> Self {
        let host = Host { name: host.into(), address: None, port: PORT };
        Self { hosts: vec![host], database: Some(database.into()), ..Self::nowhere() }
    }

    /// The database at a URL: `postgres://user:password@host:port/database?connect_timeout=10`. Several hosts, with commas
    /// between, are tried in turn.
    ///
    /// The options are libpq's: `sslmode`, `sslrootcert`, `sslcert`, `sslkey`, `connect_timeout`, `application_name`,
    /// `options`, `keepalives_idle`, `hostaddr`, `host`, `port`, `user`, `password`, `dbname`. `sslmode=disable` means
    /// [`TlsMode::Plain`]; `require`, `verify-ca` and `verify-full` all mean [`TlsMode::VerifyFull`].
    ///
    /// # Errors
    /// [`ConnectionError::InvalidUrl`], which repeats nothing of the URL but an option's name.
    pub fn url(url: &str) -> Result<Self, ConnectionError> {
        url::parse(url)
    }

    /// Sets the port of every host.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.hosts.iter_mut().for_each(|host| host.port = port);
        self
    }

    /// Sets the user.
    #[must_use]
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.login.user = Some(user.into());
        self
    }

    /// Sets the password; a line's end behind it, as files have it, is left off.
    #[must_use]
    pub fn password(mut self, password: impl AsRef<str>) -> Self {
        self.login.set_password(password.as_ref().trim_end_matches(['\r', '\n']));
        self
    }

    /// Sets a function that gives user and password whenever a connection is made, such as one that asks IAM. What it
    /// gives is used until it expires.
    #[must_use]
    pub fn credentials<F>(mut self, give: F) -> Self
    where
        F: Fn() -> Result<Credentials, Source> + Send + Sync + 'static,
    {
        self.login.set_function(Arc::new(give));
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

    /// Shows the server a certificate: a PEM file with it and what it is signed by, and one with its key.
    #[must_use]
    pub fn client_certificate(mut self, certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.client_certificate = Some(ClientCertificate { certificate: certificate.into(), key: key.into() });
        self
    }

    /// Sets the schemas in which a table's bare name is looked up.
    #[must_use]
    pub fn search_path<S: Into<String>>(mut self, schemas: impl IntoIterator<Item = S>) -> Self {
        self.search_path = schemas.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the name that the server's lists of sessions show.
    #[must_use]
    pub fn application_name(mut self, name: impl Into<String>) -> Self {
        self.application_name = name.into();
        self
    }

    /// Sets how long getting in may take at most, for each address.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets how long the server works on a query at most. It counts while the rows are read, too.
    #[must_use]
    pub fn statement_timeout(mut self, timeout: Duration) -> Self {
        self.statement_timeout = Some(timeout);
        self
    }

    /// Sets after how long a silence the operating system asks whether the server is still there.
    #[must_use]
    pub fn keepalive(mut self, idle: Duration) -> Self {
        self.keepalive = idle;
        self
    }

    /// Host and port, as messages name them.
    pub(crate) fn named(&self) -> String {
        self.hosts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }

    /// Whether the connection will be encrypted.
    pub(crate) fn is_encrypted(&self) -> bool {
        match self.tls {
            TlsMode::Plain => false,
            TlsMode::VerifyFull => true,
            TlsMode::ByHost => !self.hosts.iter().all(Host::is_loopback),
        }
    }

    /// What is set before anything is said; without a host it leads nowhere yet.
    fn nowhere() -> Self {
        Self {
            hosts: Vec::new(),
            database: None,
            login: Login::default(),
            tls: TlsMode::default(),
            ca_file: None,
            client_certificate: None,
            search_path: Vec::new(),
            application_name: "refit-warehouse".to_owned(),
            options: None,
            connect_timeout: Duration::from_secs(30),
            statement_timeout: None,
            keepalive: Duration::from_secs(30),
        }
    }
}

impl TryFrom<&str> for Connection {
    type Error = ConnectionError;

    fn try_from(url: &str) -> Result<Self, Self::Error> {
        Self::url(url)
    }
}

impl TryFrom<&String> for Connection {
    type Error = ConnectionError;

    fn try_from(url: &String) -> Result<Self, Self::Error> {
        Self::url(url)
    }
}

impl fmt::Debug for Connection {
    /// Says where it connects to, never the password.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Connection")
            .field("host", &self.named())
            .field("database", &self.database)
            .field("user", &self.login.user)
            .field("tls", &self.tls)
            .field("ca_file", &self.ca_file)
            .field("client_certificate", &self.client_certificate)
            .field("search_path", &self.search_path)
            .field("application_name", &self.application_name)
            .finish_non_exhaustive()
    }
}
