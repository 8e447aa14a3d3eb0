//! Two classes: how well they are ranked, and whether the probabilities keep their word.

use maud::{Markup, html};

use super::Report;
use super::axis::{Axis, Frame, px};
use super::number::{count, figure, percent};
use crate::{BinaryMetrics, CurvePoint, Curves};

pub(super) fn section(report: &Report) -> Markup {
    html! {
        @if let Some(binary) = report.evaluation.metrics.binary() {
            div class="pair" {
                @if let Some(curves) = &binary.curves { (ranking(curves)) }
                (probabilities(binary))
            }
        }
    }
}

fn ranking(curves: &Curves) -> Markup {
    html! {
        section {
            h2 { "Ranking" }
            p class="sub" {
                "Area under the ROC curve " b { (figure(curves.auc)) } ", average precision " b { (figure(curves.pr_auc)) }
                ". On the dashed line the order is chance."
            }
            (curve("ROC curve", "false positive rate", "true positive rate", &curves.points, true,
                |at| (at.false_positive_rate, at.true_positive_rate)))
            (curve("Precision-recall curve", "recall", "precision", &curves.points, false,
                |at| (at.true_positive_rate, at.precision)))
        }
    }
}

fn curve(
    name: &str,
    x: &str,
    y: &str,
    points: &[CurvePoint],
    chance: bool,
    at: impl Fn(&CurvePoint) -> (f64, f64),
) -> Markup {
    let frame = unit_square(260.0);
    let place = |(x, y): (f64, f64)| format!("{},{}", px(frame.x.at(x)), px(frame.y.at(y)));
    let start = chance.then_some((0.0, 0.0));
    let end = chance.then_some((1.0, 1.0));
    let line: Vec<_> = start.into_iter().chain(points.iter().map(at)).chain(end).map(place).collect();
    html! {
        svg viewBox=(frame.view_box()) role="img" aria-label=(name) {
            (frame.y_axis(y)) (frame.x_axis(x))
            @if chance { (diagonal(&frame)) }
            polyline points=(line.join(" ")) {}
        }
    }
}

fn probabilities(binary: &BinaryMetrics) -> Markup {
    let frame = unit_square(372.0);
    let points: Vec<_> =
        binary.calibration.iter().map(|bin| (frame.x.at(bin.predicted), frame.y.at(bin.actual), bin)).collect();
    let line: Vec<_> = points.iter().map(|(x, y, _)| format!("{},{}", px(*x), px(*y))).collect();
    html! {
        section {
            h2 { "Calibration" }
            p class="sub" {
                "Log loss " b { (figure(binary.logloss)) } ", Brier score " b { (figure(binary.brier)) } "; "
                (percent(binary.error)) " of the rows are on the wrong side of one half, F1 " (figure(binary.f1))
                ". On the dashed line a probability is what happens."
            }
            svg viewBox=(frame.view_box()) role="img" aria-label="Share of ones against the predicted probability" {
                (frame.y_axis("share of ones")) (frame.x_axis("predicted probability"))
                (diagonal(&frame))
                polyline class="mark" points=(line.join(" ")) {}
                @for (x, y, bin) in points {
                    circle class="dot mark" cx=(px(x)) cy=(px(y)) r="3.6" {
                        title { (count(bin.rows)) " rows: predicted " (figure(bin.predicted)) ", happened " (figure(bin.actual)) }
                    }
                }
            }
            p class="legend" { "Probabilities are " (figure(binary.expected_calibration_error)) " off on average." }
        }
    }
}

fn unit_square(height: f64) -> Frame {
    Frame::new(Axis::exact(0.0, 1.0, 5.0), Axis::exact(0.0, 1.0, 5.0), height, 14.0)
}

fn diagonal(frame: &Frame) -> Markup {
    html! {
        line class="rule" x1=(px(frame.left())) y1=(px(frame.bottom())) x2=(px(frame.right())) y2=(px(frame.top())) {}
    }
}
