//! The data of a training's channels, read from S3 once for all training jobs that share it.

use std::sync::{Arc, Mutex, PoisonError};

use crate::jobs::Channel;
use crate::objects::ObjectStore;

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

    /// Reads every object whose key starts with the channel's, in the order of their keys. As the container does, it
    /// leaves out files whose name starts with a dot or an underscore, and folder markers.
    fn read_channel(&self, objects: &ObjectStore, channel: &ChannelSpec) -> Result<Channel, String> {
        let source = &channel.source;
        let failed = |reason: &dyn std::fmt::Display| {
            format!("ClientError: Data download failed: channel {}, {source}: {reason}", channel.name)
        };
        let listed = objects.list(&self.account, &source.bucket, &source.key).map_err(|error| failed(&error))?;
        let mut keys: Vec<String> = listed.into_iter().map(|object| object.key).collect();
        keys.sort_unstable();
        let is_data =
            |key: &str| !key.rsplit('/').next().unwrap_or_default().starts_with(['.', '_']) && !key.ends_with('/');
        let mut files = Vec::new();
        for key in keys.iter().filter(|key| is_data(key)) {
            files.push(objects.read(&self.account, &source.bucket, key).map_err(|error| failed(&error))?);
        }
        if files.is_empty() {
            return Err(failed(&"the S3 prefix has no matching file"));
        }
        Ok(Channel::new(channel.name.as_str(), channel.content_type.clone(), files))
    }
}
