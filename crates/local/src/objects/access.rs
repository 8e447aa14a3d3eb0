//! Whether a caller may do something to a bucket or an object: by owning the bucket, or by its policy.

use rusqlite::Connection;

use super::ObjectError;
use super::buckets::{Bucket, find};
use crate::api::{Caller, Principal};
use crate::policy::{Decision, Request};

/// Who asks, and whose bucket they believe it to be.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    pub(crate) caller: Caller,
    /// `x-amz-expected-bucket-owner`: refused when the bucket belongs to another account.
    pub(crate) expected_owner: Option<String>,
    /// The request's condition keys and their values, for the bucket's policy.
    pub(crate) context: Vec<(&'static str, String)>,
}

impl Access {
    /// Access by the account itself, that expects no particular owner.
    pub(crate) fn of(account: &str) -> Self {
        // The region only tells the partition of ARNs.
        Self { caller: Caller::root(account, ""), expected_owner: None, context: Vec::new() }
    }

    /// The bucket, if the caller may do `action` to it.
    pub(super) fn bucket(
        &self,
        connection: &Connection,
        action: &'static str,
        bucket: &str,
    ) -> Result<Bucket, ObjectError> {
        let bucket = self.expected(connection, bucket)?;
        self.check(&bucket, action, None)?;
        Ok(bucket)
    }

    /// The bucket, if the caller may do `action` to the object `key` in it.
    pub(super) fn object(
        &self,
        connection: &Connection,
        action: &'static str,
        bucket: &str,
        key: &str,
    ) -> Result<Bucket, ObjectError> {
        let bucket = self.expected(connection, bucket)?;
        self.check(&bucket, action, Some(key))?;
        Ok(bucket)
    }

    /// The bucket, if the caller may do `action` to its policy. Only the owner's principals ever may, and the owner's
    /// root always: a policy that shuts everybody out can be repaired.
    pub(super) fn policy(
        &self,
        connection: &Connection,
        action: &'static str,
        bucket: &str,
    ) -> Result<Bucket, ObjectError> {
        let bucket = self.expected(connection, bucket)?;
        let owns = bucket.account == self.caller.account;
        if !(owns && self.caller.principal == Principal::Root) {
            self.check(&bucket, action, None)?;
        }
        if owns { Ok(bucket) } else { Err(ObjectError::PolicyOfAnother { bucket: bucket.name }) }
    }

    /// Checks that the caller may do `action` to the bucket, or to the object `key` in it.
    pub(super) fn check(&self, bucket: &Bucket, action: &'static str, key: Option<&str>) -> Result<(), ObjectError> {
        let resource = match key {
            Some(key) => format!("{}/{key}", bucket.arn()),
            None => bucket.arn(),
        };
        let explicit = match self.decide(bucket, action, &resource) {
            Decision::Deny => true,
            Decision::Neutral if bucket.account != self.caller.account => false,
            Decision::Neutral | Decision::Allow => return Ok(()),
        };
        Err(ObjectError::Forbidden { caller: self.caller.arn(), action, resource, explicit })
    }

    fn decide(&self, bucket: &Bucket, action: &str, resource: &str) -> Decision {
        let Some(policy) = &bucket.policy else { return Decision::Neutral };
        let context: Vec<(&str, &str)> = self.context.iter().map(|(key, value)| (*key, value.as_str())).collect();
        policy.decide(&Request { caller: &self.caller, action, resource, context: &context })
    }

    /// The bucket, if it is owned by whom the caller expects.
    pub(super) fn expected(&self, connection: &Connection, name: &str) -> Result<Bucket, ObjectError> {
        let bucket = find(connection, name)?;
        let bucket = bucket.ok_or_else(|| ObjectError::NoSuchBucket { bucket: name.to_owned() })?;
        match &self.expected_owner {
            Some(expected) if *expected != bucket.account => Err(ObjectError::NotExpectedOwner),
            _ => Ok(bucket),
        }
    }
}
