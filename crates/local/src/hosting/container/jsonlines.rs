//! JSON Lines in the forms of SageMaker's common data formats: one row a line, dense or sparse.

use serde::Deserialize;

use super::failure::Unreadable;
use super::rows::Rows;

/// `{"features": [1.5, null]}`, `{"data": {"features": {"values": […]}}}`, or with `keys` and `shape` beside `values`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Features { features: Vec<Option<f64>> },
    Data { data: Data },
}

#[derive(Deserialize)]
struct Data {
    features: Features,
}

#[derive(Deserialize)]
struct Features {
    values: Vec<Option<f64>>,
    #[serde(default)]
    keys: Option<Vec<usize>>,
    #[serde(default)]
    shape: Option<Vec<usize>>,
}

pub(super) fn read(payload: &str) -> Result<Rows, Unreadable> {
    let mut cells = Vec::new();
    let (mut width, mut height) = (None, 0);
    for (row, line) in payload.split('\n').enumerate() {
        let line: Line = serde_json::from_str(line).map_err(|error| wrong(row, &error.to_string()))?;
        let features = match line {
            Line::Features { features } => Features { values: features, keys: None, shape: None },
            Line::Data { data } => data.features,
        };
        let found = features.width();
        if *width.get_or_insert(found) != found {
            let reason = format!("{found} features, and the first row has {}", width.unwrap_or_default());
            return Err(wrong(row, &reason));
        }
        features.cells(row, &mut cells).map_err(|reason| wrong(row, reason))?;
        height = row + 1;
    }
    Ok(Rows::sparse(cells).at_least(height, width.unwrap_or_default()))
}

impl Features {
    fn width(&self) -> usize {
        match (&self.keys, &self.shape) {
            (Some(_), Some(shape)) => shape.last().copied().unwrap_or_default(),
            (Some(keys), None) => keys.iter().max().map_or(0, |last| last + 1),
            (None, _) => self.values.len(),
        }
    }

    fn cells(&self, row: usize, cells: &mut Vec<(usize, usize, f32)>) -> Result<(), &'static str> {
        let width = self.width();
        let keys: Vec<usize> = self.keys.clone().unwrap_or_else(|| (0..self.values.len()).collect());
        if keys.len() != self.values.len() || keys.iter().any(|key| *key >= width) {
            return Err("keys, values and shape do not fit each other");
        }
        #[allow(clippy::cast_possible_truncation, reason = "the matrix has single precision")]
        let there = keys.into_iter().zip(&self.values).filter_map(|(key, value)| Some((row, key, (*value)? as f32)));
        cells.extend(there);
        Ok(())
    }
}

fn wrong(row: usize, reason: &str) -> Unreadable {
    Unreadable::content("jsonlines", "ValueError", &format!("line {}: {reason}", row + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    // The forms are those of "Common data formats for inference" in the SageMaker developer guide.
    #[test]
    fn every_form_of_a_row_is_read() {
        let dense = "{\"features\": [1.5, null, 0]}";
        let wrapped = "{\"data\": {\"features\": {\"values\": [1.5, null, 0]}}}";
        let sparse = "{\"data\": {\"features\": {\"keys\": [0, 2], \"shape\": [3], \"values\": [1.5, 0]}}}";
        let expected = |row| vec![(row, 0, 1.5), (row, 2, 0.0)];
        let payload = [dense, wrapped, sparse].join("\n");
        let cells = (0..3).flat_map(expected).collect();
        assert_eq!(read(&payload).unwrap(), Rows::sparse(cells));
    }

    #[test]
    fn what_is_no_row_is_named_by_its_line() {
        for (payload, named) in [
            ("{\"features\": [1]}\n[1]", "line 2"),
            ("{\"features\": [1]}\n{\"features\": [1, 2]}", "line 2: 2 features, and the first row has 1"),
            ("{\"data\": {\"features\": {\"keys\": [5], \"shape\": [3], \"values\": [1]}}}", "do not fit"),
        ] {
            let Unreadable::Content(message) = read(payload).unwrap_err() else { panic!("{payload}") };
            assert!(message.contains(named), "{message}");
        }
    }
}
