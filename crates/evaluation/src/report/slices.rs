//! Where the model does well, and where it does not.

use maud::{Markup, html};

use super::Report;
use super::number::{count, figure, percent, signed};
use super::page::{breakable, shortened};
use crate::SliceMetrics;

/// Slices that the page shows; the JSON has all.
const SHOWN: usize = 40;

pub(super) fn section(report: &Report) -> Markup {
    let slices = &report.evaluation.slices;
    let overall = report.evaluation.metrics.mae;
    let auc = slices.iter().any(|slice| slice.auc.is_some());
    html! {
        @if !slices.is_empty() {
            section {
                h2 { "Slices" }
                p class="sub" { "The same figures for parts of the rows. The last column compares the slice's MAE with that of all rows." }
                div class="scroll" {
                    table {
                        thead { tr {
                            th { "column" } th { "value" } th class="num" { "rows" } th class="num" { "MAE" }
                            th class="num" { "RMSE" } th class="num" { "mean error" }
                            @if auc { th class="num" { "AUC" } }
                            th class="num" { "MAE vs all" }
                        } }
                        tbody {
                            @for column in slices[..slices.len().min(SHOWN)].chunk_by(|one, next| one.column == next.column) {
                                @for (place, slice) in column.iter().enumerate() {
                                    (row(slice, (place == 0).then_some(column.len()), overall, auc))
                                }
                            }
                        }
                    }
                }
                @if slices.len() > SHOWN {
                    p class="legend" { "The largest " (count(SHOWN as u64)) " of " (count(slices.len() as u64)) " slices; the JSON has all." }
                }
            }
        }
    }
}

/// The first row of a column has its name, for as many rows as it has.
fn row(slice: &SliceMetrics, first_of: Option<usize>, overall: f64, auc: bool) -> Markup {
    let change = if overall > 0.0 { slice.mae / overall - 1.0 } else { 0.0 };
    let class = if change > 0.25 { "bad" } else { "" };
    html! {
        tr {
            @if let Some(rows) = first_of { th rowspan=(rows) { (breakable(&slice.column)) } }
            td class="when" { (shortened(&slice.value, 40)) } td class="num" { (count(slice.rows)) }
            td class="num" { (figure(slice.mae)) } td class="num" { (figure(slice.rmse)) } td class="num" { (signed(slice.bias)) }
            @if auc { td class="num" { (slice.auc.map_or_else(|| "–".to_owned(), figure)) } }
            td class={ "num " (class) } { (if change < 0.0 { "↓ " } else { "↑ " }) (percent(change.abs())) }
        }
    }
}
