//! The CSV writer alone: the same batches as text into memory, by refit's writer, arrow's, and polars'.
//!
//! It is the code that writes training files, without their split, digest and statistics.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int32Array, Int64Array};
use arrow::csv::WriterBuilder;
use arrow::record_batch::RecordBatch;
use refit_benches::numbers;

#[path = "../../crates/warehouse/src/dataset/cells.rs"]
#[allow(dead_code, unused_imports, reason = "the file has its tests, and the statistics' view of the cells")]
mod cells;
#[path = "../../crates/warehouse/src/dataset/field.rs"]
#[allow(dead_code, unused_imports, reason = "the file has its tests")]
mod field;
#[path = "../../crates/warehouse/src/dataset/lines.rs"]
#[allow(dead_code, unused_imports, reason = "the file has its tests")]
mod lines;
#[path = "../../crates/warehouse/src/dataset/short_decimal.rs"]
#[allow(dead_code, unused_imports, reason = "the file has its tests")]
mod short_decimal;

use self::cells::Cells;
use self::lines::Lines;
use crate::measured::Cost;

const BATCH_ROWS: usize = 8192;

/// So many that they are in no cache.
const BATCHES: usize = 32;

/// How long a text grows before it is thrown away, as it does before it is written to a file.
const BUFFER: usize = 256 * 1024;

/// What so many rows cost by one of the writers in this process.
pub fn cost(writer: &str, rows: usize) -> Cost {
    let (batches, count) = (batches(), rows.div_ceil(BATCH_ROWS));
    let batches = batches.iter().cycle().take(count);
    Cost::of(|| {
        match writer {
            "refit" => refit(batches, &mut Nowhere),
            _ => arrow(batches, Nowhere),
        }
        (count * BATCH_ROWS) as u64
    })
}

/// What so many rows cost polars; the numbers it wrote are those that refit and arrow write, or this panics.
pub fn polars(rows: usize) -> Cost {
    let batches = batches();
    let (mut ours, mut arrows) = (Vec::new(), Vec::new());
    refit(batches.iter(), &mut ours);
    arrow(batches.iter(), &mut arrows);
    same(&ours, &arrows);

    let file = tempfile::NamedTempFile::new().expect("a file");
    refit(batches.iter().cycle().take(rows.div_ceil(BATCH_ROWS)), &mut io::BufWriter::new(&file));
    let bench = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(bench.join("../target/peers/bin/python"));
    let cost = Cost::printed(command.arg(bench.join("warehouse/csv_writer.py")).arg(file.path()));
    let polars = fs::read(file.path()).expect("what polars wrote");
    same(&ours[..polars.len().min(ours.len())], &polars[..ours.len().min(polars.len())]);
    cost
}

fn refit<'a>(batches: impl Iterator<Item = &'a RecordBatch>, out: &mut impl Write) {
    let mut lines = Lines::default();
    for batch in batches {
        let cells: Vec<_> = batch.columns().iter().map(Cells::new).collect();
        // In pieces: a set's rows of a batch are written at once, and its lines then handed on.
        let rows: Vec<u32> = (0..u32::try_from(batch.num_rows()).expect("few rows")).collect();
        for rows in rows.chunks(1024) {
            lines.append(&cells, rows);
            if lines.as_bytes().len() >= BUFFER {
                out.write_all(lines.as_bytes()).expect("written");
                lines.clear();
            }
        }
    }
    out.write_all(lines.as_bytes()).expect("written");
    out.flush().expect("written");
}

fn arrow<'a>(batches: impl Iterator<Item = &'a RecordBatch>, out: impl Write) {
    let mut writer = WriterBuilder::new().with_header(false).build(out);
    batches.for_each(|batch| writer.write(batch).expect("written"));
}

/// Text of the same numbers in the same places. The last line may be cut.
fn same(one: &[u8], other: &[u8]) {
    let (one, other) = (String::from_utf8_lossy(one), String::from_utf8_lossy(other));
    let lines = |text: &str| text.rmatch_indices('\n').count();
    assert_eq!(lines(&one), lines(&other));
    for (one, other) in one.lines().zip(other.lines()).take(lines(&one)) {
        let numbers =
            |line: &str| line.split(',').map(|cell| cell.parse::<f64>().ok().map(f64::to_bits)).collect::<Vec<_>>();
        assert_eq!(numbers(one), numbers(other), "{one}\n{other}");
    }
}

/// Eight doubles of all sizes, some with nulls, eight with four decimals, and four whole numbers.
fn batches() -> Vec<RecordBatch> {
    (0..BATCHES as u64).map(batch).collect()
}

fn batch(number: u64) -> RecordBatch {
    let column = |index: u64| -> ArrayRef {
        let mut values = numbers(1 + number * 20 + index);
        let mut value = || f64::from(values.next().unwrap_or_default());
        // Two draws, since one has 24 bits.
        let mut unit = || value() + value() / f64::from(1_u32 << 24);
        match index {
            0..8 => Arc::new(Float64Array::from_iter((0..BATCH_ROWS).map(|_| {
                let number = (unit() - 0.5) * 10_f64.powi((index as i32 - 3) * 3);
                (index < 6 || unit() > 0.3).then_some(number)
            }))),
            8..16 => Arc::new(Float64Array::from_iter_values((0..BATCH_ROWS).map(|_| (unit() * 1e8).round() / 1e4))),
            16..18 => Arc::new(Int32Array::from_iter_values((0..BATCH_ROWS).map(|_| (unit() * 1e5) as i32))),
            _ => Arc::new(Int64Array::from_iter_values((0..BATCH_ROWS).map(|_| (unit() * 1e15) as i64))),
        }
    };
    let columns = (0..20).map(|index| (format!("c{index}"), column(index), true));
    RecordBatch::try_from_iter_with_nullable(columns).expect("a batch")
}

struct Nowhere;

impl Write for Nowhere {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        std::hint::black_box(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
