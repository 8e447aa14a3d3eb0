use crate::{EndpointError, TargetModel};

/// What one invocation may carry: 6 MiB, from the service model's `BodyBlob`.
const LARGEST_BODY: usize = 6 * 1024 * 1024;

/// The number of rows in a CSV body, checked before it is sent.
pub(crate) fn count_rows(target_model: &TargetModel, csv: &str) -> Result<usize, EndpointError> {
    let invalid = |reason: String| EndpointError::InvalidRows { target_model: target_model.clone(), reason };
    if csv.len() > LARGEST_BODY {
        return Err(invalid(format!(
            "they have {} bytes, the limit is {LARGEST_BODY}: send fewer at a time",
            csv.len()
        )));
    }
    match csv.lines().count() {
        0 => Err(invalid("there are none".to_owned())),
        rows => Ok(rows),
    }
}

/// The values in a CSV answer, one for each row.
///
/// The multi-model containers answer with one line of values between commas, other versions with a value a line.
pub(crate) fn read_values(target_model: &TargetModel, rows: usize, answer: &[u8]) -> Result<Vec<f64>, EndpointError> {
    let text = String::from_utf8_lossy(answer);
    let values: Vec<f64> = text
        .trim()
        .split([',', '\n'])
        .map(|value| {
            let value = value.trim();
            value.parse().map_err(|_| EndpointError::UnreadableAnswer {
                target_model: target_model.clone(),
                value: value.chars().take(80).collect(),
            })
        })
        .collect::<Result<_, _>>()?;
    match values.len() == rows {
        true => Ok(values),
        false => Err(EndpointError::WrongCount { target_model: target_model.clone(), rows, values: values.len() }),
    }
}

#[cfg(test)]
mod tests {
    use super::{LARGEST_BODY, count_rows, read_values};
    use crate::{EndpointError, TargetModel};

    fn model() -> TargetModel {
        "ewr.tar.gz".parse().unwrap()
    }

    #[test]
    fn rows_are_lines() {
        for (csv, rows) in [("1,2", 1), ("1,2\n", 1), ("1,2\n3,4", 2), ("1,2\r\n3,4\r\n", 2), (",\n,\n", 2)] {
            assert_eq!(count_rows(&model(), csv).unwrap(), rows, "{csv:?}");
        }
        assert!(count_rows(&model(), "").is_err());
        // The limit is botocore 1.44.5's for BodyBlob: 6291456.
        assert!(count_rows(&model(), &"1".repeat(6_291_456)).is_ok());
        assert!(count_rows(&model(), &"1".repeat(LARGEST_BODY + 1)).is_err());
    }

    #[test]
    fn values_stand_in_one_line_or_in_many() {
        for answer in ["0.5,-1e-3,7", "0.5\n-1e-3\n7\n", "0.5, -1e-3, 7\n"] {
            assert_eq!(read_values(&model(), 3, answer.as_bytes()).unwrap(), [0.5, -0.001, 7.0]);
        }
    }

    #[test]
    fn an_answer_that_does_not_fit_is_refused() {
        let error = read_values(&model(), 2, b"0.5,0.5,0.5").unwrap_err();
        assert!(matches!(error, EndpointError::WrongCount { rows: 2, values: 3, .. }), "{error}");
        for (answer, bad) in [("[0.1", "[0.1"), ("", ""), ("1,,2", ""), ("{\"predictions\":1}", "{\"predictions\":1}")]
        {
            let error = read_values(&model(), 1, answer.as_bytes()).unwrap_err();
            assert!(matches!(&error, EndpointError::UnreadableAnswer { value, .. } if value == bad), "{error}");
        }
    }
}
