//! CSV without header and label.

use super::failure::Unreadable;
use super::rows::Rows;

/// The delimiter is the one of `,;|`, tab and space that the first line has most of; an empty field and `nan` are missing.
pub(super) fn read(payload: &str) -> Result<Rows, Unreadable> {
    let delimiter = delimiter(payload.split('\n').next().unwrap_or_default());
    let mut values = Vec::new();
    let mut width = None;
    for (index, line) in payload.split('\n').enumerate() {
        let before = values.len();
        for field in line.split(delimiter) {
            values.push(
                number(field).ok_or_else(|| wrong("could not convert string to float: ", &format!("'{field}'")))?,
            );
        }
        let found = values.len() - before;
        if *width.get_or_insert(found) != found {
            let reason =
                format!("row {} has {found} fields and the first row has {}", index + 1, width.unwrap_or_default());
            return Err(wrong("the rows have different lengths: ", &reason));
        }
    }
    Ok(Rows::dense(width.unwrap_or_default(), values))
}

fn wrong(what: &str, which: &str) -> Unreadable {
    Unreadable::content("csv", "ValueError", &format!("{what}{which}"))
}

fn delimiter(line: &str) -> char {
    // The last of equals wins, so the comma stands last.
    let most = b" |\t;,".iter().max_by_key(|candidate| line.bytes().filter(|byte| byte == *candidate).count());
    most.map_or(',', |delimiter| char::from(*delimiter))
}

/// A number as XGBoost's matrix holds it: read in double precision, kept in single.
pub(super) fn number(field: &str) -> Option<f32> {
    let field = field.trim();
    if field.is_empty() {
        return Some(f32::NAN);
    }
    #[allow(clippy::cast_possible_truncation, reason = "the matrix has single precision")]
    let value = field.parse::<f64>().ok()? as f32;
    // XGBoost takes no infinite value.
    (!value.is_infinite()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(width: usize, values: &[f32]) -> String {
        format!("{:?}", Rows::dense(width, values.to_vec()))
    }

    fn found(payload: &str) -> String {
        read(payload).map_or_else(|why| format!("{why:?}"), |rows| format!("{rows:?}"))
    }

    #[test]
    fn empty_fields_are_missing_and_delimiters_are_sniffed() {
        let expected = rows(3, &[1.0, f32::NAN, 2.5, f32::NAN, -3.0, 0.0]);
        assert_eq!(found("1,,2.5\nnan,-3,0"), expected);
        assert_eq!(found("1;;2.5\r\nNaN;-3;0\r"), expected);
        assert_eq!(found("1\t\t2.5\n\t-3\t0"), expected);
        assert_eq!(found("7"), rows(1, &[7.0]));
        assert_eq!(found("1, 2"), rows(2, &[1.0, 2.0]));
    }

    // The words are those of the container's serve_utils.py and of Python.
    #[test]
    fn a_bad_field_or_a_ragged_row_is_named() {
        let start =
            "Loading csv data failed with Exception, please ensure data is in csv format:\n <class 'ValueError'>\n ";
        let field = Unreadable::Content(format!("{start}could not convert string to float: 'x'"));
        assert_eq!(read("1,2\n3,x").unwrap_err(), field);
        let Unreadable::Content(ragged) = read("1,2\n3").unwrap_err() else { panic!() };
        assert!(ragged.starts_with(start) && ragged.contains("row 2 has 1 fields"), "{ragged}");
        assert!(read("1,inf").is_err());
    }
}
