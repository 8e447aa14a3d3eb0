use refit_aws::{ArtifactStore, AwsError, S3Uri, StoredObject};
use refit_warehouse::{File, Manifest, Part, UnloadManifest, Unloading};
use tracing::warn;

use crate::PipelineError;
use crate::extraction::Extraction;
use crate::pipeline::blocking;

impl Extraction {
    /// Has the warehouse write the train and the validation set to S3 itself, each into several files in a folder of the set's name,
    /// and downloads the evaluation set, which is scored here.
    ///
    /// An earlier dataset of the run loses its manifest first, so nobody takes its files while they are replaced. What was written
    /// before a failure is taken away again.
    pub(crate) async fn unload(&self, unloading: Unloading) -> Result<Manifest, PipelineError> {
        let manifest = format!("{}/{}", self.prefix, Manifest::FILE_NAME);
        self.store.delete(&manifest).await.map_err(PipelineError::aws(format!("deleting {manifest}")))?;
        self.clear().await?;
        let unloaded = self.unload_sets(unloading).await;
        if unloaded.is_err()
            && let Err(error) = self.clear().await
        {
            let prefix = &self.prefix;
            warn!(prefix, error = &error as &dyn std::error::Error, "files of an unfinished dataset stay behind");
        }
        unloaded
    }

    async fn unload_sets(&self, mut unloading: Unloading) -> Result<Manifest, PipelineError> {
        let mut sets = Vec::new();
        for set in Unloading::SETS {
            let folder = format!("{set}/");
            let key = format!("{}/{folder}", self.prefix);
            let to = self.store.uri(&key).map_err(PipelineError::aws(format!("naming {key}")))?.to_string();
            let write = move || {
                let manifest = unloading.unload(set, &to);
                (unloading, manifest)
            };
            let (given_back, manifest) = blocking(&self.model, "prepare", write).await?;
            unloading = given_back;
            let manifest = manifest.map_err(PipelineError::warehouse(&self.model))?;
            sets.push((set, folder, self.parts(&manifest).await?));
        }
        let (here, there) = self.places();
        let finish = move || unloading.finish(sets, &[&here, &there]);
        blocking(&self.model, "prepare", finish).await?.map_err(PipelineError::warehouse(&self.model))
    }

    /// What UNLOAD's manifest lists, with S3's tags. The manifest is taken away, or a training job would read it as rows.
    async fn parts(&self, manifest: &str) -> Result<Vec<Part>, PipelineError> {
        let doing = || format!("reading {manifest}");
        let uri: S3Uri = manifest.parse().map_err(PipelineError::aws(doing()))?;
        let (text, _) = self.store.get(&uri).await.map_err(PipelineError::aws(doing()))?;
        let listed = UnloadManifest::parse(&text).map_err(PipelineError::warehouse(&self.model))?;
        self.store.delete(uri.key()).await.map_err(PipelineError::aws(format!("deleting {manifest}")))?;
        let mut parts = Vec::new();
        for file in listed.files {
            let doing = || format!("looking at {}", file.url);
            let uri: S3Uri = file.url.parse().map_err(PipelineError::aws(doing()))?;
            let there = self.store.head(uri.key()).await.map_err(PipelineError::aws(doing()))?;
            let name = uri.key().strip_prefix(&self.prefix).and_then(|name| name.strip_prefix('/'));
            let part = there.filter(|there| there.size == file.bytes).and_then(|there| there.etag).zip(name);
            let Some((etag, name)) = part else {
                return Err(PipelineError::DatasetTorn { model: self.model.clone(), uri: file.url });
            };
            parts.push(Part { name: name.to_owned(), rows: file.rows, bytes: file.bytes, etag });
        }
        Ok(parts)
    }

    /// Takes away what is in the folders of a dataset's sets.
    async fn clear(&self) -> Result<(), PipelineError> {
        for set in Unloading::SETS {
            for object in below(&self.store, &format!("{}/{set}/", self.prefix)).await? {
                let key = object.uri.key();
                self.store.delete(key).await.map_err(PipelineError::aws(format!("deleting {key}")))?;
            }
        }
        Ok(())
    }
}

/// Whether a set's files in S3 are those that its manifest names, and no others: a training job reads whatever is in the folder.
pub(crate) async fn parts_are_there(store: &ArtifactStore, prefix: &str, file: &File) -> Result<bool, PipelineError> {
    let mut there = below(store, &format!("{prefix}/{}", file.name)).await?;
    there.retain(|object| object.size > 0 || !object.uri.key().ends_with('/'));
    let is_there = |part: &Part| {
        let key = format!("{prefix}/{}", part.name);
        let same = |object: &StoredObject| {
            object.uri.key() == key && object.size == part.bytes && object.etag.as_ref() == Some(&part.etag)
        };
        there.iter().any(same)
    };
    Ok(there.len() == file.parts.len() && file.parts.iter().all(is_there))
}

async fn below(store: &ArtifactStore, prefix: &str) -> Result<Vec<StoredObject>, PipelineError> {
    let listed: Result<_, AwsError> = store.list(prefix).await;
    listed.map_err(PipelineError::aws(format!("listing {prefix}")))
}
