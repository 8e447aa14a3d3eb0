//! Parameters, as the server is sent them.

use std::error::Error;

use bytes::BytesMut;
use postgres::types::{Format, IsNull, ToSql, Type, to_sql_checked};

use crate::Parameter;

/// A parameter sent as text.
///
/// The server then reads it as whatever type the query's text asks for, so a day compares with a timestamp and a whole
/// number with a numeric, without a table of conversions here.
#[derive(Debug)]
pub(super) struct Bound(String);

impl From<&Parameter> for Bound {
    fn from(parameter: &Parameter) -> Self {
        Self(match parameter {
            // Rust writes `inf`, which PostgreSQL 14 and older do not read.
            Parameter::Float(value) if value.is_infinite() && *value > 0.0 => "Infinity".to_owned(),
            Parameter::Float(value) if value.is_infinite() => "-Infinity".to_owned(),
            other => other.to_text(),
        })
    }
}

impl ToSql for Bound {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.extend_from_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    to_sql_checked!();
}
