//! Where a dataset's files go while they are being written.

use std::fmt::Display;

use crate::error::Source;

/// A place that takes a dataset: a [`Folder`](crate::Folder), or whatever takes bytes and can take them back.
///
/// The calls come in this order: [`begin`](Self::begin) for every file, then each draft's [`write`](Draft::write)s as the rows
/// come and its [`seal`](Draft::seal); when every draft in every place is sealed, [`withdraw`](Self::withdraw), each draft's
/// [`publish`](Draft::publish), and [`complete`](Self::complete). After an error no more calls come, and the drafts are dropped.
/// So nothing is seen under a file's own name before all rows have come and every place has taken them, and a dataset is whole
/// where its manifest is.
/// Shown, it says where it is.
pub trait Destination: Display {
    /// Starts a file of this name.
    ///
    /// # Errors
    /// What the place says.
    fn begin(&self, name: &str) -> Result<Box<dyn Draft>, Source>;

    /// Takes away the manifest of an earlier dataset, which would pass for that of the files to come. One that equals the new
    /// one may stay.
    ///
    /// # Errors
    /// What the place says.
    fn withdraw(&self, manifest: &[u8]) -> Result<(), Source>;

    /// Puts the manifest under [`Manifest::FILE_NAME`](crate::Manifest::FILE_NAME).
    ///
    /// # Errors
    /// What the place says.
    fn complete(&self, manifest: &[u8]) -> Result<(), Source>;
}

/// A file that is not whole yet. Dropped without being published, it leaves nothing behind. Shown, it says where it goes.
pub trait Draft: Display + Send {
    /// Takes the next bytes, all of them.
    ///
    /// # Errors
    /// What the place says.
    fn write(&mut self, bytes: &[u8]) -> Result<(), Source>;

    /// Has everything that was written in its place, so that publishing needs no more room.
    ///
    /// # Errors
    /// What the place says.
    fn seal(&mut self) -> Result<(), Source>;

    /// Gives the file its name.
    ///
    /// # Errors
    /// What the place says.
    fn publish(self: Box<Self>, sha256: [u8; 32]) -> Result<(), Source>;
}
