//! Encrypted connections.

use std::path::Path;
use std::sync::Arc;

use postgres::Config;
use postgres::config::SslMode;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::WarehouseError;

/// Whether a connection is encrypted.
///
/// There is no mode that encrypts without knowing the server: that keeps out nobody who can read along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum TlsMode {
    /// [`Plain`](Self::Plain) where every host is loopback or a Unix socket, else [`VerifyFull`](Self::VerifyFull).
    #[default]
    ByHost,
    /// Encrypted; the server's certificate is signed by a trusted authority and names the host.
    VerifyFull,
    /// Not encrypted.
    Plain,
}

/// What makes encrypted connections. Reads certificates only where the connection will be encrypted.
pub(super) fn connector(config: &Config, ca_file: Option<&Path>) -> Result<MakeRustlsConnect, WarehouseError> {
    let roots = match (config.get_ssl_mode(), ca_file) {
        (SslMode::Disable, _) => RootCertStore::empty(),
        (_, Some(path)) => from_file(path)?,
        (_, None) => from_system()?,
    };
    let client = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|source| WarehouseError::Tls {
            host: super::connect::host(config),
            remedy: "this build's TLS library offers no protocol version",
            source: source.into(),
        })?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(client))
}

fn from_file(path: &Path) -> Result<RootCertStore, WarehouseError> {
    let failed = |source| WarehouseError::CertificateAuthorities { place: path.display().to_string(), source };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| failed(error.into()))? {
        let certificate = certificate.map_err(|error| failed(error.into()))?;
        roots.add(certificate).map_err(|error| failed(error.into()))?;
    }
    if roots.is_empty() {
        return Err(failed("the file holds no certificate".into()));
    }
    Ok(roots)
}

fn from_system() -> Result<RootCertStore, WarehouseError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        let source = found.errors.into_iter().next();
        return Err(WarehouseError::CertificateAuthorities {
            place: "the system's store".to_owned(),
            source: source.map_or_else(|| "the store holds no certificate".into(), Into::into),
        });
    }
    Ok(roots)
}
