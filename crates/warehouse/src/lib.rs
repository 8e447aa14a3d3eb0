//! SQL from the warehouse into Arrow batches and training files.
//!
//! ```
//! # #[cfg(feature = "sqlite")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use refit_warehouse::{DatasetSpec, DateWindow, Extract, Set, Split, Sqlite, Warehouse};
//!
//! // On PostgreSQL: Postgres::new("postgres://etl:secret@warehouse.example.com/analytics")?
//! let warehouse = Sqlite::files([
//!     ("flights", "../../examples/data/flights.parquet"),
//!     ("weather", "../../examples/data/weather.parquet"),
//! ])?
//! .index("weather", &["origin", "time_hour"])?;
//!
//! let extract = Extract::new(
//!     "SELECT f.arr_delay, f.dep_delay, f.distance, w.wind_speed, f.time_hour
//!      FROM flights f JOIN weather w ON w.origin = f.origin AND w.time_hour = f.time_hour
//!      WHERE f.time_hour >= $1 AND f.time_hour < $2 AND f.origin = $3 AND f.arr_delay IS NOT NULL",
//! )
//! .window(DateWindow::new("2013-01-01".parse()?, "2013-06-01".parse()?)?)
//! .bind("EWR");
//!
//! let dataset = DatasetSpec::new("arr_delay", Split::ByTime {
//!     column: "time_hour".to_owned(),
//!     validation_from: "2013-04-01".parse()?,
//!     evaluation_from: "2013-05-01".parse()?,
//! });
//! let dir = tempfile::tempdir()?;
//! let manifest = dataset.write(warehouse.extract(&extract)?, &extract, dir.path())?;
//!
//! assert_eq!(manifest.feature_names(), ["dep_delay", "distance", "wind_speed"]);
//! assert!(manifest.file(Set::Train).is_some_and(|train| train.rows > 20_000));
//! assert!(dir.path().join("train.csv").exists());
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "sqlite"))]
//! # fn main() {}
//! ```
//!
//! # How it behaves
//!
//! - A [`Warehouse`] answers an [`Extract`] with an arrow `RecordBatchReader`: [`Postgres`] and [`Redshift`] from a server, `Sqlite`
//!   from a database file or from local Parquet and CSV files, on a machine without a server (feature `sqlite`, on by default),
//!   `Adbc` through a driver that is named by its path, for DuckDB, BigQuery, Snowflake and others (feature `adbc`, off by default).
//! - It streams. Batches have 8,192 rows and are read on a thread that is at most two ahead, so memory does not grow with
//!   the rows. Dropping the reader early stops the query; a [`Stop`] stops it from elsewhere, whatever it is at.
//! - [`DatasetSpec::write`] splits while it streams, by time or by a key's hash, into CSV or Parquet ([`Format`]); the same rows in
//!   the same order give the same bytes, and the [`Manifest`] says so with a digest. Give the query an ORDER BY where that matters.
//!   [`DatasetSpec::write_to`] writes into several places in one pass: a [`Folder`], and whatever is a [`Destination`].
//! - Columns must be numbers. A text column is refused with the SQL to write, or written as its texts' places in a list that is
//!   declared ([`Categories`]); an unknown text is an error, or missing.
//! - `manifest.json` has what evaluation and drift need, gathered in the same pass and in bounded memory:
//!
//! | key | what it is |
//! |---|---|
//! | `version` | 1: the version of this form |
//! | `files[]` | `set` (`train`, `validation`, `evaluation`), `name`, `format` (`csv`, `parquet`), `rows`, `bytes`, `sha256`, `columns[]` |
//! | `files[].parts[]` | of a set that a cluster wrote to S3 itself: each file's `name`, `rows`, `bytes` and S3's `etag` |
//! | `files[].columns[]` | the label, then the features: `name`, `data_type`, `count`, `nulls`, `min`, `max`, `mean`, `stdev`, `quantiles` |
//! | `quantiles` | 101 values at the probabilities 0.00, 0.01 … 1.00, or none where the column has no value; see [`ColumnStatistics`] |
//! | `contract` | `label` and `features[]`, each `name`, `data_type` and, where it was text, `categories` (`values`, `unknown`); `missing`; `version` |
//! | `contract_sha256` | the hash of the contract's canonical form ([`Contract::sha256`]) |
//! | `query`, `parameters[]`, `window`, `split` | what was asked: a parameter is `{"type": …, "value": …}`, a window `floor` and `ceiling` |
//! | `server_version`, `snapshot` | who answered, and as of when |
//! | `digest` | equal where the contract and the files are |
//!
//! - A server is read over a wire reader of the crate's own, in a read-only transaction: from PostgreSQL with bound parameters
//!   and values in binary, over several connections under one snapshot where [`Parallel`] says so; from Redshift with values as
//!   text, or by UNLOAD into S3: a query's result ([`Redshift::unload`]), or a dataset's train and validation sets
//!   ([`Warehouse::unloading`], [`UnloadRule`]), with the rows and sets of a streamed one. PostgreSQL's types are read as follows,
//!   and lists of them as List; any other comes as text, with a warning. A domain is what it is made of. A null is null, whatever the type.
//!
//! | PostgreSQL | Arrow |
//! |---|---|
//! | `boolean` | Boolean |
//! | `smallint` / `integer` / `bigint` | Int16 / Int32 / Int64 |
//! | `real` / `double precision` | Float32 / Float64 |
//! | `numeric(p,s)` up to 38 digits | Decimal128(p,s); NaN is null. Float64 on request ([`NumericAs`]) |
//! | `numeric` without digits, or with more | Float64, the nearest; NaN and infinity stay |
//! | `text`, `varchar`, `char`, `name`, `citext`, `uuid`, `json`, `jsonb`, `xml`, enums | Utf8 |
//! | `bytea` | Binary |
//! | `date` / `timestamp` / `timestamptz` | Date32 / Timestamp(µs) / Timestamp(µs, +00:00); infinity is an error, or null ([`InfiniteTimes`]) |
//! | `time` / `interval` | Time64(µs) / Interval(MonthDayNano) |
//!
//! # Errors
//!
//! Everything is a [`WarehouseError`], a variant for each thing to do about it. What can be seen without the warehouse, such
//! as a window without a day, fails before a connection is made; what can be seen in the columns, such as a text feature,
//! before the first row is written. An error among the rows names the row and the column.

#![forbid(unsafe_code)]

#[cfg(feature = "adbc")]
mod adbc;
mod column;
mod connection;
mod contract;
mod dataset;
mod destination;
mod dialect;
mod error;
mod extract;
mod folder;
mod iso;
mod list;
mod literals;
mod manifest;
mod parallel;
mod postgresql;
mod redshift;
mod rows;
mod session;
mod split;
#[cfg(feature = "sqlite")]
mod sqlite;
mod statistics;
mod stop;
mod stream;
mod warehouse;
mod window;

#[cfg(feature = "adbc")]
pub use crate::adbc::Adbc;
pub use crate::connection::{Connection, Credentials, TlsMode};
pub use crate::contract::{Contract, ContractColumn};
pub use crate::dataset::{Categories, DatasetSpec, Format, Unknown};
pub use crate::destination::{Destination, Draft};
pub use crate::error::{ConnectionError, DatasetError, Source, WarehouseError};
pub use crate::extract::{Extract, Parameter};
pub use crate::folder::Folder;
pub use crate::manifest::{File, Manifest, Part};
pub use crate::parallel::Parallel;
pub use crate::postgresql::Postgres;
pub use crate::redshift::{
    Estimate, IamRole, Redshift, Unload, UnloadFormat, UnloadManifest, UnloadRule, UnloadedFile, Unloading, Way,
};
pub use crate::rows::{InfiniteTimes, NumericAs};
pub use crate::split::{Percent, Set, Split};
#[cfg(feature = "sqlite")]
pub use crate::sqlite::Sqlite;
pub use crate::statistics::ColumnStatistics;
pub use crate::stop::Stop;
pub use crate::warehouse::{SERVER_VERSION, SNAPSHOT, Warehouse};
pub use crate::window::DateWindow;
