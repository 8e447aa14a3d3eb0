//! A dataset whose train and validation sets a cluster writes to S3 itself.

use std::fmt;

use arrow::datatypes::SchemaRef;

use super::UnloadRule;
use super::counted::count;
use super::rows_table::{fill, ordered, select};
use super::sampled::describe;
use super::unload::statement;
use crate::connection::Connection;
use crate::dataset::{Layout, SealedFile, SetFile, complete};
use crate::dialect::{Dialect, Query};
use crate::manifest::{File, Part};
use crate::rows::{self, Choices, explain};
use crate::session::{Failure, Session};
use crate::{DatasetSpec, Destination, Extract, Manifest, Set, WarehouseError};

/// A dataset of which a cluster has the rows: it writes the train and the validation set to S3 itself, node by node, and only the
/// evaluation set comes over the connection.
///
/// The rows are in a temporary table of the session, so the query has run once. Dropped, the session ends and the table goes; the
/// extract's [`Stop`](crate::Stop) ends it while a call runs.
/// The calls: [`unload`](Self::unload) for each of [`SETS`](Self::SETS), then [`finish`](Self::finish).
pub struct Unloading {
    session: Session,
    connection: Connection,
    rule: UnloadRule,
    spec: DatasetSpec,
    extract: Extract,
    layout: Layout,
    /// What is known of the sets in S3, without their parts.
    files: Vec<File>,
}

impl Unloading {
    /// The sets that the cluster writes.
    pub const SETS: [Set; 2] = [Set::Train, Set::Validation];

    /// Has the cluster run the query, and counts its rows. The session is one outside of a transaction, which understood the query.
    pub(super) fn begin(
        (mut session, sql, schema): (Session, String, SchemaRef),
        connection: &Connection,
        rule: &UnloadRule,
        extract: &Extract,
        spec: &DatasetSpec,
    ) -> Result<Self, WarehouseError> {
        let layout = Layout::new(spec, &schema)?;
        let filled = fill(&sql, spec, &layout, &schema)?;
        session.ask(&filled).map_err(refused)?;
        let mut files = count(&mut session, spec, &layout)?;
        describe(&mut session, connection, &layout, &mut files)?;
        Ok(Self {
            session,
            connection: connection.clone(),
            rule: rule.clone(),
            spec: spec.clone(),
            extract: extract.clone(),
            layout,
            files,
        })
    }

    /// Has the cluster write a set's files below a prefix, `s3://bucket/folder/`, where nothing may be, and returns the address of the
    /// manifest that it writes there last. Blocks until everything is there.
    ///
    /// The manifest, which [`UnloadManifest`](crate::UnloadManifest) reads, lies among the files: take it away before anybody trains
    /// on the prefix.
    ///
    /// # Errors
    /// The cluster cannot write there. Files that were written before an error stay, without a manifest.
    pub fn unload(&mut self, set: Set, prefix: &str) -> Result<String, WarehouseError> {
        let format = self.spec.format.of(set);
        let query = select(set, format, &self.layout);
        let UnloadRule { iam_role, region, .. } = &self.rule;
        let unload = statement(&query, format, prefix, iam_role, region.as_deref(), false);
        self.extract.unless_stopped(|| self.session.ask(&unload).map_err(refused))?;
        tracing::info!(prefix, "unloaded");
        Ok(format!("{prefix}manifest"))
    }

    /// Downloads the evaluation set into these places, in an order of its values, and completes the dataset there with its manifest.
    ///
    /// `unloaded` says of each set what the folder of its files is called, from where `manifest.json` lies, and which they are; the
    /// manifest says so, too.
    ///
    /// # Errors
    /// [`WarehouseError::UnloadedRows`] where a set's files have not as many rows as the cluster counted, before anything is
    /// written. The server fails, or a place: [`WarehouseError::Unwritten`].
    pub fn finish(
        mut self,
        unloaded: Vec<(Set, String, Vec<Part>)>,
        places: &[&dyn Destination],
    ) -> Result<Manifest, WarehouseError> {
        for file in &mut self.files {
            if let Some((_, name, parts)) = unloaded.iter().find(|(set, ..)| *set == file.set) {
                file.name.clone_from(name);
                file.bytes = parts.iter().map(|part| part.bytes).sum();
                file.parts.clone_from(parts);
            }
            let listed = file.parts.iter().fold(0, |rows: u64, part| rows.saturating_add(part.rows));
            if listed != file.rows {
                return Err(WarehouseError::UnloadedRows { set: file.set, counted: file.rows, listed });
            }
        }
        let (evaluation, schema) = self.extract.clone().unless_stopped(|| self.download(places))?;
        complete(&self.spec, self.layout, (self.files, evaluation), &self.extract, &schema, places)
    }

    /// Has every place take the evaluation set.
    fn download(&mut self, places: &[&dyn Destination]) -> Result<(SealedFile, SchemaRef), WarehouseError> {
        let Self { session, connection, spec, layout, .. } = self;
        let metadata = rows::begin(session, Dialect::Redshift, connection, None)?;
        let query = Query { sql: ordered(Set::Evaluation, layout), values: Vec::new() };
        let prepared = rows::prepare(session, Dialect::Redshift, Choices::default(), &query, metadata)?;
        let mut file = SetFile::begin(Set::Evaluation, spec.format, layout, places)?;
        let mut written = Ok(());
        rows::stream(session, &prepared, &[], |batch| {
            written = file.append_all(layout, &batch);
            written.is_ok()
        })?;
        written?;
        Ok((file.seal(layout)?, prepared.schema))
    }
}

impl fmt::Debug for Unloading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unloading").field("rule", &self.rule).field("files", &self.files).finish_non_exhaustive()
    }
}

fn refused(failure: Failure) -> WarehouseError {
    explain(failure, 0)
}
