//! Encrypted connections.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};

use super::{ClientCertificate, Connection, Host};
use crate::ConnectionError;

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

/// What encrypted connections are made with; `None` where they are not encrypted, and then no certificate is read.
pub(crate) fn client_config(connection: &Connection) -> Result<Option<Arc<ClientConfig>>, ConnectionError> {
    if !connection.is_encrypted() {
        return Ok(None);
    }
    let roots = match &connection.ca_file {
        Some(path) => from_file(path)?,
        None => from_system()?,
    };
    let failed = |source: rustls::Error| ConnectionError::Tls {
        host: connection.named(),
        remedy: "check the client certificate and its key",
        source: source.into(),
    };
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(failed)?
        .with_root_certificates(roots);
    Ok(Some(Arc::new(match &connection.client_certificate {
        Some(certificate) => {
            let (chain, key) = client(certificate)?;
            builder.with_client_auth_cert(chain, key).map_err(failed)?
        }
        None => builder.with_no_client_auth(),
    })))
}

/// The name that the server's certificate must be for.
pub(crate) fn server_name(host: &Host) -> Result<ServerName<'static>, ConnectionError> {
    ServerName::try_from(host.name.clone()).map_err(|source| ConnectionError::Tls {
        host: host.to_string(),
        remedy: "only a host's name or address can be verified: use TlsMode::Plain for a Unix socket",
        source: source.into(),
    })
}

fn client(
    files: &ClientCertificate,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), ConnectionError> {
    let failed = |path: &Path, source: rustls::pki_types::pem::Error| ConnectionError::ClientCertificate {
        path: path.to_owned(),
        source: source.into(),
    };
    let chain = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| failed(&files.certificate, error))?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| failed(&files.key, error))?;
    Ok((chain, key))
}

fn from_file(path: &Path) -> Result<RootCertStore, ConnectionError> {
    let failed = |source| ConnectionError::CertificateAuthorities { place: path.display().to_string(), source };
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

fn from_system() -> Result<RootCertStore, ConnectionError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        let source = found.errors.into_iter().next();
        return Err(ConnectionError::CertificateAuthorities {
            place: "the system's store".to_owned(),
            source: source.map_or_else(|| "the store holds no certificate".into(), Into::into),
        });
    }
    Ok(roots)
}
