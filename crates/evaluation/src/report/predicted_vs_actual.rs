//! Predictions against labels: where the rows are, and whether predictions keep their word.

use std::fmt::Write;

use maud::{Markup, html};

use super::Report;
use super::axis::{Axis, Frame, px};
use super::number::{count, percent};
use super::page::with_unit;
use crate::bins::as_f64;
use crate::{CalibrationGroup, Distributions, JointHistogram};

/// Shades of a cell, on a logarithmic scale of its rows.
const SHADES: usize = 7;

pub(super) fn section(report: &Report, distributions: &Distributions) -> Markup {
    let joint = &distributions.predicted_vs_actual;
    let most = joint.cells.iter().map(|cell| cell.rows).max().unwrap_or(1);
    html! {
        section {
            h2 { "Predicted and actual" }
            p class="sub" {
                "The stronger a cell, the more rows. Dots: the means of ten equal groups of rows. On the dashed line predictions are right; above it they were too low."
            }
            (chart(report, distributions, most))
            p class="legend" {
                "Rows per cell: 1 "
                span class="shades" { @for shade in 1..=SHADES { i class={ "d" (shade) } {} } }
                " " (count(most))
                @if joint.outside > 0 {
                    " · " (percent(as_f64(joint.outside) / as_f64(report.evaluation.metrics.rows()))) " of rows lie outside the chart"
                }
            }
        }
    }
}

fn chart(report: &Report, distributions: &Distributions, most: u64) -> Markup {
    let joint = &distributions.predicted_vs_actual;
    let (label, unit) = (&report.context.label, report.context.unit.as_deref());
    let upper = joint.lower + joint.cell_size * as_f64(joint.side as u64);
    let axis = Axis::exact(joint.lower, upper, 5.0);
    let frame = Frame::new(axis.clone(), axis, 372.0, 10.0);
    html! {
        svg viewBox=(frame.view_box()) role="img" aria-label="Predicted against actual values, as a density with the mean of ten groups" {
            (frame.y_axis(&with_unit(&format!("actual {label}"), unit)))
            (frame.x_axis(&with_unit(&format!("predicted {label}"), unit)))
            @for (shade, path) in (1..).zip(shades(&frame, joint, most)) {
                @if !path.is_empty() { path class={ "cell d" (shade) } d=(path) {} }
            }
            line class="rule" x1=(px(frame.left())) y1=(px(frame.bottom())) x2=(px(frame.right())) y2=(px(frame.top())) {}
            (groups(&frame, &distributions.calibration))
        }
    }
}

/// One path for all cells of a shade: a tenth of the size of an element for each cell.
fn shades(frame: &Frame, joint: &JointHistogram, most: u64) -> [String; SHADES] {
    let mut paths: [String; SHADES] = Default::default();
    let edge = |place: usize| joint.lower + joint.cell_size * as_f64(place as u64);
    for cell in &joint.cells {
        let (left, right) = (frame.x.at(edge(cell.predicted)), frame.x.at(edge(cell.predicted + 1)));
        let (bottom, top) = (frame.y.at(edge(cell.actual)), frame.y.at(edge(cell.actual + 1)));
        let path = &mut paths[shade(cell.rows, most)];
        // Writing to a String cannot fail.
        let _ = write!(path, "M{} {}H{}V{}H{}z", px(left), px(bottom), px(right), px(top), px(left));
    }
    paths
}

fn shade(rows: u64, most: u64) -> usize {
    if most <= 1 {
        return SHADES / 2;
    }
    let share = as_f64(rows).ln() / as_f64(most).ln();
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a share of a handful of shades"
    )]
    let shade = (share * SHADES as f64) as usize;
    shade.min(SHADES - 1)
}

fn groups(frame: &Frame, groups: &[CalibrationGroup]) -> Markup {
    let inside =
        |x: f64, y: f64| (frame.left()..=frame.right()).contains(&x) && (frame.top()..=frame.bottom()).contains(&y);
    let points: Vec<_> = groups
        .iter()
        .map(|group| (frame.x.at(group.predicted), frame.y.at(group.actual), group))
        .filter(|(x, y, _)| inside(*x, *y))
        .collect();
    let line: Vec<_> = points.iter().map(|(x, y, _)| format!("{},{}", px(*x), px(*y))).collect();
    html! {
        polyline class="mark" points=(line.join(" ")) {}
        @for (x, y, group) in points {
            circle class="dot mark" cx=(px(x)) cy=(px(y)) r="3.6" {
                title {
                    (count(group.rows)) " rows: predicted " (super::number::figure(group.predicted))
                    ", actual " (super::number::figure(group.actual)) " on average"
                }
            }
        }
    }
}
