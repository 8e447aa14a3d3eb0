use std::path::PathBuf;

use refit_aws::{AwsError, S3Uri, Sha256Digest};
use refit_endpoint::DeployedModel;
use refit_registry::ModelPackage;

use crate::tune::Tuned;
use crate::{ModelName, Pipeline, PipelineError, Prepared, layout};

/// The artifact of a training job, downloaded and checked.
#[derive(Debug, Clone)]
pub struct Artifact {
    /// Where SageMaker wrote it.
    pub uri: S3Uri,
    /// Where it was downloaded to.
    pub path: PathBuf,
    /// Its digest.
    pub sha256: Sha256Digest,
}

impl Pipeline {
    /// The best training job's artifact.
    pub(crate) async fn download(&self, dataset: &Prepared, tuned: &Tuned) -> Result<Artifact, PipelineError> {
        let uri = tuned.best.artifact.clone().ok_or_else(|| PipelineError::NoArtifact {
            model: dataset.model.clone(),
            of: tuned.best.name.to_string(),
        })?;
        let dir = layout::model_dir(&self.settings.base_dir, &dataset.model).join(tuned.best.name.as_str());
        let path = dir.join("model.tar.gz");
        let doing = PipelineError::aws(format!("downloading {uri}"));
        let stored = self.store.get_to_file(&uri, &path).await.map_err(doing)?;
        let sha256 = match stored.sha256 {
            Some(digest) => digest,
            None => {
                Sha256Digest::of_file(&path).map_err(|source| PipelineError::File { path: path.clone(), source })?
            }
        };
        Ok(Artifact { uri, path, sha256 })
    }

    /// The champion's artifact, from this machine or from S3: where it was registered, or else what the endpoint serves. The
    /// inner error says why it cannot be had, which is no failure of the run: a retrain may be the remedy.
    pub(crate) async fn champions_artifact(
        &self,
        model: &ModelName,
        package: &ModelPackage,
        served: Option<&DeployedModel>,
    ) -> Result<Result<PathBuf, String>, PipelineError> {
        let expected = package.artifact_sha256();
        if let Some(digest) = &expected {
            let path = layout::champion(&self.settings.base_dir, model, digest);
            if Sha256Digest::of_file(&path).is_ok_and(|found| found == *digest) {
                return Ok(Ok(path));
            }
        }
        let copy = served.filter(|served| expected.is_some() && served.sha256 == expected).map(|served| &served.uri);
        let mut reasons = Vec::new();
        for uri in package.artifact.iter().chain(copy) {
            match self.download_champion(model, uri, expected).await? {
                Ok(path) => return Ok(Ok(path)),
                Err(reason) => reasons.push(reason),
            }
        }
        Ok(Err(reasons.into_iter().next().unwrap_or_else(|| "its model package names no artifact in S3".to_owned())))
    }

    async fn download_champion(
        &self,
        model: &ModelName,
        uri: &S3Uri,
        expected: Option<Sha256Digest>,
    ) -> Result<Result<PathBuf, String>, PipelineError> {
        let (bytes, _) = match self.store.get(uri).await {
            Ok(found) => found,
            Err(error @ (AwsError::NoSuchObject { .. } | AwsError::BucketMissing { .. })) => {
                return Ok(Err(format!("its artifact is gone: {error}")));
            }
            Err(error @ AwsError::DigestMismatch { .. }) => {
                return Ok(Err(format!("its artifact is damaged: {error}")));
            }
            Err(error) => return Err(PipelineError::aws(format!("downloading {uri}"))(error)),
        };
        let digest = Sha256Digest::of(&bytes);
        if let Some(expected) = expected.filter(|expected| *expected != digest) {
            return Ok(Err(format!("its artifact {uri} has SHA-256 {digest}, and {expected} was registered")));
        }
        let path = layout::champion(&self.settings.base_dir, model, &digest);
        self.keep(&path, bytes).await?;
        Ok(Ok(path))
    }
}
