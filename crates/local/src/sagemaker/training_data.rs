//! The data of a training's channels, read from S3 once for all training jobs that share it.

use std::fmt::Display;
use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};

use flate2::read::MultiGzDecoder;
use serde_json::Value;

use crate::jobs::{Channel, TrainingFailure};
use crate::objects::ObjectStore;

use super::s3_uri::S3Uri;
use super::training_spec::ChannelSpec;

/// Channels that are read at their first use.
pub(super) struct TrainingData {
    account: String,
    channels: Vec<ChannelSpec>,
    read: Mutex<Option<Arc<Vec<Channel>>>>,
}

impl TrainingData {
    pub(super) fn new(account: &str, channels: &[ChannelSpec]) -> Self {
        Self { account: account.to_owned(), channels: channels.to_vec(), read: Mutex::default() }
    }

    /// The channels' data, or SageMaker's FailureReason.
    pub(super) fn read(&self, objects: &ObjectStore) -> Result<Arc<Vec<Channel>>, String> {
        let mut place = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(channels) = &*place {
            return Ok(Arc::clone(channels));
        }
        let channels = self.channels.iter().map(|channel| self.read_channel(objects, channel));
        let channels = Arc::new(channels.collect::<Result<Vec<_>, String>>()?);
        Ok(Arc::clone(place.insert(channels)))
    }

    /// Reads the channel's objects in the order of their keys, or of its manifest. As the container does, it leaves out files
    /// whose name starts with an underscore, and folder markers, and refuses hidden ones.
    fn read_channel(&self, objects: &ObjectStore, channel: &ChannelSpec) -> Result<Channel, String> {
        let source = &channel.source;
        let failed = |reason: &dyn Display| {
            format!("ClientError: Data download failed: channel {}, {source}: {reason}", channel.name)
        };
        let places = if channel.is_manifest {
            self.manifest(objects, source).map_err(|reason| failed(&reason))?
        } else {
            self.below(objects, source).map_err(|reason| failed(&reason))?
        };
        let mut files = Vec::new();
        for place in places {
            match place.key.rsplit('/').next().unwrap_or_default() {
                "" => continue,
                name if name.starts_with('_') => continue,
                name if name.starts_with('.') => {
                    let message = "Hidden file found in the data path! Remove that before training.";
                    return Err(TrainingFailure::user(message).reason);
                }
                _ => {}
            }
            let bytes = objects.read(&self.account, &place.bucket, &place.key).map_err(|error| failed(&error))?;
            files.push(if channel.is_gzipped { gunzip(&bytes).map_err(|error| failed(&error))? } else { bytes });
        }
        if files.is_empty() {
            return Err(failed(&"the S3 prefix has no matching file"));
        }
        Ok(Channel::new(channel.name.as_str(), channel.content_type.clone(), files))
    }

    /// Every object whose key starts with the source's.
    fn below(&self, objects: &ObjectStore, source: &S3Uri) -> Result<Vec<S3Uri>, String> {
        let listed = objects.list(&self.account, &source.bucket, &source.key).map_err(|error| error.to_string())?;
        let mut keys: Vec<String> = listed.into_iter().map(|object| object.key).collect();
        keys.sort_unstable();
        Ok(keys.into_iter().map(|key| S3Uri { bucket: source.bucket.clone(), key }).collect())
    }

    /// What a manifest names: `[{"prefix": "s3://bucket/folder/"}, "file", …]` (API reference, S3DataSource).
    fn manifest(&self, objects: &ObjectStore, source: &S3Uri) -> Result<Vec<S3Uri>, String> {
        let bytes = objects.read(&self.account, &source.bucket, &source.key).map_err(|error| error.to_string())?;
        let form = "a manifest is a JSON array of {\"prefix\": \"s3://…\"} and the keys that follow it";
        let entries: Vec<Value> = serde_json::from_slice(&bytes).map_err(|error| format!("{error}: {form}"))?;
        let mut entries = entries.iter();
        let prefix = entries.next().and_then(|first| first.get("prefix")?.as_str()).ok_or(form)?;
        entries
            .map(|entry| {
                let key = entry.as_str().ok_or(form)?;
                S3Uri::parse(&format!("{prefix}{key}")).map_err(|error| error.message)
            })
            .collect()
    }
}

fn gunzip(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    MultiGzDecoder::new(bytes).read_to_end(&mut plain)?;
    Ok(plain)
}
