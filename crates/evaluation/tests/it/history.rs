//! `evaluationhistory.csv`, as pandas writes it and as we do.

use chrono::{TimeZone, Utc};
use refit_evaluation::EvaluationRow;

use crate::fixtures::{evaluation, path};

fn rows() -> Vec<EvaluationRow> {
    let row = |datetime, testing, trainingjob: &str, objective: &str, metric: &str, figures: [f64; 3]| EvaluationRow {
        datetime,
        testing,
        trainingjob: trainingjob.to_owned(),
        objective: objective.to_owned(),
        hyperparameter_tuning_metric: metric.to_owned(),
        mae: figures[0],
        rmse: figures[1],
        stdev_error: figures[2],
    };
    let april = Utc.with_ymd_and_hms(2024, 4, 30, 6, 0, 0).unwrap();
    let may = Utc.with_ymd_and_hms(2024, 5, 31, 6, 0, 7).unwrap();
    vec![
        row(april, true, "tune-jfk-2404-003-9f1c2b7a", "reg:squarederror", "validation:rmse", [12.0, 17.3, 17.25]),
        row(may, false, "tune-jfk-2405-007-01ab77de", "reg:tweedie", "validation:mae", [11.125, 1.5e-7, 15.875]),
    ]
}

fn read(text: &str) -> Result<Vec<EvaluationRow>, csv::Error> {
    csv::Reader::from_reader(text.as_bytes()).deserialize().collect()
}

fn written(rows: &[EvaluationRow]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    rows.iter().for_each(|row| writer.serialize(row).unwrap());
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

#[test]
fn what_pandas_wrote_is_read() {
    let text = std::fs::read_to_string(path("history_pandas.csv")).unwrap();
    assert!(text.starts_with(&EvaluationRow::COLUMNS.join(",")));
    assert_eq!(read(&text).unwrap(), rows());
}

#[test]
fn rows_are_written_as_pandas_does() {
    let text = written(&rows());
    let pandas = std::fs::read_to_string(path("history_pandas.csv")).unwrap();
    let lines = |text: &str, columns: usize| -> Vec<String> {
        text.lines().map(|line| line.split(',').take(columns).collect::<Vec<_>>().join(",")).collect()
    };
    // The last two figures aside, whose exponent pandas pads: 1.5e-07.
    assert_eq!(lines(&text, 6), lines(&pandas, 6));
    assert_eq!(text.lines().next().unwrap(), EvaluationRow::COLUMNS.join(","));
    assert_eq!(read(&text).unwrap(), rows());
}

#[test]
fn testing_is_read_in_any_case() {
    let line = |testing| format!("{}\n2024/04/30 06:00:00,{testing},job,o,m,1,2,3\n", EvaluationRow::COLUMNS.join(","));
    for (text, testing) in [("True", true), ("true", true), ("TRUE", true), ("False", false), ("FALSE", false)] {
        assert_eq!(read(&line(text)).unwrap()[0].testing, testing, "{text}");
    }
    let error = read(&line("yes")).unwrap_err().to_string();
    assert!(error.contains("testing is 'yes', neither True nor False"), "{error}");
}

#[test]
fn another_datetime_is_named() {
    let text = written(&rows()).replace("2024/04/30 06:00:00", "30.4.2024");
    let error = read(&text).unwrap_err().to_string();
    assert!(error.contains("'30.4.2024' is not written as 2024/05/31 06:00:00"), "{error}");
}

#[test]
fn a_row_of_an_evaluation_survives_the_file() {
    let evaluation = evaluation();
    let moment = Utc.with_ymd_and_hms(2024, 5, 31, 6, 0, 7).unwrap() + chrono::TimeDelta::milliseconds(250);
    let row = EvaluationRow::new(moment, "job", &evaluation.objective, "validation:rmse", &evaluation.metrics);
    assert_eq!(row.objective, "reg:squarederror");
    assert_eq!((row.mae, row.rmse), (evaluation.metrics.mae(), evaluation.metrics.rmse()));
    let row = row.testing(true);
    assert_eq!(read(&written(std::slice::from_ref(&row))).unwrap(), [row]);
}
