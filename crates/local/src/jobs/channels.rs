//! The data that a training job is given.

/// An input channel with its files' bytes.
#[derive(Debug)]
pub(crate) struct Channel {
    name: String,
    content_type: Option<String>,
    files: Vec<Vec<u8>>,
}

impl Channel {
    /// A channel named `name`; its files come in the order in which they are read.
    pub(crate) fn new(name: impl Into<String>, content_type: Option<String>, files: Vec<Vec<u8>>) -> Self {
        Self { name: name.into(), content_type, files }
    }
}
