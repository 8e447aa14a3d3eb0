//! Stopping a query from outside its session.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::thread;

use bytes::BytesMut;
use postgres_protocol::message::frontend;

use super::Connector;
use super::transport::{Handle, Transport};
use crate::connection::Host;

/// Stops what a session does, and the session, from another thread.
pub(super) struct Canceller {
    pub(super) connector: Arc<Connector>,
    pub(super) host: Host,
    /// What the server knows the session by; without it the session can only be left.
    pub(super) key: Option<(i32, i32)>,
    pub(super) handle: Handle,
}

impl Canceller {
    /// Works on a thread of its own: asking the server takes a connection, which must not hold up the caller.
    pub(super) fn cancel(self) {
        let stop = move || {
            // Without the request a server that sends nothing yet would go on computing.
            if let Some(key) = self.key
                && let Err(error) = self.ask(key)
            {
                tracing::debug!(%error, "a query could not be cancelled");
            }
            self.handle.close();
        };
        if let Err(error) = thread::Builder::new().name("refit-warehouse-cancel".to_owned()).spawn(stop) {
            tracing::debug!(%error, "a query could not be cancelled");
        }
    }

    fn ask(&self, (process, secret): (i32, i32)) -> io::Result<()> {
        let transport = Transport::connect(&self.connector.connection, &self.host)?;
        let mut transport = self.connector.encrypted(&self.host, transport).map_err(io::Error::other)?;
        let mut request = BytesMut::new();
        frontend::cancel_request(process, secret, &mut request);
        transport.write_all(&request)?;
        transport.flush()?;
        // The server closes the connection when the request is passed on.
        let _ = transport.read(&mut [0]);
        Ok(())
    }
}
