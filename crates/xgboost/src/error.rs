use thiserror::Error;

/// What can go wrong while data is handed over, a model is trained, saved or loaded.
#[non_exhaustive]
#[derive(Debug, Error)]
pub enum XgboostError {
    /// A slice does not have the length that the matrix asks for.
    #[error("{what}: {found} values were given, {expected} are needed")]
    Length {
        /// What was given: `rows`, `labels`, `weights` or `columns`.
        what: &'static str,
        /// How many values belong there.
        expected: usize,
        /// How many came.
        found: usize,
    },

    /// A label or weight that no objective can work with.
    #[error("{what} {index} is {value}; it must be a finite number (a weight also at least 0)")]
    Value {
        /// `label` or `weight`.
        what: &'static str,
        /// The row, counted from 0.
        index: usize,
        /// The value found there.
        value: f32,
    },

    /// A matrix that is trained on or evaluated has no labels.
    #[error("the `{set}` matrix has no labels: call `set_labels` before training")]
    Unlabelled {
        /// The name of the evaluation set, or `training`.
        set: String,
    },

    /// The name of an evaluation set cannot be used.
    #[error("`{name}` cannot name an evaluation set: {reason}")]
    EvaluationSet {
        /// The name as given.
        name: String,
        /// Why not.
        reason: &'static str,
    },

    /// A parameter is refused, by this crate or by XGBoost.
    #[error("parameter `{name}` = `{value}` is refused: {reason}")]
    Parameter {
        /// The parameter as the caller spelled it.
        name: String,
        /// Its value.
        value: String,
        /// XGBoost's words.
        reason: String,
    },

    /// Early stopping has nothing to watch.
    #[error("early stopping cannot watch {wanted}: {reason}")]
    EarlyStopping {
        /// The metric that was to be watched.
        wanted: String,
        /// What is there instead.
        reason: String,
    },

    /// XGBoost failed for another reason.
    #[error("XGBoost could not {operation}: {reason}")]
    Library {
        /// What it was asked to do.
        operation: &'static str,
        /// XGBoost's last error text, without its stack trace.
        reason: String,
    },
}

impl XgboostError {
    pub(crate) fn library(operation: &'static str, reason: String) -> Self {
        Self::Library { operation, reason }
    }
}

/// XGBoost's text without the time, the C++ source line and the stack trace, which change from build to build.
pub(crate) fn clean(text: &str) -> String {
    let text = text.split("\nStack trace").next().unwrap_or(text);
    let text = match text.split_once("] ") {
        Some((time, rest)) if time.starts_with('[') => rest.split_once(": ").map_or(rest, |(_source, message)| message),
        _ => text,
    };
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn source_line_and_stack_trace_are_left_out() {
        let text =
            "[10:21:44] /build/src/metric/metric.cc:49: Unknown metric function foo\nStack trace:\n  [bt] (0) x\n";
        assert_eq!(clean(text), "Unknown metric function foo");
        assert_eq!(
            clean("Invalid Parameter format for max_depth expect int but value='x'"),
            "Invalid Parameter format for max_depth expect int but value='x'"
        );
    }
}
