//! Digests of the blocks of a file, so that any range of it can be checked before a byte of it is given out.

use s3s::crypto::{Checksum as _, Crc32c};

/// How many bytes one digest covers: what is read, checked and sent at once.
pub(super) const BLOCK: u64 = 512 * 1024;

/// The CRC-32C of each block, four bytes each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Digests(pub(super) Vec<u8>);

/// Computes [`Digests`] of bytes as they come.
pub(super) struct Digesting {
    block: Crc32c,
    filled: usize,
    done: Vec<u8>,
}

impl Digests {
    /// Whether these bytes are the whole block that was written as number `block`.
    pub(super) fn check(&self, block: usize, bytes: &[u8]) -> bool {
        self.0.as_chunks::<4>().0.get(block) == Some(&Crc32c::checksum(bytes))
    }
}

impl Digesting {
    pub(super) fn new() -> Self {
        Self { block: Crc32c::new(), filled: 0, done: Vec::new() }
    }

    pub(super) fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(BLOCK as usize - self.filled));
            self.block.update(now);
            self.filled += now.len();
            bytes = later;
            if self.filled == BLOCK as usize {
                self.end_block();
            }
        }
    }

    pub(super) fn finish(mut self) -> Digests {
        if self.filled > 0 {
            self.end_block();
        }
        Digests(self.done)
    }

    fn end_block(&mut self) {
        let block = std::mem::replace(&mut self.block, Crc32c::new());
        self.done.extend(block.finalize());
        self.filled = 0;
    }
}
