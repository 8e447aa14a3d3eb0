//! Stopping a query from outside its session.

use std::io::{self, Read, Write};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

use bytes::BytesMut;
use postgres_protocol::message::frontend;

use super::Connector;
use super::transport::{Handle, Transport};
use crate::connection::Host;

/// How long is waited for the server to do what it was asked, and how many times it is asked: a request that reaches it just before it
/// takes up a statement stops nothing.
const MOMENT: Duration = Duration::from_millis(100);
const MOMENTS: u32 = 10;

/// Stops what a session does, and the session, from another thread.
pub(super) struct Canceller {
    pub(super) connector: Arc<Connector>,
    pub(super) host: Host,
    /// What the server knows the session by; without it the session can only be left.
    pub(super) key: Option<(i32, i32)>,
    pub(super) handle: Handle,
    /// Lives as long as the session.
    pub(super) session: Weak<()>,
}

impl Canceller {
    /// Works on a thread of its own: asking the server takes a connection, which must not hold up the caller.
    pub(super) fn cancel(self) {
        if let Err(error) = thread::Builder::new().name("refit-warehouse-cancel".to_owned()).spawn(move || self.stop())
        {
            tracing::debug!(%error, "a query could not be cancelled");
        }
    }

    /// Asks until the session has ended by what the server says, and at last closes it. Without a request a server that sends nothing
    /// yet would go on computing.
    fn stop(self) {
        for _ in 0..MOMENTS {
            if self.session.strong_count() == 0 {
                return;
            }
            if let Some(key) = self.key
                && let Err(error) = self.ask(key)
            {
                tracing::debug!(%error, "a query could not be cancelled");
            }
            thread::sleep(MOMENT);
        }
        self.handle.close();
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
