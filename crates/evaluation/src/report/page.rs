//! The page as a whole.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{
    Report, confusion, curves, drift, error_histogram, headline, history, importance, lineage, predicted_vs_actual,
    slices, tuning, verdict,
};

const STYLE: &str = include_str!("page.css");

pub(super) fn page(report: &Report) -> Markup {
    let context = &report.context;
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                // The browser itself then holds the page to its promise: no script, no request.
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:";
                link rel="icon" href="data:,";
                title { (context.model) " · evaluation of " (context.evaluated_at.format("%Y-%m-%d")) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (headline::header(report))
                main {
                    (verdict::section(report))
                    (headline::figures(report))
                    (distributions(report))
                    (curves::section(report))
                    (confusion::section(report))
                    (slices::section(report))
                    (drift::section(report))
                    div class="pair" {
                        (importance::section(&report.evaluation))
                        (tuning::section(context))
                    }
                    (tuning::table(context))
                    (history::section(report))
                    (lineage::section(report))
                }
                footer { "Written by refit-evaluation " (env!("CARGO_PKG_VERSION")) ". " (an_error(report)) }
            }
        }
    }
}

/// How predictions and labels lie to each other, where both are numbers.
fn distributions(report: &Report) -> Markup {
    let evaluation = &report.evaluation;
    html! {
        @if let Some((errors, distributions)) = evaluation.metrics.regression().zip(evaluation.distributions.as_ref()) {
            div class="pair" {
                (predicted_vs_actual::section(report, distributions))
                (error_histogram::section(report, errors, &distributions.error_histogram))
            }
        }
    }
}

/// What MAE and RMSE are of.
pub(super) fn an_error(report: &Report) -> &'static str {
    match report.evaluation.metrics.multiclass() {
        None => "Errors are prediction − actual.",
        Some(_) => "The error of a row, in MAE and RMSE, is what the probability of the class that it was lacks.",
    }
}

/// `arr_delay (minutes)`, or the label alone, for the title of an axis: what is longer than a chart is cut.
pub(super) fn with_unit(what: &str, unit: Option<&str>) -> String {
    let what = shortened(what, 40);
    match unit {
        Some(unit) => format!("{what} ({})", shortened(unit, 16)),
        None => what,
    }
}

/// A name that may be broken after each `_`, which browsers do not do by themselves.
pub(super) fn breakable(name: &str) -> Markup {
    let name = shortened(name, 40);
    html! { @for (place, part) in name.split('_').enumerate() { @if place > 0 { "_" wbr; } (part) } }
}

/// A text cut to what a cell can hold.
pub(super) fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
