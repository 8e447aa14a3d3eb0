//! What a model predicts, as far as figures fit it.

use refit_booster::Booster;

/// What a prediction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A number on the label's scale.
    Amount,
    /// The probability of the second of two classes.
    TwoClasses,
    /// The probability of each of several classes.
    Classes,
}

impl Kind {
    /// `multi:softmax` is `multi:softprob` with a last step that keeps the likeliest class only.
    pub(crate) fn of_objective(objective: &str) -> Self {
        match objective.split_once(':') {
            Some(("binary", _)) => Self::TwoClasses,
            Some(("multi", _)) => Self::Classes,
            _ => Self::Amount,
        }
    }

    pub(crate) fn of(booster: &Booster) -> Self {
        Self::of_objective(booster.objective())
    }
}
