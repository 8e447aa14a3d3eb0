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
//! - A [`Warehouse`] answers an [`Extract`] with an arrow `RecordBatchReader`: [`Postgres`] from a server, `Sqlite` from a
//!   database file or from local Parquet and CSV files, on a machine without a server (feature `sqlite`, on by default).
//! - It streams. Batches have 8,192 rows and are read on a thread that is at most two ahead, so memory does not grow with
//!   the rows. Dropping the reader early stops the query.
//! - [`DatasetSpec::write`] splits while it streams, by time or by a key's hash; the same rows in the same order give the same
//!   bytes, and the [`Manifest`] says so with a digest. Give the query an ORDER BY where that matters.
//! - PostgreSQL's types are read as follows; any other is refused by name, with the cast to write.
//!
//! | PostgreSQL | Arrow |
//! |---|---|
//! | `boolean` | Boolean |
//! | `smallint` / `integer` / `bigint` | Int16 / Int32 / Int64 |
//! | `real` / `double precision` | Float32 / Float64 |
//! | `numeric(p,s)` up to 38 digits | Decimal128(p,s); NaN is null |
//! | `numeric` without digits, or with more | Float64, the nearest; NaN and infinity stay |
//! | `text`, `varchar`, `char`, `name`, `citext`, `uuid`, `json`, `jsonb`, enums | Utf8 |
//! | `bytea` | Binary |
//! | `date` / `timestamp` / `timestamptz` | Date32 / Timestamp(µs) / Timestamp(µs, +00:00); infinity is an error |
//!
//! # Errors
//!
//! Everything is a [`WarehouseError`], a variant for each thing to do about it. What can be seen without the warehouse, such
//! as a window without a day, fails before a connection is made; what can be seen in the columns, such as a text feature,
//! before the first row is written. An error among the rows names the row and the column.

#![forbid(unsafe_code)]

mod column;
mod dataset;
mod error;
mod extract;
mod iso;
mod manifest;
mod postgresql;
mod split;
#[cfg(feature = "sqlite")]
mod sqlite;
mod stream;
mod warehouse;
mod window;

pub use crate::dataset::DatasetSpec;
pub use crate::error::{Source, WarehouseError};
pub use crate::extract::{Extract, Parameter};
pub use crate::manifest::{Feature, File, Manifest};
pub use crate::postgresql::{Postgres, TlsMode};
pub use crate::split::{Percent, Set, Split};
#[cfg(feature = "sqlite")]
pub use crate::sqlite::Sqlite;
pub use crate::warehouse::Warehouse;
pub use crate::window::DateWindow;
