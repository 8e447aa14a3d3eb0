use std::path::{Path, PathBuf};
use std::sync::Arc;

use refit_aws::{AwsError, Sha256Digest};
use refit_warehouse::{Manifest, Set, Warehouse};
use tracing::{Instrument, info, info_span};

use crate::{ModelName, ModelSpec, Outcomes, Pipeline, PipelineError, RunId, layout};

/// A dataset as `prepare` left it: training files and a manifest, local and in S3.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The model it is for.
    pub model: ModelName,
    /// The run it belongs to.
    pub run: RunId,
    /// What is in it.
    pub manifest: Manifest,
    /// The local folder. In S3 the files lie below `datasets/<model>/<run>/`.
    pub dir: PathBuf,
}

impl Pipeline {
    /// Extracts every model's dataset from the warehouse, and keeps it below the base directory and in versioned S3.
    ///
    /// Running the same run again extracts again; a file whose bytes are unchanged makes no new version in S3.
    ///
    /// # Errors
    ///
    /// An error of the whole call means that nothing was extracted: two models with one name, or a bucket that cannot be used.
    /// One model's failure is in its outcome and stops no other.
    pub async fn prepare(
        &self,
        run: &RunId,
        warehouse: Arc<dyn Warehouse>,
        models: &[ModelSpec],
    ) -> Result<Outcomes<Prepared>, PipelineError> {
        self.begin(models).await?;
        let outcomes = self.for_each(models, |model| {
            let span = info_span!("prepare", model = %model.name);
            self.prepare_one(run, Arc::clone(&warehouse), model).instrument(span)
        });
        Ok(outcomes.await)
    }

    async fn prepare_one(
        &self,
        run: &RunId,
        warehouse: Arc<dyn Warehouse>,
        model: &ModelSpec,
    ) -> Result<Prepared, PipelineError> {
        let prefix = layout::dataset(&model.name, run);
        let dir = self.settings.base_dir.join(&prefix);
        let manifest = self.extract(warehouse, model, dir.clone()).await?;
        self.withdraw(&prefix, &dir).await?;
        // The manifest goes last: where it is, the dataset is whole.
        for file in manifest.files.iter().map(|file| file.name.as_str()).chain([Manifest::FILE_NAME]) {
            let key = format!("{prefix}/{file}");
            let put = self.store.put_file(&key, &dir.join(file)).await;
            put.map_err(PipelineError::aws(format!("uploading {key}")))?;
        }
        let rows: u64 = manifest.files.iter().map(|file| file.rows).sum();
        info!(rows, features = manifest.features.len(), "dataset prepared");
        Ok(Prepared { model: model.name.clone(), run: run.clone(), manifest, dir })
    }

    /// Takes another dataset's manifest away before its files are overwritten.
    async fn withdraw(&self, prefix: &str, dir: &Path) -> Result<(), PipelineError> {
        let key = format!("{prefix}/{}", Manifest::FILE_NAME);
        let path = dir.join(Manifest::FILE_NAME);
        let ours = Sha256Digest::of_file(&path).map_err(|source| PipelineError::File { path, source })?;
        let theirs = self.store.head(&key).await.map_err(PipelineError::aws(format!("looking at {key}")))?;
        if theirs.is_some_and(|theirs| theirs.sha256 != Some(ours)) {
            self.store.delete(&key).await.map_err(PipelineError::aws(format!("withdrawing {key}")))?;
        }
        Ok(())
    }

    async fn extract(
        &self,
        warehouse: Arc<dyn Warehouse>,
        model: &ModelSpec,
        dir: PathBuf,
    ) -> Result<Manifest, PipelineError> {
        let (extract, dataset) = (model.extract.clone(), model.dataset.clone());
        let write = move || dataset.write(warehouse.extract(&extract)?, &extract, &dir);
        self.blocking(&model.name, "prepare", write).await?.map_err(PipelineError::warehouse(&model.name))
    }

    /// The dataset that `prepare` left for this run, fetched from S3 where this machine does not have it.
    pub(crate) async fn prepared(&self, run: &RunId, model: &ModelSpec) -> Result<Prepared, PipelineError> {
        let prefix = layout::dataset(&model.name, run);
        let dir = self.settings.base_dir.join(&prefix);
        self.fetch(run, model, &prefix, Manifest::FILE_NAME, &dir).await?;
        let manifest = Manifest::load(&dir).map_err(PipelineError::warehouse(&model.name))?;
        for file in &manifest.files {
            let uri = self.uri(&format!("{prefix}/{}", file.name))?;
            let there = self.store.head(uri.key()).await.map_err(PipelineError::aws(format!("looking at {uri}")))?;
            let digest = there.and_then(|there| there.sha256).map(|digest| digest.to_string());
            if digest.as_ref() != Some(&file.sha256) {
                return Err(PipelineError::DatasetTorn { model: model.name.clone(), uri: uri.to_string() });
            }
        }
        if let Some(file) = manifest.file(Set::Evaluation) {
            let here = Sha256Digest::of_file(&dir.join(&file.name)).ok();
            if here.is_none_or(|digest| digest.to_string() != file.sha256) {
                self.fetch(run, model, &prefix, &file.name, &dir).await?;
            }
        }
        Ok(Prepared { model: model.name.clone(), run: run.clone(), manifest, dir })
    }

    async fn fetch(
        &self,
        run: &RunId,
        model: &ModelSpec,
        prefix: &str,
        file: &str,
        dir: &Path,
    ) -> Result<(), PipelineError> {
        let uri = self.uri(&format!("{prefix}/{file}"))?;
        match self.store.get_to_file(&uri, &dir.join(file)).await {
            Ok(_) => Ok(()),
            Err(AwsError::NoSuchObject { .. }) => {
                Err(PipelineError::NotPrepared { model: model.name.clone(), run: run.clone(), uri: uri.to_string() })
            }
            Err(source) => Err(PipelineError::Aws { doing: format!("downloading {uri}"), source }),
        }
    }
}
