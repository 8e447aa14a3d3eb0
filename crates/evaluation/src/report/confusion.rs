//! Several classes: which is taken for which, and how each fares.

use maud::{Markup, html};

use super::Report;
use super::number::{amount, count, figure, percent};
use super::page::shortened;
use crate::{ClassMetrics, MulticlassMetrics};

/// Classes that the confusion matrix shows, those of the most rows.
const CONFUSED: usize = 16;
/// Classes that the table shows.
const SHOWN: usize = 40;
/// Shades of a cell.
const SHADES: f64 = 7.0;

pub(super) fn section(report: &Report) -> Markup {
    html! {
        @if let Some(metrics) = report.evaluation.metrics.multiclass() {
            div class="pair" {
                (confusion(report, metrics))
                (each(report, metrics))
            }
        }
    }
}

/// What a class is called: its name, or else its number.
pub(super) fn name(report: &Report, class: usize) -> String {
    let name = report.context.class_names.get(class).filter(|name| !name.is_empty());
    name.map_or_else(|| class.to_string(), |name| shortened(name, 24))
}

/// The first classes by weight, in the order of their numbers.
fn largest(metrics: &MulticlassMetrics, most: usize) -> Vec<usize> {
    let mut classes: Vec<usize> = (0..metrics.classes.len()).collect();
    let weight = |class: &usize| metrics.classes[*class].weight;
    classes.sort_by(|one, other| weight(other).total_cmp(&weight(one)));
    classes.truncate(most);
    classes.sort_unstable();
    classes
}

fn confusion(report: &Report, metrics: &MulticlassMetrics) -> Markup {
    let classes = largest(metrics, CONFUSED);
    html! {
        section {
            h2 { "Confusion" }
            p class="sub" {
                "Each line is a class, and what its rows were said to be. Blue: said rightly. Orange: taken for another. The stronger "
                "a cell, the larger its share of the line."
            }
            div class="scroll" {
                table class="confusion" {
                    thead {
                        tr { th { "actual" } th class="num" colspan=(classes.len()) { "said to be" } }
                        tr { th {} @for said in &classes { th class="num" { (name(report, *said)) } } }
                    }
                    tbody {
                        @for class in &classes {
                            tr {
                                th scope="row" { (name(report, *class)) }
                                @for said in &classes {
                                    (cell(metrics.confusion[*class][*said], metrics.classes[*class].weight, class == said))
                                }
                            }
                        }
                    }
                }
            }
            @if classes.len() < metrics.classes.len() {
                p class="legend" {
                    "The " (classes.len()) " classes of the most rows, of " (count(metrics.classes.len() as u64)) "; the JSON has all."
                }
            }
        }
    }
}

fn cell(weight: f64, of_class: f64, right: bool) -> Markup {
    if of_class == 0.0 {
        return html! { td class="num" { "–" } };
    }
    let share = weight / of_class;
    let shade = (share * SHADES).ceil();
    html! {
        td class={ "num heat h" (shade) @if !right { " wrong" } } {
            (amount(weight)) @if weight > 0.0 { small { (percent(share)) } }
        }
    }
}

fn each(report: &Report, metrics: &MulticlassMetrics) -> Markup {
    let classes = largest(metrics, SHOWN);
    html! {
        section {
            h2 { "Classes" }
            p class="sub" {
                "Precision: of the rows that are said to be of a class, the share that are. Recall: of the rows that are, the share that are "
                "said to be. F1 is their harmonic mean; its mean over the classes is " b { (figure(metrics.macro_f1)) }
                ", by their rows " b { (figure(metrics.weighted_f1)) } "."
            }
            div class="scroll" {
                table {
                    thead { tr {
                        th { "class" } th class="num" { (support(report)) } th class="num" { "precision" } th class="num" { "recall" }
                        th class="num" { "F1" }
                    } }
                    tbody { @for class in &classes { (line(&name(report, *class), &metrics.classes[*class])) } }
                }
            }
            p class="legend" {
                @if classes.len() < metrics.classes.len() {
                    "The " (classes.len()) " classes of the most rows, of " (count(metrics.classes.len() as u64)) ". "
                }
                (absent(report, metrics))
            }
        }
    }
}

fn support(report: &Report) -> &'static str {
    if report.evaluation.weighted_by.is_some() { "weight" } else { "rows" }
}

fn line(name: &str, class: &ClassMetrics) -> Markup {
    let known = |value: f64, of: f64| if of > 0.0 { figure(value) } else { "–".to_owned() };
    html! {
        tr {
            th scope="row" { (name) } td class="num" { (amount(class.weight)) }
            td class="num" { (known(class.precision, class.said)) } td class="num" { (known(class.recall, class.weight)) }
            td class="num" { (known(class.f1, class.weight + class.said)) }
        }
    }
}

/// What the figures cannot tell: classes that no row has, and those that are never said.
fn absent(report: &Report, metrics: &MulticlassMetrics) -> Markup {
    let named = |is: fn(&ClassMetrics) -> bool| {
        let classes: Vec<usize> = (0..metrics.classes.len()).filter(|class| is(&metrics.classes[*class])).collect();
        let names: Vec<String> = classes.iter().take(SHOWN).map(|class| name(report, *class)).collect();
        let more = if classes.len() > SHOWN { ", …" } else { "" };
        (!classes.is_empty()).then(|| format!("{}{more}", names.join(", ")))
    };
    html! {
        @if let Some(names) = named(|class| class.weight == 0.0) {
            "No row has " b { (names) } ", so these rows say nothing of how it fares there. "
        }
        @if let Some(names) = named(|class| class.weight > 0.0 && class.said == 0.0) {
            "No row is said to have " b { (names) } ". "
        }
    }
}
