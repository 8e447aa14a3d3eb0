//! Invocations: warm under load, beside MLServer and multi-model-server, and cold.

use std::time::Instant;

use refit_benches::{Claim, Goal};
use serde_json::json;

use crate::aws::{Aws, invocation, signed};
use crate::load::Load;
use crate::model::{Model, row};
use crate::{mlserver, multi_model_server};

/// Models that are loaded for the first time.
const COLD: usize = 21;
const ROLE: &str = "arn:aws:iam::123456789012:role/SageMakerRole";
const IMAGE: &str = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1";

pub(crate) fn measure(aws: &mut Aws, model: &Model) -> Vec<Claim> {
    let folder = tempfile::tempdir().expect("a folder");
    let body = row().iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let artifact = model.artifact();
    deploy(aws);
    let cold = cold(aws, &artifact, &body);

    let path = "/endpoints/bench/invocations";
    let headers = signed(aws.address(), "sagemaker", "POST", path, &invocation("0.tar.gz"), body.as_bytes());
    let ours = Load::post(folder.path(), &format!("http://{}{path}", aws.address()), &headers, &body);
    let mlserver = mlserver::load(folder.path(), model);
    let multi_model_server = multi_model_server::load(folder.path(), model, &body);

    println!("one row of csv, 200 trees of depth 6, keep-alive     requests/s   p50 ms   p99 ms");
    for (name, load) in
        [("refit-local", ours), ("MLServer 1.7.1", mlserver), ("multi-model-server 1.1.11", multi_model_server)]
    {
        let Load { requests_per_second, p50_ms, p99_ms } = load;
        println!("{name:52} {requests_per_second:10.0} {p50_ms:8.2} {p99_ms:8.2}");
    }
    let (unpacked, packed) = (model.binary().len() / 1024, artifact.len() / 1024);
    println!("first invocation of a model of {unpacked} KiB, {packed} KiB packed, median: {cold:.1} ms");
    let factor = |peer: Load| ours.requests_per_second / peer.requests_per_second;
    let claim = |name, measured, goal| Claim { name, measured, goal };
    vec![
        claim("serving.requests-per-second", ours.requests_per_second, Goal::AtLeast(10_000.0)),
        claim("serving.p99-ms", ours.p99_ms, Goal::AtMost(2.0)),
        claim("serving.cold-invoke-ms", cold, Goal::AtMost(20.0)),
        claim("serving.to-mlserver", factor(mlserver), Goal::AtLeast(10.0)),
        claim("serving.to-multi-model-server", factor(multi_model_server), Goal::AtLeast(10.0)),
    ]
}

/// A multi-model endpoint named `bench`.
fn deploy(aws: &mut Aws) {
    let container = json!({ "Image": IMAGE, "Mode": "MultiModel", "ModelDataUrl": "s3://bench/models/" });
    aws.sagemaker(
        "CreateModel",
        &json!({ "ModelName": "bench", "PrimaryContainer": container, "ExecutionRoleArn": ROLE }),
    );
    let variant = json!({ "VariantName": "AllTraffic", "ModelName": "bench", "InitialInstanceCount": 1,
        "InstanceType": "ml.m5.large" });
    aws.sagemaker("CreateEndpointConfig", &json!({ "EndpointConfigName": "bench", "ProductionVariants": [variant] }));
    aws.sagemaker("CreateEndpoint", &json!({ "EndpointName": "bench", "EndpointConfigName": "bench" }));
    while aws.sagemaker("DescribeEndpoint", &json!({ "EndpointName": "bench" }))["EndpointStatus"] != "InService" {}
}

/// The median time of a model's first invocation.
fn cold(aws: &mut Aws, artifact: &[u8], body: &str) -> f64 {
    let mut times: Vec<f64> = (0..COLD)
        .map(|number| {
            let target = format!("{number}.tar.gz");
            aws.s3("PUT", &format!("/bench/models/{target}"), artifact);
            let started = Instant::now();
            aws.invoke("bench", &target, body);
            started.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[COLD / 2]
}
