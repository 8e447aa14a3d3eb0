//! Temporary credentials: they outlive the process, expire by the backend's clock, and cross accounts where that was declared.
//!
//! Codes and statuses are those of AWS's documentation: "Common errors" of each API, "Error responses" of S3.

use std::path::Path;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_s3::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sagemakerruntime::primitives::Blob;
use refit_local::{Account, LocalAws, Options, Role};

const OWN: &str = "123456789012";
const OTHER: &str = "210987654321";
const STRANGER: &str = "333333333333";

async fn start(folder: &Path) -> LocalAws {
    let account = |id: &str| Account::new(id, format!("key-{id}"), format!("secret-{id}")).unwrap();
    let role: Role = format!("arn:aws:iam::{OTHER}:role/deploy={OWN}").parse().unwrap();
    let options = Options::new(folder).accounts([OWN, OTHER, STRANGER].map(account)).roles([role]);
    LocalAws::start(options).await.unwrap()
}

async fn assume(config: &SdkConfig, arn: &str) -> Result<Credentials, (u16, String)> {
    let sent = aws_sdk_sts::Client::new(config).assume_role().role_arn(arn).role_session_name("nightly").send().await;
    let credentials = sent.map_err(refusal)?.credentials.unwrap();
    let (key, secret, token) = (credentials.access_key_id, credentials.secret_access_key, credentials.session_token);
    Ok(Credentials::new(key, secret, Some(token), None, "assumed"))
}

fn with(config: &SdkConfig, credentials: &Credentials) -> SdkConfig {
    let provider = SharedCredentialsProvider::new(credentials.clone());
    config.clone().into_builder().credentials_provider(provider).build()
}

fn refusal<E: ProvideErrorMetadata>(error: SdkError<E, aws_sdk_s3::config::http::HttpResponse>) -> (u16, String) {
    let status = error.raw_response().map_or(0, |response| response.status().as_u16());
    (status, error.code().unwrap_or_default().to_owned())
}

async fn who(config: &SdkConfig) -> Result<String, (u16, String)> {
    let sent = aws_sdk_sts::Client::new(config).get_caller_identity().send().await;
    Ok(sent.map_err(refusal)?.arn.unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_outlives_the_process_and_expires_by_the_clock() {
    let folder = tempfile::tempdir().unwrap();
    let local = start(folder.path()).await;
    let credentials = assume(&local.sdk_config(), &format!("arn:aws:iam::{OWN}:role/retrain")).await.unwrap();
    local.stop().await;

    let local = start(folder.path()).await;
    let config = with(&local.sdk_config(), &credentials);
    let arn = format!("arn:aws:sts::{OWN}:assumed-role/retrain/nightly");
    assert_eq!(who(&config).await, Ok(arn.clone()));
    local.advance_clock(Duration::from_secs(3500));
    assert_eq!(who(&config).await, Ok(arn));
    local.advance_clock(Duration::from_secs(100));
    assert_eq!(who(&config).await, Err((403, "ExpiredToken".to_owned())));
    let s3 = aws_sdk_s3::config::Builder::from(&config).force_path_style(true).build();
    let buckets = aws_sdk_s3::Client::from_conf(s3).list_buckets().send().await.map_err(refusal);
    assert_eq!(buckets.unwrap_err(), (400, "ExpiredToken".to_owned()));
    let models = aws_sdk_sagemaker::Client::new(&config).list_models().send().await.map_err(refusal);
    assert_eq!(models.unwrap_err(), (400, "ExpiredTokenException".to_owned()));
    let runtime = aws_sdk_sagemakerruntime::Client::new(&config);
    let invoked = runtime.invoke_endpoint().endpoint_name("none").body(Blob::new("1")).send().await.map_err(refusal);
    assert_eq!(invoked.unwrap_err(), (403, "ExpiredTokenException".to_owned()));

    // The account's own key is good for ever, and gives new sessions by the new time.
    let again = assume(&local.sdk_config(), &format!("arn:aws:iam::{OWN}:role/retrain")).await.unwrap();
    assert!(who(&with(&local.sdk_config(), &again)).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_accounts_role_is_for_whom_it_trusts() {
    let folder = tempfile::tempdir().unwrap();
    let local = start(folder.path()).await;
    let (own, stranger) = (local.sdk_config_for(OWN).unwrap(), local.sdk_config_for(STRANGER).unwrap());
    let deploy = format!("arn:aws:iam::{OTHER}:role/deploy");
    let credentials = assume(&own, &deploy).await.unwrap();
    let config = with(&own, &credentials);
    assert_eq!(who(&config).await, Ok(format!("arn:aws:sts::{OTHER}:assumed-role/deploy/nightly")));

    // What the role makes is the other account's.
    let group = "flights";
    let groups = |config: &SdkConfig| {
        let sagemaker = aws_sdk_sagemaker::Client::new(config);
        async move { sagemaker.describe_model_package_group().model_package_group_name(group).send().await.is_ok() }
    };
    let sagemaker = aws_sdk_sagemaker::Client::new(&config);
    sagemaker.create_model_package_group().model_package_group_name(group).send().await.unwrap();
    assert_eq!((groups(&own).await, groups(&local.sdk_config_for(OTHER).unwrap()).await), (false, true));

    let denied = Err((403, "AccessDenied".to_owned()));
    assert_eq!(assume(&stranger, &deploy).await.map(drop), denied);
    assert_eq!(assume(&own, &format!("arn:aws:iam::{OTHER}:role/admin")).await.map(drop), denied);
    // A role of the role's own account is, as every account's own are.
    assert!(assume(&config, &format!("arn:aws:iam::{OTHER}:role/admin")).await.is_ok());
}
