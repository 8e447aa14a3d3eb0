use std::path::PathBuf;
use std::sync::Arc;

use refit_aws::ArtifactStore;
use refit_warehouse::{DatasetSpec, Extract, Folder, Manifest, Stop, Warehouse};
use tracing::Instrument;

use crate::pipeline::blocking;
use crate::s3_place::S3Place;
use crate::{ModelName, ModelSpec, Pipeline, PipelineError};

/// One model's extraction. It goes on until it has ended, well or not, also where nobody waits for it any more.
pub(crate) struct Extraction {
    pub(crate) store: ArtifactStore,
    pub(crate) model: ModelName,
    pub(crate) extract: Extract,
    pub(crate) dataset: DatasetSpec,
    /// Where the dataset goes in S3.
    pub(crate) prefix: String,
    /// Where it goes on this machine.
    pub(crate) dir: PathBuf,
}

/// Stops an extraction when its caller goes away. After its end there is nothing to stop.
struct StopOnDrop(Stop);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.stop();
    }
}

impl Pipeline {
    /// Extracts in a task of its own: a caller that goes away stops the warehouse, and the task sees that, and tidies up as after
    /// any other failure.
    pub(crate) async fn extract(
        &self,
        warehouse: Arc<dyn Warehouse>,
        model: &ModelSpec,
        prefix: &str,
    ) -> Result<Manifest, PipelineError> {
        let under_way = Arc::clone(&self.extracting).read_owned().await;
        let stop = StopOnDrop(Stop::new());
        let extraction = Extraction {
            store: self.store.clone(),
            model: model.name.clone(),
            extract: model.extract.clone().stopped_by(&stop.0),
            dataset: model.dataset.clone(),
            prefix: prefix.to_owned(),
            dir: self.settings.base_dir.join(prefix),
        };
        let work = async move {
            let _under_way = under_way;
            extraction.run(warehouse).await
        };
        let task = tokio::spawn(work.in_current_span());
        task.await.map_err(|_| PipelineError::Stopped { model: model.name.clone(), step: "prepare" })?
    }
}

impl Extraction {
    /// Writes the files here and in S3 at once, as the rows come; or has the warehouse write what is large to S3 itself.
    async fn run(self, warehouse: Arc<dyn Warehouse>) -> Result<Manifest, PipelineError> {
        let (asked, extract, dataset) = (Arc::clone(&warehouse), self.extract.clone(), self.dataset.clone());
        let plan = move || asked.unloading(&extract, &dataset);
        let plan = blocking(&self.model, "prepare", plan).await?.map_err(PipelineError::warehouse(&self.model))?;
        if let Some(unloading) = plan {
            return self.unload(unloading).await;
        }
        let Self { model, extract, dataset, .. } = &self;
        let (extract, dataset, (here, there)) = (extract.clone(), dataset.clone(), self.places());
        let write = move || dataset.write_to(warehouse.extract(&extract)?, &extract, &[&here, &there]);
        blocking(model, "prepare", write).await?.map_err(PipelineError::warehouse(model))
    }

    /// The folder of this machine and the prefix of the bucket that take the dataset.
    pub(crate) fn places(&self) -> (Folder, S3Place) {
        (Folder::new(&self.dir), S3Place::new(self.store.clone(), self.prefix.clone()))
    }
}
