//! From bytes to a [`Model`]: one reader per format, chosen by content.

mod binary;
mod document;
mod pickle;
mod scalar;
mod tokens;
mod ubj;

use crate::error::{BoosterError, Cause};
use crate::format::{Format, sniff};
use crate::model::{Model, Parsed};

/// How many leading bytes an error shows.
const START: usize = 16;

/// Reads a model in whatever format it is.
pub(crate) fn parse(bytes: &[u8]) -> Result<Parsed, BoosterError> {
    let format = recognise(bytes)?;
    let model = match format {
        Format::Pickle => pickle::from_bytes(bytes)?,
        other => parse_unpickled(other, bytes).map_err(|cause| BoosterError::damaged(format, cause))?,
    };
    Ok(Parsed { format, model })
}

fn parse_unpickled(format: Format, bytes: &[u8]) -> Result<Model, Cause> {
    match format {
        Format::Json => document::from_json(bytes),
        Format::Ubj => document::from_ubj(bytes),
        Format::Binary => binary::from_bytes(bytes),
        Format::Pickle => Err("a pickle within a pickle".into()),
    }
}

fn recognise(bytes: &[u8]) -> Result<Format, BoosterError> {
    let format = sniff(bytes).or_else(|| binary::is_headerless(bytes).then_some(Format::Binary));
    format.ok_or_else(|| {
        let start = bytes[..bytes.len().min(START)].escape_ascii().to_string();
        BoosterError::UnknownFormat { start }
    })
}
