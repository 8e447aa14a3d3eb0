//! What a container of SageMaker's XGBoost image reads and writes: CSV rows in, scores out.

use std::fmt::Write;

/// Rows of features, row by row; NaN where a field is missing.
#[derive(Debug, PartialEq)]
pub(super) struct Rows {
    pub(super) values: Vec<f32>,
    pub(super) columns: usize,
}

impl Rows {
    /// Reads CSV without header and label. The delimiter is the one of `,;|`, tab and space that the first line has
    /// most of; an empty field and `nan` are missing.
    pub(super) fn from_csv(body: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(body).map_err(|_| "the payload is not UTF-8 text".to_owned())?;
        let text = text.trim_end_matches(['\n', '\r']);
        let delimiter = delimiter(text.lines().next().unwrap_or_default());
        let mut values = Vec::new();
        let mut columns = 0;
        for (index, line) in text.lines().enumerate() {
            let before = values.len();
            for field in line.split(delimiter) {
                values.push(number(field.trim()).ok_or_else(|| {
                    format!("row {}, column {}: '{field}' is no number", index + 1, values.len() - before + 1)
                })?);
            }
            let found = values.len() - before;
            if index > 0 && found != columns {
                return Err(format!("row {} has {found} columns and row 1 has {columns}", index + 1));
            }
            columns = found;
        }
        Ok(Self { values, columns })
    }
}

/// Scores joined by commas on one line, as the multi-model container answers. With several scores a row (`groups`),
/// each row is a bracketed list. Each number is the shortest that reads back as the same `f32`.
pub(super) fn scores_line(values: &[f32], groups: usize) -> String {
    let mut line = String::new();
    for (index, row) in values.chunks(groups.max(1)).enumerate() {
        if index > 0 {
            line.push(',');
        }
        if groups > 1 {
            line.push('[');
        }
        for (index, value) in row.iter().enumerate() {
            let separator = if index > 0 { ", " } else { "" };
            // Writing to a String cannot fail.
            let _ = match value.is_nan() {
                true => write!(line, "{separator}nan"),
                false => write!(line, "{separator}{value:?}"),
            };
        }
        if groups > 1 {
            line.push(']');
        }
    }
    line
}

fn delimiter(line: &str) -> char {
    let count = |candidate: char| line.matches(candidate).count();
    // The last of equals wins, so the comma stands last.
    [' ', '|', '\t', ';', ','].into_iter().max_by_key(|candidate| count(*candidate)).unwrap_or(',')
}

fn number(field: &str) -> Option<f32> {
    if field.is_empty() {
        return Some(f32::NAN);
    }
    field.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> (usize, Vec<String>) {
        let rows = Rows::from_csv(body.as_bytes()).unwrap();
        (rows.columns, rows.values.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn empty_fields_are_missing_and_delimiters_are_sniffed() {
        let expected = (3, ["1", "NaN", "2.5", "NaN", "-3", "0"].map(str::to_owned).to_vec());
        assert_eq!(read("1,,2.5\nnan,-3,0\n"), expected);
        assert_eq!(read("1;;2.5\r\nNaN;-3;0"), expected);
        assert_eq!(read("1\t\t2.5\n\t-3\t0"), expected);
        assert_eq!(read("7"), (1, vec!["7".to_owned()]));
    }

    #[test]
    fn a_bad_field_or_a_ragged_row_is_named() {
        assert_eq!(Rows::from_csv(b"1,2\n3,x").unwrap_err(), "row 2, column 2: 'x' is no number");
        assert_eq!(Rows::from_csv(b"1,2\n3").unwrap_err(), "row 2 has 1 columns and row 1 has 2");
    }

    // Shapes: facts on the multi-model handler of aws/sagemaker-xgboost-container.
    #[test]
    fn scores_are_one_line() {
        assert_eq!(scores_line(&[0.1, 1.0, -2.5e-8], 1), "0.1,1.0,-2.5e-8");
        assert_eq!(scores_line(&[0.25, 0.75, 0.5, 0.5], 2), "[0.25, 0.75],[0.5, 0.5]");
        assert_eq!("16777217".parse::<f32>().map(|value| scores_line(&[value], 1)), Ok("16777216.0".to_owned()));
    }
}
