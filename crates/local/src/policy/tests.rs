//! The examples and the rules of the IAM user guide: "Policy evaluation logic", "IAM JSON policy elements" and "Bucket
//! policies: examples".

use proptest::prelude::*;
use serde_json::{Value, json};

use super::pattern::Pattern;
use super::{Decision, Policy, Request, Scope};
use crate::api::{Caller, Principal};

const OWNER: &str = "111122223333";
const OTHER: &str = "444455556666";
const ROLE: &str = "arn:aws:iam::444455556666:role/path/Reader";

fn parse(document: &Value) -> Result<Policy, String> {
    let resources = ["arn:aws:s3:::bucket".to_owned(), "arn:aws:s3:::bucket/*".to_owned()];
    let scope = Scope { service: "s3", resources: &resources, keys: &["s3:prefix", "s3:x-amz-acl"] };
    Policy::parse(&document.to_string(), &scope).map_err(|malformed| malformed.to_string())
}

/// A document of one statement: a grant of GetObject to the other account, with these elements in place of its own.
fn statement(with: &Value) -> Value {
    let mut statement = json!({
        "Effect": "Allow", "Principal": { "AWS": OTHER }, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*"
    });
    for (name, value) in with.as_object().unwrap() {
        match value {
            Value::Null => drop(statement.as_object_mut().unwrap().remove(name)),
            value => statement[name] = value.clone(),
        }
    }
    json!({ "Version": "2012-10-17", "Statement": statement })
}

fn root(account: &str) -> Caller {
    Caller::root(account, "us-east-1")
}

fn session(role: &str) -> Caller {
    let principal = Principal::AssumedRole { role: role.to_owned(), session: "job".to_owned() };
    Caller { principal, ..root(OTHER) }
}

fn decide(document: &Value, caller: &Caller, action: &str, resource: &str) -> Decision {
    let request = Request { caller, action, resource, context: &[("s3:prefix", "home/")] };
    parse(document).unwrap().decide(&request)
}

fn read(document: &Value) -> Decision {
    decide(document, &root(OTHER), "s3:GetObject", "arn:aws:s3:::bucket/key")
}

#[test]
fn nothing_is_allowed_but_what_a_statement_allows() {
    let granted = statement(&json!({}));
    assert_eq!(read(&granted), Decision::Allow);
    let other = root(OTHER);
    assert_eq!(decide(&granted, &other, "s3:PutObject", "arn:aws:s3:::bucket/key"), Decision::Neutral);
    assert_eq!(decide(&granted, &other, "s3:GetObject", "arn:aws:s3:::bucket"), Decision::Neutral);
    let third = root("777788889999");
    assert_eq!(decide(&granted, &third, "s3:GetObject", "arn:aws:s3:::bucket/key"), Decision::Neutral);
}

#[test]
fn an_explicit_deny_wins_in_any_order() {
    let allow = statement(&json!({}))["Statement"].clone();
    let deny = statement(&json!({ "Effect": "Deny", "Principal": "*" }))["Statement"].clone();
    for statements in [[&allow, &deny], [&deny, &allow]] {
        assert_eq!(read(&json!({ "Version": "2012-10-17", "Statement": statements })), Decision::Deny);
    }
}

#[test]
fn a_principal_is_everybody_an_account_a_role_or_a_session() {
    let (reader, writer, root) = (session("Reader"), session("Writer"), root(OTHER));
    let of = |principal: &Value, who: &Caller| {
        let document = statement(&json!({ "Principal": principal }));
        decide(&document, who, "s3:GetObject", "arn:aws:s3:::bucket/key") == Decision::Allow
    };
    for everybody in [json!("*"), json!({ "AWS": "*" }), json!({ "AWS": [OWNER, "*"] })] {
        assert!(of(&everybody, &reader) && of(&everybody, &root), "{everybody}");
    }
    for account in [json!({ "AWS": OTHER }), json!({ "AWS": format!("arn:aws:iam::{OTHER}:root") })] {
        assert!(of(&account, &reader) && of(&account, &root), "{account}");
        assert!(!of(&account, &Caller::root(OWNER, "us-east-1")), "{account}");
    }
    for role in [ROLE, "arn:aws:sts::444455556666:assumed-role/Reader/job"] {
        let role = json!({ "AWS": role });
        assert!(of(&role, &reader) && !of(&role, &writer) && !of(&role, &root), "{role}");
    }
    assert!(!of(&json!({ "AWS": "arn:aws:iam::111122223333:role/Reader" }), &reader), "a role of another account");
    assert!(!of(&json!({ "Service": "sagemaker.amazonaws.com" }), &reader));
}

#[test]
fn actions_and_resources_have_wildcards_and_negations() {
    let allows = |with: &Value| read(&statement(with)) == Decision::Allow;
    for action in ["s3:*", "*", "s3:Get*", "S3:getobject", "s3:GetObjec?"] {
        assert!(allows(&json!({ "Action": action })), "{action}");
    }
    assert!(allows(&json!({ "Action": ["s3:PutObject", "s3:GetObject"] })));
    assert!(allows(&json!({ "Action": null, "NotAction": "s3:Put*" })));
    assert!(!allows(&json!({ "Action": null, "NotAction": "s3:Get*" })));
    for resource in ["*", "arn:aws:s3:::bucket/k?y", "arn:aws:s3:::b*", "arn:aws:s3:::*/key"] {
        assert!(allows(&json!({ "Resource": resource })), "{resource}");
    }
    assert!(!allows(&json!({ "Resource": "arn:aws:s3:::bucket/KEY" })), "keys have case");
    assert!(allows(&json!({ "Resource": null, "NotResource": "arn:aws:s3:::bucket/private/*" })));
    assert!(!allows(&json!({ "Resource": null, "NotResource": "arn:aws:s3:::bucket/k*" })));
}

/// "Condition operators": values are alternatives, keys and operators must all hold, a negated operator holds when no
/// value fits and when the key is absent, `IfExists` holds when the key is absent.
#[test]
fn conditions_hold_as_the_guide_says() {
    let allows = |condition: &Value| read(&statement(&json!({ "Condition": condition }))) == Decision::Allow;
    for (holds, condition) in [
        (true, json!({ "StringEquals": { "s3:prefix": ["a/", "home/"] } })),
        (false, json!({ "StringEquals": { "s3:prefix": "Home/" } })),
        (true, json!({ "StringEqualsIgnoreCase": { "S3:PREFIX": "Home/" } })),
        (true, json!({ "StringLike": { "s3:prefix": "ho*/" } })),
        (false, json!({ "StringNotLike": { "s3:prefix": ["x", "ho*/"] } })),
        (true, json!({ "StringNotEquals": { "s3:prefix": ["a/", "b/"] } })),
        (false, json!({ "StringEquals": { "s3:x-amz-acl": "private" } })),
        (true, json!({ "StringNotEquals": { "s3:x-amz-acl": "private" } })),
        (true, json!({ "StringEqualsIfExists": { "s3:x-amz-acl": "private" } })),
        (false, json!({ "StringEqualsIfExists": { "s3:prefix": "private" } })),
        (true, json!({ "Null": { "s3:x-amz-acl": "true", "s3:prefix": "false" } })),
        (false, json!({ "Null": { "s3:prefix": true } })),
        (false, json!({ "Bool": { "aws:SecureTransport": true } })),
        (
            true,
            json!({ "Bool": { "aws:SecureTransport": "false" }, "StringEquals": { "aws:PrincipalAccount": OTHER } }),
        ),
        (
            false,
            json!({ "Bool": { "aws:SecureTransport": "false" }, "StringEquals": { "aws:PrincipalAccount": OWNER } }),
        ),
        (true, json!({ "ArnLike": { "aws:PrincipalArn": "arn:aws:iam::444455556666:*" } })),
        (true, json!({ "ArnEquals": { "aws:PrincipalArn": "arn:*:iam::*:root" } })),
        (false, json!({ "ArnLike": { "aws:PrincipalArn": "arn:aws:*:root" } })),
        (true, json!({ "ArnNotEquals": { "aws:PrincipalArn": ROLE } })),
    ] {
        assert_eq!(allows(&condition), holds, "{condition}");
    }
}

#[test]
fn what_is_not_understood_is_refused_by_name() {
    for (named, document) in [
        ("first byte must be '{'", json!([])),
        ("Statement", json!({ "Version": "2012-10-17" })),
        ("Statement is empty", json!({ "Version": "2012-10-17", "Statement": [] })),
        ("2015-01-01", json!({ "Version": "2015-01-01", "Statement": statement(&json!({}))["Statement"] })),
        ("Resources", statement(&json!({ "Resources": "*" }))),
        ("Invalid effect: allow", statement(&json!({ "Effect": "allow" }))),
        ("Principal", statement(&json!({ "Principal": null }))),
        ("NotPrincipal", statement(&json!({ "NotPrincipal": "*" }))),
        ("principal in policy: 4444", statement(&json!({ "Principal": { "AWS": "4444" } }))),
        ("Federated", statement(&json!({ "Principal": { "Federated": "cognito-identity.amazonaws.com" } }))),
        ("wildcards", statement(&json!({ "Principal": { "AWS": "arn:aws:iam::444455556666:role/*" } }))),
        ("Missing required field Action", statement(&json!({ "Action": [] }))),
        ("not both", statement(&json!({ "NotAction": "s3:GetObject" }))),
        ("invalid action: sagemaker:Describe*", statement(&json!({ "Action": "sagemaker:Describe*" }))),
        ("invalid resource: arn:aws:s3:::other/*", statement(&json!({ "Resource": "arn:aws:s3:::other/*" }))),
        ("policy variables", statement(&json!({ "Resource": "arn:aws:s3:::bucket/${aws:username}/*" }))),
        ("NumericEquals", statement(&json!({ "Condition": { "NumericEquals": { "s3:prefix": 1 } } }))),
        ("NullIfExists", statement(&json!({ "Condition": { "NullIfExists": { "s3:prefix": true } } }))),
        (
            "ForAnyValue:StringLike",
            statement(&json!({ "Condition": { "ForAnyValue:StringLike": { "s3:prefix": "" } } })),
        ),
        ("aws:SourceIp", statement(&json!({ "Condition": { "StringLike": { "aws:SourceIp": "10.*" } } }))),
        ("true or false", statement(&json!({ "Condition": { "Bool": { "aws:SecureTransport": "no" } } }))),
        ("statement Third", statement(&json!({ "Sid": "Third", "Effect": "Forbid" }))),
    ] {
        let refused = parse(&document).expect_err(&format!("{document} is taken"));
        assert!(refused.contains(named), "{document}: {refused}");
    }
}

#[test]
fn an_element_that_is_there_twice_is_not_lost() {
    let scope = Scope { service: "s3", resources: &["*".to_owned()], keys: &["s3:prefix"] };
    let twice = r#"{ "Version": "2012-10-17", "Statement": { "Effect": "Deny", "Effect": "Allow", "Principal": "*",
        "Action": "s3:*", "Resource": "*" } }"#;
    assert!(Policy::parse(twice, &scope).unwrap_err().to_string().contains("duplicate field `Effect`"));
    let both_hold = r#"{ "Version": "2012-10-17", "Statement": { "Effect": "Allow", "Principal": "*", "Action": "s3:*",
        "Resource": "*", "Condition": { "StringLike": { "s3:prefix": "a*" }, "StringLike": { "s3:prefix": "*b" } } } }"#;
    let policy = Policy::parse(both_hold, &scope).unwrap();
    let caller = root(OTHER);
    for (prefix, decision) in [("ab", Decision::Allow), ("a", Decision::Neutral), ("b", Decision::Neutral)] {
        let context = [("s3:prefix", prefix)];
        let request = Request { caller: &caller, action: "s3:ListBucket", resource: "r", context: &context };
        assert_eq!(policy.decide(&request), decision, "{prefix}");
    }
}

/// "Blocking public access to your Amazon S3 storage": the meaning of public.
#[test]
fn a_policy_for_everybody_is_public_unless_a_condition_fixes_who() {
    let public = |with: &Value| parse(&statement(with)).unwrap().is_public();
    let fixed = json!({ "StringEquals": { "aws:PrincipalAccount": OTHER } });
    let open = json!({ "StringLike": { "aws:PrincipalAccount": "4*" } });
    assert!(public(&json!({ "Principal": "*" })));
    assert!(public(&json!({ "Principal": "*", "Condition": open })));
    assert!(!public(&json!({ "Principal": "*", "Condition": fixed })));
    assert!(!public(&json!({ "Principal": "*", "Effect": "Deny" })));
    assert!(!public(&json!({})));
}

/// The same pattern as a regular expression.
fn regex(pattern: &str) -> fancy_regex::Regex {
    let parts = pattern.chars().map(|c| match c {
        '*' => "(?s:.*)".to_owned(),
        '?' => "(?s:.)".to_owned(),
        c => fancy_regex::escape(&c.to_string()).into_owned(),
    });
    fancy_regex::Regex::new(&format!("^{}$", parts.collect::<String>())).unwrap()
}

proptest! {
    #[test]
    fn a_pattern_matches_what_its_regular_expression_matches(pattern in "[ab*?]{0,6}", text in "[ab]{0,6}") {
        prop_assert_eq!(Pattern::new(&pattern).matches(&text), regex(&pattern).is_match(&text).unwrap());
    }

    #[test]
    fn two_patterns_that_match_one_text_overlap(left in "[ab*?]{0,6}", right in "[ab*?]{0,6}", text in "[ab]{0,6}") {
        let (left, right) = (Pattern::new(&left), Pattern::new(&right));
        prop_assert_eq!(left.overlaps(&right), right.overlaps(&left));
        prop_assert!(left.overlaps(&right) || !(left.matches(&text) && right.matches(&text)));
    }

    #[test]
    fn a_pattern_overlaps_text_when_it_matches_it(pattern in "[ab*?]{0,6}", text in "[ab]{0,6}") {
        let pattern = Pattern::new(&pattern);
        prop_assert_eq!(pattern.overlaps(&Pattern::new(&text)), pattern.matches(&text));
    }
}
