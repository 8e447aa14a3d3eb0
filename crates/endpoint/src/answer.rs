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
    let values = numbers(target_model, &String::from_utf8_lossy(answer))?;
    match values.len() == rows {
        true => Ok(values),
        false => Err(EndpointError::WrongCount { target_model: target_model.clone(), rows, values: values.len() }),
    }
}

/// The values in a CSV answer, several for each row.
///
/// The multi-model containers answer with Python's lists between commas, `[0.5, 0.5],[0.1, 0.9]`, others with a line for each row.
/// One value a row stands as [`read_values`] has it.
pub(crate) fn read_outputs(
    target_model: &TargetModel,
    rows: usize,
    answer: &[u8],
) -> Result<Vec<Vec<f64>>, EndpointError> {
    let text = String::from_utf8_lossy(answer);
    let text = text.trim();
    let lists = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let outputs: Vec<&str> = match lists {
        Some(lists) => lists.split(']').enumerate().map(|(place, list)| inside(place, list)).collect(),
        None => text.lines().collect(),
    };
    if lists.is_none() && outputs.len() != rows {
        return Ok(read_values(target_model, rows, answer)?.into_iter().map(|value| vec![value]).collect());
    }
    let outputs = outputs.into_iter().map(|row| numbers(target_model, row)).collect::<Result<Vec<_>, _>>()?;
    let whole = outputs.len() == rows && outputs.iter().all(|row| row.len() == outputs[0].len());
    match whole {
        true => Ok(outputs),
        false => Err(EndpointError::WrongCount {
            target_model: target_model.clone(),
            rows,
            values: outputs.iter().map(Vec::len).sum(),
        }),
    }
}

/// What stands in a list, of which the closing bracket is cut off, and of the first the opening one.
fn inside(place: usize, list: &str) -> &str {
    let opened = list.trim_start_matches(|between: char| between == ',' || between.is_whitespace());
    if place == 0 { list } else { opened.strip_prefix('[').unwrap_or(list) }
}

fn numbers(target_model: &TargetModel, text: &str) -> Result<Vec<f64>, EndpointError> {
    let number = |value: &str| {
        let value = value.trim();
        value.parse().map_err(|_| EndpointError::UnreadableAnswer {
            target_model: target_model.clone(),
            value: value.chars().take(80).collect(),
        })
    };
    text.trim().split([',', '\n']).map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::{LARGEST_BODY, count_rows, read_outputs, read_values};
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

    #[test]
    fn several_values_a_row_stand_in_lists_or_in_lines() {
        // The multi-model container's `str(list)` of a row each, between commas; a line a row; and one value a row.
        for answer in ["[0.25, 0.75],[1.0, 0.0]", "0.25,0.75\n1.0,0.0\n", "[0.25, 0.75]\n[1.0, 0.0]\n"] {
            assert_eq!(read_outputs(&model(), 2, answer.as_bytes()).unwrap(), [[0.25, 0.75], [1.0, 0.0]], "{answer}");
        }
        assert_eq!(read_outputs(&model(), 1, b"[0.25, 0.75]").unwrap(), [[0.25, 0.75]]);
        for answer in ["0.5,2", "0.5\n2\n"] {
            assert_eq!(read_outputs(&model(), 2, answer.as_bytes()).unwrap(), [[0.5], [2.0]], "{answer}");
        }
        for answer in ["[0.25, 0.75]", "[0.25, 0.75],[1.0]", "0.1,0.2,0.3"] {
            let error = read_outputs(&model(), 2, answer.as_bytes()).unwrap_err();
            assert!(matches!(&error, EndpointError::WrongCount { rows: 2, .. }), "{answer}: {error}");
        }
        for (answer, bad) in [("[0.25, x]", "x"), ("[[0.25]", "[0.25"), ("[0.25],0.5]", ""), ("[]", ""), ("", "")] {
            let error = read_outputs(&model(), 1, answer.as_bytes()).unwrap_err();
            assert!(
                matches!(&error, EndpointError::UnreadableAnswer { value, .. } if value == bad),
                "{answer}: {error}"
            );
        }
    }
}
