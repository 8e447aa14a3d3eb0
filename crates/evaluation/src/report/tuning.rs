//! What the tuning job tried.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::axis::{Axis, Frame, px};
use super::context::{Direction, ReportContext, Trial, TuningSummary};
use super::number::{count, figure};
use super::page::{breakable, shortened};
use crate::bins::as_f64;

/// Trials that the table shows.
const SHOWN: usize = 50;
/// Hyperparameters that the table shows.
const COLUMNS: usize = 24;
/// Trials that the curve draws; AWS allows 750 a tuning job.
const DRAWN: usize = 1000;

pub(super) fn section(context: &ReportContext) -> Markup {
    let Some(tuning) = context.tuning.as_ref().filter(|tuning| !tuning.trials.is_empty()) else {
        return html! {};
    };
    let drawn = TuningSummary { trials: tuning.trials.iter().take(DRAWN).cloned().collect(), ..tuning.clone() };
    html! {
        section {
            h2 { "Tuning" }
            p class="sub" {
                "Dots: training jobs in the order they began. Line: the best "
                (tuning.objective_metric) " so far (" (wanted(tuning.direction)) " is better)."
            }
            (chart(&drawn))
            @if let Some((best, value)) = tuning.best().and_then(|best| best.value().map(|value| (best, value))) {
                p class="legend" { "Best: " b { (figure(value)) } ", by " span class="name" { (best.name) } "." }
            }
        }
    }
}

fn wanted(direction: Direction) -> &'static str {
    match direction {
        Direction::Minimize => "lower",
        Direction::Maximize => "higher",
    }
}

fn chart(tuning: &TuningSummary) -> Markup {
    let trials = &tuning.trials;
    let limit = worst_drawn(tuning);
    let values: Vec<f64> = trials.iter().filter(|trial| tuning.loss(trial) <= limit).filter_map(Trial::value).collect();
    if values.is_empty() {
        return html! { p { "No training job came to an objective value." } };
    }
    let lower = values.iter().copied().fold(f64::INFINITY, f64::min);
    let upper = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let x = Axis::exact(0.5, as_f64(trials.len() as u64) + 0.5, 8.0).whole();
    let frame = Frame::new(x, Axis::rounded(lower, upper, 5.0), 372.0, 14.0);
    let best = tuning.best();
    html! {
        svg viewBox=(frame.view_box()) role="img" aria-label="Objective value of each training job, and the best so far" {
            (frame.y_axis(&tuning.objective_metric))
            (frame.x_axis("training job"))
            path class="mark" d=(best_so_far(tuning, &frame, limit)) {}
            @for (place, trial) in (1_u64..).zip(trials) {
                (dot(tuning, trial, &frame, as_f64(place), limit, best.is_some_and(|best| std::ptr::eq(best, trial))))
            }
        }
    }
}

fn dot(tuning: &TuningSummary, trial: &Trial, frame: &Frame, place: f64, limit: f64, best: bool) -> Markup {
    let Some(value) = trial.value() else { return html! {} };
    let x = frame.x.at(place);
    html! {
        @if tuning.loss(trial) > limit {
            // Far worse than the rest: an arrow at the edge instead of a scale that hides the others.
            @let (edge, tip) = if tuning.direction == Direction::Minimize { (frame.top(), -6.0) } else { (frame.bottom(), 6.0) };
            path class="far" d=(format!("M{} {}l4 {}l4 {}z", px(x - 4.0), px(edge), px(tip), px(-tip))) {
                title { (trial.name) ": " (figure(value)) ", outside the chart" }
            }
        } @else {
            circle class=(if best { "dot best" } else { "dot" }) cx=(px(x)) cy=(px(frame.y.at(value))) r=(if best { "5" } else { "3.4" }) {
                title { (trial.name) ": " (figure(value)) @if best { " (best)" } }
            }
        }
    }
}

/// A step line. It begins with the first trial that the chart can show.
fn best_so_far(tuning: &TuningSummary, frame: &Frame, limit: f64) -> String {
    let mut path = String::new();
    let mut best = f64::INFINITY;
    for (place, trial) in (1_u64..).zip(&tuning.trials) {
        let loss = tuning.loss(trial);
        if loss < best && loss <= limit {
            let (x, y) = (frame.x.at(as_f64(place)), frame.y.at(trial.value().unwrap_or(loss)));
            let join = if path.is_empty() { format!("M{} {}", px(x), px(y)) } else { format!("H{}V{}", px(x), px(y)) };
            path.push_str(&join);
            best = loss;
        }
    }
    if !path.is_empty() {
        path.push_str(&format!("H{}", px(frame.right())));
    }
    path
}

/// The loss from which a trial is too far off to set the scale: six times as far from the best as three of four.
fn worst_drawn(tuning: &TuningSummary) -> f64 {
    let mut losses: Vec<f64> =
        tuning.trials.iter().map(|trial| tuning.loss(trial)).filter(|loss| loss.is_finite()).collect();
    losses.sort_by(f64::total_cmp);
    let (Some(best), Some(usual)) = (losses.first(), losses.get(losses.len().saturating_sub(1) * 3 / 4)) else {
        return f64::INFINITY;
    };
    if losses.len() < 4 || usual <= best { f64::INFINITY } else { best + 6.0 * (usual - best) }
}

/// The trials with what differs between them; what does not is said once.
pub(super) fn table(context: &ReportContext) -> Markup {
    let Some(tuning) = context.tuning.as_ref().filter(|tuning| !tuning.trials.is_empty()) else {
        return html! {};
    };
    let (varied, fixed) = hyperparameters(&tuning.trials);
    let prefix = shared_prefix(tuning);
    let mut ranked: Vec<_> = (1_u64..).zip(&tuning.trials).collect();
    ranked.sort_by(|(_, one), (_, other)| tuning.loss(one).total_cmp(&tuning.loss(other)));
    html! {
        section {
            h2 { "Training jobs" }
            p class="sub" {
                "Best first."
                @if !prefix.is_empty() { " Their names begin with " span class="name" { (prefix) } "." }
                @if !fixed.is_empty() { (shared(&fixed)) }
            }
            div class="scroll" {
                table {
                    thead { tr {
                        th class="num" { "#" } th { "training job" } th class="num" { (tuning.objective_metric) }
                        @for name in varied.iter().take(COLUMNS) { th class="num" { (breakable(name)) } }
                    } }
                    tbody { @for (rank, (place, trial)) in ranked.iter().take(SHOWN).enumerate() {
                        tr class=[(rank == 0 && trial.value().is_some()).then_some("best")] { (cells(*place, trial, trial.name.strip_prefix(prefix).unwrap_or(&trial.name), &varied)) }
                    } }
                }
            }
            @if ranked.len() > SHOWN { p class="legend" { "The best " (SHOWN) " of " (count(ranked.len() as u64)) " training jobs." } }
        }
    }
}

fn shared(fixed: &BTreeMap<&str, &str>) -> Markup {
    html! {
        " The same in all: "
        @for (place, (name, value)) in fixed.iter().take(COLUMNS).enumerate() {
            @if place > 0 { ", " } (shortened(name, 40)) " " b { (readable(value)) }
        } "."
    }
}

fn cells(place: u64, trial: &Trial, short: &str, varied: &BTreeSet<&str>) -> Markup {
    html! {
        td class="num" { (place) }
        td class="name" { (short) }
        td class="num" {
            @match trial.value() { Some(value) => (figure(value)), None => (if trial.status.is_empty() { "–" } else { &trial.status }) }
        }
        @for name in varied.iter().take(COLUMNS) {
            td class="num" { (trial.hyperparameters.get(*name).map_or_else(|| "–".to_owned(), |value| readable(value))) }
        }
    }
}

/// SageMaker begins the names of training jobs with the tuning job's: said once, the table fits a page.
fn shared_prefix(tuning: &TuningSummary) -> &str {
    let Some(first) = tuning.trials.first().map(|trial| trial.name.as_str()) else { return "" };
    let dash = tuning.name.len() + 1;
    match first.get(..dash) {
        Some(prefix)
            if prefix.starts_with(&tuning.name)
                && prefix.ends_with('-')
                && tuning.trials.iter().all(|trial| trial.name.starts_with(prefix) && trial.name.len() > dash) =>
        {
            prefix
        }
        _ => "",
    }
}

/// Names whose value differs between trials, and the others with their value.
fn hyperparameters(trials: &[Trial]) -> (BTreeSet<&str>, BTreeMap<&str, &str>) {
    let names: BTreeSet<&str> =
        trials.iter().flat_map(|trial| trial.hyperparameters.keys().map(String::as_str)).collect();
    let (mut varied, mut fixed) = (BTreeSet::new(), BTreeMap::new());
    for name in names {
        let mut values = trials.iter().map(|trial| trial.hyperparameters.get(name));
        let first = values.next().flatten();
        match first {
            Some(value) if trials.len() > 1 && values.all(|other| other == first) => {
                fixed.insert(name, value.as_str());
            }
            _ => {
                varied.insert(name);
            }
        }
    }
    (varied, fixed)
}

/// Tuners write sixteen digits; four say the same. Whole numbers and words stay as they are.
fn readable(value: &str) -> String {
    match value.parse::<f64>() {
        Ok(number) if value.contains('.') && number.is_finite() => figure(number),
        _ => shortened(value, 40),
    }
}
