//! The training jobs of a tuning job.

use std::collections::BTreeSet;

use maud::{Markup, html};
use serde_json::json;

use crate::api::ApiError;
use crate::sagemaker::members::{Members, Object};

use super::chart::Dot;
use super::figures::{figure, setting, span, status};
use super::reader::{List, Reader};
use super::view::{Owner, Section, View};

/// In order of creation, which the chart's is too.
const TRIALS: List = List { operation: "ListTrainingJobsForHyperParameterTuningJob", member: "TrainingJobSummaries" };

/// The training jobs that a tuning job has started so far.
pub(super) struct Trials(Vec<Object>);

impl Trials {
    pub(super) fn read(reader: &Reader<'_>, of: &Owner, tuning_job: &str) -> Result<Self, ApiError> {
        let mut rows = Vec::new();
        let mut next = None;
        loop {
            let input =
                json!({ "HyperParameterTuningJobName": tuning_job, "SortOrder": "Ascending", "MaxResults": 100 });
            let mut part = reader.part(of, TRIALS, input, next.as_deref())?;
            rows.append(&mut part.rows);
            next = part.next;
            if next.is_none() {
                return Ok(Self(rows));
            }
        }
    }

    pub(super) fn dots(&self) -> Vec<Dot<'_>> {
        self.0.iter().map(|trial| Dot { name: trial.required("TrainingJobName"), value: objective(trial) }).collect()
    }

    /// The newest first; at most `rows` of them.
    pub(super) fn table(&self, of: &Owner, tuning_job: &Object, rows: usize) -> Markup {
        if self.0.is_empty() {
            return html! { p class="note" { "No training job has begun yet." } };
        }
        let tuned: BTreeSet<&str> =
            self.0.iter().flat_map(|trial| trial.pairs("TunedHyperParameters")).map(|(name, _)| name).collect();
        let best = tuning_job.object("BestTrainingJob").map(|best| best.required("TrainingJobName"));
        let name = tuning_job.required("HyperParameterTuningJobName");
        html! {
            div class="scroll" {
                table class="trials" {
                    thead { tr {
                        th class="num" { "#" } th { "status" } th class="num" { "objective" }
                        @for name in &tuned { th class="num" { (name) } }
                        th class="num" { "took" } th { "training job" }
                    } }
                    tbody {
                        @for (number, trial) in (1..).zip(&self.0).collect::<Vec<_>>().into_iter().rev().take(rows) {
                            (row(of, name, number, trial, &tuned, best == Some(trial.required("TrainingJobName"))))
                        }
                    }
                }
            }
            @if self.0.len() > rows {
                p class="note" {
                    "The newest " (rows) " of " (self.0.len()) ". "
                    a href=(View::one(Section::TuningJobs, of, name).href()) { "All training jobs" }
                }
            }
        }
    }
}

fn row(of: &Owner, tuning_job: &str, number: usize, trial: &Object, tuned: &BTreeSet<&str>, best: bool) -> Markup {
    let name = trial.required("TrainingJobName");
    // The tuning job's name stands above the table.
    let short = name.strip_prefix(tuning_job).map_or(name, |rest| rest.trim_start_matches('-'));
    let settings = trial.pairs("TunedHyperParameters");
    html! {
        tr id={ "trial-" (of.account) "-" (of.region) "-" (name) } class=[best.then_some("best")] {
            td class="num" { (number) }
            td {
                (status(trial.required("TrainingJobStatus")))
                @if best { " " span class="crown" { "best" } }
            }
            td class="num" { @match objective(trial) { Some(value) => (figure(value)), None => "–" } }
            @for name in tuned {
                td class="num" {
                    @match settings.iter().find(|(set, _)| set == name) { Some((_, value)) => (setting(value)), None => "–" }
                }
            }
            td class="num" { (span(trial.real("TrainingStartTime"), trial.real("TrainingEndTime"))) }
            td class="name" {
                a href=(View::one(Section::TrainingJobs, of, name).href()) { (short) }
                @if let Some(reason) = trial.text("FailureReason") { div class="reason" { (reason) } }
            }
        }
    }
}

fn objective(trial: &Object) -> Option<f64> {
    trial.object("FinalHyperParameterTuningJobObjectiveMetric")?.real("Value")
}
