//! libsvm as XGBoost's own reader takes it: `label[:weight] [qid:group] column[:value] …`, columns from 0, `#` a comment.
//!
//! A column that a row does not name is missing there. Rows of one query come one after another. One difference is
//! deliberate, as in CSV: what XGBoost would skip or read as 0 without a word is an error that names the line.

use std::fmt;

use super::table::{Features, Table};

/// What is wrong with the data, and where: both counted from 1.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LibsvmFault {
    file: usize,
    line: usize,
    what: String,
}

/// Parses the files into one table, the files one after another.
pub(super) fn parse(files: &[Vec<u8>]) -> Result<Table, LibsvmFault> {
    let mut rows = Rows::default();
    for (bytes, file) in files.iter().zip(1..) {
        for (text, line) in bytes.split(|byte| matches!(byte, b'\n' | b'\r')).zip(1..) {
            let fault = |what: String| LibsvmFault { file, line, what };
            let text = std::str::from_utf8(text).map_err(|error| fault(error.to_string()))?;
            rows.push(text.split('#').next().unwrap_or_default()).map_err(fault)?;
        }
    }
    rows.into_table().map_err(|what| LibsvmFault { file: files.len(), line: 0, what })
}

#[derive(Default)]
struct Rows {
    labels: Vec<f32>,
    weights: Vec<f32>,
    queries: Vec<u64>,
    ends: Vec<usize>,
    columns: Vec<u32>,
    values: Vec<f32>,
}

impl Rows {
    fn push(&mut self, text: &str) -> Result<(), String> {
        let mut fields = text.split_ascii_whitespace();
        let Some(label) = fields.next() else { return Ok(()) };
        let (label, weight) = pair(label);
        self.labels.push(number(label, "a label")?);
        if let Some(weight) = weight {
            self.weights.push(number(weight, "a weight")?);
        }
        for field in fields {
            match pair(field) {
                ("qid", Some(query)) => self.queries.push(whole(query, "a query id")?),
                (column, value) => {
                    self.columns.push(whole(column, "a column's number")?);
                    self.values.push(value.map_or(Ok(1.0), |value| number(value, "a value"))?);
                }
            }
        }
        self.ends.push(self.columns.len());
        Ok(())
    }

    fn into_table(self) -> Result<Table, String> {
        let rows = self.labels.len();
        for (given, what) in [(self.weights.len(), "a weight"), (self.queries.len(), "a qid")] {
            if given != 0 && given != rows {
                return Err(format!("{given} of {rows} rows have {what}: either all must, or none"));
            }
        }
        if self.columns.is_empty() {
            return Err("no row has a feature".to_owned());
        }
        let mut table =
            Table::new(self.labels, Features::Sparse { ends: self.ends, columns: self.columns, values: self.values });
        table.weights = (!self.weights.is_empty()).then_some(self.weights);
        table.groups = (!self.queries.is_empty()).then(|| sizes(&self.queries)).transpose()?;
        Ok(table)
    }
}

/// How many rows in a row have the same query.
fn sizes(queries: &[u64]) -> Result<Vec<u32>, String> {
    let mut sizes = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for group in queries.chunk_by(|one, other| one == other) {
        if !seen.insert(group[0]) {
            return Err(format!("the rows of qid {} do not follow each other", group[0]));
        }
        sizes.push(u32::try_from(group.len()).map_err(|_| "a query has too many rows".to_owned())?);
    }
    Ok(sizes)
}

fn pair(field: &str) -> (&str, Option<&str>) {
    field.split_once(':').map_or((field, None), |(name, value)| (name, Some(value)))
}

fn number(text: &str, what: &str) -> Result<f32, String> {
    let value = text.parse::<f32>().ok().filter(|value| value.is_finite());
    value.ok_or_else(|| format!("'{}' is not {what}", short(text)))
}

fn whole<T: std::str::FromStr>(text: &str, what: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("'{}' is not {what}", short(text)))
}

fn short(text: &str) -> String {
    text.chars().take(50).collect()
}

impl fmt::Display for LibsvmFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self { line: 0, what, .. } => f.write_str(what),
            Self { file: 1, line, what } => write!(f, "line {line}: {what}"),
            Self { file, line, what } => write!(f, "line {line} of file {file}: {what}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Table, String> {
        parse(&[text.as_bytes().to_vec()]).map_err(|fault| fault.to_string())
    }

    // The format: XGBoost's documentation, Text Input Format of DMatrix.
    #[test]
    fn rows_name_their_columns_from_0() {
        let table = read("1 0:2.5 3:-1\n0:0.5\n").unwrap_err();
        assert_eq!(table, "1 of 2 rows have a weight: either all must, or none");
        let table = read("1 0:2.5 3:-1 # a comment\n\n0 2\n").unwrap();
        assert_eq!(table.labels, [1.0, 0.0]);
        let Features::Sparse { ends, columns, values } = &table.features else { panic!("dense") };
        assert_eq!((&ends[..], &columns[..], &values[..]), (&[2, 3][..], &[0, 3, 2][..], &[2.5, -1.0, 1.0][..]));
        assert_eq!(table.columns, 4);
    }

    #[test]
    fn weights_and_queries_are_read() {
        let table = read("1:0.5 qid:7 0:1\n0:2 qid:7 0:2\n1:1 qid:9 1:3\n").unwrap();
        assert_eq!(table.weights.as_deref(), Some(&[0.5, 2.0, 1.0][..]));
        assert_eq!(table.groups.as_deref(), Some(&[2, 1][..]));
        assert!(read("1 qid:1 0:1\n1 qid:2 0:1\n1 qid:1 0:1\n").unwrap_err().contains("qid 1 do not follow"));
    }

    #[test]
    fn what_is_no_libsvm_is_named_with_its_line() {
        assert_eq!(read("1 0:1\n2,3,4\n").unwrap_err(), "line 2: '2,3,4' is not a label");
        assert_eq!(read("1 a:1\n").unwrap_err(), "line 1: 'a' is not a column's number");
        assert_eq!(read("1 0:x\n").unwrap_err(), "line 1: 'x' is not a value");
        assert_eq!(read("1\n0\n").unwrap_err(), "no row has a feature");
    }
}
