//! One training job, from its channels' bytes to its `model.tar.gz`.

use std::collections::BTreeMap;
use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use refit_xgboost::{CustomMetrics, DMatrix, EarlyStopping, Round, Trained, Training};

use super::eval_metrics::is_maximized;
use super::hyperparameters::Hyperparameters;
use super::image::Image;
use super::table::Table;
use super::{Channel, TrainingFailure, artifact, container_metrics};
use crate::clock::Clock;

/// What to train on and how.
#[derive(Debug, Clone)]
pub(crate) struct TrainingRequest {
    pub(crate) hyperparameters: BTreeMap<String, String>,
    /// `train`, and perhaps `validation`. Shared by the training jobs of a tuning job: a channel is parsed once, at its
    /// first use.
    pub(crate) channels: Arc<Vec<Channel>>,
    /// The tag of the training image, such as `1.7-1`; it decides the model's format and some defaults.
    pub(crate) image_tag: String,
    pub(crate) threads: usize,
    /// Tells when the training began and ended.
    pub(crate) clock: Clock,
}

/// The metrics after one round, named as SageMaker names them: `train:rmse`, `validation:rmse`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RoundMetrics {
    /// The round, counted from 0.
    pub(crate) index: u32,
    pub(crate) metrics: Vec<(String, f64)>,
}

/// A training that came to an end, possibly before its last round.
#[derive(Debug, Clone)]
pub(crate) struct TrainingOutcome {
    /// The bytes of `model.tar.gz`.
    pub(crate) artifact: Vec<u8>,
    /// The metrics of the last round.
    pub(crate) final_metrics: Vec<(String, f64)>,
    /// How many rounds were trained.
    pub(crate) rounds: u32,
    /// Whether the caller stopped it.
    pub(crate) stopped: bool,
    /// When XGBoost began and when it ended: without reading the data and packing the model.
    pub(crate) span: Range<DateTime<Utc>>,
}

/// Trains on this thread until the end, or until `on_round` breaks off; then the model so far is the outcome.
pub(crate) fn train(
    request: &TrainingRequest,
    on_round: &mut dyn FnMut(&RoundMetrics) -> ControlFlow<()>,
) -> Result<TrainingOutcome, TrainingFailure> {
    let hyperparameters = Hyperparameters::parse(&request.hyperparameters)?;
    let data = Data::load(&request.channels, hyperparameters.csv_weights)?;
    let image = Image::new(&request.image_tag);
    let training = training(&hyperparameters, image, data.validation.is_some(), request.threads);
    let container = &hyperparameters.eval_metrics.container;
    let (trained, span) = data.train(&training, container, &request.clock, |round| on_round(&named(round)))?;
    let model = trained.booster.save(image.model_format())?;
    let artifact = artifact::pack(&model).map_err(TrainingFailure::algorithm)?;
    let last = trained.rounds.last().map(named);
    let (rounds, final_metrics) = last.map_or((0, Vec::new()), |last| (last.index + 1, last.metrics));
    tracing::debug!(rounds, bytes = artifact.len(), stopped = trained.stopped, "trained");
    Ok(TrainingOutcome { artifact, final_metrics, rounds, stopped: trained.stopped, span })
}

/// The channels' data.
struct Data {
    train: Arc<Table>,
    validation: Option<Arc<Table>>,
}

impl Data {
    fn load(channels: &[Channel], csv_weights: bool) -> Result<Self, TrainingFailure> {
        if let Some(channel) = channels.iter().find(|channel| !["train", "validation"].contains(&channel.name())) {
            return Err(TrainingFailure::user(format_args!("Extraneous channel found: {}", channel.name())));
        }
        let find = |name| channels.iter().find(|channel| channel.name() == name);
        let train = find("train").ok_or_else(|| TrainingFailure::user("Missing required channel: train"))?;
        let train = train.table(csv_weights)?;
        // As in the container, only training data has weights.
        let validation = find("validation").map(|channel| channel.table(false)).transpose()?;
        match &validation {
            Some(validation) if validation.is_dense() && validation.columns != train.columns => {
                Err(TrainingFailure::user(format_args!(
                    "feature_names mismatch: channel train has {} features, channel validation has {}",
                    train.columns, validation.columns
                )))
            }
            _ => Ok(Self { train, validation }),
        }
    }

    fn train(
        &self,
        training: &Training,
        container: &[String],
        clock: &Clock,
        on_round: impl FnMut(&Round) -> ControlFlow<()>,
    ) -> Result<(Trained, Range<DateTime<Utc>>), TrainingFailure> {
        let train = self.train.take()?;
        let validation = self.validation.as_ref().map(|table| table.take()).transpose()?;
        let mut sets: Vec<(&str, &DMatrix)> = vec![("train", &train)];
        sets.extend(validation.as_ref().map(|matrix| ("validation", matrix)));
        let mut metrics = |set: &str, margins: &[f32]| self.container_metrics(container, set, margins);
        let custom: Option<CustomMetrics<'_>> = if container.is_empty() { None } else { Some(&mut metrics) };
        let began = clock.now();
        let trained = training.run_with(&train, &sets, custom, on_round);
        let span = began..clock.now();
        self.train.give_back(train);
        if let (Some(table), Some(matrix)) = (&self.validation, validation) {
            table.give_back(matrix);
        }
        Ok((trained?, span))
    }
}

impl Data {
    fn container_metrics(&self, names: &[String], set: &str, margins: &[f32]) -> Result<Vec<(String, f64)>, String> {
        let validation = self.validation.as_ref().filter(|_| set == "validation");
        let labels = &validation.unwrap_or(&self.train).labels;
        names.iter().map(|name| Ok((name.clone(), container_metrics::value(name, labels, margins)?))).collect()
    }
}

fn training(hyperparameters: &Hyperparameters, image: Image, validated: bool, threads: usize) -> Training {
    let mut params = hyperparameters.params.clone();
    let mut add = |name: &str, value: &str| params.push((name.to_owned(), value.to_owned()));
    // Later parameters win.
    match image.tree_method() {
        Some(method) if hyperparameters.leaves_tree_method_open() => add("tree_method", method),
        _ => {}
    }
    match hyperparameters.eval_metrics.names.as_slice() {
        [] => image.default_metric(&hyperparameters.objective).into_iter().for_each(|name| add("eval_metric", name)),
        names => names.iter().for_each(|name| add("eval_metric", name)),
    }
    let threads = hyperparameters.nthread.unwrap_or(usize::MAX).clamp(1, threads.max(1));
    add("nthread", &threads.to_string());
    let mut training = Training::new(params, hyperparameters.num_round);
    training.early_stopping = early_stopping(hyperparameters, validated);
    training
}

/// As in the container, early stopping needs a validation channel and a metric that somebody named. Without, it is
/// silently off there; here the log tells.
fn early_stopping(hyperparameters: &Hyperparameters, validated: bool) -> Option<EarlyStopping> {
    let rounds = hyperparameters.early_stopping_rounds?;
    match &hyperparameters.eval_metrics.watched {
        Some(metric) if validated => Some(EarlyStopping {
            rounds,
            maximize: is_maximized(metric),
            metric: Some(metric.clone()),
            // Images from 1.3 trim the model; 1.2 keeps all trees and predicts with the best ones, which is the same.
            save_best: true,
        }),
        _ => {
            tracing::warn!("early_stopping_rounds has no effect without a validation channel and an eval_metric");
            None
        }
    }
}

fn named(round: &Round) -> RoundMetrics {
    let metrics = round.metrics.iter().map(|metric| (format!("{}:{}", metric.set, metric.name), metric.value));
    RoundMetrics { index: round.index, metrics: metrics.collect() }
}

#[cfg(test)]
mod tests;
