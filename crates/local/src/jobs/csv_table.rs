//! CSV as the XGBoost container reads it: no header, no quotes, label first, then perhaps a weight, then features.
//!
//! An empty field and `nan` are missing. One difference is deliberate: the container takes a text field for 0 or for
//! missing without a word, so a header line becomes a row; here it is an error that names the line.

use std::fmt;

use csv::{ByteRecord, ReaderBuilder};

use super::table::{Features, Table};

/// What is wrong with the data, and where.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum CsvFault {
    Delimiter { start: String },
    Width { place: Place, expected: usize, found: usize },
    NoFeature { found: usize },
    Field { place: Place, column: usize, text: String, needed: &'static str },
    Unreadable(String),
}

/// A line of a file, both counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    file: usize,
    line: u64,
}

/// Parses the files into one table, the files one after another.
pub(super) fn parse(files: &[Vec<u8>], weights: bool) -> Result<Table, CsvFault> {
    let files = || files.iter().zip(1..).filter(|(bytes, _)| !bytes.is_empty());
    let delimiter = files().next().map_or(Ok(b','), |(bytes, _)| delimiter(bytes))?;
    let mut rows = Rows::new(weights);
    for (bytes, file) in files() {
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .quoting(false)
            .delimiter(delimiter)
            .from_reader(&**bytes);
        let mut record = ByteRecord::new();
        while reader.read_byte_record(&mut record).map_err(|error| CsvFault::Unreadable(error.to_string()))? {
            rows.push(&record).map_err(|fault| fault.at(file, bytes, &record))?;
        }
    }
    Ok(rows.into_table())
}

impl CsvFault {
    /// Tells where the record is.
    fn at(mut self, file: usize, bytes: &[u8], record: &ByteRecord) -> Self {
        let start = record.position().map_or(0, |position| position.byte() as usize);
        // The reader's position is before blank lines that it skips.
        let blank = bytes.iter().skip(start).take_while(|byte| byte.is_ascii_whitespace()).count();
        let line = 1 + bytes.iter().take(start + blank).filter(|byte| **byte == b'\n').count() as u64;
        if let Self::Width { place, .. } | Self::Field { place, .. } = &mut self {
            *place = Place { file, line };
        }
        self
    }
}

/// The rows read so far.
struct Rows {
    /// How many fields come before the features.
    leading: usize,
    /// How many fields a row has, known from the first.
    width: Option<usize>,
    labels: Vec<f32>,
    weights: Option<Vec<f32>>,
    values: Vec<f32>,
}

impl Rows {
    fn new(weights: bool) -> Self {
        let leading = 1 + usize::from(weights);
        Self { leading, width: None, labels: Vec::new(), weights: weights.then(Vec::new), values: Vec::new() }
    }

    fn push(&mut self, record: &ByteRecord) -> Result<(), CsvFault> {
        // Where it is, is worked out only if something is wrong.
        let place = Place { file: 0, line: 0 };
        let (expected, found) = (*self.width.get_or_insert(record.len()), record.len());
        if found <= self.leading {
            return Err(CsvFault::NoFeature { found });
        }
        if found != expected {
            return Err(CsvFault::Width { place, expected, found });
        }
        let fault = |column: usize, field: &[u8], needed| CsvFault::Field {
            place,
            column: column + 1,
            text: String::from_utf8_lossy(field).chars().take(50).collect(),
            needed,
        };
        for (column, field) in record.iter().enumerate() {
            let value = number(field).ok_or_else(|| fault(column, field, "a finite number or nothing"))?;
            match (column, &mut self.weights) {
                (0, _) if value.is_nan() => return Err(fault(column, field, "a label")),
                (0, _) => self.labels.push(value),
                (1, Some(_)) if value.is_nan() || value < 0.0 => {
                    return Err(fault(column, field, "a weight of at least 0"));
                }
                (1, Some(weights)) => weights.push(value),
                _ => self.values.push(value),
            }
        }
        Ok(())
    }

    fn into_table(self) -> Table {
        let columns = self.width.map_or(0, |width| width - self.leading);
        let mut table = Table::new(self.labels, Features::Dense { values: self.values, columns });
        table.weights = self.weights;
        table
    }
}

/// The container sniffs the first line of the first file. Of Python's preferred delimiters, the first that is there.
fn delimiter(bytes: &[u8]) -> Result<u8, CsvFault> {
    let line = bytes.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
    b",\t; :|"
        .iter()
        .copied()
        .find(|delimiter| line.contains(delimiter))
        .ok_or_else(|| CsvFault::Delimiter { start: String::from_utf8_lossy(line).chars().take(50).collect() })
}

/// A finite number; NaN for an empty field or `nan`; nothing for the rest.
fn number(field: &[u8]) -> Option<f32> {
    let field = field.trim_ascii();
    if field.is_empty() {
        return Some(f32::NAN);
    }
    let value: f32 = std::str::from_utf8(field).ok()?.parse().ok()?;
    (!value.is_infinite()).then_some(value)
}

impl fmt::Display for CsvFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delimiter { start } => write!(f, "Could not determine delimiter on line '{start}'"),
            Self::Width { place, expected, found } => {
                write!(f, "{place} has {found} fields, the lines before have {expected}")
            }
            Self::NoFeature { found } => write!(f, "lines of {found} fields hold no feature"),
            Self::Field { place, column, text, needed } => {
                write!(f, "{place}, field {column}: '{text}' is not {needed} (there must be no header line)")
            }
            Self::Unreadable(error) => f.write_str(error),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.file {
            1 => write!(f, "line {}", self.line),
            file => write!(f, "line {} of file {file}", self.line),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(files: &[&str], weights: bool) -> Result<Table, String> {
        let files: Vec<Vec<u8>> = files.iter().map(|text| text.as_bytes().to_vec()).collect();
        parse(&files, weights).map_err(|fault| fault.to_string())
    }

    /// NaN as `None`, so that tables compare.
    fn values(table: &Table) -> Vec<Option<f32>> {
        let Features::Dense { values, .. } = &table.features else { panic!("sparse") };
        values.iter().map(|value| (!value.is_nan()).then_some(*value)).collect()
    }

    #[test]
    fn the_label_comes_first_and_what_is_empty_or_nan_is_missing() {
        let table = read(&["1,2.5,\n0, nan,-3e2\n"], false).unwrap();
        assert_eq!(table.labels, [1.0, 0.0]);
        assert_eq!(table.columns, 2);
        assert_eq!(values(&table), [Some(2.5), None, None, Some(-300.0)]);
        assert!(table.weights.is_none());
    }

    #[test]
    fn weights_are_the_second_column_if_asked() {
        let table = read(&["1,0.5,7\n2,1.5,8\n"], true).unwrap();
        assert_eq!((table.weights.as_deref(), table.columns), (Some(&[0.5, 1.5][..]), 1));
        assert_eq!(values(&table), [Some(7.0), Some(8.0)]);
        assert!(read(&["1,-1,7\n"], true).unwrap_err().contains("field 2: '-1' is not a weight"));
    }

    #[test]
    fn files_are_read_one_after_another() {
        let table = read(&["1,2\r\n", "", "3,4"], false).unwrap();
        assert_eq!(table.labels, [1.0, 3.0]);
        assert_eq!(
            read(&["1,2\n", "3,4\n5,6,7\n"], false).unwrap_err(),
            "line 2 of file 2 has 3 fields, the lines before have 2"
        );
    }

    #[test]
    fn the_first_line_tells_the_delimiter() {
        for text in ["1;2;3\n", "1\t2\t3\n", "1|2|3\n", "1 2 3\n", "1:2:3\n"] {
            assert_eq!(values(&read(&[text], false).unwrap()), [Some(2.0), Some(3.0)], "{text}");
        }
        assert_eq!(read(&["12\n"], false).unwrap_err(), "Could not determine delimiter on line '12'");
    }

    #[test]
    fn a_text_field_is_named_with_its_line() {
        let header = read(&["delay,distance\n1,2\n"], false).unwrap_err();
        assert!(header.starts_with("line 1, field 1: 'delay' is not a finite number"), "{header}");
        let text = read(&["1,2\n\n3,UA\n"], false).unwrap_err();
        assert!(text.starts_with("line 3, field 2: 'UA' is not"), "{text}");
        assert!(read(&["1,inf\n"], false).is_err());
        assert!(read(&["1,1e39\n"], false).unwrap_err().contains("1e39"), "beyond a 32-bit float");
        assert!(read(&["1,\"2\"\n"], false).is_err(), "the container knows no quotes");
        assert!(read(&[",2\n"], false).unwrap_err().contains("field 1: '' is not a label"));
    }
}
