use std::collections::BTreeMap;

use refit_aws::{Sha256Digest, StoredObject};
use tracing::info;

use crate::history::History;
use crate::models::{MODEL_PACKAGE_ARN, deployed_model};
use crate::{DeployedModel, Endpoint, EndpointClient, EndpointError, FeatureContract, TargetModel};

/// The metadata entry that says which version a rollback brought back.
const RESTORED_VERSION: &str = "restored-version";

/// The metadata entry that says which version a rollback left.
const LEFT_VERSION: &str = "left-version";

/// A rollback that has come to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rollback {
    /// What serves now: the older bytes, as the newest version of the model.
    pub restored: DeployedModel,
    /// What was left. `None` if the model had been removed, or if what serves now was not brought back by a rollback.
    pub left: Option<DeployedModel>,
    /// The endpoint, refreshed.
    pub endpoint: Endpoint,
}

impl EndpointClient {
    /// Goes back to the model that was deployed under this name before, and returns when all instances serve it.
    ///
    /// `leaving` is the digest of what is left, as [`list`](Self::list) tells it; `None` if the model was removed. It makes
    /// the call repeatable: once something else lies under the name, nothing is copied, and the endpoint is only brought
    /// to serve that.
    ///
    /// The older version is read, its digest checked, and copied back as the newest; then the endpoint is refreshed.
    /// Versions with the bytes that are left are passed over. A further rollback goes further back: versions that were
    /// rolled back from are never returned to.
    ///
    /// Errors: [`EndpointError::NothingEarlier`], [`EndpointError::NoSuchEndpoint`], those of
    /// [`refresh`](Self::refresh), and those of the bucket.
    pub async fn rollback(
        &self,
        target_model: &TargetModel,
        leaving: Option<Sha256Digest>,
    ) -> Result<Rollback, EndpointError> {
        self.store.check_bucket().await?;
        self.wait().await?;
        let (restored, left) = match self.store.head(self.spec.uri_of(target_model)?.key()).await? {
            Some(current) if current.sha256 != leaving => {
                let left = self.left_by(&current).await?;
                (current, left)
            }
            current => (self.restore(target_model, current.as_ref(), leaving).await?, current),
        };
        let endpoint = self.converge().await?;
        info!(%target_model, endpoint = %endpoint.name, "rolled back");
        let model = |object| deployed_model(target_model.clone(), object);
        Ok(Rollback { restored: model(restored), left: left.map(model), endpoint })
    }

    /// Copies the version before the current one back as the newest.
    async fn restore(
        &self,
        target_model: &TargetModel,
        current: Option<&StoredObject>,
        leaving: Option<Sha256Digest>,
    ) -> Result<StoredObject, EndpointError> {
        let uri = self.spec.uri_of(target_model)?;
        let history = self.histories(uri.key()).await?.remove(uri.key()).unwrap_or_default();
        for version in earlier(&history, current) {
            let (_, earlier) = self.store.get_version(&uri, Some(version)).await?;
            if leaving.is_some() && earlier.sha256 == leaving {
                continue;
            }
            let metadata = restored_metadata(&earlier, version, current);
            return Ok(self.store.copy(&uri, Some(version), uri.key(), &metadata).await?);
        }
        Err(EndpointError::NothingEarlier { target_model: target_model.clone() })
    }

    /// What an interrupted rollback had left.
    async fn left_by(&self, restored: &StoredObject) -> Result<Option<StoredObject>, EndpointError> {
        match restored.metadata.get(LEFT_VERSION) {
            Some(version) => Ok(Some(self.store.get_version(&restored.uri, Some(version)).await?.1)),
            None => Ok(None),
        }
    }
}

/// The versions to go back to, the likeliest first. Where the current version was itself brought back, they are those
/// before its original.
fn earlier<'a>(history: &'a History, current: Option<&StoredObject>) -> &'a [String] {
    let Some(current) = current else {
        return &history.versions;
    };
    let original = current.metadata.get(RESTORED_VERSION).or(current.version_id.as_ref());
    original.map(|version| history.before(version)).unwrap_or_default()
}

fn restored_metadata(
    earlier: &StoredObject,
    version: &str,
    current: Option<&StoredObject>,
) -> BTreeMap<String, String> {
    let mut metadata = BTreeMap::new();
    let mut keep = |key: &str, value: Option<String>| metadata.extend(value.map(|value| (key.to_owned(), value)));
    keep("sha256", earlier.sha256.as_ref().map(Sha256Digest::to_string));
    keep(MODEL_PACKAGE_ARN, earlier.metadata.get(MODEL_PACKAGE_ARN).cloned());
    for (key, value) in FeatureContract::from_metadata(&earlier.metadata).iter().flat_map(FeatureContract::entries) {
        keep(key, Some(value));
    }
    // If that version was itself brought back, its original is where it stands in the history.
    let original = earlier.metadata.get(RESTORED_VERSION).cloned().unwrap_or_else(|| version.to_owned());
    keep(RESTORED_VERSION, Some(original));
    keep(LEFT_VERSION, current.and_then(|current| current.version_id.clone()));
    metadata
}

#[cfg(test)]
mod tests {
    use refit_aws::StoredObject;

    use super::{RESTORED_VERSION, earlier, restored_metadata};
    use crate::feature_contract::tests::contract;
    use crate::history::tests::history;

    fn object(version: &str, restored: Option<&str>) -> StoredObject {
        let mut object = StoredObject::new("s3://bucket/mme/a.tar.gz".parse().unwrap(), 3);
        object.version_id = Some(version.to_owned());
        object.metadata.extend(restored.map(|original| (RESTORED_VERSION.to_owned(), original.to_owned())));
        object
    }

    #[test]
    fn a_rollback_goes_to_the_version_before() {
        assert_eq!(earlier(&history(&["v2", "v1"]), Some(&object("v2", None))), ["v1"]);
        assert!(earlier(&history(&["v1"]), Some(&object("v1", None))).is_empty());
    }

    #[test]
    fn a_second_rollback_does_not_return_to_what_was_left() {
        // v3 was left for v2, which was copied to v4; the next one back is v1, not v3.
        let history = history(&["v4", "v3", "v2", "v1"]);
        assert_eq!(earlier(&history, Some(&object("v4", Some("v2")))), ["v1"]);
        // Once the original has expired, what came before it is not known any more.
        assert!(earlier(&history, Some(&object("v4", Some("v0")))).is_empty());
    }

    #[test]
    fn a_removed_model_comes_back_as_it_was_last() {
        assert_eq!(earlier(&history(&["v2", "v1"]), None), ["v2", "v1"]);
    }

    #[test]
    fn a_restored_version_keeps_its_place_in_the_history() {
        let metadata = restored_metadata(&object("v4", Some("v2")), "v4", Some(&object("v5", None)));
        assert_eq!(metadata[RESTORED_VERSION], "v2");
        assert_eq!(metadata["left-version"], "v5");
        let mut fed = object("v1", None);
        fed.metadata.extend(contract(3).entries().map(|(key, value)| (key.to_owned(), value)));
        assert_eq!(restored_metadata(&fed, "v1", None)["features"], "3");
        assert_eq!(restored_metadata(&object("v1", None), "v1", None)[RESTORED_VERSION], "v1");
    }
}
