//! Where the model does well, and where it does not.

use maud::{Markup, html};

use super::Report;
use super::number::{count, figure, percent, signed};
use super::page::{breakable, shortened};
use crate::SliceMetrics;

/// Slices that the page shows, of each column as many; the JSON has all.
const SHOWN: usize = 40;

pub(super) fn section(report: &Report) -> Markup {
    let slices = &report.evaluation.slices;
    let overall = report.evaluation.metrics.mae();
    let columns = columns(slices);
    let by_column: Vec<_> = slices.chunk_by(|one, next| one.column == next.column).collect();
    let shown = (SHOWN / by_column.len().max(1)).max(1);
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
                            @for slices in by_column.iter().map(|slices| &slices[..slices.len().min(shown)]) {
                                @for (place, slice) in slices.iter().enumerate() {
                                    (row(slice, (place == 0).then_some(slices.len()), overall, &columns))
                                }
                            }
                        }
                    }
                }
                @if by_column.iter().any(|slices| slices.len() > shown) {
                    p class="legend" { "The largest " (count(shown as u64)) " of each column's slices; the JSON has all " (count(slices.len() as u64)) "." }
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
