//! How the model did over its past evaluations.

use maud::{Markup, html};

use super::Report;
use super::axis::{Axis, Frame, px};
use super::number::{count, figure};
use super::page::{an_error, with_unit};
use crate::EvaluationRow;
use crate::bins::as_f64;
use crate::kind::Kind;

/// Evaluations that the chart draws.
const DRAWN: usize = 60;
/// Evaluations that the table shows.
const SHOWN: usize = 15;

pub(super) fn section(report: &Report) -> Markup {
    let rows = evaluations(report);
    // Figures of another kind, such as an amount's beside a probability's, have no place on one axis.
    let kind = Kind::of_objective(&report.evaluation.objective);
    let alike: Vec<_> = rows.iter().filter(|row| Kind::of_objective(&row.objective) == kind).cloned().collect();
    let drawn = &alike[alike.len().saturating_sub(DRAWN)..];
    html! {
        section {
            h2 { "History" }
            @if rows.len() == 1 {
                p class="sub" { "This is the first evaluation of the model; later ones will be drawn beside it." }
            } @else {
                p class="sub" { "Each evaluation on the held-out rows of its own run. Hollow: a testing run."
                    @if report.evaluation.metrics.multiclass().is_some() { " " (an_error(report)) }
                }
            }
            div class="beside" {
                @if drawn.len() > 1 { (chart(drawn, report.context.unit.as_deref())) }
                (table(&rows, &report.context.training_job))
            }
        }
    }
}

/// All evaluations by time, this one among them.
fn evaluations(report: &Report) -> Vec<EvaluationRow> {
    let context = &report.context;
    let mut rows = context.history.clone();
    if !rows.iter().any(|row| row.trainingjob == context.training_job) {
        let metric = context.tuning.as_ref().map_or("", |tuning| tuning.objective_metric.as_str());
        let (evaluation, job) = (&report.evaluation, &context.training_job);
        let row = EvaluationRow::new(context.evaluated_at, job, &evaluation.objective, metric, &evaluation.metrics);
        rows.push(row.testing(context.testing));
    }
    rows.sort_by_key(|row| row.datetime);
    rows
}

fn chart(rows: &[EvaluationRow], unit: Option<&str>) -> Markup {
    let figures = || rows.iter().flat_map(|row| [row.mae, row.rmse]).filter(|figure| figure.is_finite());
    let (lower, upper) = figures()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(lower, upper), figure| (lower.min(figure), upper.max(figure)));
    if lower > upper {
        return html! {};
    }
    let last = as_f64(rows.len() as u64 - 1);
    let frame = Frame::new(Axis::exact(0.0, last, 5.0), Axis::rounded(lower, upper, 4.0), 260.0, 52.0);
    html! {
        svg viewBox=(frame.view_box()) role="img" aria-label="RMSE and MAE over the evaluations" {
            (frame.y_axis(&with_unit("error", unit)))
            (frame.x_axis_with("", &dates(rows, &frame)))
            (line(rows, &frame, "mark", "RMSE", |row| row.rmse))
            (line(rows, &frame, "plain", "MAE", |row| row.mae))
        }
    }
}

fn line(
    rows: &[EvaluationRow],
    frame: &Frame,
    class: &str,
    name: &str,
    figure_of: fn(&EvaluationRow) -> f64,
) -> Markup {
    let points: Vec<_> = (0_u64..)
        .zip(rows)
        .filter(|(_, row)| figure_of(row).is_finite())
        .map(|(place, row)| (frame.x.at(as_f64(place)), frame.y.at(figure_of(row)), row))
        .collect();
    let path: Vec<_> = points.iter().map(|(x, y, _)| format!("{},{}", px(*x), px(*y))).collect();
    html! {
        polyline class=(class) points=(path.join(" ")) {}
        @for (x, y, row) in &points {
            circle class={ "dot " (class) @if row.testing { " hollow" } } cx=(px(*x)) cy=(px(*y)) r="3.4" {
                title { (name) " " (figure(figure_of(row))) ", " (row.datetime.format("%Y-%m-%d %H:%M")) ", " (row.trainingjob) }
            }
        }
        @if let Some((x, y, _)) = points.last() { text class={ "tick " (class) } x=(px(x + 9.0)) y=(px(y + 4.0)) { (name) } }
    }
}

/// At most four dates, or times of day where all are of one day.
fn dates(rows: &[EvaluationRow], frame: &Frame) -> Vec<(f64, String)> {
    let one_day = rows.iter().all(|row| row.datetime.date_naive() == rows[0].datetime.date_naive());
    let format = if one_day { "%H:%M:%S" } else { "%Y-%m-%d" };
    let stride = (rows.len() - 1).div_ceil(3).max(1);
    let text = |(place, row): (usize, &EvaluationRow)| {
        (frame.x.at(as_f64(place as u64)), row.datetime.format(format).to_string())
    };
    rows.iter().enumerate().step_by(stride).map(text).collect()
}

fn table(rows: &[EvaluationRow], current: &str) -> Markup {
    html! {
        div class="scroll" {
            table {
                thead { tr {
                    th { "evaluated (UTC)" } th class="num" { "RMSE" } th class="num" { "MAE" } th class="num" { "stdev" } th { "training job" }
                } }
                tbody { @for row in rows.iter().rev().take(SHOWN) {
                    tr class=[(row.trainingjob == current).then_some("best")] {
                        td class="when" { (row.datetime.format("%Y-%m-%d %H:%M")) }
                        td class="num" { (figure(row.rmse)) }
                        td class="num" { (figure(row.mae)) }
                        td class="num" { (figure(row.stdev_error)) }
                        td class="name" { (row.trainingjob) @if row.testing { " · testing" } }
                    }
                } }
            }
        }
        @if rows.len() > SHOWN { p class="legend" { "The last " (SHOWN) " of " (count(rows.len() as u64)) " evaluations." } }
    }
}
