//! Training jobs, those of tuning jobs among them.

use maud::{Markup, html};
use serde_json::json;

use crate::api::ApiError;
use crate::sagemaker::members::{Members, Object};

use super::figures::{figure, moment, owner, span, status};
use super::objects::stored_at;
use super::page::{crumbs, more, section, shown};
use super::reader::{List, Reader};
use super::view::{Owner, Section, View};

const LIST: List = List { operation: "ListTrainingJobs", member: "TrainingJobSummaries" };
const DESCRIBE: &str = "DescribeTrainingJob";
/// On the overview.
const NEWEST: usize = 8;
/// On a page of the list.
const PAGE: usize = 50;

/// The newest of all accounts.
pub(super) fn newest(reader: &Reader<'_>) -> Result<Markup, ApiError> {
    let jobs = reader.newest_of_all(LIST, NEWEST)?;
    let empty = html! { "No training job yet. " code { "CreateTrainingJob" } " starts one; a tuning job starts many." };
    Ok(section(reader, Section::TrainingJobs, jobs.is_empty(), &empty, &table(reader, &jobs)?))
}

/// Every training job of one account in one region, newest first.
pub(super) fn all(reader: &Reader<'_>, of: &Owner, next: Option<&str>) -> Result<Markup, ApiError> {
    let part = reader.newest(of, LIST, PAGE, next)?;
    let jobs: Vec<_> = part.rows.into_iter().map(|row| (of.clone(), row)).collect();
    Ok(html! {
        (crumbs(Section::TrainingJobs, of, None))
        section { @if jobs.is_empty() { p class="empty" { "There are no more training jobs." } } @else { (table(reader, &jobs)?) } }
        (more(&View::all(Section::TrainingJobs, of), part.next.as_deref()))
    })
}

/// One training job.
pub(super) fn one(reader: &Reader<'_>, of: &Owner, name: &str) -> Result<Markup, ApiError> {
    let job = reader.call(of, DESCRIBE, json!({ "TrainingJobName": name }))?;
    Ok(html! {
        (crumbs(Section::TrainingJobs, of, Some(name)))
        section {
            p class="line flash" { (status(job.required("TrainingJobStatus"))) " " (job.required("SecondaryStatus")) }
            @if let Some(reason) = job.text("FailureReason") { p class="reason" { (reason) } }
            dl { (facts(reader, of, &job)) }
        }
        section { h2 { "Steps" } (steps(&job)) }
        section { h2 { "Hyperparameters" } (settings(&job)) }
    })
}

fn table(reader: &Reader<'_>, jobs: &[(Owner, Object)]) -> Result<Markup, ApiError> {
    let rows = jobs.iter().map(|(of, job)| row(reader, of, job)).collect::<Result<Vec<_>, _>>()?;
    Ok(html! {
        div class="scroll" {
            table {
                thead { tr { th { "training job" } th { "status" } th { "metrics" } th { "started" } th class="num" { "took" } } }
                tbody { @for row in &rows { (row) } }
            }
        }
    })
}

fn row(reader: &Reader<'_>, of: &Owner, summary: &Object) -> Result<Markup, ApiError> {
    let name = summary.required("TrainingJobName");
    let Some(job) = reader.still(of, DESCRIBE, json!({ "TrainingJobName": name }))? else { return Ok(html! {}) };
    Ok(html! {
        tr id={ "training-" (of.account) "-" (of.region) "-" (name) } {
            td class="name" {
                a href=(View::one(Section::TrainingJobs, of, name).href()) { (name) } " " (owner(of, &reader.callers))
                @if let Some(reason) = job.text("FailureReason") { div class="reason" { (reason) } }
            }
            td { (status(job.required("TrainingJobStatus"))) }
            td { (metrics(&job)) }
            td { (moment(job.real("CreationTime"))) }
            td class="num" { (span(job.real("TrainingStartTime"), job.real("TrainingEndTime"))) }
        }
    })
}

fn facts(reader: &Reader<'_>, of: &Owner, job: &Object) -> Markup {
    let tuning_job = job.text("TuningJobArn").and_then(|arn| arn.rsplit_once('/')).map(|(_, name)| name);
    let artifact = job.object("ModelArtifacts").and_then(|artifacts| artifacts.text("S3ModelArtifacts"));
    let image = job.object("AlgorithmSpecification").and_then(|algorithm| algorithm.text("TrainingImage"));
    html! {
        @if let Some(name) = tuning_job {
            (shown("Tuning job", &html! { a class="name" href=(View::one(Section::TuningJobs, of, name).href()) { (name) } }))
        }
        (shown("Metrics", &metrics(job)))
        @if let Some(uri) = artifact { (shown("Artifact", &stored_at(reader, of, uri))) }
        @for channel in job.objects("InputDataConfig") {
            @let source = channel.object("DataSource").and_then(|source| source.object("S3DataSource"));
            @let uri = source.map(|source| source.required("S3Uri")).unwrap_or_default();
            (shown(&format!("Channel {}", channel.required("ChannelName")), &stored_at(reader, of, uri)))
        }
        @if let Some(image) = image { (shown("Image", &html! { span class="name" { (image) } })) }
        (shown("Created", &moment(job.real("CreationTime"))))
        (shown("Took", &html! { (span(job.real("TrainingStartTime"), job.real("TrainingEndTime"))) }))
    }
}

fn metrics(job: &Object) -> Markup {
    let metrics = job.objects("FinalMetricDataList");
    html! {
        @if metrics.is_empty() { "–" }
        @for metric in metrics {
            div { (metric.required("MetricName")) " " b { (metric.real("Value").map(figure).unwrap_or_default()) } }
        }
    }
}

fn steps(job: &Object) -> Markup {
    html! {
        div class="scroll" {
            table {
                thead { tr { th { "step" } th { "began" } th class="num" { "took" } th { "what" } } }
                tbody { @for step in job.objects("SecondaryStatusTransitions") {
                    tr {
                        td { (step.required("Status")) }
                        td { (moment(step.real("StartTime"))) }
                        td class="num" { (span(step.real("StartTime"), step.real("EndTime"))) }
                        td { (step.required("StatusMessage")) }
                    }
                } }
            }
        }
    }
}

fn settings(job: &Object) -> Markup {
    let settings = job.pairs("HyperParameters");
    html! {
        @if settings.is_empty() { p class="note" { "None are given." } }
        dl class="settings" { @for (name, value) in settings { (shown(name, &html! { span class="name" { (value) } })) } }
    }
}
