//! LIBSVM: `index:value` for the features that are there.

use super::csv::number;
use super::failure::Unreadable;
use super::rows::Rows;

/// What stands before the features, a label, is left out. Indices that begin at 1 are counted from 0.
pub(super) fn read(payload: &str) -> Result<Rows, Unreadable> {
    let mut cells = Vec::new();
    for (row, line) in payload.split('\n').enumerate() {
        for item in line.split(' ') {
            let mut parts = item.split(':');
            let (Some(index), Some(value)) = (parts.next(), parts.next()) else { continue };
            let column: i64 = index
                .trim()
                .parse()
                .map_err(|_| wrong("ValueError", &format!("invalid literal for int() with base 10: '{index}'")))?;
            let column = usize::try_from(column).map_err(|_| wrong("ValueError", "negative column index found"))?;
            let value = Some(value)
                .filter(|value| !value.trim().is_empty())
                .and_then(number)
                .ok_or_else(|| wrong("ValueError", &format!("could not convert string to float: '{value}'")))?;
            cells.push((row, column, value));
        }
    }
    match cells.iter().map(|(_, column, _)| *column).min() {
        None => return Err(wrong("ValueError", "cannot infer dimensions from zero sized index arrays")),
        Some(0) => {}
        Some(_) => cells.iter_mut().for_each(|(_, column, _)| *column -= 1),
    }
    Ok(Rows::sparse(cells))
}

fn wrong(exception: &str, reason: &str) -> Unreadable {
    Unreadable::content("libsvm", exception, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    // The rules are those of `_get_sparse_matrix_from_libsvm` in the container's serve_utils.py.
    #[test]
    fn indices_are_counted_from_where_they_begin() {
        let expected = Rows::sparse(vec![(0, 0, 0.5), (0, 2, 1.5), (2, 1, -1.0)]);
        assert_eq!(read("0:0.5 2:1.5\n\n1:-1").unwrap(), expected);
        assert_eq!(read("1 1:0.5 3:1.5\n0\n1 2:-1").unwrap(), expected, "a label is no feature");
    }

    #[test]
    fn what_is_no_libsvm_is_named() {
        for (payload, named) in [
            ("1,2,3", "zero sized index arrays"),
            ("a:1", "base 10: 'a'"),
            ("0:x", "to float: 'x'"),
            ("0:", "to float: ''"),
            ("-1:2", "negative column index"),
        ] {
            let Unreadable::Content(message) = read(payload).unwrap_err() else { panic!("{payload}") };
            assert!(message.starts_with("Loading libsvm data failed") && message.contains(named), "{message}");
        }
    }
}
