//! The control plane: one resource described, and a page of ten thousand.

use std::time::Instant;

use refit_benches::{Claim, Goal};
use serde_json::{Value, json};

use crate::aws::Aws;

const PACKAGES: usize = 10_000;
const CALLS: usize = 500;
const PAGES: usize = 50;
const IMAGE: &str = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1";

pub(crate) fn measure(aws: &mut Aws) -> Vec<Claim> {
    let describe = median(CALLS, || drop(aws.sagemaker("DescribeEndpoint", &json!({ "EndpointName": "bench" }))));
    register(aws);
    let mut token = Value::Null;
    let list = median(PAGES, || {
        let mut input = json!({ "ModelPackageGroupName": "bench", "MaxResults": 100, "SortBy": "CreationTime",
            "SortOrder": "Descending" });
        if token.is_string() {
            input["NextToken"] = token.take();
        }
        let page = aws.sagemaker("ListModelPackages", &input);
        assert_eq!(page["ModelPackageSummaryList"].as_array().map(Vec::len), Some(100));
        token = page["NextToken"].clone();
    });
    println!(
        "DescribeEndpoint, median: {describe:.3} ms; a page of 100 of {PACKAGES} model packages, median: {list:.2} ms"
    );
    vec![
        Claim { name: "serving.describe-ms", measured: describe, goal: Goal::AtMost(1.0) },
        Claim { name: "serving.list-packages-ms", measured: list, goal: Goal::AtMost(10.0) },
    ]
}

fn register(aws: &mut Aws) {
    aws.sagemaker("CreateModelPackageGroup", &json!({ "ModelPackageGroupName": "bench" }));
    let container = json!({ "Image": IMAGE, "ModelDataUrl": "s3://bench/models/0.tar.gz" });
    let specification = json!({ "Containers": [container], "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"] });
    let package = json!({ "ModelPackageGroupName": "bench", "InferenceSpecification": specification });
    for _ in 0..PACKAGES {
        aws.sagemaker("CreateModelPackage", &package);
    }
}

/// The median of so many calls, in milliseconds.
fn median(calls: usize, mut call: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..calls)
        .map(|_| {
            let started = Instant::now();
            call();
            started.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[calls / 2]
}
