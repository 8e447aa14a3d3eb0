//! Places that take a dataset, and places that stop taking it.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, or says why it does not run"
)]

mod support;

use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatchIterator};
use arrow::record_batch::{RecordBatch, RecordBatchReader};
use refit_warehouse::{
    DatasetSpec, Destination, Draft, Extract, Folder, Format, Manifest, Percent, Source, Split, WarehouseError,
};
use support::whole;

fn spec() -> DatasetSpec {
    let percent = |share| Percent::new(share).unwrap();
    DatasetSpec::new("y", Split::ByHash { column: "key".into(), validation: percent(20), evaluation: percent(10) })
}

/// A hundred batches of a thousand rows: four megabytes of lines.
fn reader() -> impl RecordBatchReader {
    let batch = |from: i64| {
        let column = |factor: f64| -> ArrayRef {
            Arc::new(Float64Array::from_iter_values((from..from + 1000).map(|i| i as f64 * factor)))
        };
        let key: ArrayRef = Arc::new(Int64Array::from_iter_values(from..from + 1000));
        RecordBatch::try_from_iter([("y", column(0.37)), ("key", key), ("x", column(1.7)), ("z", column(0.3))]).unwrap()
    };
    let schema = batch(0).schema();
    RecordBatchIterator::new((0..100).map(move |n| Ok(batch(n * 1000))), schema)
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// What a place was asked, and when it says no.
#[derive(Clone, Default)]
struct Memory {
    said: Arc<Mutex<Vec<String>>>,
    fails_at: Option<&'static str>,
    room: Option<usize>,
}

impl Memory {
    fn say(&self, what: &str, of: &str) -> Result<(), Source> {
        self.said.lock().unwrap().push(format!("{what} {of}"));
        match self.fails_at == Some(what) {
            true => Err(format!("no {what} today").into()),
            false => Ok(()),
        }
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("memory")
    }
}

impl Destination for Memory {
    fn begin(&self, name: &str) -> Result<Box<dyn Draft>, Source> {
        self.say("begin", name)?;
        Ok(Box::new(Note { place: self.clone(), name: name.to_owned(), bytes: 0 }))
    }

    fn withdraw(&self, _: &[u8]) -> Result<(), Source> {
        self.say("withdraw", Manifest::FILE_NAME)
    }

    fn complete(&self, _: &[u8]) -> Result<(), Source> {
        self.say("complete", Manifest::FILE_NAME)
    }
}

struct Note {
    place: Memory,
    name: String,
    bytes: usize,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "memory/{}", self.name)
    }
}

impl Draft for Note {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Source> {
        self.bytes += bytes.len();
        match self.place.room {
            Some(room) if self.bytes > room => Err("there is no room".into()),
            _ => Ok(()),
        }
    }

    fn seal(&mut self) -> Result<(), Source> {
        self.place.say("seal", &self.name)
    }

    fn publish(self: Box<Self>, sha256: [u8; 32]) -> Result<(), Source> {
        assert_ne!(sha256, [0; 32]);
        self.place.say("publish", &self.name)
    }
}

#[test]
fn every_place_has_every_byte_before_one_shows_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let (folder, memory) = (Folder::new(dir.path()), Memory::default());
    let alone = spec().write(reader(), &Extract::new("SELECT"), dir.path()).unwrap();
    let both = spec().write_to(reader(), &Extract::new("SELECT"), &[&memory, &folder]).unwrap();
    assert_eq!(both, alone);
    let files = ["train.csv", "validation.csv", "evaluation.csv"];
    let each = |what: &str| files.map(|file| format!("{what} {file}")).to_vec();
    let expected = [
        each("begin"),
        each("seal"),
        vec!["withdraw manifest.json".to_owned()],
        each("publish"),
        vec!["complete manifest.json".to_owned()],
    ];
    assert_eq!(*memory.said.lock().unwrap(), expected.concat());
}

/// Before anything is published, an earlier dataset stays as it was; afterwards it is no dataset any more.
#[test]
fn a_place_that_fails_leaves_no_half_dataset_and_the_next_try_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::new(dir.path());
    let extract = Extract::new("SELECT");
    let earlier = spec().write(reader(), &extract, dir.path()).unwrap();
    let without_manifest = ["evaluation.csv", "train.csv", "validation.csv"];
    for fails_at in ["begin", "seal", "withdraw", "publish", "complete"] {
        let memory = Memory { fails_at: Some(fails_at), ..Memory::default() };
        let error = spec().write_to(reader(), &extract, &[&folder, &memory]).unwrap_err();
        assert!(matches!(&error, WarehouseError::Unwritten { place, .. } if place.starts_with("memory/")), "{error}");
        assert!(whole(&error).contains(&format!("no {fails_at} today")), "{}", whole(&error));
        match fails_at {
            "begin" | "seal" => assert_eq!(Manifest::load(dir.path()).unwrap(), earlier),
            // The folder's manifest is withdrawn first, and completed first.
            "complete" => assert_eq!(Manifest::load(dir.path()).unwrap(), earlier),
            _ => assert_eq!(names(dir.path()), without_manifest),
        }
    }
    assert_eq!(spec().write(reader(), &extract, dir.path()).unwrap(), earlier);
}

#[test]
fn an_error_says_how_far_a_place_got() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::new(dir.path());
    for format in [Format::Csv, Format::Parquet] {
        let memory = Memory { room: Some(400_000), ..Memory::default() };
        let spec = spec().format(format);
        let error = spec.write_to(reader(), &Extract::new("SELECT"), &[&folder, &memory]).unwrap_err();
        match &error {
            WarehouseError::Unwritten { place, bytes, rows, .. } => {
                assert!(place.starts_with("memory/train."), "{error}");
                assert!(*bytes <= 400_000 && *rows >= 1000, "{error}");
                assert_eq!(format == Format::Csv, *bytes > 0, "{error}");
            }
            other => panic!("{}", whole(other)),
        }
        assert!(whole(&error).contains("there is no room"), "{}", whole(&error));
        assert_eq!(names(dir.path()), [""; 0]);
    }
}

/// On a file system of one megabyte, which only root may mount.
#[test]
fn a_full_disk_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]).arg(dir.path()).output();
    match mounted {
        Ok(output) if output.status.success() => (),
        Ok(output) => return println!("not run: {}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => return println!("not run: mount: {error}"),
    }
    let written = spec().write(reader(), &Extract::new("SELECT"), dir.path());
    let left = names(dir.path());
    assert!(Command::new("umount").arg(dir.path()).status().unwrap().success());
    let error = written.unwrap_err();
    assert!(matches!(&error, WarehouseError::Unwritten { rows, .. } if *rows > 0), "{}", whole(&error));
    assert!(whole(&error).contains("No space left"), "{}", whole(&error));
    assert_eq!(left, [""; 0]);
}
