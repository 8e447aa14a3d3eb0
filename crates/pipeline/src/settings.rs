use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use refit_aws::{BucketName, Poll, RoleArn};
use refit_endpoint::EndpointName;
use refit_evaluation::{ApprovalRule, ComparisonSpec, DriftLimits, EvaluationError, SliceBy};
use refit_tuning::{
    EarlyStopping, InstanceType, ObjectiveMetric, ParameterRanges, ResourceLimits, TrainingResources, TuningError,
};

/// What a pipeline works with in one account: the same program runs in another one with other settings.
///
/// | field | default | what it is |
/// |---|---|---|
/// | `bucket` | | the versioned bucket of datasets, artifacts, histories and served models; created if it is missing |
/// | `base_dir` | | the local folder of datasets, artifacts, histories and reports |
/// | `role` | | the role that SageMaker assumes to train and to serve |
/// | `image_version` | `1.7-1` | the version of SageMaker's XGBoost image, for training and serving |
/// | `tuning` | see [`TuningSettings`] | how the models are tuned |
/// | `endpoint` | one `ml.m5.large` | the endpoint that serves them |
/// | `evaluation` | see [`EvaluationSettings`] | what is looked at beside the figures |
/// | `approval` | none: a person approves | the rule that approves or rejects a model package without a person |
/// | `testing` | `false` | a testing run tunes with one training job, marks its evaluation, is never a parent, and no rule decides on it |
/// | `parallel_models` | 4 | how many models are worked on at a time |
/// | `poll` | see [`Poll`] | how often and how long SageMaker is asked whether it is done |
#[derive(Debug, Clone)]
pub struct Settings {
    /// The versioned bucket of datasets, artifacts, histories and served models.
    pub bucket: BucketName,
    /// The local folder of datasets, artifacts, histories and reports.
    pub base_dir: PathBuf,
    /// The role that SageMaker assumes to train and to serve.
    pub role: RoleArn,
    /// The version of SageMaker's XGBoost image.
    pub image_version: String,
    /// How the models are tuned.
    pub tuning: TuningSettings,
    /// The endpoint that serves them.
    pub endpoint: EndpointSettings,
    /// What is looked at beside the figures.
    pub evaluation: EvaluationSettings,
    /// The rule that approves or rejects a model package without a person. Without one, a person approves.
    pub approval: Option<ApprovalRule>,
    /// Whether this is a test of the pipeline and not a retrain.
    pub testing: bool,
    /// How many models are worked on at a time.
    pub parallel_models: NonZeroUsize,
    /// How often and how long SageMaker is asked whether it is done.
    pub poll: Poll,
}

impl Settings {
    /// Settings with the defaults of the tables above.
    ///
    /// # Errors
    ///
    /// None in practice: the defaults are valid.
    pub fn new(
        bucket: BucketName,
        base_dir: impl Into<PathBuf>,
        role: RoleArn,
        endpoint: EndpointName,
    ) -> Result<Self, TuningError> {
        Ok(Self {
            bucket,
            base_dir: base_dir.into(),
            role,
            image_version: "1.7-1".to_owned(),
            tuning: TuningSettings::article()?,
            endpoint: EndpointSettings { name: endpoint, instance_type: "ml.m5.large".to_owned(), instance_count: 1 },
            evaluation: EvaluationSettings::default(),
            approval: None,
            testing: false,
            parallel_models: NonZeroUsize::MIN.saturating_add(3),
            poll: Poll::default(),
        })
    }
}

/// How the models of a pipeline are tuned.
///
/// | field | default | what it is |
/// |---|---|---|
/// | `layer` | `datasets` | a name that separates warm starts: jobs of another layer are never parents |
/// | `objective` | `reg:squarederror` | XGBoost's learning objective |
/// | `metric` | `validation:rmse` | the objective metric |
/// | `ranges` | [`ParameterRanges::article`] | the hyperparameters that are searched |
/// | `hyperparameters` | none | the hyperparameters that are not |
/// | `limits` | 10 training jobs, 2 at a time | how much is spent |
/// | `early_stopping` | `Off` | whether SageMaker stops hopeless training jobs |
/// | `parents` | 1 | how many of the latest eligible tuning jobs warm start this one, up to 5 |
/// | `resources` | one `ml.m5.xlarge` | the instance of each training job |
/// | `seed` | none | makes the search repeatable |
#[derive(Debug, Clone)]
pub struct TuningSettings {
    /// A name that separates warm starts: jobs of another layer are never parents.
    pub layer: String,
    /// XGBoost's learning objective.
    pub objective: String,
    /// The objective metric.
    pub metric: ObjectiveMetric,
    /// The hyperparameters that are searched.
    pub ranges: ParameterRanges,
    /// The hyperparameters that are not searched, `objective` apart.
    pub hyperparameters: BTreeMap<String, String>,
    /// How many training jobs, and how many at a time.
    pub limits: ResourceLimits,
    /// Whether SageMaker stops hopeless training jobs.
    pub early_stopping: EarlyStopping,
    /// How many of the latest eligible tuning jobs warm start this one, up to 5.
    pub parents: usize,
    /// The instance of each training job.
    pub resources: TrainingResources,
    /// Makes the search repeatable.
    pub seed: Option<u32>,
}

impl TuningSettings {
    fn article() -> Result<Self, TuningError> {
        Ok(Self {
            layer: "datasets".to_owned(),
            objective: "reg:squarederror".to_owned(),
            metric: "validation:rmse".parse()?,
            ranges: ParameterRanges::article(),
            hyperparameters: BTreeMap::new(),
            limits: ResourceLimits::new(10, 2)?,
            early_stopping: EarlyStopping::default(),
            parents: 1,
            resources: TrainingResources::new(InstanceType::try_from("ml.m5.xlarge")?),
            seed: None,
        })
    }
}

/// What an evaluation looks at beside the figures.
///
/// | field | default | what it is |
/// |---|---|---|
/// | `comparison` | what the objective suggests | how a model is compared with the one that serves; its seed is the run's |
/// | `slices` | none | features by whose values the rows are told apart |
/// | `drift_limits` | the conventional ones | from where on drift is moderate and major |
/// | `unit` | none | the label's unit, for the report, such as `minutes` |
/// | `class_names` | their numbers | what the classes are called in the report, from 0 on, for an objective of `multi:` |
#[derive(Debug, Clone, Default)]
pub struct EvaluationSettings {
    /// How a model is compared with the one that serves. Its seed is the run's, so that a rerun gives the same verdict.
    pub comparison: Option<ComparisonSpec>,
    /// Features by whose values the rows are told apart.
    pub slices: Vec<SliceBy>,
    /// From where on drift is moderate and major.
    pub drift_limits: DriftLimits,
    /// The label's unit, for the report.
    pub unit: Option<String>,
    /// What the classes are called in the report, from 0 on.
    pub class_names: Vec<String>,
}

impl EvaluationSettings {
    /// Refuses what could say nothing of any model of this objective.
    pub(crate) fn check(&self, objective: &str) -> Result<(), EvaluationError> {
        self.comparison.iter().try_for_each(|comparison| {
            comparison.check()?;
            comparison.metric.check(objective)
        })?;
        self.slices.iter().try_for_each(SliceBy::check)
    }
}

/// The multi-model endpoint of a pipeline.
#[derive(Debug, Clone)]
pub struct EndpointSettings {
    /// Its name.
    pub name: EndpointName,
    /// The type of its instances.
    pub instance_type: String,
    /// How many instances it has.
    pub instance_count: u32,
}
