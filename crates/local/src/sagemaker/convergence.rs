//! When a tuning job's training jobs stop getting better (`ConvergenceDetected`).
//!
//! AWS says that it detects a lack of significant improvement and not how. Here: the last ten training jobs together have
//! improved the best objective by less than a hundredth of what lies between the best and the median.

/// How many training jobs must go by without improvement worth the name.
const WINDOW: usize = 10;

/// The improvement worth the name, the distance of the best from the median being 1.
const SIGNIFICANT: f64 = 0.01;

/// Whether the objectives, in the order in which they came, have converged.
pub(super) fn is_detected(objectives: &[f64], maximize: bool) -> bool {
    let Some(before) = objectives.len().checked_sub(WINDOW).filter(|before| *before > 0) else { return false };
    let costs: Vec<f64> = objectives.iter().map(|value| if maximize { -value } else { *value }).collect();
    let best = |costs: &[f64]| costs.iter().copied().fold(f64::INFINITY, f64::min);
    let mut sorted = costs.clone();
    sorted.sort_by(f64::total_cmp);
    let spread = sorted[sorted.len() / 2] - best(&costs);
    best(&costs[..before]) - best(&costs) <= SIGNIFICANT * spread
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_jobs_without_a_hundredth_of_the_spread_have_converged() {
        let mut objectives = vec![9.0, 5.0, 1.0];
        objectives.extend([5.0; 9]);
        assert!(!is_detected(&objectives, false), "nine");
        objectives.push(5.0);
        assert!(is_detected(&objectives, false));
        objectives[7] = 0.97;
        assert!(is_detected(&objectives, false), "0.03 of about 4");
        objectives[7] = 0.5;
        assert!(!is_detected(&objectives, false));
        assert!(!is_detected(&[1.0; 9], false));
        let negated: Vec<f64> = objectives.iter().map(|value| -value).collect();
        assert!(!is_detected(&negated, true));
    }
}
