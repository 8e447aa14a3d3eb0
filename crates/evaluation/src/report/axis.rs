//! Scales, ticks and the frame of a chart.

use maud::{Markup, html};

use super::number::fixed;

/// Charts share one width. It is that of a phone, so that their text is never smaller than on one.
pub(super) const WIDTH: f64 = 440.0;
const TOP: f64 = 30.0;
const BELOW: f64 = 42.0;
const DIGIT: f64 = 6.4;

/// A range of values, and where they are drawn.
#[derive(Debug, Clone)]
pub(super) struct Axis {
    lower: f64,
    upper: f64,
    step: f64,
    from: f64,
    to: f64,
}

impl Axis {
    /// Exactly this range.
    pub(super) fn exact(lower: f64, upper: f64, ticks: f64) -> Self {
        let (lower, upper) = if upper - lower > 1e-9 * lower.abs().max(upper.abs()) {
            (lower, upper)
        } else {
            let room = (lower.abs() * 0.05).max(0.5);
            (lower - room, upper + room)
        };
        Self { lower, upper, step: round_step((upper - lower) / ticks), from: 0.0, to: 1.0 }
    }

    /// This range, widened to whole ticks.
    pub(super) fn rounded(lower: f64, upper: f64, ticks: f64) -> Self {
        let exact = Self::exact(lower, upper, ticks);
        let step = exact.step;
        Self { lower: (exact.lower / step).floor() * step, upper: (exact.upper / step).ceil() * step, ..exact }
    }

    /// Ticks are whole numbers, as for things that are counted.
    pub(super) fn whole(mut self) -> Self {
        self.step = self.step.round().max(1.0);
        self
    }

    pub(super) fn drawn(self, from: f64, to: f64) -> Self {
        Self { from, to, ..self }
    }

    pub(super) fn at(&self, value: f64) -> f64 {
        self.from + (value - self.lower) / (self.upper - self.lower) * (self.to - self.from)
    }

    pub(super) fn ticks(&self) -> Vec<f64> {
        let first = (self.lower / self.step - 1e-6).ceil();
        let last = (self.upper / self.step + 1e-6).floor();
        std::iter::successors(Some(first), |tick| Some(tick + 1.0))
            .take_while(|tick| *tick <= last)
            .take(20)
            .map(|tick| tick * self.step)
            .collect()
    }

    pub(super) fn text(&self, tick: f64) -> String {
        let largest = self.lower.abs().max(self.upper.abs());
        if !(1e-3..1e9).contains(&largest) {
            // As many digits as tell two ticks apart.
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a digit")]
            let digits = (largest / self.step).log10().ceil().clamp(0.0, 6.0) as usize;
            return if tick == 0.0 { "0".to_owned() } else { format!("{tick:.digits$e}").replace('-', "−") };
        }
        let decimals = (0..6).find(|&decimals| {
            let scaled = self.step * 10_f64.powi(decimals);
            (scaled - scaled.round()).abs() < 1e-6 * scaled
        });
        fixed(tick, usize::try_from(decimals.unwrap_or(6)).unwrap_or(0))
    }

    /// Room that the tick's texts need left of the axis.
    fn gutter(&self) -> f64 {
        let longest = self.ticks().into_iter().map(|tick| self.text(tick).chars().count()).max().unwrap_or(0);
        #[allow(clippy::cast_precision_loss, reason = "a text's length")]
        let longest = longest as f64;
        (longest * DIGIT + 12.0).max(30.0)
    }
}

/// The plotting area with its two axes.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) x: Axis,
    pub(super) y: Axis,
    height: f64,
}

impl Frame {
    /// Lays the axes out in a chart of this height, with `right` units free on its right side.
    pub(super) fn new(x: Axis, y: Axis, height: f64, right: f64) -> Self {
        let y = y.drawn(height - BELOW, TOP);
        let x = x.drawn(y.gutter(), WIDTH - right);
        Self { x, y, height }
    }

    pub(super) fn view_box(&self) -> String {
        format!("0 0 {WIDTH} {}", self.height)
    }

    /// Without the room above the plot, for a chart that has no title there.
    pub(super) fn view_box_from(&self, top: f64) -> String {
        format!("0 {top} {WIDTH} {}", self.height - top)
    }

    pub(super) fn left(&self) -> f64 {
        self.x.from
    }

    pub(super) fn right(&self) -> f64 {
        self.x.to
    }

    pub(super) fn top(&self) -> f64 {
        self.y.to
    }

    pub(super) fn bottom(&self) -> f64 {
        self.y.from
    }

    /// Horizontal grid lines with their values and the title above them.
    pub(super) fn y_axis(&self, title: &str) -> Markup {
        html! {
            text class="title" x="0" y="14" { (title) }
            @for tick in self.y.ticks() {
                line class="grid" x1=(px(self.left())) x2=(px(self.right())) y1=(px(self.y.at(tick))) y2=(px(self.y.at(tick))) {}
                text class="tick end" x=(px(self.left() - 7.0)) y=(px(self.y.at(tick) + 3.8)) { (self.y.text(tick)) }
            }
        }
    }

    /// The base line with values at its ticks.
    pub(super) fn x_axis(&self, title: &str) -> Markup {
        let texts: Vec<_> = self.x.ticks().into_iter().map(|tick| (self.x.at(tick), self.x.text(tick))).collect();
        self.x_axis_with(title, &texts)
    }

    /// The base line with given texts at given places.
    pub(super) fn x_axis_with(&self, title: &str, texts: &[(f64, String)]) -> Markup {
        let bottom = self.bottom();
        html! {
            line class="axis" x1=(px(self.left())) x2=(px(self.right())) y1=(px(bottom)) y2=(px(bottom)) {}
            @for (x, text) in texts {
                line class="axis" x1=(px(*x)) x2=(px(*x)) y1=(px(bottom)) y2=(px(bottom + 4.0)) {}
                text class="tick middle" x=(px(*x)) y=(px(bottom + 17.0)) { (text) }
            }
            text class="title end" x=(px(self.right())) y=(px(bottom + 36.0)) { (title) }
        }
    }
}

/// A coordinate: a tenth of a unit is finer than a screen shows.
pub(super) fn px(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

/// 1, 2 or 5 times a power of ten, not below `least`.
fn round_step(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    let step = [1.0, 2.0, 5.0].into_iter().find(|step| step * power >= least * (1.0 - 1e-9));
    step.unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        let axis = Axis::exact(-37.0, 161.0, 5.0);
        assert_eq!(axis.ticks(), [0.0, 50.0, 100.0, 150.0]);
        let axis = Axis::rounded(0.113, 0.187, 4.0);
        let texts: Vec<_> = axis.ticks().into_iter().map(|tick| axis.text(tick)).collect();
        assert_eq!(texts, ["0.10", "0.12", "0.14", "0.16", "0.18", "0.20"]);
    }

    #[test]
    fn ticks_far_from_one_are_told_apart() {
        for (lower, upper) in [(2e-7, 9e-7), (1.0e12, 1.0004e12)] {
            let axis = Axis::exact(lower, upper, 5.0);
            let texts: std::collections::BTreeSet<_> = axis.ticks().into_iter().map(|tick| axis.text(tick)).collect();
            assert_eq!(texts.len(), axis.ticks().len(), "{texts:?}");
        }
        assert_eq!(Axis::exact(2e-7, 9e-7, 5.0).text(4e-7), "4.0e−7");
    }

    #[test]
    fn a_single_value_still_has_an_axis() {
        for value in [0.0, 5.0, -1e12, 1e-7] {
            let axis = Axis::exact(value, value, 5.0).drawn(0.0, 100.0);
            assert!((axis.at(value) - 50.0).abs() < 1e-6);
            assert!(!axis.ticks().is_empty() && axis.ticks().len() <= 20, "{axis:?}");
        }
    }
}
