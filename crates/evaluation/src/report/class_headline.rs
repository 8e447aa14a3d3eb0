//! What a supervisor reads first of a model of several classes.

use maud::{Markup, html};

use super::Report;
use super::confusion::name;
use super::headline::{change, previous, rows, tile};
use super::number::{figure, percent};
use crate::MulticlassMetrics;
use crate::metrics::relative_improvement;

pub(super) fn lead(report: &Report, metrics: &MulticlassMetrics) -> Markup {
    html! {
        (rows(report)) " the model names the class of " em { (report.context.label) } " rightly for "
        b { (percent(1.0 - metrics.merror)) } ". Its log loss of " b { (figure(metrics.mlogloss)) } " is "
        @match report.comparison.improvement_over_shares {
            Some(better) if better > 0.0 => {
                b { (percent(better)) " lower" } " than that of always giving each class its share of the rows."
            }
            better => {
                b class="bad" { (percent(-better.unwrap_or(0.0))) " higher" }
                " than that of always giving each class its share of the rows: it is no better than no model."
            }
        }
    }
}

pub(super) fn tiles(report: &Report, metrics: &MulticlassMetrics) -> Markup {
    let frequent = (0..metrics.classes.len())
        .reduce(|best, class| if metrics.classes[class].weight > metrics.classes[best].weight { class } else { best });
    let always = format!(
        "Rows whose likeliest class is not theirs. Always saying {}: {}.",
        name(report, frequent.unwrap_or(0)),
        percent(metrics.baseline_merror)
    );
    let shares = format!("Always giving each class its share: {}.", figure(metrics.baseline_mlogloss));
    html! {
        (tile("Error rate", &percent(metrics.merror), None, &always))
        (tile("Log loss", &figure(metrics.mlogloss), None, "Low where the right class has a high probability."))
        (tile("Macro F1", &figure(metrics.macro_f1), None,
            &format!("Mean over the classes; by their rows {}.", figure(metrics.weighted_f1))))
        (change("Log loss vs shares", report.comparison.improvement_over_shares, &shares))
        @match report.evaluation.champion.as_ref().and_then(|champion| champion.metrics.multiclass()) {
            Some(champion) => (versus_champion(metrics, champion)),
            None => (previous(report)),
        }
    }
}

fn versus_champion(metrics: &MulticlassMetrics, champion: &MulticlassMetrics) -> Markup {
    let note = format!(
        "The champion on the same rows: log loss {}, error rate {}.",
        figure(champion.mlogloss),
        percent(champion.merror)
    );
    change("Log loss vs champion", relative_improvement(metrics.mlogloss, champion.mlogloss), &note)
}
