use std::ffi::CString;
use std::fmt;
use std::ops::ControlFlow;

use crate::booster::{Booster, MARGINS};
use crate::dmatrix::DMatrix;
use crate::early_stopping::{EarlyStopping, Watch};
use crate::error::XgboostError;
use crate::evaluation_line::EvaluationSets;
use crate::ffi::{BoosterHandle, MatrixHandle};

/// Computes metrics of an evaluation set, given by its name and the margins of its rows (for several classes row-major).
pub type CustomMetrics<'a> = &'a mut dyn FnMut(&str, &[f32]) -> Result<Vec<(String, f64)>, String>;

/// How to train: XGBoost's parameters, the number of rounds and when to stop before.
///
/// Parameters are passed on as strings, in order, under XGBoost's names; a name may come more than once (`eval_metric`).
/// XGBoost ignores a name that it does not know, with a warning in `tracing`.
#[derive(Debug, Clone, Default)]
pub struct Training {
    /// XGBoost's parameters.
    pub params: Vec<(String, String)>,
    /// How many rounds to train, at least 1.
    pub num_round: u32,
    /// When to stop before that.
    pub early_stopping: Option<EarlyStopping>,
}

/// One metric of one evaluation set after one round.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// The evaluation set's name.
    pub set: String,
    /// The metric as XGBoost names it, such as `rmse` or `error@0.7`.
    pub name: String,
    /// Its value, in the precision XGBoost computes it (for most metrics that of an `f32`).
    pub value: f64,
}

/// What one round brought.
#[derive(Debug, Clone, PartialEq)]
pub struct Round {
    /// The round, counted from 0.
    pub index: u32,
    /// The metrics, set by set in the order of the sets.
    pub metrics: Vec<Metric>,
}

/// The outcome of a training.
#[derive(Debug)]
pub struct Trained {
    /// The model.
    pub booster: Booster,
    /// Every round that was trained, also those that early stopping cut off.
    pub rounds: Vec<Round>,
    /// The best round, if early stopping watched.
    pub best_iteration: Option<u32>,
    /// The watched metric at the best round.
    pub best_score: Option<f64>,
    /// Whether the caller ended the training, by `ControlFlow::Break`.
    pub stopped: bool,
}

impl Training {
    /// A training of `num_round` rounds without early stopping.
    pub fn new<N: Into<String>, V: Into<String>>(params: impl IntoIterator<Item = (N, V)>, num_round: u32) -> Self {
        let params = params.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self { params, num_round, early_stopping: None }
    }

    /// Trains on the calling thread (and as many more as the parameter `nthread` says, by default one per core).
    ///
    /// Each named set is evaluated after each round; then `on_round` decides whether to go on. After a break the model of
    /// the rounds so far is returned.
    ///
    /// # Errors
    /// [`XgboostError::Parameter`] names a parameter that XGBoost refuses; other variants tell what the data lacks.
    pub fn run(
        &self,
        train: &DMatrix,
        evals: &[(&str, &DMatrix)],
        on_round: impl FnMut(&Round) -> ControlFlow<()>,
    ) -> Result<Trained, XgboostError> {
        self.run_with(train, evals, None, on_round)
    }

    /// As [`run`](Self::run), with metrics of the caller's beside XGBoost's (Python's `feval`). They come after XGBoost's own
    /// in each round, set by set, and early stopping may watch one.
    ///
    /// # Errors
    /// As [`run`](Self::run), and [`XgboostError::Library`] with the reason why a metric could not be computed.
    pub fn run_with(
        &self,
        train: &DMatrix,
        evals: &[(&str, &DMatrix)],
        mut custom: Option<CustomMetrics<'_>>,
        mut on_round: impl FnMut(&Round) -> ControlFlow<()>,
    ) -> Result<Trained, XgboostError> {
        let sets = EvaluationSets::new(evals)?;
        let mut watch = self.early_stopping.as_ref().map(Watch::new).transpose()?;
        let mut handle = self.untrained(train, &sets)?;
        let mut rounds = Vec::new();
        let mut stopped = false;
        for index in 0..self.num_round {
            let mut round = self.round(&mut handle, index, train, &sets)?;
            if let Some(custom) = &mut custom {
                round.metrics.extend(custom_metrics(&handle, evals, custom)?);
            }
            let exhausted = match &mut watch {
                Some(watch) => watch.observe(&round)?,
                None => false,
            };
            stopped = on_round(&round).is_break();
            rounds.push(round);
            if stopped || exhausted {
                break;
            }
        }
        let best = watch.as_ref().and_then(Watch::best);
        let booster = Booster::new(finish(handle, watch.as_ref())?)?;
        let (best_iteration, best_score) = (best.map(|(round, _)| round), best.map(|(_, score)| score));
        Ok(Trained { booster, rounds, best_iteration, best_score, stopped })
    }

    fn untrained(&self, train: &DMatrix, sets: &EvaluationSets<'_>) -> Result<BoosterHandle, XgboostError> {
        if !train.is_labelled() {
            return Err(XgboostError::Unlabelled { set: "training".to_owned() });
        }
        if self.num_round == 0 || i32::try_from(self.num_round).is_err() {
            return Err(refused("num_round", &self.num_round.to_string(), format!("give 1 to {}", i32::MAX)));
        }
        let matrices: Vec<&MatrixHandle> =
            std::iter::once(&train.handle).chain(sets.handles().into_iter().map(|(_, matrix)| matrix)).collect();
        let mut handle =
            BoosterHandle::new(&matrices).map_err(|reason| XgboostError::library("begin a training", reason))?;
        // Off by default below Python: without it a misspelled name passes without a word.
        set_param(&mut handle, "validate_parameters", "true")?;
        for (name, value) in &self.params {
            set_param(&mut handle, name, value)?;
        }
        // XGBoost looks at parameters only when it first needs them; this is the cheapest need.
        handle.rounds().map_err(|reason| self.explain("take the parameters", reason))?;
        Ok(handle)
    }

    fn round(
        &self,
        handle: &mut BoosterHandle,
        index: u32,
        train: &DMatrix,
        sets: &EvaluationSets<'_>,
    ) -> Result<Round, XgboostError> {
        let iteration = index.cast_signed();
        handle.update(iteration, &train.handle).map_err(|reason| self.explain("train a round", reason))?;
        if sets.is_empty() {
            return Ok(Round { index, metrics: Vec::new() });
        }
        let line =
            handle.evaluate(iteration, &sets.handles()).map_err(|reason| self.explain("evaluate a round", reason))?;
        Ok(Round { index, metrics: sets.parse(&line)? })
    }

    /// Finds the parameter that XGBoost's text is about.
    fn explain(&self, operation: &'static str, reason: String) -> XgboostError {
        match self.params.iter().rev().find(|(name, value)| is_about(&reason, name, value)) {
            Some((name, value)) => refused(name, value, reason),
            None => XgboostError::library(operation, reason),
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}:{}", self.set, self.name, self.value)
    }
}

/// Cuts the model to its best round if asked, and notes that round in the model as Python does.
fn finish(handle: BoosterHandle, watch: Option<&Watch<'_>>) -> Result<BoosterHandle, XgboostError> {
    let Some((watch, (round, score))) = watch.and_then(|watch| Some((watch, watch.best()?))) else {
        return Ok(handle);
    };
    let keep = |reason| XgboostError::library("keep the best rounds", reason);
    let mut handle =
        if watch.rule().save_best { handle.first_rounds(round.cast_signed() + 1).map_err(keep)? } else { handle };
    for (key, value) in [(c"best_iteration", round.to_string()), (c"best_score", score.to_string())] {
        // Digits hold no NUL.
        let value = CString::new(value).unwrap_or_default();
        handle.set_attribute(key, &value).map_err(keep)?;
    }
    Ok(handle)
}

fn custom_metrics(
    handle: &BoosterHandle,
    evals: &[(&str, &DMatrix)],
    custom: &mut CustomMetrics<'_>,
) -> Result<Vec<Metric>, XgboostError> {
    let failed = |reason| XgboostError::library("evaluate a round", reason);
    let mut metrics = Vec::new();
    for (set, matrix) in evals {
        let margins = handle.predict(&matrix.handle, MARGINS).map_err(failed)?;
        let computed = custom(set, &margins).map_err(failed)?;
        metrics.extend(computed.into_iter().map(|(name, value)| Metric { set: (*set).to_owned(), name, value }));
    }
    Ok(metrics)
}

fn set_param(handle: &mut BoosterHandle, name: &str, value: &str) -> Result<(), XgboostError> {
    let (Ok(c_name), Ok(c_value)) = (CString::new(name), CString::new(value)) else {
        return Err(refused(name, value, "it holds a NUL character".to_owned()));
    };
    handle.set_param(&c_name, &c_value).map_err(|reason| refused(name, value, reason))
}

fn refused(name: &str, value: &str, reason: String) -> XgboostError {
    XgboostError::Parameter { name: name.to_owned(), value: value.to_owned(), reason }
}

/// The names under which XGBoost reports a parameter that may also be given under a shorter one.
const REPORTED_AS: [(&str, &str); 6] = [
    ("eta", "learning_rate"),
    ("gamma", "min_split_loss"),
    ("lambda", "reg_lambda"),
    ("alpha", "reg_alpha"),
    ("random_state", "seed"),
    ("n_jobs", "nthread"),
];

/// Whether XGBoost's error text (dmlc's `parameter.h`, and `Unknown …` of its registries) is about this parameter.
fn is_about(reason: &str, name: &str, value: &str) -> bool {
    let by_value = match name {
        "objective" => reason.contains(&format!("Unknown objective function: `{value}`")),
        "eval_metric" => reason.contains(&format!("Unknown metric function {value}")),
        "booster" => reason.contains(&format!("Unknown gbm type {value}")),
        _ => reason.starts_with(&format!("Invalid Input: '{value}'")) || is_rest_of_number(reason, value),
    };
    let reported = REPORTED_AS.iter().find(|(short, _)| *short == name).map(|(_, long)| *long);
    by_value
        || [Some(name), reported].into_iter().flatten().any(|name| {
            reason.contains(&format!("Invalid Parameter format for {name} expect"))
                || reason.contains(&format!("Out of range value for {name},"))
                || reason.contains(&format!("for Parameter {name} "))
        })
}

/// XGBoost reads `0.1x` up to the `x` and then tells only about the `x`.
fn is_rest_of_number(reason: &str, value: &str) -> bool {
    reason
        .strip_prefix("Some trailing characters could not be parsed: '")
        .and_then(|rest| rest.strip_suffix('\''))
        .is_some_and(|rest| value.ends_with(rest) && value.parse::<f64>().is_err())
}
