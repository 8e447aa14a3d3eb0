//! Why no session with a server came about.

use std::path::PathBuf;

use super::Source;

/// Why no session with a server came about: its variants say which of host, TLS, authentication and database failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectionError {
    /// The connection URL cannot be read.
    #[error(
        "the connection URL is not valid ({reason}): write postgres://user:password@host:port/database, with %-escapes for special characters"
    )]
    InvalidUrl {
        /// What part of it.
        reason: String,
    },
    /// No server answers at that address.
    #[error("no server answers at {host}: check the host's name, the port, the network and that the server runs")]
    Unreachable {
        /// Host and port.
        host: String,
        /// What the connection attempt said.
        #[source]
        source: Source,
    },
    /// No encrypted connection came about.
    #[error("no encrypted connection to {host}: {remedy}")]
    Tls {
        /// Host and port.
        host: String,
        /// What to change.
        remedy: &'static str,
        /// What the handshake said.
        #[source]
        source: Source,
    },
    /// The certificate authorities cannot be read.
    #[error("no certificate authority can be read from {place}: give a PEM file with `ca_file`")]
    CertificateAuthorities {
        /// The file, or the system's store.
        place: String,
        /// What reading it said.
        #[source]
        source: Source,
    },
    /// The server does not take the user or the password.
    #[error(
        "the server at {host} does not let the user {user} in: check the user, the password and the server's rules for this address"
    )]
    Authentication {
        /// Host and port.
        host: String,
        /// The user.
        user: String,
        /// What the server said.
        #[source]
        source: Source,
    },
    /// The server has no such database.
    #[error("the server at {host} has no database {database}: correct the name in the connection URL")]
    Database {
        /// Host and port.
        host: String,
        /// The database asked for.
        database: String,
        /// What the server said.
        #[source]
        source: Source,
    },
    /// The server takes no session now, for a reason of its own.
    #[error("the server at {host} opens no session now: see the source, and try again later")]
    Session {
        /// Host and port.
        host: String,
        /// What the server said.
        #[source]
        source: Source,
    },
    /// The function that gives the credentials failed.
    #[error("the function that gives the connection's credentials failed: see the source")]
    Credentials {
        /// What it said.
        #[source]
        source: Source,
    },
    /// The client's own certificate cannot be read.
    #[error("no client certificate can be read from {}: give PEM files, the certificate's and its key's", path.display())]
    ClientCertificate {
        /// The file.
        path: PathBuf,
        /// What reading it said.
        #[source]
        source: Source,
    },
}
