//! What can go wrong, by what the caller can do about it.

use crate::format::Format;

/// Where a lower level says what it found.
pub(crate) type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a model could not be read, or could not predict.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BoosterError {
    /// The bytes are in none of the formats XGBoost ever wrote.
    #[error(
        "this is no XGBoost model: it starts with \"{start}\"; pass a pickled Booster, a legacy binary, JSON or UBJSON \
         model, and a model.tar.gz to `Booster::from_artifact`"
    )]
    UnknownFormat {
        /// The first bytes, for recognising what was passed instead.
        start: String,
    },

    /// The format is known and the content breaks its rules: the file was cut, changed or badly written.
    #[error("the {format} model is damaged; fetch it again and compare its checksum")]
    Damaged {
        /// The format that the first bytes announced.
        format: Format,
        /// What was found, and where.
        #[source]
        source: Cause,
    },

    /// A tree points where no node, feature or output is. XGBoost itself would read out of bounds here.
    #[error("tree {tree} of the model is inconsistent: {reason}; fetch the model again and compare its checksum")]
    Inconsistent {
        /// The tree, counted from 0.
        tree: usize,
        /// What the tree says that cannot be.
        reason: String,
    },

    /// The pickle is sound and holds something else. Nothing in it was run.
    #[error(
        "the pickle holds {holds}, not an xgboost.core.Booster; pickle the Booster itself (`estimator.get_booster()` for a scikit-learn wrapper)"
    )]
    NotABooster {
        /// The class or function the pickle names first.
        holds: String,
    },

    /// The model uses a part of XGBoost that this crate does not predict with yet.
    #[error("the model uses {what}, which is not supported yet; {remedy}")]
    Unsupported {
        /// The part, as XGBoost names it.
        what: String,
        /// What to train instead.
        remedy: &'static str,
    },

    /// The archive is not a readable gzip or tar stream.
    #[error("the model archive is corrupt or cut short; upload it again")]
    CorruptArchive {
        /// What the decoder said.
        #[source]
        source: std::io::Error,
    },

    /// The archive unpacks to more than the limits allow.
    #[error(
        "the model archive has more than {limit} {unit}; if the model is really this large, read it with Booster::from_artifact_within and larger limits"
    )]
    ArchiveTooLarge {
        /// The limit that was passed.
        limit: u64,
        /// What is limited.
        unit: &'static str,
    },

    /// A member's path is absolute or leads out of the archive.
    #[error(
        "the model archive holds the path {path:?}, which leads out of the archive; pack it again with relative paths"
    )]
    ClimbingPath {
        /// The path as it stands in the archive.
        path: String,
    },

    /// A member is a link, a device or a sparse file.
    #[error("the model archive holds {path:?}, which is no plain file; pack the file itself")]
    NotAFile {
        /// The member's path.
        path: String,
    },

    /// The archive holds no file that could be a model.
    #[error("the model archive holds no model; it must hold one file, usually `xgboost-model`")]
    NoModel,

    /// The archive holds more than one file.
    #[error("the model archive holds {count} files where one model is wanted: {names}; pack the model alone")]
    SeveralModels {
        /// How many files.
        count: usize,
        /// Their paths, the first few.
        names: String,
    },

    /// The rows have another width than the model was trained on.
    #[error(
        "the model was trained on {expected} features and the rows have {found}; pass the model's features in its order"
    )]
    ColumnCount {
        /// The model's number of features.
        expected: usize,
        /// The number of columns passed.
        found: usize,
    },

    /// A column has another name than the model's feature at its place.
    #[error("column {index} is {found:?} where the model has {expected:?}; pass the model's features in its order")]
    ColumnName {
        /// The column, counted from 0.
        index: usize,
        /// The model's feature name.
        expected: String,
        /// The column's name.
        found: String,
    },

    /// A column's type has no numeric reading.
    #[error("column {name:?} is {data_type}, which is no number; cast it to a numeric type first")]
    ColumnType {
        /// The column's name.
        name: String,
        /// Its Arrow type.
        data_type: String,
        /// What Arrow's cast said, where it got that far.
        #[source]
        source: Option<arrow::error::ArrowError>,
    },

    /// The values do not fill whole rows.
    #[error("{values} values do not make whole rows of {columns} columns")]
    RaggedRows {
        /// How many values were passed.
        values: usize,
        /// How many columns a row was said to have.
        columns: usize,
    },
}

impl BoosterError {
    pub(crate) fn damaged(format: Format, cause: impl Into<Cause>) -> Self {
        Self::Damaged { format, source: cause.into() }
    }
}
