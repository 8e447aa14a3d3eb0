//! Reading an object's bytes back: checked against the digests taken when they were written.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use super::digests::{BLOCK, Digests};

/// The bytes of one version. They outlive a later delete of the version.
#[derive(Debug)]
pub(crate) struct Content {
    bytes: Bytes,
    size: u64,
    /// None of a file that was written before digests were taken.
    digests: Option<Digests>,
}

/// Where the bytes are read from.
#[derive(Debug)]
pub(super) enum Bytes {
    Memory(Vec<u8>),
    File(File),
}

impl Content {
    pub(super) fn new(bytes: Bytes, size: u64, digests: Option<Digests>) -> Self {
        Self { bytes, size, digests }
    }

    /// Reads from `start` to the end of the block that `start` is in, or to `end` if that comes first. `end` is not
    /// past the content's size.
    ///
    /// # Errors
    /// `InvalidData` when what is on disk is not what was written.
    pub(crate) fn read(&mut self, start: u64, end: u64) -> io::Result<Vec<u8>> {
        if start >= end {
            return Ok(Vec::new());
        }
        let block = start / BLOCK;
        let first = block * BLOCK;
        let length = BLOCK.min(self.size - first);
        let mut bytes = self.bytes.read(first, length)?;
        let block = fits(block)?;
        if bytes.len() as u64 != length || self.digests.as_ref().is_some_and(|digests| !digests.check(block, &bytes)) {
            let message = "an object is damaged: the data folder does not hold the bytes that were written";
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        bytes.truncate(fits(end.min(first + length) - first)?);
        bytes.drain(..fits(start - first)?);
        Ok(bytes)
    }

    /// Gives `take` the bytes from `start` to `end`, block by block.
    pub(super) fn each<E: From<io::Error>>(
        &mut self,
        mut start: u64,
        end: u64,
        mut take: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        while start < end {
            let bytes = self.read(start, end)?;
            take(&bytes)?;
            start += bytes.len() as u64;
        }
        Ok(())
    }

    /// Everything at once, for what is small.
    pub(super) fn read_all(mut self) -> io::Result<Vec<u8>> {
        let mut all = Vec::with_capacity(fits(self.size)?);
        self.each(0, self.size, |bytes| {
            all.extend_from_slice(bytes);
            Ok::<_, io::Error>(())
        })?;
        Ok(all)
    }
}

impl Bytes {
    /// Up to `length` bytes from `start`: fewer where they end.
    fn read(&mut self, start: u64, length: u64) -> io::Result<Vec<u8>> {
        let (from, most) = (fits(start)?, fits(length)?);
        match self {
            Self::Memory(bytes) => Ok(bytes.iter().skip(from).take(most).copied().collect()),
            Self::File(file) => {
                let mut bytes = Vec::with_capacity(most);
                file.seek(SeekFrom::Start(start))?;
                file.take(length).read_to_end(&mut bytes)?;
                Ok(bytes)
            }
        }
    }
}

fn fits(number: u64) -> io::Result<usize> {
    usize::try_from(number).map_err(io::Error::other)
}
