//! What a supervisor reads first.

use maud::{Markup, html};

use super::Report;
use super::class_headline;
use super::number::{count, figure, percent, signed};
use crate::metrics::relative_improvement;
use crate::{Champion, RegressionMetrics};

pub(super) fn header(report: &Report) -> Markup {
    let context = &report.context;
    html! {
        header {
            p class="over" { "Model evaluation" @if context.testing { " " span class="badge" { "testing run" } } }
            h1 { (context.model) }
            p class="lead" {
                @if let Some(errors) = report.evaluation.metrics.regression() { (lead(report, errors)) }
                @if let Some(classes) = report.evaluation.metrics.multiclass() { (class_headline::lead(report, classes)) }
            }
            p class="meta" {
                (context.evaluated_at.format("%-d %B %Y, %H:%M UTC")) " · " (report.evaluation.objective)
                " · " (count(report.evaluation.trees as u64)) " trees · training job "
                span class="name" { (context.training_job) }
            }
        }
    }
}

pub(super) fn figures(report: &Report) -> Markup {
    let metrics = &report.evaluation.metrics;
    html! {
        dl class="tiles" {
            @if let Some(errors) = metrics.regression() { (tiles(report, errors)) }
            @if let Some(classes) = metrics.multiclass() { (class_headline::tiles(report, classes)) }
        }
    }
}

fn tiles(report: &Report, metrics: &RegressionMetrics) -> Markup {
    let unit = report.context.unit.as_deref();
    html! {
        (tile("RMSE", &figure(metrics.rmse), unit, "Typical error; large misses weigh more."))
        (tile("MAE", &figure(metrics.mae), unit, "Average miss, whichever the side."))
        (tile("Stdev of error", &figure(metrics.stdev_error), unit,
            &format!("Spread around a mean error of {}.", signed(metrics.bias))))
        (versus_mean(report, metrics))
        @match &report.evaluation.champion {
            Some(champion) => (versus_champion(report, champion)),
            None => (previous(report)),
        }
    }
}

/// The rows that were measured, and how they count, as a sentence begins.
pub(super) fn rows(report: &Report) -> Markup {
    let rows = report.evaluation.metrics.rows();
    html! {
        "On " (count(rows)) " held-out " (if rows == 1 { "row" } else { "rows" })
        @if let Some(column) = &report.evaluation.weighted_by { ", weighted by " em { (column) } "," }
    }
}

fn lead(report: &Report, metrics: &RegressionMetrics) -> Markup {
    let unit = report.context.unit.as_deref().map(|unit| format!(" {unit}")).unwrap_or_default();
    html! {
        (rows(report)) " the model misses " em { (report.context.label) } " by "
        b { (figure(metrics.mae)) (unit) } " on average. "
        @match report.comparison.improvement_over_mean {
            Some(better) if better > 0.0 => {
                "Its RMSE of " b { (figure(metrics.rmse)) (unit) } " is " b { (percent(better)) " lower" }
                " than that of always predicting the mean."
            }
            Some(better) => {
                "Its RMSE of " b { (figure(metrics.rmse)) (unit) } " is " b class="bad" { (percent(-better)) " higher" }
                " than that of always predicting the mean: it is no better than no model."
            }
            None => { "All labels are equal, so there is nothing to compare it with." }
        }
    }
}

fn versus_mean(report: &Report, metrics: &RegressionMetrics) -> Markup {
    let note = format!(
        "Always predicting {}: RMSE {}, MAE {}.",
        figure(metrics.label_mean),
        figure(metrics.baseline_rmse),
        figure(metrics.baseline_mae)
    );
    change("RMSE vs mean", report.comparison.improvement_over_mean, &note)
}

/// On the same rows, which the last model's own figures are not.
fn versus_champion(report: &Report, champion: &Champion) -> Markup {
    let better = relative_improvement(report.evaluation.metrics.rmse(), champion.metrics.rmse());
    let note = format!(
        "The champion on the same rows: RMSE {}, MAE {}.",
        figure(champion.metrics.rmse()),
        figure(champion.metrics.mae())
    );
    change("RMSE vs champion", better, &note)
}

/// Beside the newest earlier evaluation, by the figure that the history has of every model.
pub(super) fn previous(report: &Report) -> Markup {
    match &report.comparison.previous {
        Some(row) => {
            let note =
                format!("RMSE {} on {}, on that run's own rows.", figure(row.rmse), row.datetime.format("%-d %B %Y"));
            change("RMSE vs last model", report.comparison.improvement_over_previous, &note)
        }
        None if report.context.history.iter().all(|row| row.trainingjob == report.context.training_job) => {
            tile("RMSE vs last model", "–", None, "The first evaluation of this model.")
        }
        None => tile("RMSE vs last model", "–", None, "No earlier model is one to compare with."),
    }
}

/// How the RMSE changed, in a word and an arrow, not in colour alone.
pub(super) fn change(title: &str, better: Option<f64>, note: &str) -> Markup {
    let (class, text) = match better {
        Some(share) if share.abs() < 0.0005 => ("", "no change".to_owned()),
        Some(share) if share > 0.0 => ("good", format!("↓ {}", percent(share))),
        Some(share) => ("bad", format!("↑ {}", percent(-share))),
        None => ("", "–".to_owned()),
    };
    let word = match class {
        "good" => "lower",
        "bad" => "higher",
        _ => "",
    };
    html! {
        div {
            dt { (title) }
            dd class={ "value " (class) } { (text) @if !word.is_empty() { " " span class="unit" { (word) } } }
            dd class="note" { (note) }
        }
    }
}

pub(super) fn tile(title: &str, value: &str, unit: Option<&str>, note: &str) -> Markup {
    html! {
        div {
            dt { (title) }
            dd class="value" { (value) @if let Some(unit) = unit { " " span class="unit" { (unit) } } }
            dd class="note" { (note) }
        }
    }
}
