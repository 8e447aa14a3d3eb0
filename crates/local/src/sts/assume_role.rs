//! AssumeRole: temporary credentials of a role.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use crate::answers::query::escape;
use crate::api::{ApiError, Caller, Principal, partition};
use crate::auth::{Session, Sessions};
use crate::options::RoleArn;

use super::Sts;
use super::form::Form;

/// What would change who may do what, and would be forgotten here.
const REFUSED: [&str; 9] = [
    "Policy",
    "PolicyArns",
    "Tags",
    "TransitiveTagKeys",
    "ExternalId",
    "SerialNumber",
    "TokenCode",
    "SourceIdentity",
    "ProvidedContexts",
];

/// The limits are those of botocore's model of STS.
struct Request<'f> {
    role: RoleArn,
    session: &'f str,
    duration: TimeDelta,
}

/// The inner XML of the result.
pub(super) fn assume(sts: &Sts, caller: &Caller, form: &Form) -> Result<String, ApiError> {
    let request = Request::parse(form, caller)?;
    let role = &request.role;
    if !may_assume(sts, caller, role) {
        let message =
            format!("User: {} is not authorized to perform: sts:AssumeRole on resource: {role}", caller.arn());
        return Err(ApiError::new("AccessDenied", message).with_status(403));
    }
    // Tokens are exact to the second, and so is what is said of them.
    let now = sts.clock.now();
    let expires = DateTime::from_timestamp(now.timestamp(), 0).unwrap_or(now) + request.duration;
    let session = Session {
        access_key: Sessions::new_access_key(),
        account: role.account().to_owned(),
        role: role.name().to_owned(),
        name: request.session.to_owned(),
        expires,
    };
    tracing::info!(role = %role, session = request.session, %expires, "role assumed");
    Ok(result(sts, &session, &caller.region))
}

/// IAM is not modelled: an account may assume every role of its own, and another's where [`Options`](crate::Options) say so.
fn may_assume(sts: &Sts, caller: &Caller, role: &RoleArn) -> bool {
    role.account() == caller.account
        || sts.roles.iter().any(|declared| declared.arn() == role && declared.trusts(&caller.account))
}

fn result(sts: &Sts, session: &Session, region: &str) -> String {
    let Session { access_key, account, role, name, expires } = session;
    let principal = Principal::AssumedRole { role: role.clone(), session: name.clone() };
    let assumed = Caller::new(account, region, principal);
    format!(
        "<AssumedRoleUser><AssumedRoleId>{}:{}</AssumedRoleId><Arn>{}</Arn></AssumedRoleUser><Credentials>\
         <AccessKeyId>{access_key}</AccessKeyId><SecretAccessKey>{}</SecretAccessKey><SessionToken>{}</SessionToken>\
         <Expiration>{}</Expiration></Credentials>",
        sts.sessions.role_id(account, role),
        escape(name),
        escape(&assumed.arn()),
        sts.sessions.secret(access_key),
        sts.sessions.token(session),
        expiration(*expires),
    )
}

fn expiration(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

impl<'f> Request<'f> {
    fn parse(form: &'f Form, caller: &Caller) -> Result<Self, ApiError> {
        if let Some(name) = form.first_of(&REFUSED) {
            return Err(validation(format!("refit-local does not emulate AssumeRole's {name}: IAM is not modelled.")));
        }
        let arn = required(form, "RoleArn", "roleArn")?;
        let session = required(form, "RoleSessionName", "roleSessionName")?;
        check_session(session)?;
        if arn.len() < 20 || arn.len() > 2048 {
            return Err(constraint(arn, "roleArn", "Member must have length between 20 and 2048, inclusive"));
        }
        let role: RoleArn = arn.parse().map_err(|_| validation(format!("{arn} is invalid")))?;
        if role.partition() != partition(&caller.region) {
            return Err(validation(format!("{arn} is invalid")));
        }
        Ok(Self { role, session, duration: duration(form, caller)? })
    }
}

fn duration(form: &Form, caller: &Caller) -> Result<TimeDelta, ApiError> {
    let text = form.value("DurationSeconds").unwrap_or("3600");
    let seconds: i64 =
        text.parse().map_err(|_| ApiError::new("MalformedInput", format!("DurationSeconds {text} is no integer")))?;
    if seconds < 900 {
        return Err(constraint(text, "durationSeconds", "Member must have value greater than or equal to 900"));
    }
    if seconds > 43_200 {
        return Err(constraint(text, "durationSeconds", "Member must have value less than or equal to 43200"));
    }
    if caller.principal != Principal::Root && seconds > 3600 {
        return Err(validation(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"
                .to_owned(),
        ));
    }
    Ok(TimeDelta::seconds(seconds))
}

/// 2 to 64 of `[\w+=,.@-]`.
fn check_session(session: &str) -> Result<(), ApiError> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    if !session.chars().all(fits) {
        let pattern = "Member must satisfy regular expression pattern: [\\w+=,.@-]*";
        return Err(constraint(session, "roleSessionName", pattern));
    }
    match session.len() {
        0..2 => Err(constraint(session, "roleSessionName", "Member must have length greater than or equal to 2")),
        2..=64 => Ok(()),
        _ => Err(constraint(session, "roleSessionName", "Member must have length less than or equal to 64")),
    }
}

fn required<'f>(form: &'f Form, name: &str, member: &str) -> Result<&'f str, ApiError> {
    form.value(name).ok_or_else(|| {
        validation(format!(
            "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
        ))
    })
}

fn constraint(value: &str, member: &str, rule: &str) -> ApiError {
    validation(format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {rule}"
    ))
}

fn validation(message: String) -> ApiError {
    ApiError::new("ValidationError", message)
}
