//! The objective of a tuning job, training job by training job, and the best so far.

use maud::{Markup, html};

use super::figures::figure;

/// The width of a phone, so that the text is never smaller than on one.
const WIDTH: f64 = 440.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 52.0;
const RIGHT: f64 = WIDTH - 10.0;
const TOP: f64 = 28.0;
const BOTTOM: f64 = HEIGHT - 36.0;

/// One training job that has, or will have, an objective.
pub(super) struct Dot<'a> {
    pub(super) name: &'a str,
    pub(super) value: Option<f64>,
}

/// The chart; `dots` in the order the training jobs began.
pub(super) fn chart(metric: &str, maximize: bool, dots: &[Dot<'_>]) -> Markup {
    let values = || dots.iter().filter_map(|dot| dot.value);
    let (lower, upper) = values().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    if lower > upper {
        return html! { p class="note" { "The curve begins with the first training job that reports " b { (metric) } "." } };
    }
    let scale = Scale::new(lower, upper, dots.len());
    let best = best_so_far(dots, maximize);
    html! {
        svg class="chart" viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-label={ (metric) " of each training job, and the best so far" } {
            text class="title" x="0" y="12" { (metric) " · " (if maximize { "higher" } else { "lower" }) " is better" }
            @for tick in scale.ticks() {
                line class="grid" x1=(px(LEFT)) x2=(px(RIGHT)) y1=(px(scale.y(tick))) y2=(px(scale.y(tick))) {}
                text class="end" x=(px(LEFT - 6.0)) y=(px(scale.y(tick) + 4.0)) { (scale.text(tick)) }
            }
            @for place in scale.places() { text class="middle" x=(px(scale.x(place))) y=(px(BOTTOM + 18.0)) { (place) } }
            text class="end" x=(px(RIGHT)) y=(px(HEIGHT - 2.0)) { "training job" }
            path class="best" d=(line(&scale, &best)) {}
            @for (place, dot) in (1..).zip(dots) {
                @if let Some(value) = dot.value {
                    @let record = best.iter().any(|(at, _)| *at == place);
                    circle class=(if record { "record" } else { "dot" }) cx=(px(scale.x(place))) cy=(px(scale.y(value))) r="4" {
                        title { (dot.name) ": " (figure(value)) }
                    }
                }
            }
        }
    }
}

/// Each training job that was better than all before it, with its place.
fn best_so_far(dots: &[Dot<'_>], maximize: bool) -> Vec<(usize, f64)> {
    let mut best: Vec<(usize, f64)> = Vec::new();
    for (place, dot) in (1..).zip(dots) {
        let Some(value) = dot.value else { continue };
        if best.last().is_none_or(|(_, last)| if maximize { value > *last } else { value < *last }) {
            best.push((place, value));
        }
    }
    best
}

/// A step line through the best so far, to the right edge.
fn line(scale: &Scale, best: &[(usize, f64)]) -> String {
    let mut path = String::new();
    for (at, (place, value)) in best.iter().enumerate() {
        let (x, y) = (px(scale.x(*place)), px(scale.y(*value)));
        path += &if at == 0 { format!("M{x} {y}") } else { format!("H{x}V{y}") };
    }
    path + &format!("H{}", px(RIGHT))
}

/// From values to places in the picture.
struct Scale {
    lower: f64,
    upper: f64,
    step: f64,
    count: usize,
}

impl Scale {
    fn new(lower: f64, upper: f64, count: usize) -> Self {
        let room = if upper > lower { 0.0 } else { (lower.abs() * 0.05).max(1e-6) };
        let step = round_step((upper - lower + 2.0 * room) / 4.0);
        let (lower, upper) = (((lower - room) / step).floor() * step, ((upper + room) / step).ceil() * step);
        Self { lower, upper, step, count }
    }

    #[allow(clippy::cast_precision_loss, reason = "at most 750 training jobs")]
    fn x(&self, place: usize) -> f64 {
        LEFT + (RIGHT - LEFT) * (place as f64 - 0.5) / self.count as f64
    }

    fn y(&self, value: f64) -> f64 {
        BOTTOM - (BOTTOM - TOP) * (value - self.lower) / (self.upper - self.lower)
    }

    fn ticks(&self) -> Vec<f64> {
        let first = (self.lower / self.step).round();
        let ticks = (0..8).map(|tick| (first + f64::from(tick)) * self.step);
        ticks.take_while(|tick| *tick <= self.upper + self.step / 2.0).collect()
    }

    /// With the decimals that tell two ticks apart.
    fn text(&self, tick: f64) -> String {
        if !(1e-4..1e7).contains(&self.upper.abs().max(self.lower.abs())) {
            return format!("{tick:.1e}");
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 6")]
        let decimals = (-self.step.log10().floor()).clamp(0.0, 6.0) as usize;
        format!("{tick:.decimals$}")
    }

    /// The training jobs whose number is written: about eight of them.
    fn places(&self) -> impl Iterator<Item = usize> {
        let step = self.count.div_ceil(8);
        (1..=self.count).filter(move |place| place.is_multiple_of(step))
    }
}

/// 1, 2 or 5 times a power of ten, not below `least`.
fn round_step(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    let step = [1.0, 2.0, 5.0].into_iter().find(|step| step * power >= least * (1.0 - 1e-9));
    step.unwrap_or(10.0) * power
}

/// A coordinate: a tenth of a unit is finer than a screen shows.
fn px(value: f64) -> String {
    format!("{value:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dots(values: &[Option<f64>]) -> Vec<Dot<'static>> {
        values.iter().map(|value| Dot { name: "job", value: *value }).collect()
    }

    #[test]
    fn the_best_so_far_only_gets_better() {
        let dots = dots(&[None, Some(3.0), Some(5.0), Some(2.0), None, Some(2.0)]);
        assert_eq!(best_so_far(&dots, false), [(2, 3.0), (4, 2.0)]);
        assert_eq!(best_so_far(&dots, true), [(2, 3.0), (3, 5.0)]);
    }

    #[test]
    fn ticks_are_round_and_the_values_between_them() {
        let scale = Scale::new(0.113, 0.187, 5);
        let texts: Vec<_> = scale.ticks().into_iter().map(|tick| scale.text(tick)).collect();
        assert_eq!(texts, ["0.10", "0.12", "0.14", "0.16", "0.18", "0.20"]);
        assert!(scale.y(0.113) < BOTTOM && scale.y(0.187) > TOP);
    }

    #[test]
    fn one_value_none_or_huge_ones_still_make_a_picture() {
        for values in [vec![Some(0.0)], vec![Some(-1e12), Some(1e12)], vec![Some(1e-9)], vec![Some(7.0); 750]] {
            let picture = chart("validation:rmse", false, &dots(&values)).into_string();
            assert!(picture.contains("<svg") && !picture.contains("NaN") && !picture.contains("inf"), "{picture}");
        }
        assert!(!chart("validation:rmse", false, &dots(&[None])).into_string().contains("<svg"));
    }
}
