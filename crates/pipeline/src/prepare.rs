use std::path::{Path, PathBuf};
use std::sync::Arc;

use refit_aws::{AwsError, Sha256Digest, StoredObject};
use refit_warehouse::{Manifest, Set, Warehouse};
use tracing::{Instrument, info, info_span};

use crate::unload::parts_are_there;
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
    /// The local folder. In S3 the files lie below `datasets/<model>/<run>/`. What the warehouse wrote to S3 itself is only there.
    pub dir: PathBuf,
    /// The latest other run of this model, where its training data are the same, byte by byte: a retrain would find what is
    /// known. Skipping it is the caller's decision. [`Pipeline::prepare`] tells; what [`Pipeline::retrain`] returns does not.
    pub unchanged_since: Option<RunId>,
}

impl Pipeline {
    /// Extracts every model's dataset from the warehouse into files below the base directory and in versioned S3, both at once as
    /// the rows come.
    ///
    /// Running the same run again extracts again; a file whose bytes are unchanged makes no new version in S3. Where the training
    /// data are those of the run before, [`Prepared::unchanged_since`] says so.
    ///
    /// Dropped before it is done, as `tokio::select!` does it with the slower future, it has the warehouse cancel what that runs, and takes
    /// back what was written. That goes on in the background for moments; [`settled`](Self::settled) waits for it. A dataset whose
    /// last row had come may be completed instead.
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
        let manifest = self.extract(warehouse, model, &prefix).await?;
        let unchanged_since = self.unchanged_since(run, model, &manifest).await?;
        let rows: u64 = manifest.files.iter().map(|file| file.rows).sum();
        let features = manifest.contract.features.len();
        match &unchanged_since {
            Some(since) => info!(rows, features, %since, "dataset prepared, as it was"),
            None => info!(rows, features, "dataset prepared"),
        }
        Ok(Prepared { model: model.name.clone(), run: run.clone(), manifest, dir, unchanged_since })
    }

    /// The latest other run of the model, where its training data are the same.
    async fn unchanged_since(
        &self,
        run: &RunId,
        model: &ModelSpec,
        manifest: &Manifest,
    ) -> Result<Option<RunId>, PipelineError> {
        let datasets = layout::datasets(&model.name);
        let listed = self.store.list(&datasets).await.map_err(PipelineError::aws(format!("listing {datasets}")))?;
        let other_run = |object: StoredObject| {
            let run_of = object.uri.key().strip_prefix(&datasets)?.strip_suffix(Manifest::FILE_NAME)?;
            let other: RunId = run_of.strip_suffix('/')?.parse().ok()?;
            (other != *run).then_some((object.last_modified, other, object.uri))
        };
        let Some((_, latest, uri)) = listed.into_iter().filter_map(other_run).max_by_key(|(when, ..)| *when) else {
            return Ok(None);
        };
        let (text, _) = self.store.get(&uri).await.map_err(PipelineError::aws(format!("reading {uri}")))?;
        // Another version's manifest tells of no sameness.
        let same = Manifest::parse(&text, &uri.to_string()).is_ok_and(|theirs| theirs.digest == manifest.digest);
        Ok(same.then_some(latest))
    }

    /// The dataset that `prepare` left for this run, fetched from S3 where this machine does not have it.
    pub(crate) async fn prepared(&self, run: &RunId, model: &ModelSpec) -> Result<Prepared, PipelineError> {
        let prefix = layout::dataset(&model.name, run);
        let dir = self.settings.base_dir.join(&prefix);
        self.fetch(run, model, &prefix, Manifest::FILE_NAME, &dir).await?;
        let manifest = Manifest::load(&dir).map_err(PipelineError::warehouse(&model.name))?;
        for file in &manifest.files {
            let uri = self.uri(&format!("{prefix}/{}", file.name))?;
            if !file.parts.is_empty() {
                if !parts_are_there(&self.store, &prefix, file).await? {
                    return Err(PipelineError::DatasetTorn { model: model.name.clone(), uri: uri.to_string() });
                }
                continue;
            }
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
        Ok(Prepared { model: model.name.clone(), run: run.clone(), manifest, dir, unchanged_since: None })
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
