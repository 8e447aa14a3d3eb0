//! Amazon S3: the protocol is `s3s`'s, the storage is [`ObjectStore`]'s, and here one is turned into the other.
//!
//! What S3 has and this has not (tags, ACLs, KMS keys, object locks) is refused with `NotImplemented`
//! rather than forgotten.

mod absent;
mod buckets;
mod context;
mod convert;
mod copy;
mod delete;
mod errors;
pub(crate) mod gate;
mod get;
mod list;
mod list_uploads;
mod list_versions;
mod multipart;
mod policy;
mod put;
mod receive;
mod service;
mod settings;

use std::sync::Arc;

use s3s::config::{S3Config, StaticConfigProvider};
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{S3Request, S3Result};

use crate::api::Caller;
use crate::auth::Authenticator;
use crate::hazards::Hazards;
use crate::objects::{Access, ObjectError, ObjectStore};

/// The service, ready to answer requests that name a bucket in the path.
pub(crate) fn service(store: ObjectStore, authenticator: Authenticator, hazards: Hazards, region: String) -> S3Service {
    let mut builder = S3ServiceBuilder::new(Service { store, region });
    builder.set_auth(authenticator);
    builder.set_route(absent::Absent);
    builder.set_access(gate::HazardsAhead(hazards));
    // The gate checks times, by the backend's clock.
    let mut config = S3Config::default();
    config.presigned_url_max_skew_time_secs = u32::MAX;
    builder.set_config(Arc::new(StaticConfigProvider::new(Arc::new(config))));
    builder.build()
}

/// The names of the operations there are, as AWS writes them.
pub(crate) fn operations() -> Vec<String> {
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    service::OPERATIONS.iter().map(|name| name.split('_').map(capital).collect()).collect()
}

/// The S3 operations over one store.
#[derive(Clone)]
struct Service {
    store: ObjectStore,
    region: String,
}

impl Service {
    /// Who sent the request, whose bucket they expect, and what the bucket's policy can ask.
    fn access<T>(&self, request: &S3Request<T>) -> S3Result<Access> {
        let header = |name: &str| Some(request.headers.get(name)?.to_str().ok()?.to_owned());
        Ok(Access {
            caller: self.caller(request)?,
            expected_owner: header("x-amz-expected-bucket-owner"),
            context: context::context(request),
        })
    }

    fn caller<T>(&self, request: &S3Request<T>) -> S3Result<Caller> {
        gate::caller(&request.extensions).cloned()
    }

    /// Runs a store's call where it may block.
    async fn run<T: Send + 'static>(
        &self,
        act: impl FnOnce(&ObjectStore) -> Result<T, ObjectError> + Send + 'static,
    ) -> S3Result<T> {
        let store = self.store.clone();
        match tokio::task::spawn_blocking(move || act(&store)).await {
            Ok(result) => result.map_err(errors::s3_error),
            Err(error) => Err(s3s::S3Error::internal_error(error)),
        }
    }
}
