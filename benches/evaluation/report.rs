//! From Arrow to the whole report, in a process of its own, beside Python's way to the same figures.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float32Array};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::RecordBatch;
use chrono::{DateTime, Utc};
use refit_benches::{Claim, Goal};
use refit_booster::Booster;
use refit_evaluation::{EvaluationSet, EvaluationSpec, Report, ReportContext, SliceBy, evaluate_with};

use crate::measured::{Cost, peak_mib};

/// Rows of a batch, as a warehouse hands them out.
const BATCH: usize = 65_536;

/// The model and the rows as files that both sides read: columns one behind the other, little-endian `f32`.
pub struct Files {
    pub dir: PathBuf,
    pub rows: usize,
    pub features: usize,
}

impl Files {
    fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Writes row-major rows, their labels and the model.
    pub fn write(&self, model: &[u8], rows: &[f32], labels: &[f32]) {
        let bytes = |values: &mut dyn Iterator<Item = f32>| values.flat_map(f32::to_le_bytes).collect::<Vec<u8>>();
        let mut columns =
            (0..self.features).flat_map(|column| rows.iter().copied().skip(column).step_by(self.features));
        std::fs::write(self.path("model.ubj"), model).expect("written");
        std::fs::write(self.path("rows.f32"), bytes(&mut columns)).expect("written");
        std::fs::write(self.path("labels.f32"), bytes(&mut labels.iter().copied())).expect("written");
    }
}

/// What the child process does: everything but the loading is measured.
pub fn child(files: &Files) {
    let base = peak_mib();
    let batches = load(files);
    let model = std::fs::read(files.path("model.ubj")).expect("a model");
    let mut html = 0;
    let cost = Cost::of(|| {
        let booster = Booster::from_bytes(&model).expect("read");
        let mut spec = EvaluationSpec::default();
        spec.slices = vec![SliceBy { column: "f0".to_owned(), cuts: vec![0.25, 0.5, 0.75] }];
        let schema = batches[0].schema();
        let set = EvaluationSet::from_batches("rows", &schema, batches.into_iter().map(Ok));
        let evaluation = evaluate_with(&booster, set, &spec).expect("evaluated");
        let rows = evaluation.metrics.rows();
        let at = DateTime::<Utc>::UNIX_EPOCH;
        let report = Report::new(evaluation, ReportContext::new("bench", "job", at));
        html = report.html().len();
        std::fs::write(files.path("report.html"), report.html()).expect("written");
        std::fs::write(files.path("report.json"), report.json().to_string()).expect("written");
        rows
    });
    println!("{} {} {} {}", cost.seconds, cost.cpu, cost.peak_mib - base, html);
}

/// Measures both in turn and prints the claims.
pub fn compare(files: &Files, rounds: usize) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let mut child = Command::new(std::env::current_exe().expect("this program"));
        child.args([format!("--report={}", files.dir.display()), format!("--rows={}", files.rows)]);
        ours.push(Cost::printed(&mut child));
        let mut peer = Command::new(root.join("target/evaluation/bin/python"));
        peer.arg(root.join("benches/evaluation/peer.py"));
        peer.args(["model.ubj", "rows.f32", "labels.f32"].map(|name| files.path(name)));
        theirs.push(Cost::printed(peer.arg(files.features.to_string())));
    }
    let (ours, theirs) = (Cost::median(ours), Cost::median(theirs));
    let data = (files.rows * (files.features + 1) * 4) as f64 / (1024.0 * 1024.0);
    println!("{} rows × {} from Arrow to the report       seconds   CPU s   peak MiB", files.rows, files.features);
    println!("ours                               {:9.2} {:9.2} {:9.1}", ours.seconds, ours.cpu, ours.peak_mib);
    println!("Python                             {:9.2} {:9.2} {:9.1}", theirs.seconds, theirs.cpu, theirs.peak_mib);
    for claim in [
        Claim { name: "evaluation.report-to-python", measured: ours.seconds / theirs.seconds, goal: Goal::AtMost(1.0) },
        Claim { name: "evaluation.peak-to-data", measured: ours.peak_mib / data, goal: Goal::AtMost(2.0) },
        Claim { name: "evaluation.html-mb", measured: ours.rows / 1e6, goal: Goal::AtMost(1.0) },
    ] {
        println!("{claim}");
    }
}

fn load(files: &Files) -> Vec<RecordBatch> {
    let names = std::iter::once("label".to_owned()).chain((0..files.features).map(|column| format!("f{column}")));
    let fields: Vec<Field> = names.map(|name| Field::new(name, DataType::Float32, false)).collect();
    let schema = Arc::new(Schema::new(fields));
    let (labels, rows) = (floats(&files.path("labels.f32")), floats(&files.path("rows.f32")));
    let whole: Vec<Float32Array> = std::iter::once(Float32Array::from(labels))
        .chain(rows.chunks(files.rows).map(|column| Float32Array::from(column.to_vec())))
        .collect();
    let slice = |start: usize| {
        let length = BATCH.min(files.rows - start);
        let columns = whole.iter().map(|column| Arc::new(column.slice(start, length)) as ArrayRef).collect();
        RecordBatch::try_new(Arc::clone(&schema), columns).expect("a batch")
    };
    (0..files.rows).step_by(BATCH).map(slice).collect()
}

fn floats(path: &Path) -> Vec<f32> {
    let bytes = std::fs::read(path).expect("read");
    bytes.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().expect("four bytes"))).collect()
}
