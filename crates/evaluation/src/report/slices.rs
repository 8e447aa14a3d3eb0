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
    let overall = report.evaluation.metrics.mae();
    let columns = columns(slices);
    html! {
        @if !slices.is_empty() {
            section {
                h2 { "Slices" }
                p class="sub" { "The same figures for parts of the rows. The last column compares the slice's MAE with that of all rows." }
                div class="scroll" {
                    table {
                        thead { tr {
                            th { "column" } th { "value" } th class="num" { "rows" }
                            @for column in &columns { th class="num" { (column.name) } }
                            th class="num" { "MAE vs all" }
                        } }
                        tbody {
                            @for column in slices[..slices.len().min(SHOWN)].chunk_by(|one, next| one.column == next.column) {
                                @for (place, slice) in column.iter().enumerate() {
                                    (row(slice, (place == 0).then_some(column.len()), overall, &columns))
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

/// A figure that slices have.
struct Column {
    name: &'static str,
    text: fn(&SliceMetrics) -> Option<String>,
}

/// The figures that any of the slices has.
fn columns(slices: &[SliceMetrics]) -> Vec<Column> {
    let all = [
        Column { name: "error rate", text: |slice| slice.merror.map(percent) },
        Column { name: "log loss", text: |slice| slice.mlogloss.map(figure) },
        Column { name: "MAE", text: |slice| Some(figure(slice.mae)) },
        Column { name: "RMSE", text: |slice| Some(figure(slice.rmse)) },
        Column { name: "mean error", text: |slice| slice.bias.map(signed) },
        Column { name: "AUC", text: |slice| slice.auc.map(figure) },
    ];
    all.into_iter().filter(|column| slices.iter().any(|slice| (column.text)(slice).is_some())).collect()
}

/// The first row of a column has its name, for as many rows as it has.
fn row(slice: &SliceMetrics, first_of: Option<usize>, overall: f64, columns: &[Column]) -> Markup {
    let change = if overall > 0.0 { slice.mae / overall - 1.0 } else { 0.0 };
    let class = if change > 0.25 { "bad" } else { "" };
    html! {
        tr {
            @if let Some(rows) = first_of { th rowspan=(rows) { (breakable(&slice.column)) } }
            td class="when" { (shortened(&slice.value, 40)) } td class="num" { (count(slice.rows)) }
            @for column in columns { td class="num" { ((column.text)(slice).unwrap_or_else(|| "–".to_owned())) } }
            td class={ "num " (class) } { (if change < 0.0 { "↓ " } else { "↑ " }) (percent(change.abs())) }
        }
    }
}
