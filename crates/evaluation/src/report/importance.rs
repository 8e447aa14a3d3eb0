//! Which features the model leans on.

use maud::{Markup, html};

use super::number::{count, figure, percent};
use super::page::breakable;
use crate::Evaluation;

/// Features that are shown by name.
const SHOWN: usize = 12;

pub(super) fn section(evaluation: &Evaluation) -> Markup {
    let used = evaluation.importance.iter().filter(|feature| feature.splits > 0);
    let unused = evaluation.importance.len() - used.clone().count();
    let explained = evaluation.importance.iter().any(|feature| feature.effect.is_some());
    let largest = evaluation.importance.first().map_or(0.0, |feature| feature.share);
    let rest: f64 = used.clone().skip(SHOWN).map(|feature| feature.share).sum();
    let hidden = used.clone().count().saturating_sub(SHOWN);
    html! {
        section {
            h2 { "Feature importance" }
            p class="sub" { "Share of the total gain: of the loss that the trees removed, the part removed by splitting on a feature. Cover: the mean weight of the rows that come to such a split."
                @if explained { " Effect: how far the feature moves a prediction on average (its mean absolute SHAP value over " (count(evaluation.explained_rows)) " rows"
                    @if evaluation.metrics.multiclass().is_some() { ", added up over the classes" } ")." }
            }
            div class="scroll" {
                table class="bars" {
                    thead { tr { th { "feature" } th {} th class="num" { "gain" } @if explained { th class="num" { "effect" } } th class="num" { "cover" } th class="num" { "splits" } } }
                    tbody {
                        @for feature in used.take(SHOWN) {
                            tr {
                                th scope="row" { (breakable(&feature.feature)) }
                                td class="track" { i style=(format!("width:{:.1}%", 100.0 * feature.share / largest)) {} }
                                td class="num" { (percent(feature.share)) }
                                @if explained { td class="num" { (feature.effect.map_or_else(|| "–".to_owned(), figure)) } }
                                td class="num" { (figure(feature.cover)) }
                                td class="num" { (count(feature.splits)) }
                            }
                        }
                    }
                }
            }
            @if hidden > 0 || unused > 0 {
                p class="legend" {
                    @if hidden > 0 { (hidden) " more features hold " (percent(rest)) " together. " }
                    @if unused == 1 { "One feature is not used." }
                    @if unused > 1 { (unused) " features are not used." }
                }
            }
        }
    }
}
