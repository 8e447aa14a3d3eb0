//! Who may do what: by owning the bucket, and by its policy.

use serde_json::{Value, json};

use super::*;
use crate::api::{Caller, Principal};
use crate::objects::{ObjectCopy, Versioning};

const OTHER: &str = "210987654321";

impl Subject {
    fn attach(&self, statements: &Value) -> Result<(), ObjectError> {
        let document = json!({ "Version": "2012-10-17", "Statement": statements });
        self.store.put_policy(&self.access, BUCKET, &document.to_string())
    }
}

fn grant(actions: &Value, resource: &str) -> Value {
    json!({ "Effect": "Allow", "Principal": { "AWS": OTHER }, "Action": actions, "Resource": resource })
}

fn forbidden<T: std::fmt::Debug>(result: Result<T, ObjectError>) -> (&'static str, bool) {
    match result {
        Err(ObjectError::Forbidden { action, explicit, .. }) => (action, explicit),
        other => panic!("{other:?}"),
    }
}

#[test]
fn another_account_does_only_what_the_policy_grants() {
    let subject = Subject::new();
    let other = Access::of(OTHER);
    subject.store.write(ACCOUNT, BUCKET, "in/key", b"mine").unwrap();
    assert_eq!(forbidden(subject.store.read(OTHER, BUCKET, "in/key")), ("s3:GetObject", false));
    subject.attach(&grant(&json!("s3:GetObject"), "arn:aws:s3:::bucket/in/*")).unwrap();
    assert_eq!(subject.store.read(OTHER, BUCKET, "in/key").unwrap(), b"mine");
    assert_eq!(forbidden(subject.store.read(OTHER, BUCKET, "out/key")), ("s3:GetObject", false));
    assert_eq!(forbidden(subject.store.write(OTHER, BUCKET, "in/key", b"theirs")), ("s3:PutObject", false));
    assert_eq!(forbidden(subject.store.list(OTHER, BUCKET, "in/")), ("s3:ListBucket", false));
    let old = subject.store.get(&other, BUCKET, "in/key", Some("null"));
    assert_eq!(forbidden(old.map(drop)), ("s3:GetObjectVersion", false));
    // Who may not list is not told that an object is missing.
    assert_eq!(forbidden(subject.store.read(OTHER, BUCKET, "in/none")), ("s3:ListBucket", false));
    subject
        .attach(&json!([
            grant(&json!("s3:GetObject"), "arn:aws:s3:::bucket/in/*"),
            grant(&json!("s3:ListBucket"), "arn:aws:s3:::bucket"),
        ]))
        .unwrap();
    assert!(matches!(subject.store.read(OTHER, BUCKET, "in/none"), Err(ObjectError::NoSuchKey { .. })));
    assert_eq!(subject.store.list(OTHER, BUCKET, "").unwrap().len(), 1);
    assert!(matches!(subject.store.create_bucket(OTHER, BUCKET, "us-east-1"), Err(ObjectError::BucketTaken { .. })));
    let expecting = Access { expected_owner: Some(OTHER.to_owned()), ..Access::of(ACCOUNT) };
    let refused = subject.store.bucket(&expecting, "s3:ListBucket", BUCKET);
    assert!(matches!(refused, Err(ObjectError::NotExpectedOwner)));
}

#[test]
fn a_copy_needs_the_source_and_the_target() {
    let subject = Subject::new();
    let other = Access::of(OTHER);
    subject.store.write(ACCOUNT, BUCKET, "source", b"bytes").unwrap();
    let copy = || {
        let source = copy_source(&other, "source", None);
        let write = subject.store.begin_put(other.clone(), BUCKET, "target", Condition::default())?;
        subject.store.copy(&write, ObjectCopy { source, replace: None, algorithm: None })
    };
    assert_eq!(forbidden(copy()), ("s3:PutObject", false));
    subject.attach(&grant(&json!("s3:PutObject"), "arn:aws:s3:::bucket/target")).unwrap();
    assert_eq!(forbidden(copy()), ("s3:GetObject", false));
    subject.attach(&grant(&json!(["s3:GetObject", "s3:PutObject"]), "arn:aws:s3:::bucket/*")).unwrap();
    copy().unwrap();
}

#[test]
fn what_is_denied_is_denied_to_the_owner_too_but_root_repairs_the_policy() {
    let subject = Subject::new();
    subject.store.write(ACCOUNT, BUCKET, "key", b"mine").unwrap();
    let all = ["arn:aws:s3:::bucket", "arn:aws:s3:::bucket/*"];
    subject.attach(&json!({ "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": all })).unwrap();
    assert_eq!(forbidden(subject.store.read(ACCOUNT, BUCKET, "key")), ("s3:GetObject", true));
    let versioning = subject.store.set_versioning(&subject.access, BUCKET, Versioning::Enabled);
    assert_eq!(forbidden(versioning), ("s3:PutBucketVersioning", true));
    let principal = Principal::AssumedRole { role: "Builder".to_owned(), session: "s".to_owned() };
    let role = Access { caller: Caller { principal, ..subject.access.caller.clone() }, ..subject.access.clone() };
    assert_eq!(forbidden(subject.store.delete_policy(&role, BUCKET)), ("s3:DeleteBucketPolicy", true));
    subject.store.delete_policy(&subject.access, BUCKET).unwrap();
    assert_eq!(subject.store.read(ACCOUNT, BUCKET, "key").unwrap(), b"mine");
    let none = subject.store.policy_text(&subject.access, BUCKET);
    assert!(matches!(none, Err(ObjectError::NoSuchPolicy { .. })));
}

#[test]
fn each_of_many_deletions_is_allowed_or_not() {
    let subject = Subject::new();
    for key in ["theirs/1", "mine"] {
        subject.store.write(ACCOUNT, BUCKET, key, b"x").unwrap();
    }
    subject.attach(&grant(&json!("s3:DeleteObject"), "arn:aws:s3:::bucket/theirs/*")).unwrap();
    let object = |key: &str, version_id: Option<&str>| ToDelete {
        key: key.to_owned(),
        version_id: version_id.map(str::to_owned),
        if_match: None,
    };
    let objects = [object("theirs/1", None), object("mine", None), object("theirs/1", Some("null"))];
    let mut results = subject.store.delete(&Access::of(OTHER), BUCKET, &objects).unwrap().into_iter();
    assert!(results.next().unwrap().is_ok());
    assert_eq!(forbidden(results.next().unwrap()), ("s3:DeleteObject", false));
    assert_eq!(forbidden(results.next().unwrap()), ("s3:DeleteObjectVersion", false));
    assert_eq!(subject.store.list(ACCOUNT, BUCKET, "").unwrap().len(), 1);
}

#[test]
fn the_policy_is_its_owners_alone_and_survives_a_restart() {
    let mut subject = Subject::new();
    let other = Access::of(OTHER);
    assert_eq!(forbidden(subject.store.policy_text(&other, BUCKET)), ("s3:GetBucketPolicy", false));
    subject.attach(&grant(&json!("s3:*"), "arn:aws:s3:::bucket")).unwrap();
    assert!(matches!(subject.store.policy_text(&other, BUCKET), Err(ObjectError::PolicyOfAnother { .. })));
    let text = subject.store.policy_text(&subject.access, BUCKET).unwrap();
    subject.reopen();
    assert_eq!(subject.store.policy_text(&subject.access, BUCKET).unwrap(), text);
    assert!(!subject.store.policy_is_public(&subject.access, BUCKET).unwrap());
    let elsewhere = subject.attach(&grant(&json!("s3:GetObject"), "arn:aws:s3:::another/*"));
    assert!(matches!(elsewhere, Err(ObjectError::MalformedPolicy(_))));
}
