//! Opening a session, and telling apart why none came about.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::sync::Arc;

use bytes::BytesMut;
use postgres_protocol::message::backend::Message;
use postgres_protocol::message::frontend;
use rustls::ClientConfig;

use super::authentication::authenticate;
use super::messages::{Messages, Received};
use super::refusal::{Failure, Refusal};
use super::transport::Transport;
use super::{Session, cancel::Canceller};
use crate::connection::{Connection, Host, client_config, server_name};
use crate::{ConnectionError, Stop};

/// What sessions are opened with. Certificates are read once for all of them.
pub(crate) struct Connector {
    pub(crate) connection: Connection,
    tls: Option<Arc<ClientConfig>>,
}

/// Who gets in now.
struct Entrant {
    user: String,
    password: Option<String>,
}

impl Connector {
    pub(crate) fn new(connection: Connection) -> Result<Arc<Self>, ConnectionError> {
        let tls = client_config(&connection)?;
        Ok(Arc::new(Self { connection, tls }))
    }

    /// Opens a session on the first host that takes one. The stop ends it, whatever it is at.
    pub(crate) fn open(self: &Arc<Self>, stop: &Stop) -> Result<Session, ConnectionError> {
        let entrant = self.entrant()?;
        let mut last = None;
        for host in &self.connection.hosts {
            match self.open_on(host, &entrant, stop) {
                Ok(session) => return Ok(session),
                // Another host may serve; a wrong password is wrong everywhere.
                Err(error @ (ConnectionError::Unreachable { .. } | ConnectionError::Session { .. })) => {
                    last = Some(error)
                }
                Err(error) => return Err(error),
            }
        }
        Err(last.unwrap_or_else(|| ConnectionError::InvalidUrl { reason: "it names no host".to_owned() }))
    }

    fn entrant(&self) -> Result<Entrant, ConnectionError> {
        let (user, password) = self.connection.login.now().map_err(|source| ConnectionError::Credentials { source })?;
        let user = user.ok_or_else(|| ConnectionError::InvalidUrl { reason: "it names no user".to_owned() })?;
        Ok(Entrant { user, password })
    }

    fn open_on(self: &Arc<Self>, host: &Host, entrant: &Entrant, stop: &Stop) -> Result<Session, ConnectionError> {
        let lost = |source: io::Error| ConnectionError::Unreachable { host: host.to_string(), source: source.into() };
        let transport = Transport::connect(&self.connection, host).map_err(lost)?;
        let transport = self.encrypted(host, transport)?;
        let handle = transport.handle().map_err(lost)?;
        let mut messages = Messages::new(transport);
        let (key, parameters) =
            self.start(&mut messages, entrant).map_err(|failure| self.explain(host, &entrant.user, failure))?;
        messages.transport().unlimited().map_err(lost)?;
        let alive = Arc::new(());
        let session = Arc::downgrade(&alive);
        let canceller = Canceller { connector: self.clone(), host: host.clone(), key, handle, session };
        let watch = stop.watch(Box::new(move || canceller.cancel()));
        Ok(Session { messages, parameters, watch, _alive: alive })
    }

    /// Encrypts the connection where it should be.
    pub(super) fn encrypted(&self, host: &Host, mut transport: Transport) -> Result<Transport, ConnectionError> {
        let Some(config) = &self.tls else { return Ok(transport) };
        let name = server_name(host)?;
        let lost = |source: io::Error| ConnectionError::Unreachable { host: host.to_string(), source: source.into() };
        let mut request = BytesMut::new();
        frontend::ssl_request(&mut request);
        // One byte and no more: what follows must come encrypted.
        let mut answer = [0];
        transport.write_all(&request).and_then(|()| transport.read_exact(&mut answer)).map_err(lost)?;
        let failed =
            |remedy, source: io::Error| ConnectionError::Tls { host: host.to_string(), remedy, source: source.into() };
        if answer != *b"S" {
            return Err(failed(
                "the server does not offer TLS: turn it on there, or use TlsMode::Plain where nobody can read along",
                io::Error::new(io::ErrorKind::Unsupported, "the server declined the request for TLS"),
            ));
        }
        transport.encrypt(config.clone(), name).map_err(|error| {
            failed(
                "check that the server's certificate names this host and that its authority is trusted (`ca_file`)",
                error,
            )
        })
    }

    /// Says who comes, proves it, and waits until the server is ready.
    #[allow(clippy::type_complexity, reason = "a key and a map, taken apart at once by the only caller")]
    fn start(
        &self,
        messages: &mut Messages,
        entrant: &Entrant,
    ) -> Result<(Option<(i32, i32)>, HashMap<String, String>), Failure> {
        let Connection { database, application_name, options, .. } = &self.connection;
        let mut parameters = vec![
            ("client_encoding", "UTF8"),
            ("user", &entrant.user),
            ("database", database.as_ref().unwrap_or(&entrant.user)),
            ("application_name", application_name),
        ];
        parameters.extend(options.as_ref().map(|options| ("options", options.as_str())));
        frontend::startup_message(parameters, &mut messages.output)?;
        messages.send()?;
        authenticate(messages, &entrant.user, entrant.password.as_deref())?;
        let (mut key, mut said) = (None, HashMap::new());
        loop {
            match messages.receive()? {
                Received::Other(Message::ReadyForQuery(_)) => return Ok((key, said)),
                Received::Other(Message::BackendKeyData(body)) => key = Some((body.process_id(), body.secret_key())),
                Received::Other(Message::ParameterStatus(body)) => {
                    said.insert(body.name()?.to_owned(), body.value()?.to_owned());
                }
                Received::Other(Message::NoticeResponse(_)) => (),
                Received::Other(Message::ErrorResponse(body)) => {
                    return Err(Failure::refused(body.fields()));
                }
                _ => return Err(Failure::unexpected()),
            }
        }
    }

    fn explain(&self, host: &Host, user: &str, failure: Failure) -> ConnectionError {
        let host = host.to_string();
        let user = user.to_owned();
        match failure {
            Failure::Denied(source) => ConnectionError::Authentication { host, user, source },
            Failure::Lost(error) if is_tls(&error) => ConnectionError::Tls {
                host,
                remedy: "the server broke the encryption off: check whether it asks for a client certificate",
                source: error.into(),
            },
            Failure::Lost(error) => ConnectionError::Unreachable { host, source: error.into() },
            // Class 28 is "invalid authorization specification", 3D000 "invalid catalog name".
            Failure::Refused(refusal) if refusal.code.starts_with("28") => match self.lacks_tls(&refusal) {
                true => ConnectionError::Tls {
                    host,
                    remedy: "the server has no rule for a plain connection of this user: use TlsMode::VerifyFull, or check the user",
                    source: refusal,
                },
                false => ConnectionError::Authentication { host, user, source: refusal },
            },
            Failure::Refused(refusal) if refusal.code == "3D000" => ConnectionError::Database {
                host,
                database: self.connection.database.clone().unwrap_or(user),
                source: refusal,
            },
            Failure::Refused(refusal) => ConnectionError::Session { host, source: refusal },
        }
    }

    /// The server says no more than that no rule matched this connection, and adds how it was encrypted.
    fn lacks_tls(&self, refusal: &Refusal) -> bool {
        self.tls.is_none() && (refusal.message.contains("no encryption") || refusal.message.contains("SSL off"))
    }
}

fn is_tls(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>())
}
