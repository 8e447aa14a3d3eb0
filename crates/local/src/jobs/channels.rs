//! The data that a training job is given, parsed once for all jobs that share it.

use std::fmt::Display;
use std::sync::{Arc, OnceLock};

use super::table::Table;
use super::{TrainingFailure, csv_table, libsvm_table, parquet_table};

/// An input channel with its files' bytes.
#[derive(Debug)]
pub(crate) struct Channel {
    name: String,
    content_type: Option<String>,
    files: Vec<Vec<u8>>,
    /// The parsed data, without and with weights in the second column.
    tables: [OnceLock<Result<Arc<Table>, TrainingFailure>>; 2],
}

impl Channel {
    /// A channel named `name`; its files come in the order in which they are read.
    pub(crate) fn new(name: impl Into<String>, content_type: Option<String>, files: Vec<Vec<u8>>) -> Self {
        Self { name: name.into(), content_type, files, tables: Default::default() }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The channel's data. The first caller parses, others wait for it.
    pub(super) fn table(&self, weights: bool) -> Result<Arc<Table>, TrainingFailure> {
        self.tables[usize::from(weights)].get_or_init(|| self.parse(weights).map(Arc::new)).clone()
    }

    fn parse(&self, weights: bool) -> Result<Table, TrainingFailure> {
        let format = self.format()?;
        if self.files.iter().all(|file| file.is_empty()) {
            return Err(TrainingFailure::user(format_args!("No data in {} channel", self.name)));
        }
        let failed = |format: &str, fault: &dyn Display| {
            let channel = &self.name;
            TrainingFailure::user(format_args!("Failed to load {format} data of channel {channel}: {fault}"))
        };
        match format {
            Format::Csv => csv_table::parse(&self.files, weights).map_err(|fault| failed("csv", &fault)),
            Format::Libsvm => libsvm_table::parse(&self.files).map_err(|fault| failed("libsvm", &fault)),
            Format::Parquet => parquet_table::parse(&self.files).map_err(|fault| failed("parquet", &fault)),
        }
    }

    /// As the container: a content type may have parameters, and none at all means libsvm.
    fn format(&self) -> Result<Format, TrainingFailure> {
        let given = self.content_type.as_deref().unwrap_or("text/libsvm").to_ascii_lowercase();
        let mut parts = given.split(';').map(str::trim);
        let format = match parts.next().unwrap_or_default() {
            "csv" | "text/csv" => Format::Csv,
            "libsvm" | "text/libsvm" | "text/x-libsvm" => Format::Libsvm,
            "parquet" | "application/x-parquet" => Format::Parquet,
            "recordio-protobuf" | "application/x-recordio-protobuf" => {
                return Err(TrainingFailure::user(format_args!(
                    "ContentType {given} of channel {} is not emulated by refit-local: it reads text/csv, text/libsvm and \
                     application/x-parquet",
                    self.name
                )));
            }
            _ => return Err(TrainingFailure::user(format_args!("{given} is not an accepted ContentType"))),
        };
        let label_size = parts.filter_map(|part| part.split_once('=')).find(|(name, _)| *name == "label_size");
        match label_size {
            Some((_, size)) if format == Format::Csv && size.trim_matches('"') != "1" => {
                Err(TrainingFailure::user(format_args!(
                    "{given} is not an accepted csv ContentType. Optional parameter label_size must be equal to 1"
                )))
            }
            _ => Ok(format),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Csv,
    Libsvm,
    Parquet,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(content_type: Option<&str>, text: &str) -> Result<Arc<Table>, String> {
        let channel = Channel::new("train", content_type.map(str::to_owned), vec![text.as_bytes().to_vec()]);
        channel.table(false).map_err(|failure| failure.reason)
    }

    #[test]
    fn csv_comes_under_several_names() {
        for content_type in
            ["csv", "text/csv", "TEXT/CSV; charset=utf8", "text/csv;label_size=1", "text/csv; label_size=\"1\""]
        {
            assert!(load(Some(content_type), "1,2\n").is_ok(), "{content_type}");
        }
        assert!(load(Some("text/csv;label_size=2"), "1,2\n").unwrap_err().contains("label_size"));
    }

    #[test]
    fn other_formats_are_refused_by_name() {
        assert!(load(Some("recordio-protobuf"), "x").unwrap_err().contains("recordio-protobuf of channel train"));
        assert!(load(Some("image/png"), "x").unwrap_err().contains("image/png is not an accepted ContentType"));
    }

    #[test]
    fn libsvm_is_what_is_read_if_nobody_says() {
        assert_eq!(load(None, "1 1:2\n").unwrap().columns, 2);
        assert_eq!(load(Some("text/x-libsvm ; charset=utf8"), "1 0:2\n").unwrap().columns, 1);
        assert!(load(None, "1,2\n").unwrap_err().contains("Failed to load libsvm data of channel train: line 1"));
        assert!(load(Some("parquet"), "x").unwrap_err().contains("Failed to load parquet data of channel train"));
    }

    #[test]
    fn an_empty_channel_has_no_data() {
        assert!(load(Some("csv"), "").unwrap_err().contains("UserError: No data in train channel"));
    }

    #[test]
    fn data_is_parsed_once() {
        let channel = Channel::new("train", Some("csv".to_owned()), vec![b"1,2\n".to_vec()]);
        assert!(Arc::ptr_eq(&channel.table(false).unwrap(), &channel.table(false).unwrap()));
    }
}
