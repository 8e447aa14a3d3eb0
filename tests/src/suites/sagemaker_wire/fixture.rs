//! Clients, data and requests that the suites share.

use std::time::{Duration, Instant};

use aws_config::SdkConfig;
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_sagemaker::types::{
    AlgorithmSpecification, Channel, ContinuousParameterRange, DataSource, HyperParameterAlgorithmSpecification,
    HyperParameterTrainingJobDefinition, HyperParameterTuningJobConfig, HyperParameterTuningJobObjective,
    HyperParameterTuningJobObjectiveType, HyperParameterTuningJobStatus, HyperParameterTuningJobStrategyType,
    IntegerParameterRange, OutputDataConfig, ParameterRanges, ResourceConfig, ResourceLimits, S3DataSource, S3DataType,
    StoppingCondition, TrainingInputMode, TrainingInstanceType,
};
use refit_xgboost::{DMatrix, Training};

pub(super) const ROLE: &str = "arn:aws:iam::123456789012:role/SageMakerRole";
pub(super) const IMAGE: &str = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.2-2";
pub(super) const METRIC: &str = "validation:rmse";
/// Features of the rows below.
pub(super) const COLUMNS: usize = 2;

/// The clients, and a bucket that holds training data.
pub struct Wire {
    pub(super) sagemaker: aws_sdk_sagemaker::Client,
    pub(super) runtime: aws_sdk_sagemakerruntime::Client,
    pub(super) s3: aws_sdk_s3::Client,
    pub(super) bucket: String,
}

impl Wire {
    /// Clients for a bucket that is there.
    pub fn of(config: &SdkConfig, bucket: &str) -> Self {
        let s3 = aws_sdk_s3::config::Builder::from(config).force_path_style(true).build();
        Self {
            sagemaker: aws_sdk_sagemaker::Client::new(config),
            runtime: aws_sdk_sagemakerruntime::Client::new(config),
            s3: aws_sdk_s3::Client::from_conf(s3),
            bucket: bucket.to_owned(),
        }
    }

    /// Makes the bucket and puts `train/` and `validation/` in it.
    pub async fn new(config: &SdkConfig, bucket: &str) -> Self {
        let wire = Self::of(config, bucket);
        wire.s3.create_bucket().bucket(bucket).send().await.unwrap();
        // Two files of training rows: a channel is all objects below its prefix.
        wire.put("train/part-0.csv", csv(&rows(0, 200)).into_bytes()).await;
        wire.put("train/part-1.csv", csv(&rows(200, 400)).into_bytes()).await;
        wire.put("validation/all.csv", csv(&rows(400, 500)).into_bytes()).await;
        wire
    }

    pub(super) async fn put(&self, key: &str, bytes: Vec<u8>) {
        self.s3.put_object().bucket(&self.bucket).key(key).body(bytes.into()).send().await.unwrap();
    }

    pub(super) async fn get(&self, uri: &str) -> Vec<u8> {
        let key = uri.strip_prefix(&format!("s3://{}/", self.bucket)).unwrap();
        let object = self.s3.get_object().bucket(&self.bucket).key(key).send().await.unwrap();
        object.body.collect().await.unwrap().to_vec()
    }

    pub(super) fn uri(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.bucket)
    }

    pub(super) fn channel(&self, name: &str, key: &str) -> Channel {
        let source = S3DataSource::builder().s3_data_type(S3DataType::S3Prefix).s3_uri(self.uri(key)).build();
        let source = DataSource::builder().s3_data_source(source).build();
        Channel::builder().channel_name(name).content_type("text/csv").data_source(source).build()
    }

    pub(super) fn output(&self) -> OutputDataConfig {
        OutputDataConfig::builder().s3_output_path(self.uri("output")).build()
    }

    /// A definition that trains `rounds` rounds on the bucket's data.
    pub(super) fn definition(&self, rounds: u32) -> HyperParameterTrainingJobDefinition {
        let algorithm = HyperParameterAlgorithmSpecification::builder()
            .training_image(IMAGE)
            .training_input_mode(TrainingInputMode::File)
            .build();
        HyperParameterTrainingJobDefinition::builder()
            .static_hyper_parameters("num_round", rounds.to_string())
            .static_hyper_parameters("objective", "reg:squarederror")
            .static_hyper_parameters("eval_metric", "rmse")
            .algorithm_specification(algorithm)
            .role_arn(ROLE)
            .input_data_config(self.channel("train", "train/"))
            .input_data_config(self.channel("validation", "validation/"))
            .output_data_config(self.output())
            .resource_config(resources())
            .stopping_condition(stopping())
            .build()
    }

    /// Polls until the tuning job has ended.
    pub(super) async fn ended(&self, name: &str) -> HyperParameterTuningJobStatus {
        found(&format!("the end of tuning job {name}"), async || {
            let job = self.sagemaker.describe_hyper_parameter_tuning_job().hyper_parameter_tuning_job_name(name);
            let status = job.send().await.unwrap().hyper_parameter_tuning_job_status.unwrap();
            (!["InProgress", "Stopping"].contains(&status.as_str())).then_some(status)
        })
        .await
    }
}

/// Looks until something is there.
pub(super) async fn found<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "not found in two minutes: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Searches eta and max_depth with `jobs` training jobs, two at a time.
pub(super) fn search(jobs: i32) -> HyperParameterTuningJobConfig {
    let objective = HyperParameterTuningJobObjective::builder()
        .metric_name(METRIC)
        .r#type(HyperParameterTuningJobObjectiveType::Minimize)
        .build();
    let eta = ContinuousParameterRange::builder().name("eta").min_value("0.1").max_value("0.5").build();
    let depth = IntegerParameterRange::builder().name("max_depth").min_value("1").max_value("6").build();
    HyperParameterTuningJobConfig::builder()
        .strategy(HyperParameterTuningJobStrategyType::Bayesian)
        .hyper_parameter_tuning_job_objective(objective)
        .resource_limits(
            ResourceLimits::builder().max_number_of_training_jobs(jobs).max_parallel_training_jobs(2).build(),
        )
        .parameter_ranges(
            ParameterRanges::builder().continuous_parameter_ranges(eta).integer_parameter_ranges(depth).build(),
        )
        .build()
}

pub(super) fn resources() -> ResourceConfig {
    ResourceConfig::builder()
        .instance_type(TrainingInstanceType::MlM5Xlarge)
        .instance_count(1)
        .volume_size_in_gb(30)
        .build()
}

pub(super) fn stopping() -> StoppingCondition {
    StoppingCondition::builder().max_runtime_in_seconds(3600).build()
}

pub(super) fn algorithm() -> AlgorithmSpecification {
    AlgorithmSpecification::builder().training_image(IMAGE).training_input_mode(TrainingInputMode::File).build()
}

/// The AWS error code of a failed call.
pub(super) fn code<T, E: ProvideErrorMetadata>(result: Result<T, E>) -> String {
    let error = result.err().expect("the call is refused");
    error.code().unwrap_or("no code").to_owned()
}

/// The message of a failed call.
pub(super) fn refusal<T, E: ProvideErrorMetadata>(result: Result<T, E>) -> String {
    let error = result.err().expect("the call is refused");
    error.message().unwrap_or("no message").to_owned()
}

/// Rows of a label and two features, one in seven features missing: y = 3a − 2b + a small wave.
pub(super) fn rows(from: u32, to: u32) -> Vec<[f32; 3]> {
    (from..to)
        .map(|index| {
            let (a, b) = ((index * 37 % 101) as f32 / 101.0, (index * 53 % 97) as f32 / 97.0);
            let label = 3.0 * a - 2.0 * b + (index as f32).sin() / 10.0;
            [label, if index % 7 == 0 { f32::NAN } else { a }, b]
        })
        .collect()
}

/// SageMaker's CSV: label first, missing is empty.
pub(super) fn csv(rows: &[[f32; 3]]) -> String {
    rows.iter().map(|row| row.map(field).join(",") + "\n").collect()
}

/// The same without labels, as an endpoint takes it.
pub(super) fn features_csv(rows: &[[f32; 3]]) -> String {
    rows.iter().map(|row| [row[1], row[2]].map(field).join(",") + "\n").collect()
}

pub(super) fn features(rows: &[[f32; 3]]) -> Vec<f32> {
    rows.iter().flat_map(|row| [row[1], row[2]]).collect()
}

fn field(value: f32) -> String {
    if value.is_nan() { String::new() } else { value.to_string() }
}

/// A model of `rounds` rounds trained by libxgboost itself: the oracle for what an endpoint answers.
pub(super) fn oracle(rounds: u32) -> refit_xgboost::Booster {
    let rows = rows(0, 400);
    let mut train = DMatrix::dense(&features(&rows), COLUMNS).unwrap();
    train.set_labels(&rows.iter().map(|row| row[0]).collect::<Vec<_>>()).unwrap();
    let training = Training::new([("objective", "reg:squarederror"), ("max_depth", "3"), ("nthread", "1")], rounds);
    training.run(&train, &[], |_| std::ops::ControlFlow::Continue(())).unwrap().booster
}

/// The model as SageMaker's artifact.
pub(super) fn artifact(booster: &refit_xgboost::Booster) -> Vec<u8> {
    let model = booster.save(refit_xgboost::Format::Ubj).unwrap();
    let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut archive = tar::Builder::new(gzip);
    let mut header = tar::Header::new_gnu();
    header.set_size(model.len() as u64);
    header.set_mode(0o644);
    archive.append_data(&mut header, "xgboost-model", model.as_slice()).unwrap();
    archive.into_inner().unwrap().finish().unwrap()
}
