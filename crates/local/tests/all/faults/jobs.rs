//! Training and tuning jobs: those in flight at a kill end as Failed with a reason, or go on.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Writer;
use super::objects::make_bucket;
use super::report::Report;
use super::wire::{Gone, Wire};

const BUCKET: &str = "jobs";
/// Training jobs of a tuning job.
const CHILDREN: u64 = 2;
/// Jobs that may be under way at once.
const UNDER_WAY: usize = 2;
const PATIENCE: Duration = Duration::from_secs(120);

/// Jobs that were acknowledged, and how each ended, once it has.
pub(super) struct Jobs {
    next: u64,
    training: BTreeMap<String, Option<String>>,
    tuning: BTreeMap<String, Option<String>>,
    /// The job whose creation was not answered.
    doubt: Option<(bool, String)>,
}

impl Jobs {
    pub(super) fn new(wire: &Wire) -> Self {
        make_bucket(wire, BUCKET, false);
        let rows = (0..60).map(|row| format!("{},{},{}\n", row % 7, row % 5, row % 3));
        let rows = rows.collect::<String>().into_bytes();
        for channel in ["train", "validation"] {
            assert_eq!(wire.s3("PUT", &format!("/{BUCKET}/{channel}/rows.csv"), &[], &rows).unwrap().status, 200);
        }
        Self { next: 0, training: BTreeMap::new(), tuning: BTreeMap::new(), doubt: None }
    }

    fn create(&mut self, wire: &Wire, report: &Report) -> Result<(), Gone> {
        let is_tuning = self.next.is_multiple_of(3);
        let name = format!("job-{}", self.next);
        self.next += 1;
        let (operation, input) = if is_tuning {
            ("CreateHyperParameterTuningJob", tuning_job(&name))
        } else {
            ("CreateTrainingJob", training_job(&name))
        };
        self.doubt = Some((is_tuning, name.clone()));
        let answer = wire.call(operation, &input)?;
        self.doubt = None;
        match answer {
            Ok(_) if is_tuning => {
                report.acknowledge("tuning job");
                self.tuning.insert(name, None);
            }
            Ok(_) => {
                report.acknowledge("training job");
                self.training.insert(name, None);
            }
            Err(refused) => report.lose(format!("{operation} {name}: {refused:?}")),
        }
        Ok(())
    }

    /// Looks at every job that has not been seen to end.
    fn look(&mut self, wire: &Wire, report: &Report) -> Result<(), Gone> {
        for (name, end) in self.training.iter_mut().filter(|(_, end)| end.is_none()) {
            *end = training_end(wire, report, name)?;
        }
        for (name, end) in self.tuning.iter_mut().filter(|(_, end)| end.is_none()) {
            *end = tuning_end(wire, report, name)?;
        }
        Ok(())
    }

    fn under_way(&self) -> Vec<&str> {
        let jobs = self.training.iter().chain(&self.tuning);
        jobs.filter(|(_, end)| end.is_none()).map(|(name, _)| name.as_str()).collect()
    }
}

impl Writer for Jobs {
    fn write(&mut self, wire: &Wire, report: &Report) -> Result<(), Gone> {
        if self.under_way().len() < UNDER_WAY {
            return self.create(wire, report);
        }
        thread::sleep(Duration::from_millis(10));
        self.look(wire, report)
    }

    fn check(&mut self, wire: &Wire, report: &Report) -> Result<(), Gone> {
        if let Some((is_tuning, name)) = self.doubt.take() {
            let described =
                if is_tuning { describe_tuning_job(wire, &name)? } else { describe_training_job(wire, &name)? };
            report.resolve(described.is_some());
            if described.is_some() {
                if is_tuning { &mut self.tuning } else { &mut self.training }.insert(name, None);
            }
        }
        self.look(wire, report)?;
        for (name, _) in self.training.iter().filter(|(_, end)| end.is_none()) {
            report.lose(format!("{name} was cut off by a kill and has not ended"));
        }
        Ok(())
    }

    fn finish(&mut self, wire: &Wire, report: &Report) -> Result<(), Gone> {
        let began = Instant::now();
        self.check(wire, report)?;
        while !self.under_way().is_empty() {
            if began.elapsed() > PATIENCE {
                report.lose(format!("{:?} have not ended", self.under_way()));
                return Ok(());
            }
            thread::sleep(Duration::from_millis(50));
            self.look(wire, report)?;
        }
        // How a job ended is not told otherwise later.
        let (training, tuning) = (self.training.clone(), self.tuning.clone());
        self.training.values_mut().chain(self.tuning.values_mut()).for_each(|end| *end = None);
        self.look(wire, report)?;
        if (&training, &tuning) != (&self.training, &self.tuning) {
            report.lose("a job's end is told otherwise after a restart".to_owned());
        }
        Ok(())
    }
}

/// How the training job ended, if it has: Completed with its artifact, or Failed with a reason.
fn training_end(wire: &Wire, report: &Report, name: &str) -> Result<Option<String>, Gone> {
    let Some(job) = describe_training_job(wire, name)? else {
        report.lose(format!("training job {name} is not there"));
        return Ok(Some("gone".to_owned()));
    };
    let status = job["TrainingJobStatus"].as_str().unwrap();
    match status {
        "InProgress" => return Ok(None),
        "Completed" => {
            let uri = job["ModelArtifacts"]["S3ModelArtifacts"].as_str().unwrap_or_default();
            let answer = wire.s3("GET", &uri.replace("s3:/", ""), &[], b"")?;
            if answer.status != 200 || !answer.body.starts_with(&[0x1f, 0x8b]) {
                report.halve(format!("{name} is Completed without its artifact {uri}"));
            }
        }
        "Failed" if job["FailureReason"].as_str().is_some_and(|reason| reason.contains("stopped while")) => {}
        _ => report.lose(format!("{name} ended as {job}")),
    }
    Ok(Some(status.to_owned()))
}

/// How the tuning job ended, if it has: Completed, with as many completed training jobs as it was to have.
fn tuning_end(wire: &Wire, report: &Report, name: &str) -> Result<Option<String>, Gone> {
    let Some(job) = describe_tuning_job(wire, name)? else {
        report.lose(format!("tuning job {name} is not there"));
        return Ok(Some("gone".to_owned()));
    };
    let status = job["HyperParameterTuningJobStatus"].as_str().unwrap();
    if status == "InProgress" {
        return Ok(None);
    }
    let completed = job["TrainingJobStatusCounters"]["Completed"].as_u64();
    if status != "Completed" || completed != Some(CHILDREN) || job.get("BestTrainingJob").is_none() {
        report.lose(format!("{name} ended as {job}"));
    }
    Ok(Some(status.to_owned()))
}

fn describe_training_job(wire: &Wire, name: &str) -> Result<Option<Value>, Gone> {
    Ok(wire.call("DescribeTrainingJob", &json!({ "TrainingJobName": name }))?.ok())
}

fn describe_tuning_job(wire: &Wire, name: &str) -> Result<Option<Value>, Gone> {
    Ok(wire.call("DescribeHyperParameterTuningJob", &json!({ "HyperParameterTuningJobName": name }))?.ok())
}

fn training_job(name: &str) -> Value {
    let mut job = definition();
    job["TrainingJobName"] = name.into();
    job["HyperParameters"] = json!({ "num_round": "5", "objective": "reg:squarederror" });
    job
}

fn tuning_job(name: &str) -> Value {
    let mut definition = definition();
    definition["StaticHyperParameters"] = json!({ "num_round": "5", "objective": "reg:squarederror" });
    json!({
        "HyperParameterTuningJobName": name,
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "HyperParameterTuningJobObjective": { "Type": "Minimize", "MetricName": "validation:rmse" },
            "ResourceLimits": { "MaxNumberOfTrainingJobs": CHILDREN, "MaxParallelTrainingJobs": 2 },
            "ParameterRanges": { "ContinuousParameterRanges": [{ "Name": "eta", "MinValue": "0.1", "MaxValue": "0.5" }] },
        },
        "TrainingJobDefinition": definition,
    })
}

fn definition() -> Value {
    let channel = |name: &str| {
        let source = json!({ "S3DataType": "S3Prefix", "S3Uri": format!("s3://{BUCKET}/{name}/") });
        json!({ "ChannelName": name, "ContentType": "text/csv", "DataSource": { "S3DataSource": source } })
    };
    json!({
        "AlgorithmSpecification": {
            "TrainingImage": "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.2-2",
            "TrainingInputMode": "File",
        },
        "RoleArn": "arn:aws:iam::123456789012:role/SageMakerRole",
        "InputDataConfig": [channel("train"), channel("validation")],
        "OutputDataConfig": { "S3OutputPath": format!("s3://{BUCKET}/output") },
        "ResourceConfig": { "InstanceCount": 1, "InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 30 },
        "StoppingCondition": { "MaxRuntimeInSeconds": 3600 },
    })
}
