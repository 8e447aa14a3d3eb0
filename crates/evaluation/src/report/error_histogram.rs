//! How large the errors are, and to which side.

use maud::{Markup, html};

use super::Report;
use super::axis::{Axis, Frame, px};
use super::number::{count, figure, percent, signed};
use super::page::with_unit;
use crate::bins::as_f64;
use crate::{Histogram, RegressionMetrics};

pub(super) fn section(report: &Report, metrics: &RegressionMetrics, histogram: &Histogram) -> Markup {
    let unit = report.context.unit.as_deref();
    let after = unit.map(|unit| format!(" {unit}")).unwrap_or_default();
    let outside = histogram.below + histogram.above;
    html! {
        section {
            h2 { "Errors" }
            p class="sub" {
                "Half of the predictions are within " b { (figure(metrics.median_absolute_error)) (after) }
                " of the actual value, nine of ten within " b { (figure(metrics.p90_absolute_error)) (after) } "."
            }
            (chart(histogram, unit))
            p class="legend" {
                "Mean error " (signed(metrics.bias)) (after) ". The errors reach from " (signed(histogram.lowest)) " to "
                (signed(histogram.highest)) "."
                @if outside > 0 { " " (percent(as_f64(outside) / as_f64(metrics.rows))) " of rows lie outside the chart." }
            }
        }
    }
}

fn chart(histogram: &Histogram, unit: Option<&str>) -> Markup {
    let edge = |bar: usize| histogram.lower + histogram.bin_width * as_f64(bar as u64);
    let most = histogram.counts.iter().copied().max().unwrap_or(1);
    let x = Axis::exact(edge(0), edge(histogram.counts.len()), 6.0);
    let frame = Frame::new(x, Axis::rounded(0.0, as_f64(most), 4.0).whole(), 372.0, 10.0);
    let zero = frame.x.at(0.0);
    let zero_inside = (frame.left()..=frame.right()).contains(&zero);
    html! {
        svg viewBox=(frame.view_box()) role="img" aria-label="Histogram of the errors" {
            (frame.y_axis("rows"))
            @for (bar, rows) in histogram.counts.iter().enumerate().filter(|(_, rows)| **rows > 0) {
                rect class="bar" x=(px(frame.x.at(edge(bar)) + 0.5)) y=(px(frame.y.at(as_f64(*rows))))
                    width=(px((frame.x.at(edge(bar + 1)) - frame.x.at(edge(bar)) - 1.0).max(2.0)))
                    height=(px(frame.bottom() - frame.y.at(as_f64(*rows)))) {
                    title { (signed(edge(bar))) " to " (signed(edge(bar + 1))) ": " (count(*rows)) " rows" }
                }
            }
            @if zero_inside { line class="rule" x1=(px(zero)) x2=(px(zero)) y1=(px(frame.top())) y2=(px(frame.bottom())) {} }
            (frame.x_axis(&format!("← too low  ·  {}  ·  too high →", with_unit("prediction − actual", unit))))
        }
    }
}
