//! No request is answered for somebody who did not sign it.

use std::time::{Duration, SystemTime};

use refit_local::{Account, LocalAws, Options};

use crate::client::{Answer, Client};

const MINUTE: Duration = Duration::from_secs(60);
const STS_BODY: &[u8] = b"Action=GetCallerIdentity&Version=2011-06-15";

async fn local(folder: &tempfile::TempDir) -> LocalAws {
    let second = Account::new("210987654321", "second", "secret").unwrap();
    LocalAws::start(Options::new(folder.path()).accounts([Account::default(), second])).await.unwrap()
}

/// One request to each service.
fn knock(client: &Client) -> Answer {
    let answer = match client.service {
        "s3" => client.send("GET", "/bucket?list-type=2", &[], b""),
        "sts" => client.send("POST", "/", &[("content-type", "application/x-www-form-urlencoded")], STS_BODY),
        "sagemaker" => client.send("POST", "/", &[("x-amz-target", "SageMaker.ListModels")], b"{}"),
        _ => unreachable!("the test knows three services"),
    };
    answer.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_signature_is_refused_under_each_services_name_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let local = local(&folder).await;
    type Spoil = fn(&mut Client);
    let spoils: [(Spoil, [&str; 3]); 3] = [
        (
            |client| client.access_key = "nobody".to_owned(),
            ["InvalidAccessKeyId", "InvalidClientTokenId", "UnrecognizedClientException"],
        ),
        (
            |client| client.secret_key = "wrong".to_owned(),
            ["SignatureDoesNotMatch", "SignatureDoesNotMatch", "InvalidSignatureException"],
        ),
        (
            |client| client.time = Some(SystemTime::now() - 20 * MINUTE),
            ["RequestTimeTooSkewed", "SignatureDoesNotMatch", "InvalidSignatureException"],
        ),
    ];
    for (spoil, codes) in spoils {
        for (service, code) in ["s3", "sts", "sagemaker"].into_iter().zip(codes) {
            let mut client = Client::new(local.endpoint_url(), service);
            spoil(&mut client);
            let answer = knock(&client);
            assert!(answer.text().contains(code), "{service}: {answer:?}");
            assert_eq!(answer.status, if service == "sagemaker" { 400 } else { 403 }, "{service}: {answer:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_was_changed_on_the_way_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let local = local(&folder).await;
    let sts = Client::new(local.endpoint_url(), "sts");
    let headers = sts.signed_headers("POST", "/", STS_BODY);
    assert_eq!(sts.send_unsigned("POST", "/", &headers, STS_BODY).unwrap().status, 200);
    let answer = sts.send_unsigned("POST", "/", &headers, b"Action=GetCallerIdentity&Version=2011-06-16").unwrap();
    assert_eq!(answer.status, 403);
    assert!(answer.text().contains("SignatureDoesNotMatch"), "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_signature_is_said_to_be_missing() {
    let folder = tempfile::tempdir().unwrap();
    let local = local(&folder).await;
    let client = Client::new(local.endpoint_url(), "sagemaker");
    let send = |method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]| {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        client.send_unsigned(method, path, &headers, body).unwrap()
    };
    let control = send("POST", "/", &[("x-amz-target", "SageMaker.ListModels")], b"{}");
    assert!(control.text().contains("MissingAuthenticationToken"), "{}", control.text());
    let runtime = send("POST", "/endpoints/e/invocations", &[], b"1,2");
    assert!(runtime.head.contains("x-amzn-errortype: missingauthenticationtoken"), "{}", runtime.head);
    let sts = send("POST", "/", &[], STS_BODY);
    assert!(sts.text().contains("<Code>MissingAuthenticationToken</Code>"), "{}", sts.text());
    let s3 = send("GET", "/bucket/key", &[], b"");
    assert!(s3.status == 403 && s3.text().contains("AccessDenied"), "{}", s3.text());
    let buckets = send("GET", "/", &[], b"");
    assert!(buckets.status == 403 && buckets.text().contains("AccessDenied"), "{}", buckets.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_key_speaks_for_its_account() {
    let folder = tempfile::tempdir().unwrap();
    let local = local(&folder).await;
    let first = Client::new(local.endpoint_url(), "s3");
    let second = Client { access_key: "second".to_owned(), secret_key: "secret".to_owned(), ..first.clone() };
    assert_eq!(first.send("PUT", "/bucket", &[], b"").unwrap().status, 200);
    let denied = second.send("GET", "/bucket?list-type=2", &[], b"").unwrap();
    assert!(denied.status == 403 && denied.text().contains("AccessDenied"), "{}", denied.text());
    let taken = second.send("PUT", "/bucket", &[], b"").unwrap();
    assert!(taken.status == 409 && taken.text().contains("BucketAlreadyExists"), "{}", taken.text());
    let who = knock(&Client { service: "sts", ..second });
    assert!(who.text().contains("<Account>210987654321</Account>"), "{}", who.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let local = local(&folder).await;
    let sagemaker = Client::new(local.endpoint_url(), "sagemaker");
    let answer = sagemaker.send("POST", "/", &[("x-amz-target", "SageMaker.CreateDomain")], b"{}").unwrap();
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("UnknownOperationException") && answer.text().contains("CreateDomain"));
    let sts = Client::new(local.endpoint_url(), "sts").send("POST", "/", &[], b"Action=GetFederationToken").unwrap();
    assert!(sts.text().contains("InvalidAction") && sts.text().contains("GetFederationToken"), "{}", sts.text());
    let other = Client { service: "dynamodb", ..sagemaker }.send("POST", "/", &[], b"{}").unwrap();
    assert!(other.status == 400 && other.text().contains("dynamodb"), "{}", other.text());
    let s3 = Client::new(local.endpoint_url(), "s3").send("GET", "/bucket?lifecycle=", &[], b"").unwrap();
    assert!(s3.status == 501 && s3.text().contains("NotImplemented"), "{}", s3.text());
}
