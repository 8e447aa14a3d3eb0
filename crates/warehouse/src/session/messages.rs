//! Messages of PostgreSQL's protocol, over a transport.
//!
//! Rows are handed out where they lie in the input, so that a row costs no allocation; every other message is rare, and the
//! protocol's crate reads it.

use std::io::{self, Read, Write};
use std::ops::Range;

use bytes::BytesMut;
use postgres_protocol::message::backend::{DATA_ROW_TAG, Header, Message};

use super::transport::Transport;

/// How much is read at once. Bounds the memory of a session, but for a message that is longer.
const INPUT: usize = 128 * 1024;

/// A message's type and its length.
const HEADER: usize = 5;

pub(super) struct Messages {
    transport: Transport,
    input: Vec<u8>,
    /// What was read and not yet handed out.
    unread: Range<usize>,
    pub(super) output: BytesMut,
}

pub(super) enum Received {
    /// A row: where its values lie in [`Messages::bytes`], until the next message is received.
    Row(Range<usize>),
    Other(Message),
}

impl Messages {
    pub(super) fn new(transport: Transport) -> Self {
        Self { transport, input: vec![0; INPUT], unread: 0..0, output: BytesMut::new() }
    }

    pub(super) fn transport(&self) -> &Transport {
        &self.transport
    }

    /// Sends what is in the output.
    pub(super) fn send(&mut self) -> io::Result<()> {
        self.transport.write_all(&self.output)?;
        self.output.clear();
        self.transport.flush()
    }

    /// Waits for the next message.
    pub(super) fn receive(&mut self) -> io::Result<Received> {
        self.fill(HEADER)?;
        let unknown = || io::Error::new(io::ErrorKind::InvalidData, "the server sent what is no message");
        let header = Header::parse(&self.input[self.unread.clone()])?.ok_or_else(unknown)?;
        let length = usize::try_from(header.len()).map_err(|_| unknown())? + 1;
        self.fill(length)?;
        let message = self.unread.start..self.unread.start + length;
        self.unread.start = message.end;
        if header.tag() == DATA_ROW_TAG {
            return Ok(Received::Row(message.start + HEADER..message.end));
        }
        let mut bytes = BytesMut::from(&self.input[message]);
        Message::parse(&mut bytes)?.map(Received::Other).ok_or_else(unknown)
    }

    pub(super) fn bytes(&self, range: Range<usize>) -> &[u8] {
        &self.input[range]
    }

    /// Reads until that much is there.
    fn fill(&mut self, wanted: usize) -> io::Result<()> {
        while self.unread.len() < wanted {
            if self.unread.is_empty() {
                self.unread = 0..0;
            }
            if self.input.len() - self.unread.start < wanted {
                self.input.copy_within(self.unread.clone(), 0);
                self.unread = 0..self.unread.len();
            }
            if self.unread.end == self.input.len() {
                // Doubled, so that a length that no message follows takes no memory.
                self.input.resize(self.input.len() * 2, 0);
            }
            match self.transport.read(&mut self.input[self.unread.end..]) {
                Ok(0) => {
                    return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the server closed the connection"));
                }
                Ok(read) => self.unread.end += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => (),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
