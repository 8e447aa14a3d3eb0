//! Amazon S3: the protocol is `s3s`'s, the storage is [`ObjectStore`]'s, and here one is turned into the other.
//!
//! What S3 has and this has not (tags, ACLs, KMS keys, object locks, bucket policies) is refused with `NotImplemented`
//! rather than forgotten.

mod buckets;
mod convert;
mod copy;
mod delete;
mod errors;
mod get;
mod list;
mod list_versions;
mod multipart;
mod put;
mod receive;
mod service;
mod settings;

use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{S3Request, S3Result, s3_error};

use crate::auth::Accounts;
use crate::objects::{Access, ObjectError, ObjectStore};

/// The service, ready to answer requests that name a bucket in the path.
pub(crate) fn service(store: ObjectStore, accounts: Accounts, region: String) -> S3Service {
    let mut builder = S3ServiceBuilder::new(Service { store, accounts: accounts.clone(), region });
    builder.set_auth(accounts);
    builder.build()
}

/// The S3 operations over one store.
#[derive(Clone)]
struct Service {
    store: ObjectStore,
    accounts: Accounts,
    region: String,
}

impl Service {
    /// Who sent the request, and whose bucket they expect.
    fn access<T>(&self, request: &S3Request<T>) -> S3Result<Access> {
        let header = |name: &str| Some(request.headers.get(name)?.to_str().ok()?.to_owned());
        Ok(Access { account: self.account(request)?, expected_owner: header("x-amz-expected-bucket-owner") })
    }

    fn account<T>(&self, request: &S3Request<T>) -> S3Result<String> {
        let key = request.credentials.as_ref().map(|credentials| credentials.access_key.as_str());
        match key.and_then(|key| self.accounts.id(key)) {
            Some(account) => Ok(account.to_owned()),
            None => Err(s3_error!(AccessDenied, "Anonymous access is forbidden.")),
        }
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
