//! Tuning jobs: their state, their curve and their training jobs.

use maud::{Markup, html};
use serde_json::json;

use crate::api::ApiError;
use crate::sagemaker::members::{Members, Object};

use super::chart::chart;
use super::figures::{count, figure, moment, owner, span, status};
use super::page::{crumbs, more, section, shown};
use super::reader::{List, Reader};
use super::trials::Trials;
use super::view::{Owner, Section, View};

const LIST: List = List { operation: "ListHyperParameterTuningJobs", member: "HyperParameterTuningJobSummaries" };
const DESCRIBE: &str = "DescribeHyperParameterTuningJob";
/// On the overview.
const NEWEST: usize = 6;
/// Training jobs that the overview shows of each.
const TRIALS: usize = 20;
/// On a page of the list.
const PAGE: usize = 25;

/// The newest of all accounts, the first one open.
pub(super) fn newest(reader: &Reader<'_>) -> Result<Markup, ApiError> {
    let jobs = reader.newest_of_all(LIST, NEWEST)?;
    let cards = (0..).zip(&jobs).map(|(at, (of, row))| card(reader, of, row, at == 0));
    let cards = cards.collect::<Result<Vec<_>, _>>()?;
    let empty = html! {
        "No tuning job yet. " code { "CreateHyperParameterTuningJob" } " starts one; " code { "dev/quickstart" }
        " of refit's repository runs six."
    };
    Ok(section(reader, Section::TuningJobs, cards.is_empty(), &empty, &html! { @for card in &cards { (card) } }))
}

/// Every tuning job of one account in one region, newest first.
pub(super) fn all(reader: &Reader<'_>, of: &Owner, next: Option<&str>) -> Result<Markup, ApiError> {
    let part = reader.newest(of, LIST, PAGE, next)?;
    let cards = part.rows.iter().map(|row| card(reader, of, row, false)).collect::<Result<Vec<_>, _>>()?;
    Ok(html! {
        (crumbs(Section::TuningJobs, of, None))
        section { @if cards.is_empty() { p class="empty" { "There are no more tuning jobs." } } @for card in &cards { (card) } }
        (more(&View::all(Section::TuningJobs, of), part.next.as_deref()))
    })
}

/// One tuning job with all its training jobs.
pub(super) fn one(reader: &Reader<'_>, of: &Owner, name: &str) -> Result<Markup, ApiError> {
    let job = reader.call(of, DESCRIBE, json!({ "HyperParameterTuningJobName": name }))?;
    let trials = Trials::read(reader, of, name)?;
    Ok(html! {
        (crumbs(Section::TuningJobs, of, Some(name)))
        section {
            p class="line flash" { (status(job.required("HyperParameterTuningJobStatus"))) " " (progress(&job)) }
            (body(of, &job, &trials, usize::MAX))
        }
        section { h2 { "Ranges" } (ranges(&job)) }
    })
}

/// A tuning job that opens: its line, and below it the curve and the newest training jobs.
fn card(reader: &Reader<'_>, of: &Owner, row: &Object, open: bool) -> Result<Markup, ApiError> {
    let name = row.required("HyperParameterTuningJobName");
    let Some(job) = reader.still(of, DESCRIBE, json!({ "HyperParameterTuningJobName": name }))? else {
        return Ok(html! {});
    };
    let trials = Trials::read(reader, of, name)?;
    Ok(html! {
        details id={ "tuning-" (of.account) "-" (of.region) "-" (name) } class="item" open[open] {
            summary {
                span class="name" { (name) }
                (status(job.required("HyperParameterTuningJobStatus")))
                span class="fact" { (progress(&job)) }
                @if let Some(best) = best(&job) { span class="fact" { "best " b { (figure(best)) } } }
                (owner(of, &reader.callers))
            }
            (body(of, &job, &trials, TRIALS))
        }
    })
}

fn body(of: &Owner, job: &Object, trials: &Trials, rows: usize) -> Markup {
    let empty = Object::new();
    let config = job.object("HyperParameterTuningJobConfig").unwrap_or(&empty);
    let objective = config.object("HyperParameterTuningJobObjective").unwrap_or(&empty);
    let maximize = objective.text("Type") == Some("Maximize");
    html! {
        @if let Some(reason) = job.text("FailureReason") { p class="reason" { (reason) } }
        div class="beside" {
            (chart(objective.required("MetricName"), maximize, &trials.dots()))
            dl { (facts(of, job, config)) }
        }
        (trials.table(of, job, rows))
    }
}

fn facts(of: &Owner, job: &Object, config: &Object) -> Markup {
    let limits = config.object("ResourceLimits");
    let limit = |name| limits.and_then(|limits| limits.whole(name)).map(count);
    let parallel = limit("MaxParallelTrainingJobs").unwrap_or_default();
    let warm_start = job.object("WarmStartConfig");
    let name = job.required("HyperParameterTuningJobName");
    html! {
        (shown("Strategy", &html! { (config.required("Strategy")) ", " (parallel) " at a time" }))
        @if let Some(best) = job.object("BestTrainingJob") {
            @let training_job = best.required("TrainingJobName");
            (shown("Best training job", &html! {
                a class="name" href=(View::one(Section::TrainingJobs, of, training_job).href()) { (training_job) }
            }))
        }
        @if let Some(warm_start) = warm_start {
            (shown("Warm start", &html! {
                (warm_start.required("WarmStartType")) " from "
                @for (at, parent) in warm_start.objects("ParentHyperParameterTuningJobs").into_iter().enumerate() {
                    @let parent = parent.required("HyperParameterTuningJobName");
                    @if at > 0 { ", " }
                    a class="name" href=(View::one(Section::TuningJobs, of, parent).href()) { (parent) }
                }
            }))
        }
        (shown("Started", &moment(job.real("CreationTime"))))
        (shown("Took", &html! { (span(job.real("CreationTime"), job.real("HyperParameterTuningEndTime"))) }))
        (shown("More", &html! { a href=(View::one(Section::TuningJobs, of, name).href()) { "ranges and all training jobs" } }))
    }
}

/// `3 of 4 training jobs`, and how those that did not complete ended.
fn progress(job: &Object) -> Markup {
    let counters = job.object("TrainingJobStatusCounters");
    let counter = |name| counters.and_then(|counters| counters.whole(name)).unwrap_or_default();
    let limits = job.object("HyperParameterTuningJobConfig").and_then(|config| config.object("ResourceLimits"));
    let most = limits.and_then(|limits| limits.whole("MaxNumberOfTrainingJobs"));
    let failed = counter("RetryableError") + counter("NonRetryableError");
    html! {
        b { (count(counter("Completed"))) } @if let Some(most) = most { " of " (count(most)) } " trained"
        @for (number, word) in [(counter("InProgress"), "running"), (counter("Stopped"), "stopped"), (failed, "failed")] {
            @if number > 0 { ", " (count(number)) " " (word) }
        }
    }
}

fn best(job: &Object) -> Option<f64> {
    job.object("BestTrainingJob")?.object("FinalHyperParameterTuningJobObjectiveMetric")?.real("Value")
}

fn ranges(job: &Object) -> Markup {
    let config = job.object("HyperParameterTuningJobConfig");
    let Some(ranges) = config.and_then(|config| config.object("ParameterRanges")) else {
        return html! { p class="note" { "None are given." } };
    };
    let numbers = ["ContinuousParameterRanges", "IntegerParameterRanges"].map(|name| ranges.objects(name));
    html! {
        div class="scroll" {
            table {
                thead { tr { th { "hyperparameter" } th { "from" } th { "to" } th { "scale" } } }
                tbody {
                    @for range in numbers.iter().flatten() {
                        tr {
                            td class="name" { (range.required("Name")) } td { (range.required("MinValue")) }
                            td { (range.required("MaxValue")) } td { (range.text("ScalingType").unwrap_or("Auto")) }
                        }
                    }
                    @for range in ranges.objects("CategoricalParameterRanges") {
                        tr {
                            td class="name" { (range.required("Name")) }
                            td colspan="3" { (range.texts("Values").join(", ")) }
                        }
                    }
                }
            }
        }
    }
}
