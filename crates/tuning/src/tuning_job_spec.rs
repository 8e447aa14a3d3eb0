use std::collections::BTreeMap;

use refit_aws::{ImageUri, RoleArn, S3Uri};

use crate::spec_rules;
use crate::{
    Channel, EarlyStopping, InstanceType, ObjectiveMetric, ParameterRanges, ResourceLimits, Strategy,
    TrainingResources, TuningError, TuningJobName, WarmStart,
};

/// A tuning job to start. It can only be built if SageMaker's XGBoost would take it.
#[derive(Debug, Clone, PartialEq)]
pub struct TuningJobSpec {
    pub(crate) name: TuningJobName,
    pub(crate) image: ImageUri,
    pub(crate) role: RoleArn,
    pub(crate) metric: ObjectiveMetric,
    pub(crate) output: S3Uri,
    pub(crate) ranges: ParameterRanges,
    pub(crate) hyperparameters: BTreeMap<String, String>,
    pub(crate) channels: Vec<Channel>,
    pub(crate) limits: ResourceLimits,
    pub(crate) strategy: Strategy,
    pub(crate) early_stopping: EarlyStopping,
    pub(crate) resources: TrainingResources,
    pub(crate) seed: Option<u32>,
    pub(crate) warm_start: Option<WarmStart>,
    pub(crate) tags: BTreeMap<String, String>,
}

impl TuningJobSpec {
    /// Begins with what every tuning job must have. The rest has defaults:
    ///
    /// | setting | default | range |
    /// |---|---|---|
    /// | `ranges` | [`ParameterRanges::article`] | 1 to 30 |
    /// | `hyperparameter` | none | up to 100; `num_round` here or among the ranges, `num_class` for `multi:…` |
    /// | `channel` | none | `train`, and `validation` for a `validation:` metric; up to 20 |
    /// | `limits` | 10 training jobs, 2 at a time | see [`ResourceLimits`] |
    /// | `strategy` | Bayesian | |
    /// | `early_stopping` | Off | |
    /// | `resources` | one `ml.m5.xlarge`, 30 GB, a day | see [`TrainingResources`] |
    /// | `seed` | none | 0 to 2147483647 |
    /// | `warm_start` | none | 1 to 5 parents |
    /// | `tag` | none | up to 50 |
    ///
    /// `output` is the prefix below which SageMaker writes `<training job>/output/model.tar.gz`.
    pub fn builder(
        name: TuningJobName,
        image: ImageUri,
        role: RoleArn,
        metric: ObjectiveMetric,
        output: S3Uri,
    ) -> TuningJobSpecBuilder {
        TuningJobSpecBuilder {
            name,
            image,
            role,
            metric,
            output,
            ranges: ParameterRanges::default(),
            hyperparameters: BTreeMap::new(),
            channels: Vec::new(),
            limits: None,
            strategy: Strategy::default(),
            early_stopping: EarlyStopping::default(),
            resources: None,
            seed: None,
            warm_start: None,
            tags: BTreeMap::new(),
        }
    }

    /// Its name.
    pub fn name(&self) -> &TuningJobName {
        &self.name
    }

    /// The metric it optimises.
    pub fn metric(&self) -> &ObjectiveMetric {
        &self.metric
    }

    /// The hyperparameters it searches.
    pub fn ranges(&self) -> &ParameterRanges {
        &self.ranges
    }

    /// The hyperparameters it does not search.
    pub fn hyperparameters(&self) -> &BTreeMap<String, String> {
        &self.hyperparameters
    }

    /// How much it may spend.
    pub fn limits(&self) -> &ResourceLimits {
        &self.limits
    }

    /// How it chooses hyperparameters.
    pub fn strategy(&self) -> Strategy {
        self.strategy
    }

    /// The tuning jobs whose training jobs it learns from.
    pub fn warm_start(&self) -> Option<&WarmStart> {
        self.warm_start.as_ref()
    }

    /// The same job with, or without, a warm start.
    ///
    /// Errors: the job is its own parent, or its strategy cannot warm start.
    pub fn with_warm_start(self, warm_start: Option<WarmStart>) -> Result<Self, TuningError> {
        let spec = Self { warm_start, ..self };
        spec_rules::check(&spec)?;
        Ok(spec)
    }
}

/// Collects the settings of a [`TuningJobSpec`].
#[derive(Debug, Clone)]
#[must_use = "nothing is checked before `build`"]
pub struct TuningJobSpecBuilder {
    name: TuningJobName,
    image: ImageUri,
    role: RoleArn,
    metric: ObjectiveMetric,
    output: S3Uri,
    ranges: ParameterRanges,
    hyperparameters: BTreeMap<String, String>,
    channels: Vec<Channel>,
    limits: Option<ResourceLimits>,
    strategy: Strategy,
    early_stopping: EarlyStopping,
    resources: Option<TrainingResources>,
    seed: Option<u32>,
    warm_start: Option<WarmStart>,
    tags: BTreeMap<String, String>,
}

impl TuningJobSpecBuilder {
    /// Searches these hyperparameters.
    pub fn ranges(self, ranges: ParameterRanges) -> Self {
        Self { ranges, ..self }
    }

    /// Sets a hyperparameter that is not searched.
    pub fn hyperparameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.hyperparameters.insert(name.into(), value.into());
        self
    }

    /// Sets several hyperparameters that are not searched.
    pub fn hyperparameters<K: Into<String>, V: Into<String>>(
        mut self,
        hyperparameters: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        self.hyperparameters.extend(hyperparameters.into_iter().map(|(name, value)| (name.into(), value.into())));
        self
    }

    /// Adds a channel.
    pub fn channel(mut self, channel: Channel) -> Self {
        self.channels.push(channel);
        self
    }

    /// Limits what the job may spend.
    pub fn limits(self, limits: ResourceLimits) -> Self {
        Self { limits: Some(limits), ..self }
    }

    /// Chooses hyperparameters this way.
    pub fn strategy(self, strategy: Strategy) -> Self {
        Self { strategy, ..self }
    }

    /// Stops hopeless training jobs, or does not.
    pub fn early_stopping(self, early_stopping: EarlyStopping) -> Self {
        Self { early_stopping, ..self }
    }

    /// Trains on these resources.
    pub fn resources(self, resources: TrainingResources) -> Self {
        Self { resources: Some(resources), ..self }
    }

    /// Makes the search repeatable: wholly for Random and Hyperband, largely for Bayesian.
    pub fn seed(self, seed: impl Into<Option<u32>>) -> Self {
        Self { seed: seed.into(), ..self }
    }

    /// Learns from the training jobs of other tuning jobs.
    pub fn warm_start(self, warm_start: impl Into<Option<WarmStart>>) -> Self {
        Self { warm_start: warm_start.into(), ..self }
    }

    /// Tags the job.
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.insert(key.into(), value.into());
        self
    }

    /// Checks everything. Nothing is requested.
    ///
    /// Errors: [`TuningError::InvalidSetting`] names the setting, what is wrong and what is right.
    pub fn build(self) -> Result<TuningJobSpec, TuningError> {
        let limits = match self.limits {
            Some(limits) => limits,
            None => ResourceLimits::new(10, 2)?,
        };
        let resources = match self.resources {
            Some(resources) => resources,
            None => TrainingResources::new(InstanceType::try_from("ml.m5.xlarge")?),
        };
        let spec = TuningJobSpec {
            name: self.name,
            image: self.image,
            role: self.role,
            metric: self.metric,
            output: self.output,
            ranges: self.ranges,
            hyperparameters: self.hyperparameters,
            channels: self.channels,
            limits,
            strategy: self.strategy,
            early_stopping: self.early_stopping,
            resources,
            seed: self.seed,
            warm_start: self.warm_start,
            tags: self.tags,
        };
        spec_rules::check(&spec)?;
        Ok(spec)
    }
}
