//! Training with XGBoost's own library (libxgboost 1.6.2, built from source), behind a safe interface.
//!
//! ```
//! use std::ops::ControlFlow;
//! use refit_xgboost::{DMatrix, EarlyStopping, Format, Training};
//!
//! // y = 3 x, where some x is missing.
//! let rows: Vec<f32> = (0..200).map(|i| if i % 10 == 0 { f32::NAN } else { i as f32 / 200.0 }).collect();
//! let labels: Vec<f32> = (0..200).map(|i| 3.0 * i as f32 / 200.0).collect();
//! let mut train = DMatrix::dense(&rows[..150], 1)?;
//! train.set_labels(&labels[..150])?;
//! let mut validation = DMatrix::dense(&rows[150..], 1)?;
//! validation.set_labels(&labels[150..])?;
//!
//! let mut training = Training::new([("objective", "reg:squarederror"), ("max_depth", "3")], 50);
//! training.early_stopping = Some(EarlyStopping { rounds: 5, metric: None, maximize: false, save_best: true });
//! let trained = training.run(&train, &[("train", &train), ("validation", &validation)], |round| {
//!     println!("round {}: {}", round.index, round.metrics[1]);
//!     if round.metrics[1].value < 0.01 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
//! })?;
//!
//! let model = trained.booster.save(Format::Ubj)?;
//! assert_eq!(trained.booster.predict(&validation)?.len(), 50);
//! # assert!(!model.is_empty());
//! # Ok::<(), refit_xgboost::XgboostError>(())
//! ```
//!
//! # How it behaves
//!
//! - A missing value is NaN. A zero is a zero.
//! - Parameters are XGBoost's own, as strings. A bad value is reported before the first round where XGBoost can tell.
//! - The same data, parameters and `nthread` give the same model, bit for bit; `seed` is 0 unless given.
//! - XGBoost's log goes to `tracing`, nothing to stdout or stderr.
//! - It computes on the calling thread and waits for nothing else: run it on a blocking thread of an async program.
//! - Its threads (`nthread`) spin while they wait for each other. On a machine with other work, threads that spin for
//!   one that has no core made a training three times slower; `OMP_WAIT_POLICY=PASSIVE` in the program's environment
//!   prevents it. It must be set before the program starts.
//! - [`DMatrix`] is `Send`, [`Booster`] is not, neither is `Sync`, nothing is `Clone`; each page tells why.
//! - Read models of unknown origin with `refit-booster`. [`Booster::load`] is unsafe, since libxgboost does not check what it reads.
//!
//! # Errors
//!
//! [`XgboostError`] names the parameter, set or row at fault and carries XGBoost's own text.

mod booster;
mod dmatrix;
mod early_stopping;
mod error;
mod evaluation_line;
mod ffi;
mod training;

pub use booster::{Booster, Format};
pub use dmatrix::DMatrix;
pub use early_stopping::EarlyStopping;
pub use error::XgboostError;
pub use training::{CustomMetrics, Metric, Round, Trained, Training};
