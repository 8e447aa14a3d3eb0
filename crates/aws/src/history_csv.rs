//! The rules of a history file: a CSV that is only ever added to.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::AwsError;

/// A row of a history file.
///
/// Its serde fields are the file's first columns, in this order. Read leniently: pandas writes `True`, `False` and `8.0`.
pub trait HistoryRow: Serialize + DeserializeOwned {
    /// The columns, in order. More may follow them in a file.
    const COLUMNS: &'static [&'static str];

    /// The column whose value is never twice in a file.
    const KEY: &'static str;
}

/// All rows of a file.
pub(crate) fn rows<R: HistoryRow>(origin: &str, file: &[u8]) -> Result<Vec<R>, AwsError> {
    if is_blank(file) {
        return Ok(Vec::new());
    }
    let mut reader = csv::Reader::from_reader(file);
    check_columns::<R>(origin, reader.headers().map_err(unreadable(origin))?)?;
    reader.deserialize().map(|row| row.map_err(unreadable(origin))).collect()
}

/// The file with one more row; `None` if a row with this key is there. What is there stays as it is, byte for byte, and
/// columns the row does not know stay empty.
pub(crate) fn with_row<R: HistoryRow>(origin: &str, file: &[u8], row: &R) -> Result<Option<Vec<u8>>, AwsError> {
    let (names, values) = fields(origin, row)?;
    if is_blank(file) {
        let mut fresh = record(&names, csv::Terminator::Any(b'\n'), origin)?;
        fresh.extend(record(&values, csv::Terminator::Any(b'\n'), origin)?);
        return Ok(Some(fresh));
    }
    let mut reader = csv::Reader::from_reader(file);
    let header = reader.headers().map_err(unreadable(origin))?.clone();
    check_columns::<R>(origin, &header)?;
    let key = names.iter().position(|name| name == R::KEY);
    for there in reader.records() {
        let there = there.map_err(unreadable(origin))?;
        if key.is_some_and(|key| there.get(key) == values.get(key)) {
            return Ok(None);
        }
    }
    let padded: csv::StringRecord = (0..header.len()).map(|index| values.get(index).unwrap_or_default()).collect();
    let terminator = match file.windows(2).any(|pair| pair == b"\r\n") {
        true => csv::Terminator::CRLF,
        false => csv::Terminator::Any(b'\n'),
    };
    let mut grown = file.to_vec();
    if !grown.ends_with(b"\n") {
        grown.extend_from_slice(if matches!(terminator, csv::Terminator::CRLF) { b"\r\n" } else { b"\n" });
    }
    grown.extend(record(&padded, terminator, origin)?);
    Ok(Some(grown))
}

/// The names and the values of a row, in the order in which it serialises.
fn fields<R: HistoryRow>(origin: &str, row: &R) -> Result<(csv::StringRecord, csv::StringRecord), AwsError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.serialize(row).map_err(unreadable(origin))?;
    let text = writer.into_inner().map_err(|error| unreadable(origin)(error.into_error().into()))?;
    let mut reader = csv::Reader::from_reader(text.as_slice());
    let names = reader.headers().map_err(unreadable(origin))?.clone();
    check_columns::<R>(origin, &names)?;
    let mut values = csv::StringRecord::new();
    reader.read_record(&mut values).map_err(unreadable(origin))?;
    Ok((names, values))
}

fn record(fields: &csv::StringRecord, terminator: csv::Terminator, origin: &str) -> Result<Vec<u8>, AwsError> {
    let mut writer = csv::WriterBuilder::new().terminator(terminator).from_writer(Vec::new());
    writer.write_record(fields).map_err(unreadable(origin))?;
    writer.into_inner().map_err(|error| unreadable(origin)(error.into_error().into()))
}

fn check_columns<R: HistoryRow>(origin: &str, found: &csv::StringRecord) -> Result<(), AwsError> {
    match R::COLUMNS.iter().enumerate().all(|(index, column)| found.get(index) == Some(column)) {
        true => Ok(()),
        false => Err(AwsError::HistoryColumns {
            origin: origin.to_owned(),
            expected: R::COLUMNS.join(","),
            found: found.iter().collect::<Vec<_>>().join(","),
        }),
    }
}

fn unreadable(origin: &str) -> impl Fn(csv::Error) -> AwsError + '_ {
    move |source| AwsError::HistoryRow { origin: origin.to_owned(), source }
}

fn is_blank(file: &[u8]) -> bool {
    file.trim_ascii().is_empty()
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::{HistoryRow, rows, with_row};
    use crate::AwsError;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Run {
        datetime: String,
        job: String,
        value: Option<f64>,
    }

    impl HistoryRow for Run {
        const COLUMNS: &'static [&'static str] = &["datetime", "job", "value"];
        const KEY: &'static str = "job";
    }

    fn run(job: &str, value: f64) -> Run {
        Run { datetime: "2026/11/22 10:00:00".to_owned(), job: job.to_owned(), value: Some(value) }
    }

    fn added(file: &str, row: &Run) -> String {
        String::from_utf8(with_row("test.csv", file.as_bytes(), row).unwrap().unwrap()).unwrap()
    }

    #[test]
    fn a_first_row_brings_its_header() {
        let file = added("", &run("a", 0.5));
        assert_eq!(file, "datetime,job,value\n2026/11/22 10:00:00,a,0.5\n");
        assert_eq!(rows::<Run>("test.csv", file.as_bytes()).unwrap(), [run("a", 0.5)]);
    }

    // Written by pandas 3.1.1: pd.DataFrame({"datetime": ["2026/11/01 00:00:00", "x"], "job": ["p,q", "r"],
    // "value": [1.0, None], "note": ['say "hi"', None]}).to_csv(index=False)
    const PANDAS: &str = "datetime,job,value,note\n2026/11/01 00:00:00,\"p,q\",1.0,\"say \"\"hi\"\"\"\nx,r,,\n";

    #[test]
    fn what_pandas_wrote_stays_byte_for_byte() {
        let file = added(PANDAS, &run("b", 2.0));
        assert_eq!(file, format!("{PANDAS}2026/11/22 10:00:00,b,2.0,\n"));
        let read = rows::<Run>("test.csv", file.as_bytes()).unwrap();
        assert_eq!(read[0].job, "p,q");
        assert_eq!(read[1].value, None);
        assert_eq!(read[2], run("b", 2.0));
    }

    #[test]
    fn line_ends_follow_the_file() {
        let file = added("datetime,job,value\r\nx,a,1.0", &run("b", 2.0));
        assert_eq!(file, "datetime,job,value\r\nx,a,1.0\r\n2026/11/22 10:00:00,b,2.0\r\n");
    }

    #[test]
    fn a_key_is_never_twice_in_a_file() {
        let file = added("", &run("a", 0.5));
        assert_eq!(with_row("test.csv", file.as_bytes(), &run("a", 0.7)).unwrap(), None);
    }

    #[test]
    fn other_columns_are_refused_with_both_lists() {
        for file in ["datetime,value,job\nx,1,a\n", ",datetime,job,value\n0,x,a,1\n", "datetime,job\nx,a\n"] {
            let error = rows::<Run>("s3://b/h.csv", file.as_bytes()).unwrap_err();
            assert!(matches!(error, AwsError::HistoryColumns { .. }), "{file}");
            assert!(error.to_string().contains("s3://b/h.csv"));
            assert!(with_row("s3://b/h.csv", file.as_bytes(), &run("b", 1.0)).is_err());
        }
    }

    #[test]
    fn a_broken_row_is_named_by_its_line() {
        for file in ["datetime,job,value\nx,a\n", "datetime,job,value\nx,a,many\n"] {
            let error = rows::<Run>("h.csv", file.as_bytes()).unwrap_err();
            let AwsError::HistoryRow { source, .. } = error else { panic!("{error}") };
            assert!(source.to_string().contains("line"), "{source}");
        }
    }
}
