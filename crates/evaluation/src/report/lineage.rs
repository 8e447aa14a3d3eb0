//! Where the model comes from, and every figure once more.

use maud::{Markup, html};

use super::Report;
use super::number::{count, figure, percent, signed};
use super::page::{an_error, shortened};
use crate::bins::as_f64;
use crate::{ChampionStanding, Metrics, MulticlassMetrics, RegressionMetrics};

/// Characters of a query that the page shows.
const QUERY: usize = 20_000;

pub(super) fn section(report: &Report) -> Markup {
    let context = &report.context;
    html! {
        div class="pair" {
            section {
                h2 { "Lineage" }
                dl class="facts" {
                    @if let Some(dataset) = &context.dataset {
                        (fact("Dataset", &dataset.digest))
                        @if let Some((floor, ceiling)) = dataset.window {
                            dt { "Window" } dd { "from " (floor) ", before " (ceiling) }
                        }
                    }
                    @if let Some(tuning) = &context.tuning {
                        (fact("Tuning job", &tuning.name))
                        dt { "Warm started from" }
                        @match &tuning.parent { Some(parent) => { dd class="name" { (parent) } }, None => { dd { "nothing: a cold start" } } }
                    }
                    (fact("Training job", &context.training_job))
                    @if let Some(digest) = &context.artifact_digest { (fact("Artifact", digest)) }
                    @if let Some(champion) = context.champion.as_ref().and_then(ChampionStanding::champion) {
                        (fact("Champion", &champion.package))
                        @if let Some(digest) = &champion.artifact_digest { (fact("Champion's artifact", digest)) }
                    }
                }
            }
            section { h2 { "All figures" } (all_figures(report)) }
        }
        @if let Some(dataset) = context.dataset.as_ref().filter(|dataset| !dataset.query.is_empty()) {
            section { h2 { "Query" } pre { (shortened(dataset.query.trim(), QUERY)) } }
        }
    }
}

fn fact(name: &str, value: &str) -> Markup {
    html! { dt { (name) } dd class="name" { (value) } }
}

/// The figures of both models side by side, where there are two.
fn all_figures(report: &Report) -> Markup {
    let champion = report.evaluation.champion.as_ref().map(|champion| rows(&champion.metrics));
    html! {
        table {
            @if champion.is_some() {
                thead { tr { th {} th class="num" { "this model" } th class="num" { "champion" } } }
            }
            tbody {
                @for (place, (name, value)) in rows(&report.evaluation.metrics).into_iter().enumerate() {
                    tr {
                        th scope="row" { (name) } td class="num" { (value) }
                        @if let Some((_, value)) = champion.as_ref().and_then(|rows| rows.get(place)) { td class="num" { (value) } }
                    }
                }
            }
        }
        @if report.evaluation.metrics.multiclass().is_some() { p class="legend" { (an_error(report)) } }
    }
}

fn rows(metrics: &Metrics) -> Vec<(&'static str, String)> {
    let mut rows = vec![("Rows", count(metrics.rows()))];
    if metrics.weight() != as_f64(metrics.rows()) {
        rows.push(("Their weight", figure(metrics.weight())));
    }
    match (metrics.regression(), metrics.multiclass()) {
        (Some(errors), _) => rows.extend(of_errors(errors)),
        (None, Some(classes)) => rows.extend(of_classes(classes)),
        (None, None) => {}
    }
    rows
}

fn of_errors(metrics: &RegressionMetrics) -> [(&'static str, String); 11] {
    [
        ("RMSE", figure(metrics.rmse)),
        ("MAE", figure(metrics.mae)),
        ("Stdev of error (population)", figure(metrics.stdev_error)),
        ("Mean error", signed(metrics.bias)),
        ("Median absolute error", figure(metrics.median_absolute_error)),
        ("90th percentile of absolute error", figure(metrics.p90_absolute_error)),
        ("Variance explained (R²)", metrics.explained.map_or_else(|| "–".to_owned(), percent)),
        ("Mean of the label", figure(metrics.label_mean)),
        ("Stdev of the label (population)", figure(metrics.label_stdev)),
        ("RMSE of predicting the mean", figure(metrics.baseline_rmse)),
        ("MAE of predicting the mean", figure(metrics.baseline_mae)),
    ]
}

fn of_classes(metrics: &MulticlassMetrics) -> [(&'static str, String); 9] {
    [
        ("Error rate (merror)", percent(metrics.merror)),
        ("Log loss (mlogloss)", figure(metrics.mlogloss)),
        ("Macro F1", figure(metrics.macro_f1)),
        ("F1 by the classes' rows", figure(metrics.weighted_f1)),
        ("Error rate of the most frequent class", percent(metrics.baseline_merror)),
        ("Log loss of the classes' shares", figure(metrics.baseline_mlogloss)),
        ("RMSE", figure(metrics.rmse)),
        ("MAE", figure(metrics.mae)),
        ("Stdev of error (population)", figure(metrics.stdev_error)),
    ]
}
