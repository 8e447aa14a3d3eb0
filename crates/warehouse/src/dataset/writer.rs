//! A dataset in the making.

use arrow::array::ArrayRef;
use arrow::datatypes::Schema;
use arrow::record_batch::RecordBatch;

use super::DatasetSpec;
use super::assign::Assignment;
use super::cells::Cells;
use super::file::{SealedFile, SetFile};
use super::layout::Layout;
use crate::error::Source;
use crate::manifest::File;
use crate::{DatasetError, Destination, Extract, Manifest, SERVER_VERSION, SNAPSHOT, Set, WarehouseError};

/// Puts rows into the files of their sets, in every place.
pub(super) struct Writer<'a> {
    spec: &'a DatasetSpec,
    places: &'a [&'a dyn Destination],
    layout: Layout,
    files: [SetFile; 3],
    rows: u64,
}

impl<'a> Writer<'a> {
    pub(super) fn begin(
        spec: &'a DatasetSpec,
        layout: Layout,
        places: &'a [&'a dyn Destination],
    ) -> Result<Self, WarehouseError> {
        let [train, validation, evaluation] = Set::ALL.map(|set| SetFile::begin(set, spec.format, &layout, places));
        Ok(Self { spec, places, files: [train?, validation?, evaluation?], layout, rows: 0 })
    }

    pub(super) fn append(&mut self, batch: &RecordBatch) -> Result<(), WarehouseError> {
        let columns = self.layout.encoder.encode(batch, self.rows)?;
        let rows = self.assigned(&columns)?;
        let written: Vec<&ArrayRef> = self.layout.columns.iter().map(|index| &columns[*index]).collect();
        for (file, rows) in self.files.iter_mut().zip(&rows) {
            file.append(&self.layout, &written, rows, self.rows)?;
        }
        self.rows += batch.num_rows() as u64;
        tracing::trace!(rows = self.rows, "dataset rows written");
        Ok(())
    }

    /// The rows of a batch that each set gets.
    fn assigned(&self, columns: &[ArrayRef]) -> Result<[Vec<u32>; 3], WarehouseError> {
        // A batch has far fewer rows than a u32 counts.
        let all: Vec<_> = (0..columns[self.layout.split].len() as u32).collect();
        let mut unlabelled = None;
        Cells::new(&columns[self.layout.columns[0]]).each_number(&all, |row, label| {
            unlabelled = unlabelled.or(label.is_none().then_some(row));
        });
        if let Some(row) = unlabelled {
            let row = self.rows + 1 + u64::from(row);
            return Err(DatasetError::NullLabel { label: self.spec.label.clone(), row }.into());
        }
        let mut assignment = Assignment::new(&self.spec.split, &columns[self.layout.split])?;
        let mut rows = [Vec::new(), Vec::new(), Vec::new()];
        for (row, number) in all.into_iter().zip(self.rows + 1..) {
            rows[assignment.set(row as usize, number)? as usize].push(row);
        }
        Ok(rows)
    }

    pub(super) fn finish(self, extract: &Extract, schema: &Schema) -> Result<Manifest, WarehouseError> {
        let Self { spec, places, layout, files, rows } = self;
        if let Some(file) = files.iter().find(|file| file.is_empty()) {
            return Err(spec.empty(file.set(), rows).into());
        }
        let files = files.into_iter().map(|file| file.seal(&layout)).collect::<Result<Vec<_>, _>>()?;
        extract.go_on()?;
        let described = files.iter().map(|file| file.described.clone()).collect();
        let manifest = describe(spec, layout, described, extract, schema)?;
        publish(&manifest, files, places)?;
        Ok(manifest)
    }
}

/// Completes a dataset of which a warehouse wrote the train and validation sets itself.
pub(crate) fn complete(
    spec: &DatasetSpec,
    layout: Layout,
    (mut described, evaluation): (Vec<File>, SealedFile),
    extract: &Extract,
    schema: &Schema,
    places: &[&dyn Destination],
) -> Result<Manifest, WarehouseError> {
    described.push(evaluation.described.clone());
    let manifest = describe(spec, layout, described, extract, schema)?;
    publish(&manifest, vec![evaluation], places)?;
    Ok(manifest)
}

fn describe(
    spec: &DatasetSpec,
    layout: Layout,
    files: Vec<File>,
    extract: &Extract,
    schema: &Schema,
) -> Result<Manifest, WarehouseError> {
    let contract_sha256 = layout.contract.sha256().map_err(Manifest::unwritable)?;
    Ok(Manifest {
        version: Manifest::VERSION,
        digest: Manifest::digest_of(&contract_sha256, &files),
        contract: layout.contract,
        contract_sha256,
        files,
        query: extract.sql().to_owned(),
        parameters: extract.parameters(),
        window: extract.date_window(),
        split: spec.split.clone(),
        server_version: schema.metadata().get(SERVER_VERSION).cloned(),
        snapshot: schema.metadata().get(SNAPSHOT).cloned(),
    })
}

/// Gives the files their names, and the manifest last: where it is, the dataset is whole.
fn publish(manifest: &Manifest, files: Vec<SealedFile>, places: &[&dyn Destination]) -> Result<(), WarehouseError> {
    let (text, rows) = (manifest.to_json()?, manifest.files.iter().map(|file| file.rows).sum());
    let unwritten = |place: &dyn Destination, source: Source| WarehouseError::Unwritten {
        place: format!("{place}/{}", Manifest::FILE_NAME),
        bytes: 0,
        rows,
        source,
    };
    for place in places {
        place.withdraw(&text).map_err(|source| unwritten(*place, source))?;
    }
    files.into_iter().try_for_each(SealedFile::publish)?;
    places.iter().try_for_each(|place| place.complete(&text).map_err(|source| unwritten(*place, source)))?;
    tracing::info!(rows, digest = manifest.digest, "dataset written");
    Ok(())
}
