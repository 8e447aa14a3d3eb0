//! What a server says when it does not do what it is asked.

use std::fmt;
use std::io;

use postgres_protocol::message::backend::ErrorFields;

use fallible_iterator::FallibleIterator;

use crate::error::Source;

/// An error of the server's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Refusal {
    severity: String,
    pub(crate) code: String,
    pub(crate) message: String,
    detail: String,
    hint: String,
    /// The server's own function: unlike the message it is in no language.
    pub(crate) routine: String,
}

impl Refusal {
    pub(super) fn read(mut fields: ErrorFields<'_>) -> io::Result<Self> {
        let mut refusal = Self::default();
        while let Some(field) = fields.next()? {
            let place = match field.type_() {
                b'S' => &mut refusal.severity,
                b'C' => &mut refusal.code,
                b'M' => &mut refusal.message,
                b'D' => &mut refusal.detail,
                b'H' => &mut refusal.hint,
                b'R' => &mut refusal.routine,
                _ => continue,
            };
            *place = String::from_utf8_lossy(field.value_bytes()).into_owned();
        }
        Ok(refusal)
    }

    /// The message with its code, in one line.
    pub(crate) fn line(&self) -> String {
        format!("{} (SQLSTATE {})", self.message, self.code)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.severity, self.line())?;
        for (name, text) in [("detail", &self.detail), ("hint", &self.hint)] {
            if !text.is_empty() {
                write!(formatter, "; {name}: {text}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}

/// Why a session does not go on.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The server says no.
    Refused(Box<Refusal>),
    /// No way in by the credentials there are.
    Denied(Source),
    /// The connection broke, or what came over it is not the protocol.
    Lost(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Lost(error)
    }
}

impl Failure {
    /// By the fields of an error message.
    pub(super) fn refused(fields: ErrorFields<'_>) -> Self {
        Refusal::read(fields).map_or_else(Self::Lost, |refusal| Self::Refused(Box::new(refusal)))
    }

    pub(crate) fn malformed() -> Self {
        Self::Lost(io::Error::new(io::ErrorKind::InvalidData, "the server sent a row in an unknown form"))
    }

    pub(super) fn unexpected() -> Self {
        Self::Lost(io::Error::new(io::ErrorKind::InvalidData, "the server sent a message out of turn"))
    }
}
