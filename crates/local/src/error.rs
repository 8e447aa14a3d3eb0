//! What can go wrong when the backend starts.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why [`LocalAws`](crate::LocalAws) did not start, or an [`Account`](crate::Account), a
/// [`Role`](crate::Role), a [`Pace`](crate::Pace) or a [`Hazard`](crate::Hazard) was refused.
///
/// Once it runs, the backend answers errors over the wire, as AWS does.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LocalError {
    /// An account's id, access key or secret key cannot be one.
    #[error("account `{given}`: {reason}; write ID:ACCESS_KEY:SECRET, such as 123456789012:refit-local:refit-local")]
    Account {
        /// What was given, without the secret key.
        given: String,
        /// What is wrong with it.
        reason: &'static str,
    },

    /// The region is not a region's name.
    #[error("`{region}` is no region: write a name such as us-east-1")]
    Region {
        /// The name that was given.
        region: String,
    },

    /// A role cannot be read, or trusts nobody.
    #[error(
        "`{given}` is no role: write ARN=ACCOUNT[,ACCOUNT], such as arn:aws:iam::210987654321:role/deploy=123456789012"
    )]
    Role {
        /// What was given.
        given: String,
    },

    /// A hazard cannot happen.
    #[error("no hazard {given}: {reason}")]
    Hazard {
        /// The hazard, as JSON.
        given: String,
        /// What is wrong with it.
        reason: String,
    },

    /// A pace cannot be read.
    #[error("`{given}` is no pace: write a duration such as 2s, or Creating=30s,Stopping=500ms")]
    Pace {
        /// What was given.
        given: String,
    },

    /// The data folder, or a file in it, cannot be made, read or written.
    #[error("cannot use the data folder's {path}: check that it may be written and that the disk has room")]
    DataFolder {
        /// The folder or file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },

    /// Another backend uses the data folder.
    #[error("data folder {path} is in use by {holder}: stop it, or choose another data folder")]
    DataFolderInUse {
        /// The data folder.
        path: PathBuf,
        /// Who uses it, such as "process 4711".
        holder: String,
    },

    /// The data folder was written by a newer version of this crate.
    #[error("{path} was written by a newer refit-local: update this one, or choose another data folder")]
    NewerData {
        /// The database file.
        path: PathBuf,
    },

    /// The database cannot be opened or brought up to date.
    #[error("cannot open the database {path}: if it is damaged, restore the data folder or choose another")]
    Database {
        /// The database file.
        path: PathBuf,
        /// What SQLite said.
        #[source]
        source: rusqlite::Error,
    },

    /// The jobs and endpoints in the data folder cannot be taken up again.
    #[error("cannot take up the jobs and endpoints in {path} ({reason}): restore the data folder or choose another")]
    Resume {
        /// The data folder.
        path: PathBuf,
        /// What stood in the way.
        reason: String,
    },

    /// The port cannot be bound on 127.0.0.1.
    #[error("cannot listen on 127.0.0.1:{port}: choose a free port, or 0 to be given one")]
    Port {
        /// The port that was asked for.
        port: u16,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
}
