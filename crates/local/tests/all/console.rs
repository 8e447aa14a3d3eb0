//! The page for people, as HTTP: who gets it, what it shows and hides, and who may decide. A browser's view of it is in
//! `tests/tests/console.rs` of the workspace.

use refit_local::{Account, LocalAws, Options};

use crate::client::{Answer, Client};

const HTML: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");

/// A backend with one page's reader and signing clients beside it.
struct Backend {
    folder: tempfile::TempDir,
    local: LocalAws,
    s3: Client,
    sagemaker: Client,
}

impl Backend {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let local = LocalAws::start(Options::new(folder.path())).await.unwrap();
        let (s3, sagemaker) = clients(&local);
        Self { folder, local, s3, sagemaker }
    }

    async fn restart(self) -> Self {
        self.local.stop().await;
        let local = LocalAws::start(Options::new(self.folder.path())).await.unwrap();
        let (s3, sagemaker) = clients(&local);
        Self { folder: self.folder, local, s3, sagemaker }
    }

    fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[HTML], "")
    }

    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        self.s3.send_unsigned(method, path, &headers, body.as_bytes()).unwrap()
    }

    fn call(&self, operation: &str, input: &str) -> String {
        let answer = self.sagemaker.send("POST", "/", &[("x-amz-target", operation)], input.as_bytes()).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.text()
    }

    fn put(&self, path: &str) {
        let answer = self.s3.send("PUT", path, &[], b"").unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    /// Registers version 1 of the group `delays`.
    fn register(&self) {
        self.call("SageMaker.CreateModelPackageGroup", r#"{"ModelPackageGroupName": "delays"}"#);
        let package = r#"{"ModelPackageGroupName": "delays", "InferenceSpecification": {"Containers": [
            {"Image": "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.2-2",
             "ModelDataUrl": "s3://models/a/model.tar.gz"}],
            "SupportedContentTypes": ["text/csv"], "SupportedResponseMIMETypes": ["text/csv"]}}"#;
        self.call("SageMaker.CreateModelPackage", package);
    }

    fn package(&self) -> String {
        let arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package/delays/1";
        self.call("SageMaker.DescribeModelPackage", &format!(r#"{{"ModelPackageName": "{arn}"}}"#))
    }

    /// What the form of version 1 sends, but for the decision.
    fn form(&self) -> String {
        let page = self.get("/").text();
        let field = |name: &str| {
            let from = page.split_once(&format!("name=\"{name}\" value=\"")).unwrap().1;
            let value = from.split_once('"').unwrap().0;
            format!("{name}={}", value.replace(':', "%3A").replace('/', "%2F"))
        };
        ["token", "account", "region", "package", "back"].map(field).join("&")
    }

    fn decide(&self, headers: &[(&str, &str)], body: &str) -> Answer {
        let form = ("content-type", "application/x-www-form-urlencoded");
        self.send("POST", "/-/decision", &[&[form], headers].concat(), body)
    }
}

fn clients(local: &LocalAws) -> (Client, Client) {
    (Client::new(local.endpoint_url(), "s3"), Client::new(local.endpoint_url(), "sagemaker"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_gets_the_page_and_an_s3_client_its_answer() {
    let backend = Backend::start().await;
    let page = backend.get("/");
    assert_eq!(page.status, 200);
    assert!(page.text().starts_with("<!DOCTYPE html>"), "{}", page.text());
    for header in [
        "content-type: text/html; charset=utf-8",
        "cache-control: no-store",
        "x-frame-options: deny",
        "x-content-type-options: nosniff",
        "referrer-policy: same-origin",
        "content-security-policy: default-src 'none'; script-src 'sha256-",
        "frame-ancestors 'none'",
    ] {
        assert!(page.head.contains(header), "{header}: {}", page.head);
    }
    for accept in [&[][..], &[("accept", "*/*")], &[("accept", "application/xml")]] {
        let buckets = backend.send("GET", "/", accept, "");
        assert!(buckets.status == 403 && buckets.text().contains("<Code>AccessDenied</Code>"), "{}", buckets.text());
    }
    let signed = backend.s3.send("GET", "/", &[HTML], b"").unwrap();
    assert!(signed.text().contains("ListAllMyBucketsResult"), "{}", signed.text());
    assert_eq!(backend.get("/-/nothing").status, 404);
    assert_eq!(backend.get("/-/endpoints/123456789012/us-east-1/none").status, 404);
    assert_eq!(backend.send("DELETE", "/-/buckets", &[], "").status, 405);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_backend_says_what_to_do() {
    let backend = Backend::start().await;
    let page = backend.get("/").text();
    for hint in
        ["First steps", backend.local.endpoint_url(), "CreateHyperParameterTuningJob", "CreateEndpoint", "CreateBucket"]
    {
        assert!(page.contains(hint), "{hint}");
    }
    backend.put("/models");
    assert!(!backend.get("/").text().contains("First steps"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_as_it_was_is_not_sent_again() {
    let backend = Backend::start().await;
    let tag_of = |answer: &Answer| answer.header("etag").unwrap().to_owned();
    let tag = tag_of(&backend.get("/"));
    let again = backend.send("GET", "/", &[HTML, ("if-none-match", &tag)], "");
    assert!(again.status == 304 && again.body.is_empty(), "{}", again.head);
    backend.put("/models");
    let changed = backend.send("GET", "/", &[HTML, ("if-none-match", &tag)], "");
    assert!(changed.status == 200 && tag_of(&changed) != tag);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_named_is_text_and_never_markup() {
    let backend = Backend::start().await;
    backend.put("/models");
    backend.put("/models/%3Cscript%3Ealert%281%29%3C/script%3E/%22%3E%3Cimg%20src%3Dx%20onerror%3Dalert%281%29%3E");
    backend.call(
        "SageMaker.CreateModelPackageGroup",
        r#"{"ModelPackageGroupName": "delays", "ModelPackageGroupDescription": "<script>alert(2)</script>"}"#,
    );
    let bucket = "/-/buckets/123456789012/us-east-1/models";
    for (path, escaped) in [
        (bucket.to_owned(), "&lt;script&gt;alert(1)&lt;/"),
        (
            format!("{bucket}?prefix=%3Cscript%3Ealert(1)%3C%2Fscript%3E%2F"),
            "&quot;&gt;&lt;img src=x onerror=alert(1)&gt;",
        ),
        ("/-/model-packages/123456789012/us-east-1/delays".to_owned(), "&lt;script&gt;alert(2)&lt;/script&gt;"),
    ] {
        let page = backend.get(&path).text();
        assert!(page.contains(escaped), "{path}: {page}");
        assert!(!page.contains("<script>alert") && !page.contains("<img"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_bucket_is_shown_a_page_at_a_time() {
    let backend = Backend::start().await;
    backend.put("/models");
    let mut expected: Vec<String> = (0..120).map(|number| format!("a/{number:03}")).collect();
    expected.iter().for_each(|key| backend.put(&format!("/models/{key}")));
    let (mut path, mut seen, mut pages) =
        ("/-/buckets/123456789012/us-east-1/models?prefix=a%2F".to_owned(), Vec::new(), 0);
    loop {
        let page = backend.get(&path).text();
        seen.extend(page.split("id=\"object-").skip(1).map(|rest| rest.split_once('"').unwrap().0.to_owned()));
        pages += 1;
        let Some((_, next)) = page.split_once("class=\"more\"><a href=\"") else { break };
        path = next.split_once('"').unwrap().0.replace("&amp;", "&");
    }
    expected.sort();
    assert_eq!((seen, pages), (expected, 2));
    let overview = backend.get("/").text();
    assert!(overview.contains("120 objects"), "{overview}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_account_is_shown_and_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let accounts = ["123456789012:first-key:first-s3cr3t", "210987654321:second-key:second-s3cr3t"];
    let accounts = accounts.map(|account| account.parse::<Account>().unwrap());
    let local = LocalAws::start(Options::new(folder.path()).accounts(accounts)).await.unwrap();
    for (number, name) in ["first", "second"].into_iter().enumerate() {
        let mut s3 = Client::new(local.endpoint_url(), "s3");
        (s3.access_key, s3.secret_key) = (format!("{name}-key"), format!("{name}-s3cr3t"));
        assert_eq!(s3.send("PUT", &format!("/bucket-{number}"), &[], b"").unwrap().status, 200);
    }
    let headers = [(HTML.0.to_owned(), HTML.1.to_owned())];
    let page = clients(&local).0.send_unsigned("GET", "/", &headers, b"").unwrap().text();
    for shown in ["bucket-0", "bucket-1", "123456789012", "210987654321"] {
        assert!(page.contains(shown), "{shown}");
    }
    assert!(!page.contains("s3cr3t"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_is_an_update_of_the_package() {
    let backend = Backend::start().await;
    backend.register();
    let origin = backend.local.endpoint_url().to_owned();
    let same = [("origin", origin.as_str()), ("sec-fetch-site", "same-origin")];
    let body = format!("{}&decision=Approved&reason=Better+%26+smaller", backend.form());
    let answer = backend.decide(&same, &body);
    assert!(answer.status == 303 && answer.head.contains("location: /"), "{}", answer.head);
    let package = backend.package();
    assert!(package.contains(r#""ModelApprovalStatus":"Approved""#), "{package}");
    assert!(package.contains(r#""ApprovalDescription":"Better & smaller""#), "{package}");
    // AWS's limit on ApprovalDescription (botocore's model: 1024) is the operation's own to check.
    let long = format!("{}&decision=Rejected&reason={}", backend.form(), "x".repeat(1025));
    let refused = backend.decide(&same, &long);
    assert!(refused.status == 400 && refused.text().contains("1024"), "{}", refused.text());
    assert_eq!(backend.package(), package);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_elses_form_decides() {
    let backend = Backend::start().await;
    backend.register();
    let before = backend.package();
    let (own, url) = (backend.form(), backend.local.endpoint_url().to_owned());
    let approve = |form: &str| format!("{form}&decision=Approved");
    let same = ("origin", url.as_str());
    let rebound = url.replace("127.0.0.1", "rebound.example");
    let rebound_host = rebound.trim_start_matches("http://").to_owned();
    let attempts: [(&[(&str, &str)], String); 7] = [
        (&[], approve(&own)),
        (&[("origin", "http://127.0.0.1:1")], approve(&own)),
        (&[("origin", "null")], approve(&own)),
        (&[same, ("sec-fetch-site", "cross-site")], approve(&own)),
        (&[same, ("sec-fetch-site", "same-site")], approve(&own)),
        (&[("origin", &rebound), ("host", &rebound_host)], approve(&own)),
        (&[same], approve(own.split_once('&').unwrap().1)),
    ];
    for (headers, body) in attempts {
        let answer = backend.decide(headers, &body);
        assert_eq!(answer.status, 403, "{headers:?}: {}", answer.text());
        assert_eq!(backend.package(), before);
    }
    let shown = backend.send("GET", "/", &[HTML, ("host", &rebound_host)], "");
    assert!(shown.status == 403 && !shown.text().contains("token"), "{}", shown.text());
    let got = backend.send("GET", &format!("/-/decision?{}", approve(&own)), &[HTML, same], "");
    assert_eq!((got.status, backend.package()), (303, before));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_an_earlier_run_decides_nothing() {
    let backend = Backend::start().await;
    backend.register();
    let earlier = format!("{}&decision=Approved", backend.form());
    let backend = backend.restart().await;
    let url = backend.local.endpoint_url().to_owned();
    let answer = backend.decide(&[("origin", &url)], &earlier);
    assert!(answer.status == 403 && answer.text().contains("earlier run"), "{}", answer.text());
    assert!(backend.package().contains("PendingManualApproval"));
}
