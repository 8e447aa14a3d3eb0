//! A file's bytes on their way to every place at once.

use sha2::{Digest, Sha256};

use crate::error::Source;
use crate::{Destination, Draft, WarehouseError};

/// A file in the making, in every place that takes the dataset: the same bytes, hashed once.
pub(super) struct Output {
    drafts: Vec<Box<dyn Draft>>,
    digest: Sha256,
    bytes: u64,
}

/// A file that every place has.
pub(super) struct Sealed {
    drafts: Vec<Box<dyn Draft>>,
    sha256: [u8; 32],
    bytes: u64,
}

impl Output {
    pub(super) fn begin(name: &str, places: &[&dyn Destination]) -> Result<Self, WarehouseError> {
        let begin = |place: &&dyn Destination| {
            place.begin(name).map_err(|source| WarehouseError::Unwritten {
                place: format!("{place}/{name}"),
                bytes: 0,
                rows: 0,
                source,
            })
        };
        let drafts = places.iter().map(begin).collect::<Result<_, _>>()?;
        Ok(Self { drafts, digest: Sha256::new(), bytes: 0 })
    }

    /// Hands the next bytes on; `rows` is how many rows of the file were written with them.
    pub(super) fn write(&mut self, bytes: &[u8], rows: u64) -> Result<(), WarehouseError> {
        self.digest.update(bytes);
        for draft in &mut self.drafts {
            let written = draft.write(bytes);
            written.map_err(unwritten(draft.as_ref(), self.bytes, rows))?;
        }
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    pub(super) fn seal(mut self, rows: u64) -> Result<Sealed, WarehouseError> {
        for draft in &mut self.drafts {
            let sealed = draft.seal();
            sealed.map_err(unwritten(draft.as_ref(), self.bytes, rows))?;
        }
        Ok(Sealed { drafts: self.drafts, sha256: self.digest.finalize().into(), bytes: self.bytes })
    }
}

impl Sealed {
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn sha256(&self) -> String {
        hex::encode(self.sha256)
    }

    pub(super) fn publish(self, rows: u64) -> Result<(), WarehouseError> {
        for draft in self.drafts {
            let place = draft.to_string();
            let published = draft.publish(self.sha256);
            published.map_err(|source| WarehouseError::Unwritten { place, bytes: self.bytes, rows, source })?;
        }
        Ok(())
    }
}

fn unwritten(draft: &dyn Draft, bytes: u64, rows: u64) -> impl FnOnce(Source) -> WarehouseError {
    let place = draft.to_string();
    move |source| WarehouseError::Unwritten { place, bytes, rows, source }
}
