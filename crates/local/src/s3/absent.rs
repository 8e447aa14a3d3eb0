//! The subresources of S3 that are not here, refused before anything else is looked at.
//!
//! `s3s` does not know the youngest of them and would take `PUT /bucket/key?renameObject` for a PutObject; of others it reads the body first.

use async_trait::async_trait;
use http::{Extensions, HeaderMap, Method, Uri};
use s3s::route::S3Route;
use s3s::{Body, S3Request, S3Response, S3Result, s3_error};

/// The query parameters that name a subresource in botocore 1.44.8's model of S3, without those of the operations that are here.
const SUBRESOURCES: [&str; 31] = [
    "abac",
    "accelerate",
    "acl",
    "analytics",
    "annotation",
    "cors",
    "encryption",
    "intelligent-tiering",
    "inventory",
    "legal-hold",
    "lifecycle",
    "logging",
    "metadataAnnotationTable",
    "metadataConfiguration",
    "metadataInventoryTable",
    "metadataJournalTable",
    "metadataTable",
    "metrics",
    "notification",
    "object-lock",
    "ownershipControls",
    "publicAccessBlock",
    "renameObject",
    "replication",
    "requestPayment",
    "restore",
    "retention",
    "select",
    "session",
    "tagging",
    "torrent",
];

/// Answers `NotImplemented` to a request for one of them.
pub(super) struct Absent;

#[async_trait]
impl S3Route for Absent {
    fn is_match(&self, _method: &Method, uri: &Uri, _headers: &HeaderMap, _extensions: &mut Extensions) -> bool {
        subresource(uri).is_some()
    }

    async fn call(&self, request: S3Request<Body>) -> S3Result<S3Response<Body>> {
        let name = subresource(&request.uri).unwrap_or_default();
        Err(s3_error!(NotImplemented, "refit-local does not have the subresource {name} of S3 ({}).", request.method))
    }
}

fn subresource(uri: &Uri) -> Option<&'static str> {
    let names = uri.query()?.split('&').map(|parameter| parameter.split_once('=').map_or(parameter, |(name, _)| name));
    names.into_iter().find_map(|name| SUBRESOURCES.into_iter().find(|subresource| *subresource == name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subresource_is_a_parameter_of_its_whole_name() {
        let found = |uri: &str| subresource(&uri.parse().unwrap());
        assert_eq!(found("/bucket/key?renameObject"), Some("renameObject"));
        assert_eq!(found("/bucket?x-id=PutBucketAcl&acl="), Some("acl"));
        assert_eq!(found("/bucket/acl?prefix=acl&list-type=2"), None);
        assert_eq!(found("/bucket/acl"), None);
    }
}
