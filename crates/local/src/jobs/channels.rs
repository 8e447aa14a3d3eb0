//! The data that a training job is given, parsed once for all jobs that share it.

use std::sync::{Arc, OnceLock};

use super::TrainingFailure;
use super::csv_table;
use super::table::Table;

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
        self.check_content_type()?;
        if self.files.iter().all(|file| file.is_empty()) {
            return Err(TrainingFailure::client(format_args!("No data in {} channel", self.name)));
        }
        csv_table::parse(&self.files, weights).map_err(|fault| {
            TrainingFailure::client(format_args!("Failed to load csv data of channel {}: {fault}", self.name))
        })
    }

    /// As the container: a content type may have parameters, and none at all means libsvm.
    fn check_content_type(&self) -> Result<(), TrainingFailure> {
        let given = self.content_type.as_deref().unwrap_or("text/libsvm").to_ascii_lowercase();
        let mut parts = given.split(';').map(str::trim);
        match parts.next().unwrap_or_default() {
            "csv" | "text/csv" => {}
            "libsvm"
            | "text/libsvm"
            | "text/x-libsvm"
            | "parquet"
            | "application/x-parquet"
            | "recordio-protobuf"
            | "application/x-recordio-protobuf" => {
                return Err(TrainingFailure::client(format_args!(
                    "ContentType {given} of channel {} is not emulated by refit-local, only text/csv (no ContentType \
                     means text/libsvm)",
                    self.name
                )));
            }
            _ => return Err(TrainingFailure::client(format_args!("{given} is not an accepted ContentType"))),
        }
        let label_size = parts.filter_map(|part| part.split_once('=')).find(|(name, _)| *name == "label_size");
        match label_size {
            Some((_, size)) if size.trim_matches('"') != "1" => Err(TrainingFailure::client(format_args!(
                "{given} is not an accepted csv ContentType. Optional parameter label_size must be equal to 1"
            ))),
            _ => Ok(()),
        }
    }
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
        assert!(load(None, "1 1:2\n").unwrap_err().contains("text/libsvm of channel train"));
        assert!(load(Some("application/x-parquet"), "x").unwrap_err().contains("application/x-parquet"));
        assert_eq!(load(Some("image/png"), "x").unwrap_err(), "ClientError: image/png is not an accepted ContentType");
    }

    #[test]
    fn an_empty_channel_has_no_data() {
        assert_eq!(load(Some("csv"), "").unwrap_err(), "ClientError: No data in train channel");
    }

    #[test]
    fn data_is_parsed_once() {
        let channel = Channel::new("train", Some("csv".to_owned()), vec![b"1,2\n".to_vec()]);
        assert!(Arc::ptr_eq(&channel.table(false).unwrap(), &channel.table(false).unwrap()));
    }
}
