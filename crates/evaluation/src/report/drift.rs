//! How far the rows are from those that the model learnt from.

use maud::{Markup, html};

use super::Report;
use super::number::{count, figure, percent};
use super::page::breakable;
use crate::{ColumnDrift, DriftLevel, DriftReport};

/// Columns that the page shows; the JSON has all.
const SHOWN: usize = 30;

pub(super) fn section(report: &Report) -> Markup {
    html! {
        @if let Some(drift) = report.evaluation.drift.as_ref().filter(|drift| !drift.columns.is_empty()) {
            section {
                h2 { "Drift since training" }
                p class="sub" { (summary(drift, report.context.drift_from.as_deref())) }
                div class="scroll" {
                    table {
                        thead { tr {
                            th { "column" } th { "drift" } th class="num" { "PSI" } th class="num" { "KS" }
                            th class="num" { "missing" } th class="num" { "in training" } th class="num" { "outside its range" }
                        } }
                        tbody { @for column in drift.columns.iter().take(SHOWN) { (row(column)) } }
                    }
                }
                @if drift.columns.len() > SHOWN {
                    p class="legend" { "The farthest " (count(SHOWN as u64)) " of " (count(drift.columns.len() as u64)) " columns; the JSON has all." }
                }
            }
        }
    }
}

fn summary(drift: &DriftReport, from: Option<&str>) -> Markup {
    let [moderate, major] = [DriftLevel::Moderate, DriftLevel::Major].map(|level| drift.at(level).count() as u64);
    html! {
        @if let Some(from) = from { "Measured from " (from) " training rows. " }
        "Of " (count(drift.columns.len() as u64)) " columns, " b { (count(major)) } " drifted far and " b { (count(moderate)) }
        " moderately. A population stability index from " (drift.limits.moderate_psi) " on is moderate, from "
        (drift.limits.major_psi) " on far."
    }
}

fn row(column: &ColumnDrift) -> Markup {
    let (class, word) = match column.level {
        DriftLevel::Stable => ("", "stable"),
        DriftLevel::Moderate => ("", "moderate"),
        DriftLevel::Major => ("bad", "far"),
    };
    let optional = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), figure);
    html! {
        tr {
            th { (breakable(&column.column)) } td class=(class) { (word) }
            td class="num" { (optional(column.psi)) } td class="num" { (optional(column.ks)) }
            td class="num" { (percent(column.missing_rate)) } td class="num" { (percent(column.missing_rate_in_training)) }
            td class="num" { (percent(column.below_training + column.above_training)) }
        }
    }
}
