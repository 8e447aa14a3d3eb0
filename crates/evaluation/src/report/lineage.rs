//! Where the model comes from, and every figure once more.

use maud::{Markup, html};

use super::Report;
use super::number::{count, figure, percent, signed};
use super::page::shortened;
use crate::{ChampionStanding, RegressionMetrics};

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
                        @if let Some((_, value)) = champion.as_ref().map(|rows| &rows[place]) { td class="num" { (value) } }
                    }
                }
            }
        }
    }
}

fn rows(metrics: &RegressionMetrics) -> [(&'static str, String); 12] {
    [
        ("Rows", count(metrics.rows)),
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
