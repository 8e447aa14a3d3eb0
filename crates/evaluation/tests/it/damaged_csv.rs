//! Text that is no evaluation set is an error that names it, and never a panic; what is one has a row for each line.

use std::io::Cursor;

use arrow::array::AsArray;
use arrow::datatypes::{Float32Type, Float64Type};
use proptest::prelude::*;
use refit_evaluation::EvaluationSet;

/// Fields that a file may have, good and bad.
fn field() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => (-1e6..1e6_f64).prop_map(|number| number.to_string().into_bytes()),
        1 => prop::sample::select(&["", "nan", "NaN", "-inf", "1e400", "1e39", "\"1\"", "\"1,2\"", "\"", "0x1", " 1 ", "é", "-"][..])
            .prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..6),
    ]
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    let line = prop::collection::vec(field(), 1..5).prop_map(|fields| fields.join(&b','));
    let end = prop::sample::select(vec!["\n", "\r\n", "\n\n", ""]);
    prop::collection::vec((line, end), 0..12)
        .prop_map(|lines| lines.into_iter().flat_map(|(line, end)| [&*line, end.as_bytes()].concat()).collect())
}

proptest! {
    #[test]
    fn any_text_is_a_set_or_an_error_that_names_it(text in text()) {
        let features = ["one".to_owned(), "two".to_owned()];
        let mut set = EvaluationSet::from_reader("some.csv", Cursor::new(text), &features);
        let schema = set.schema();
        let mut failed = false;
        for batch in &mut set {
            prop_assert!(!failed, "nothing comes after an error");
            match batch {
                Ok(batch) => prop_assert!(batch.num_rows() > 0 && batch.schema() == schema),
                Err(error) => {
                    prop_assert!(error.to_string().contains("some.csv"), "{error}");
                    failed = true;
                }
            }
        }
    }

    /// Good rows, however their lines end, come back as the numbers that they spell; Rust's own parser is the judge.
    #[test]
    fn good_lines_are_read_to_the_last(
        rows in prop::collection::vec((-1e6..1e6_f64, proptest::option::of(-1e6..1e6_f32)), 1..40),
        returns in any::<bool>(),
        last in any::<bool>(),
    ) {
        let end = if returns { "\r\n" } else { "\n" };
        let line = |(label, feature): &(f64, Option<f32>)| match feature {
            Some(feature) => format!("{label},{feature}"),
            None => format!("{label},"),
        };
        let mut text = rows.iter().map(line).collect::<Vec<_>>().join(end);
        if last {
            text.push_str(end);
        }
        let set = EvaluationSet::from_reader("good.csv", Cursor::new(text), &["one".to_owned()]);
        let batches: Vec<_> = set.collect::<Result<_, _>>().unwrap();
        let read: Vec<_> = batches.iter().flat_map(|batch| {
            let labels = batch.column(0).as_primitive::<Float64Type>();
            let features = batch.column(1).as_primitive::<Float32Type>();
            labels.values().iter().copied().zip(features.iter()).collect::<Vec<_>>()
        }).collect();
        prop_assert_eq!(read, rows);
    }
}
