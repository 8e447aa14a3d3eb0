//! Scores as the containers write them. A number is Python's `repr` of the score in double precision.

use std::fmt::Write;

use refit_booster::Predictions;

/// Multi Model Server's CSV: everything on one line, each row of several scores a Python list.
pub(super) fn comma_joined(scores: &Predictions) -> String {
    joined(scores, ",", |text, row| if scores.groups == 1 { plain(text, row) } else { list(text, row, Nan::Python) })
}

/// Flask's CSV: a line for each row.
pub(super) fn lines(scores: &Predictions) -> String {
    let mut text = joined(scores, "\n", plain);
    text.push('\n');
    text
}

/// Multi Model Server's JSON: an array with a number or an array for each row.
pub(super) fn json_array(scores: &Predictions) -> String {
    let rows = joined(scores, ", ", score);
    format!("[{rows}]")
}

/// Flask's JSON: SageMaker's common form, `{"predictions": [{"score": 0.5}]}`.
pub(super) fn json_predictions(scores: &Predictions) -> String {
    let rows = joined(scores, ", ", |text, row| {
        text.push_str("{\"score\": ");
        score(text, row);
        text.push('}');
    });
    format!("{{\"predictions\": [{rows}]}}")
}

fn joined(scores: &Predictions, separator: &str, write: impl Fn(&mut String, &[f32])) -> String {
    let mut text = String::with_capacity(scores.values.len() * 20);
    for (index, row) in scores.values.chunks(scores.groups.max(1)).enumerate() {
        if index > 0 {
            text.push_str(separator);
        }
        write(&mut text, row);
    }
    text
}

fn score(text: &mut String, row: &[f32]) {
    match row {
        [one] => number(text, *one, Nan::Json),
        row => list(text, row, Nan::Json),
    }
}

fn plain(text: &mut String, row: &[f32]) {
    for (index, value) in row.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        number(text, *value, Nan::Python);
    }
}

fn list(text: &mut String, row: &[f32], nan: Nan) {
    text.push('[');
    for (index, value) in row.iter().enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        number(text, *value, nan);
    }
    text.push(']');
}

/// Who writes what is no number.
#[derive(Clone, Copy)]
enum Nan {
    Python,
    Json,
}

fn number(text: &mut String, value: f32, nan: Nan) {
    let value = f64::from(value);
    if !value.is_finite() {
        return text.push_str(match (nan, value.is_nan(), value > 0.0) {
            (Nan::Python, true, _) => "nan",
            (Nan::Python, _, true) => "inf",
            (Nan::Python, ..) => "-inf",
            (Nan::Json, true, _) => "NaN",
            (Nan::Json, _, true) => "Infinity",
            (Nan::Json, ..) => "-Infinity",
        });
    }
    // Rust's and Python's shortest digits are the same; they begin to write exponents elsewhere, and otherwise.
    let magnitude = value.abs();
    // Writing to a String cannot fail.
    if magnitude != 0.0 && !(1e-4..1e16).contains(&magnitude) {
        let scientific = format!("{value:e}");
        let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
        let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |exponent| ('-', exponent));
        let _ = write!(text, "{digits}e{sign}{exponent:0>2}");
    } else {
        let _ = write!(text, "{value:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(values: &[f32], groups: usize) -> Predictions {
        Predictions { values: values.to_vec(), groups }
    }

    // Written by Python 3.11: `str(numpy.float32(x).item())`.
    #[test]
    fn numbers_are_pythons() {
        for (value, expected) in [
            (0.1, "0.10000000149011612"),
            (1.0, "1.0"),
            (-2.5e-8, "-2.5000000292152436e-08"),
            (16_777_217.0, "16777216.0"),
            (1e-4, "9.999999747378752e-05"),
            (0.00013, "0.00013000000035390258"),
            (1e16, "1.0000000272564224e+16"),
            (9e15, "8999999815811072.0"),
            (1e38, "9.999999680285692e+37"),
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (f32::NAN, "nan"),
            (f32::INFINITY, "inf"),
        ] {
            assert_eq!(comma_joined(&scores(&[value], 1)), expected);
        }
    }

    // Shapes: serve.py, serve_utils.py and handler_service.py of aws/sagemaker-xgboost-container, with their encoders.
    #[test]
    fn each_server_has_its_own_shape() {
        let (one, two) = (scores(&[0.5, 2.0], 1), scores(&[0.25, 0.75, 0.5, f32::NAN], 2));
        assert_eq!(comma_joined(&one), "0.5,2.0");
        assert_eq!(comma_joined(&two), "[0.25, 0.75],[0.5, nan]");
        assert_eq!(lines(&one), "0.5\n2.0\n");
        assert_eq!(lines(&two), "0.25,0.75\n0.5,nan\n");
        assert_eq!(json_array(&one), "[0.5, 2.0]");
        assert_eq!(json_array(&two), "[[0.25, 0.75], [0.5, NaN]]");
        assert_eq!(json_predictions(&one), r#"{"predictions": [{"score": 0.5}, {"score": 2.0}]}"#);
        assert_eq!(json_predictions(&two), r#"{"predictions": [{"score": [0.25, 0.75]}, {"score": [0.5, NaN]}]}"#);
    }
}
