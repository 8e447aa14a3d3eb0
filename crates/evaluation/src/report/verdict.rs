//! What is said of the model, and how sure that is: before anything else.

use maud::{Markup, html};

use super::Report;
use super::axis::{Axis, Frame, px};
use super::number::{count, figure, percent, signed};
use crate::{ChampionLineage, ChampionStanding, Decision, Outcome, PairedComparison, Verdict};

pub(super) fn section(report: &Report) -> Markup {
    let champion = report.evaluation.champion.as_ref();
    let (standing, decision) = (report.context.champion.as_ref(), report.context.decision.as_ref());
    let serves = standing.and_then(ChampionStanding::champion).is_none_or(|champion| champion.serves);
    html! {
        @if champion.is_some() || standing.is_some() || decision.is_some() {
            section {
                h2 { "Verdict" }
                @if let Some(champion) = champion { (against(&champion.comparison, serves)) }
                @if let Some(standing) = standing { (stands(standing)) }
                @if let Some(decision) = decision { (decided(decision)) }
            }
        }
    }
}

/// Which model it was compared with, or why with none.
fn stands(standing: &ChampionStanding) -> Markup {
    match standing {
        ChampionStanding::None => html! {
            p class="lead" { "Nothing serves yet and nothing is approved, so there is no model to compare it with." }
        },
        ChampionStanding::Compared(champion) => html! { p class="legend sub" { (named(champion)) "." } },
        ChampionStanding::NotCompared { champion, reason } => html! {
            p class="lead" { "It was " b class="bad" { "not compared" } " with " (word(champion.serves)) ": " (reason) "." }
            p class="sub" { (named(champion)) "." }
        },
    }
}

fn named(champion: &ChampionLineage) -> Markup {
    // Of an ARN only its end tells a reader something: the group and the version.
    let package = champion.package.rsplit_once(":model-package/").map_or(champion.package.as_str(), |(_, name)| name);
    html! {
        "The champion is the package " span class="name" { (package) }
        @if let Some(job) = &champion.training_job { ", of the training job " span class="name" { (job) } }
    }
}

fn word(serves: bool) -> &'static str {
    if serves { "the model that serves now" } else { "the newest approved model" }
}

fn against(compared: &PairedComparison, serves: bool) -> Markup {
    let (class, relation) = match compared.verdict {
        Verdict::Better => ("good", "better than"),
        Verdict::NotWorse => ("good", "not worse than"),
        Verdict::Worse => ("bad", "worse than"),
        Verdict::Undecided { .. } => ("", "not to be told from"),
    };
    let more = match compared.verdict {
        Verdict::Undecided { rows_needed: Some(rows) } => format!(" About {} rows would decide it.", count(rows)),
        Verdict::Undecided { rows_needed: None } => " More rows would hardly decide it.".to_owned(),
        Verdict::Better | Verdict::NotWorse | Verdict::Worse => String::new(),
    };
    html! {
        p class="lead" {
            "It is " b class=(class) { (relation) } " " (word(serves)) ": " (compared.metric) " "
            b { (figure(compared.challenger)) } " against " (figure(compared.champion)) " on the same "
            (count(compared.rows)) " rows"
            @if let Some(share) = compared.relative_improvement {
                ", " (percent(share.abs())) " " (if share < 0.0 { "worse" } else { "better" })
            }
            "."
        }
        p class="sub" {
            "The improvement is " (signed(compared.improvement)) "; resampled rows put it between "
            (signed(compared.lower)) " and " (signed(compared.upper)) " in "
            (compared.spec.confidence * 100.0) "% of the cases."
            (more)
        }
        (interval(compared))
    }
}

/// The interval as a bar, with what is put up with and no difference as rules.
fn interval(compared: &PairedComparison) -> Markup {
    let worse = -compared.spec.worse_by.from(compared.champion);
    let (lower, upper) = (compared.lower.min(worse), compared.upper.max(0.0));
    let x = Axis::rounded(lower, upper, 5.0);
    let frame = Frame::new(x, Axis::exact(0.0, 1.0, 1.0), 120.0, 10.0);
    let at = |value: f64| px(frame.x.at(value));
    let middle = (frame.top() + frame.bottom()) / 2.0;
    html! {
        svg viewBox=(frame.view_box_from(18.0)) role="img" aria-label="The improvement with its interval" {
            line class="rule" x1=(at(0.0)) x2=(at(0.0)) y1=(px(frame.top())) y2=(px(frame.bottom())) {}
            line class="axis" x1=(at(worse)) x2=(at(worse)) y1=(px(frame.top())) y2=(px(frame.bottom())) {}
            rect class="bar" x=(at(compared.lower)) y=(px(middle - 4.0)) height="8"
                width=(px((frame.x.at(compared.upper) - frame.x.at(compared.lower)).max(1.5))) {}
            circle class="dot mark" cx=(at(compared.improvement)) cy=(px(middle)) r="5" {}
            (frame.x_axis(&format!("← worse  ·  improvement of {}  ·  better →", compared.metric)))
        }
        p class="legend" {
            "The bar is where the improvement lies, the dot what these rows say. Right of the dashed line it is better; left of the "
            "fine one, at " (signed(worse)) ", it loses more than is put up with."
        }
    }
}

fn decided(decision: &Decision) -> Markup {
    let (class, word) = match decision.outcome {
        Outcome::Approve => ("good", "approves"),
        Outcome::LeavePending => ("", "leaves the decision to a person"),
        Outcome::Reject => ("bad", "rejects"),
    };
    html! {
        p { "The approval rule " b class=(class) { (word) } ":" }
        ul class="reasons" { @for reason in decision.reasons.iter().take(12) { li { (reason) } } }
    }
}
