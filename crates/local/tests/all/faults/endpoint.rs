//! An endpoint that is updated all the time, and invoked in between.

use std::thread;
use std::time::Duration;

use serde_json::json;

use super::Writer;
use super::objects::make_bucket;
use super::report::Report;
use super::wire::{Gone, Wire};

const NAME: &str = "delays";
const BUCKET: &str = "endpoint";
const ROLE: &str = "arn:aws:iam::123456789012:role/SageMakerRole";
const IMAGE: &str = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.2-2";
/// What XGBoost 1.6.2 answers to the row `0` (crates/endpoint/fixtures/make_models.py wrote the models).
const SCORES: [&str; 2] = ["10", "30"];
const ARTIFACTS: [&[u8]; 2] = [
    include_bytes!("../../../../endpoint/fixtures/before.tar.gz"),
    include_bytes!("../../../../endpoint/fixtures/after.tar.gz"),
];

/// Config `n` serves the first model when `n` is even, the second when it is odd.
pub(super) struct Endpoint {
    /// The config that the last acknowledged update asked for.
    config: u64,
    /// The config whose update was not answered.
    doubt: Option<u64>,
    /// The newest config that exists, or may.
    created: u64,
}

impl Endpoint {
    pub(super) fn new(wire: &Wire) -> Self {
        make_bucket(wire, BUCKET, false);
        for (model, artifact) in ARTIFACTS.iter().enumerate() {
            assert_eq!(wire.s3("PUT", &format!("/{BUCKET}/{model}.tar.gz"), &[], artifact).unwrap().status, 200);
            let container = json!({ "Image": IMAGE, "ModelDataUrl": format!("s3://{BUCKET}/{model}.tar.gz") });
            let input = json!({ "ModelName": format!("model-{model}"), "PrimaryContainer": container, "ExecutionRoleArn": ROLE });
            wire.call("CreateModel", &input).unwrap().unwrap();
        }
        make_config(wire, 0).unwrap();
        let input = json!({ "EndpointName": NAME, "EndpointConfigName": config_name(0) });
        wire.call("CreateEndpoint", &input).unwrap().unwrap();
        Self { config: 0, doubt: None, created: 0 }
    }

    /// Asks for another config, once the last update has ended.
    fn update(&mut self, wire: &Wire, report: &Report) -> Result<(), Gone> {
        // One that may have been made before the last kill is not made again.
        let next = self.created + 1;
        self.created = next;
        make_config(wire, next)?;
        report.acknowledge("endpoint config");
        self.doubt = Some(next);
        let input = json!({ "EndpointName": NAME, "EndpointConfigName": config_name(next) });
        let answer = wire.call("UpdateEndpoint", &input)?;
        self.doubt = None;
        match answer {
            Ok(_) => {
                report.acknowledge("endpoint update");
                self.config = next;
            }
            Err(refused) => report.lose(format!("the endpoint is to use config {next}: {refused:?}")),
        }
        Ok(())
    }

    /// Waits until the endpoint has settled, and returns its config's number.
    fn settled(wire: &Wire) -> Result<u64, Gone> {
        loop {
            let endpoint = wire.call("DescribeEndpoint", &json!({ "EndpointName": NAME }))?.unwrap();
            match endpoint["EndpointStatus"].as_str().unwrap() {
                "InService" => {
                    let config = endpoint["EndpointConfigName"].as_str().unwrap();
                    return Ok(config.strip_prefix("config-").unwrap().parse().unwrap());
                }
                "Creating" | "Updating" => thread::sleep(Duration::from_millis(5)),
                status => panic!("the endpoint is {status}: {endpoint}"),
            }
        }
    }

    /// Invokes the endpoint and compares the score with those of the models it may serve.
    fn invoke(wire: &Wire, report: &Report, models: &[u64]) -> Result<(), Gone> {
        let answer = wire.invoke(NAME, "0")?;
        let score = answer.text().trim().trim_end_matches(".0").to_owned();
        let expected = models.iter().map(|config| SCORES[(*config % 2) as usize]);
        if answer.status != 200 || expected.clone().all(|expected| expected != score) {
            report.lose(format!(
                "the endpoint answers {} {score}, not {:?}",
                answer.status,
                expected.collect::<Vec<_>>()
            ));
        }
        Ok(())
    }
}

impl Writer for Endpoint {
    fn write(&mut self, wire: &Wire, report: &Report) -> Result<(), Gone> {
        let before = Self::settled(wire)?;
        self.update(wire, report)?;
        for _ in 0..5 {
            Self::invoke(wire, report, &[before, self.config])?;
        }
        let after = Self::settled(wire)?;
        if after != self.config {
            report.lose(format!("the endpoint uses config {after} after an update to {}", self.config));
        }
        Self::invoke(wire, report, &[self.config])
    }

    fn check(&mut self, wire: &Wire, report: &Report) -> Result<(), Gone> {
        let found = Self::settled(wire)?;
        if let Some(doubt) = self.doubt.take() {
            report.resolve(found == doubt);
            if found == doubt {
                self.config = doubt;
            }
        }
        if found != self.config {
            report.lose(format!("the endpoint uses config {found} instead of {}", self.config));
        }
        Self::invoke(wire, report, &[self.config])
    }
}

fn make_config(wire: &Wire, number: u64) -> Result<(), Gone> {
    let model = format!("model-{}", number % 2);
    let variant =
        json!({ "VariantName": "all", "ModelName": model, "InitialInstanceCount": 1, "InstanceType": "ml.m5.large" });
    let input = json!({ "EndpointConfigName": config_name(number), "ProductionVariants": [variant] });
    wire.call("CreateEndpointConfig", &input)?.unwrap();
    Ok(())
}

fn config_name(number: u64) -> String {
    format!("config-{number}")
}
