//! A session with a server that speaks PostgreSQL's protocol, on the caller's thread.

mod authentication;
mod cancel;
mod messages;
mod open;
mod refusal;
mod transport;

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use fallible_iterator::FallibleIterator;
use postgres_protocol::IsNull;
use postgres_protocol::message::backend::{Message, RowDescriptionBody};
use postgres_protocol::message::frontend::{self, BindError};

use self::messages::{Messages, Received};
pub(crate) use self::open::Connector;
pub(crate) use self::refusal::Failure;
use self::refusal::Refusal;
use crate::stop::Watch;

/// One connection. After a failure it is of no further use; dropped, it says goodbye.
pub(crate) struct Session {
    messages: Messages,
    parameters: HashMap<String, String>,
    /// Lets the session be stopped from elsewhere.
    watch: Watch,
    /// Tells who cancels it that it is there.
    _alive: Arc<()>,
}

/// A statement as the server understood it.
pub(crate) struct Statement {
    /// How many parameters it uses.
    pub(crate) parameters: usize,
    /// Its result's columns: none where it has no result.
    pub(crate) columns: Vec<Described>,
}

/// A result's column as the server describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Described {
    pub(crate) name: String,
    pub(crate) type_oid: u32,
    pub(crate) type_modifier: i32,
}

impl Session {
    /// What the server said of itself, such as its `server_version`.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    /// Runs SQL without parameters, and returns the rows it has as text.
    pub(crate) fn ask(&mut self, sql: &str) -> Result<Vec<Vec<Option<String>>>, Failure> {
        frontend::query(sql, &mut self.messages.output)?;
        self.send()?;
        let mut rows = Vec::new();
        while let Some(row) = self.next_row()? {
            let values = Values::new(row).ok_or_else(Failure::malformed)?;
            let text = |value: Option<Option<&[u8]>>| {
                let value = value.ok_or_else(Failure::malformed)?;
                Ok(value.map(|bytes| String::from_utf8_lossy(bytes).into_owned()))
            };
            rows.push(values.map(text).collect::<Result<_, Failure>>()?);
        }
        Ok(rows)
    }

    /// Has the server understand a statement.
    pub(crate) fn prepare(&mut self, sql: &str) -> Result<Statement, Failure> {
        let output = &mut self.messages.output;
        frontend::parse("", sql, [], output)?;
        frontend::describe(b'S', "", output)?;
        frontend::sync(output);
        self.send()?;
        let mut statement = Statement { parameters: 0, columns: Vec::new() };
        loop {
            match self.receive()? {
                Received::Other(Message::ParameterDescription(body)) => {
                    statement.parameters = body.parameters().count()?;
                }
                Received::Other(Message::RowDescription(body)) => statement.columns = described(&body)?,
                Received::Other(Message::ReadyForQuery(_)) => return Ok(statement),
                Received::Other(_) => (),
                Received::Row(_) => return Err(Failure::unexpected()),
            }
        }
    }

    /// Runs the statement prepared last: one Execute for all rows, so that while nobody takes them the socket is not read, and
    /// the server waits. The values go as text, for the server to read as whatever type the query's text asks for.
    pub(crate) fn execute(&mut self, values: &[String], formats: &[i16]) -> Result<(), Failure> {
        let output = &mut self.messages.output;
        let write = |value: &String, output: &mut bytes::BytesMut| {
            output.extend_from_slice(value.as_bytes());
            Ok(IsNull::No)
        };
        frontend::bind("", "", [], values, write, formats.iter().copied(), output).map_err(|error| match error {
            BindError::Conversion(error) => Failure::Lost(io::Error::other(error)),
            BindError::Serialization(error) => Failure::Lost(error),
        })?;
        frontend::execute("", 0, output)?;
        frontend::sync(output);
        self.send()
    }

    /// The next row's values, `None` after the last.
    pub(crate) fn next_row(&mut self) -> Result<Option<&[u8]>, Failure> {
        loop {
            match self.receive()? {
                Received::Row(range) => return Ok(Some(self.messages.bytes(range))),
                Received::Other(Message::ReadyForQuery(_)) => return Ok(None),
                Received::Other(_) => (),
            }
        }
    }

    /// Sends what is in the output, unless the session was stopped: a statement that came after its cancellation would run on.
    fn send(&mut self) -> Result<(), Failure> {
        match self.watch.is_stopped() {
            true => Err(Failure::Lost(io::Error::new(io::ErrorKind::ConnectionAborted, "the session was stopped"))),
            false => Ok(self.messages.send()?),
        }
    }

    /// The next message that is not about something else.
    fn receive(&mut self) -> Result<Received, Failure> {
        loop {
            match self.messages.receive()? {
                Received::Other(Message::ErrorResponse(body)) => {
                    return Err(Failure::refused(body.fields()));
                }
                Received::Other(Message::NoticeResponse(body)) => {
                    tracing::debug!(notice = %Refusal::read(body.fields())?, "the server remarks");
                }
                Received::Other(Message::ParameterStatus(_) | Message::NotificationResponse(_)) => (),
                received => return Ok(received),
            }
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.messages.output.clear();
        frontend::terminate(&mut self.messages.output);
        // The server notices the end of the connection as well.
        let _ = self.messages.send();
    }
}

fn described(body: &RowDescriptionBody) -> Result<Vec<Described>, Failure> {
    let described = body.fields().map(|field| {
        Ok(Described {
            name: field.name().to_owned(),
            type_oid: field.type_oid(),
            type_modifier: field.type_modifier(),
        })
    });
    Ok(described.collect()?)
}

/// The values of a row, each as its bytes; `None` in place of one that the row has no bytes for.
pub(crate) struct Values<'a> {
    bytes: &'a [u8],
    left: u16,
}

impl<'a> Values<'a> {
    pub(crate) fn new(row: &'a [u8]) -> Option<Self> {
        let (count, bytes) = row.split_first_chunk()?;
        Some(Self { bytes, left: u16::from_be_bytes(*count) })
    }

    pub(crate) fn count_left(&self) -> usize {
        self.left.into()
    }
}

impl<'a> Iterator for Values<'a> {
    type Item = Option<Option<&'a [u8]>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        Some(split_value(&mut self.bytes))
    }
}

/// Splits a value with its length before it off; `None` where the bytes are too few. A length below zero is null's.
pub(crate) fn split_value<'a>(bytes: &mut &'a [u8]) -> Option<Option<&'a [u8]>> {
    let (length, rest) = bytes.split_first_chunk()?;
    let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) else {
        *bytes = rest;
        return Some(None);
    };
    let (value, rest) = rest.split_at_checked(length)?;
    *bytes = rest;
    Some(Some(value))
}
