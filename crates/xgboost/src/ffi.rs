//! Every call into libxgboost, behind handles that are freed exactly once.
//!
//! libxgboost reports failure by a return code and keeps the text per thread; each function here turns both into a
//! `Result` before any other call can overwrite the text. Buffers that it lends out live until its next call on the
//! same thread, so they are copied at once.

#![allow(unsafe_code, reason = "libxgboost has a C interface; all calls to it are in this file")]

use std::cell::Cell;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::marker::PhantomData;
use std::ptr::{self, NonNull};

use xgboost_rs_sys as sys;

use crate::error::clean;

/// XGBoost's last error text, cleaned.
pub(crate) type Refusal = String;

/// Owns one `DMatrix` of libxgboost.
///
/// Not `Sync`: training and predicting build lazy indexes inside the matrix, even through a shared reference.
pub(crate) struct MatrixHandle {
    raw: NonNull<c_void>,
    /// Lazy indexes are built behind `&self`, so two threads may not hold one.
    not_sync: PhantomData<Cell<()>>,
}

// SAFETY: the matrix owns copies of all its data and is not tied to the thread that made it. Boosters refer to it by
// `std::weak_ptr`, whose counters are atomic. It is not `Sync`, so only one thread at a time is inside it.
unsafe impl Send for MatrixHandle {}

impl MatrixHandle {
    /// Copies row-major values, full rows only; NaN is missing.
    pub(crate) fn dense(values: &[f32], columns: usize) -> Result<Self, Refusal> {
        let rows = values.len().checked_div(columns).unwrap_or(0);
        redirect_log();
        let mut raw = ptr::null_mut();
        // SAFETY: `values` holds at least rows * columns floats (rows is the rounded-down quotient) and outlives the call, which copies them;
        // `raw` is a valid place for the new handle.
        check(unsafe {
            sys::XGDMatrixCreateFromMat(values.as_ptr(), rows as u64, columns as u64, f32::NAN, &raw mut raw)
        })?;
        Ok(Self { raw: handle(raw)?, not_sync: PhantomData })
    }

    /// Copies rows of which only some cells are there: `ends[row]` is where the cells of row `row` end.
    pub(crate) fn sparse(ends: &[u64], columns: &[u32], values: &[f32], width: u64) -> Result<Self, Refusal> {
        redirect_log();
        let starts: Vec<u64> = std::iter::once(0).chain(ends.iter().copied()).collect();
        let mut raw = ptr::null_mut();
        // SAFETY: `starts` holds a number per row and one more, none above the length of `columns` and `values`, which are
        // equally long (checked by the caller); all outlive the call, which copies them; `raw` is a valid place.
        check(unsafe {
            sys::XGDMatrixCreateFromCSREx(
                starts.as_ptr(),
                columns.as_ptr(),
                values.as_ptr(),
                starts.len() as u64,
                values.len() as u64,
                width,
                &raw mut raw,
            )
        })?;
        Ok(Self { raw: handle(raw)?, not_sync: PhantomData })
    }

    /// Copies the sizes of the groups of rows that a ranking compares.
    pub(crate) fn set_groups(&mut self, sizes: &[u32]) -> Result<(), Refusal> {
        redirect_log();
        // SAFETY: the handle is live until drop; the name ends in NUL; `sizes` outlives the call, which copies them.
        check(unsafe {
            sys::XGDMatrixSetUIntInfo(self.raw.as_ptr(), c"group".as_ptr(), sizes.as_ptr(), sizes.len() as u64)
        })
    }

    /// Copies a value per row into `label` or `weight`.
    pub(crate) fn set_floats(&mut self, field: &CStr, values: &[f32]) -> Result<(), Refusal> {
        redirect_log();
        // SAFETY: the handle is live until drop; `field` ends in NUL; `values` outlives the call, which copies them.
        check(unsafe {
            sys::XGDMatrixSetFloatInfo(self.raw.as_ptr(), field.as_ptr(), values.as_ptr(), values.len() as u64)
        })
    }
}

impl Drop for MatrixHandle {
    fn drop(&mut self) {
        // SAFETY: the handle came from libxgboost, is owned by this value alone and is not used after this.
        unsafe { sys::XGDMatrixFree(self.raw.as_ptr()) };
    }
}

/// Owns one booster of libxgboost.
///
/// Neither `Send` nor `Sync`: libxgboost keeps a booster's prediction cache in a thread-local map under the booster's
/// address. Freed on another thread, it would leave its cache behind for the next booster at that address.
pub(crate) struct BoosterHandle {
    raw: NonNull<c_void>,
}

impl BoosterHandle {
    /// An untrained booster that takes its number of features from `matrices`.
    pub(crate) fn new(matrices: &[&MatrixHandle]) -> Result<Self, Refusal> {
        redirect_log();
        link_all_registrations();
        let matrices: Vec<sys::DMatrixHandle> = matrices.iter().map(|matrix| matrix.raw.as_ptr()).collect();
        let mut raw = ptr::null_mut();
        // SAFETY: `matrices` holds live handles and outlives the call, which keeps weak references only; `raw` is a valid
        // place for the new handle.
        check(unsafe { sys::XGBoosterCreate(matrices.as_ptr(), matrices.len() as u64, &raw mut raw) })?;
        Ok(Self { raw: handle(raw)? })
    }

    pub(crate) fn set_param(&mut self, name: &CStr, value: &CStr) -> Result<(), Refusal> {
        // SAFETY: the handle is live; both strings end in NUL and are copied.
        check(unsafe { sys::XGBoosterSetParam(self.raw.as_ptr(), name.as_ptr(), value.as_ptr()) })
    }

    /// How many rounds were trained. Applies pending parameters first, so a bad one is reported here.
    pub(crate) fn rounds(&self) -> Result<u32, Refusal> {
        let mut rounds: c_int = 0;
        // SAFETY: the handle is live; `rounds` is a valid place for the result.
        check(unsafe { sys::XGBoosterBoostedRounds(self.raw.as_ptr(), &raw mut rounds) })?;
        u32::try_from(rounds).map_err(|_| format!("{rounds} rounds"))
    }

    pub(crate) fn columns(&self) -> Result<usize, Refusal> {
        let mut columns = 0;
        // SAFETY: the handle is live; `columns` is a valid place for the result.
        check(unsafe { sys::XGBoosterGetNumFeature(self.raw.as_ptr(), &raw mut columns) })?;
        Ok(columns as usize)
    }

    /// Trains one round.
    pub(crate) fn update(&mut self, iteration: c_int, train: &MatrixHandle) -> Result<(), Refusal> {
        // SAFETY: both handles are live, and no other thread is inside either (neither is `Sync`).
        check(unsafe { sys::XGBoosterUpdateOneIter(self.raw.as_ptr(), iteration, train.raw.as_ptr()) })
    }

    /// XGBoost's line of metrics: `[iteration]`, then `\t<set>-<metric>:<value>` for each set and metric.
    pub(crate) fn evaluate(&mut self, iteration: c_int, sets: &[(&CStr, &MatrixHandle)]) -> Result<String, Refusal> {
        let mut matrices: Vec<sys::DMatrixHandle> = sets.iter().map(|(_, matrix)| matrix.raw.as_ptr()).collect();
        let mut names: Vec<*const c_char> = sets.iter().map(|(name, _)| name.as_ptr()).collect();
        let mut line = ptr::null();
        // SAFETY: the handles are live; both arrays have `sets.len()` entries and outlive the call, which does not write to
        // them; `line` is a valid place for the result.
        check(unsafe {
            sys::XGBoosterEvalOneIter(
                self.raw.as_ptr(),
                iteration,
                matrices.as_mut_ptr(),
                names.as_mut_ptr(),
                sets.len() as u64,
                &raw mut line,
            )
        })?;
        if line.is_null() {
            return Err("no evaluation line came back".to_owned());
        }
        // SAFETY: libxgboost lends a NUL-terminated string that lives until its next call on this thread; it is copied now.
        Ok(unsafe { CStr::from_ptr(line) }.to_string_lossy().into_owned())
    }

    /// Row-major predictions of all trees, as `config` asks for (see `XGBoosterPredictFromDMatrix`).
    pub(crate) fn predict(&self, matrix: &MatrixHandle, config: &CStr) -> Result<Vec<f32>, Refusal> {
        let (mut shape, mut dimensions, mut values) = (ptr::null(), 0, ptr::null());
        // SAFETY: both handles are live; `config` ends in NUL; the three places are valid for the results.
        check(unsafe {
            sys::XGBoosterPredictFromDMatrix(
                self.raw.as_ptr(),
                matrix.raw.as_ptr(),
                config.as_ptr(),
                &raw mut shape,
                &raw mut dimensions,
                &raw mut values,
            )
        })?;
        if shape.is_null() || values.is_null() {
            return Err("no predictions came back".to_owned());
        }
        // SAFETY: libxgboost lends `dimensions` sizes, and as many floats as their product; both live until its next call on
        // this thread and are read and copied now.
        Ok(unsafe {
            let length: u64 = std::slice::from_raw_parts(shape, dimensions as usize).iter().product();
            std::slice::from_raw_parts(values, length as usize).to_vec()
        })
    }

    /// The model's bytes in the format that `config` names.
    pub(crate) fn save(&self, config: &CStr) -> Result<Vec<u8>, Refusal> {
        let (mut length, mut bytes) = (0, ptr::null());
        // SAFETY: the handle is live; `config` ends in NUL; both places are valid for the results.
        check(unsafe {
            sys::XGBoosterSaveModelToBuffer(self.raw.as_ptr(), config.as_ptr(), &raw mut length, &raw mut bytes)
        })?;
        if bytes.is_null() {
            return Err("no model came back".to_owned());
        }
        // SAFETY: libxgboost lends `length` bytes that live until its next call on this thread; they are copied now.
        Ok(unsafe { std::slice::from_raw_parts(bytes.cast::<u8>(), length as usize) }.to_vec())
    }

    /// Replaces the model.
    ///
    /// # Safety
    /// The bytes are an undamaged model: libxgboost does not check them.
    pub(crate) unsafe fn load(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        // SAFETY: the handle is live; `bytes` outlives the call, which copies what it keeps, and is a model by this function's
        // own contract.
        check(unsafe {
            sys::XGBoosterLoadModelFromBuffer(self.raw.as_ptr(), bytes.as_ptr().cast(), bytes.len() as u64)
        })
    }

    /// A new booster of the first `end` rounds.
    pub(crate) fn first_rounds(&self, end: c_int) -> Result<Self, Refusal> {
        let mut raw = ptr::null_mut();
        // SAFETY: the handle is live; `raw` is a valid place for the new handle, written only on success.
        match unsafe { sys::XGBoosterSlice(self.raw.as_ptr(), 0, end, 1, &raw mut raw) } {
            -2 => Err(format!("the model has fewer than {end} rounds")),
            code => check(code).and_then(|()| Ok(Self { raw: handle(raw)? })),
        }
    }

    pub(crate) fn set_attribute(&mut self, key: &CStr, value: &CStr) -> Result<(), Refusal> {
        // SAFETY: the handle is live; both strings end in NUL and are copied.
        check(unsafe { sys::XGBoosterSetAttr(self.raw.as_ptr(), key.as_ptr(), value.as_ptr()) })
    }

    pub(crate) fn attribute(&self, key: &CStr) -> Result<Option<String>, Refusal> {
        let (mut value, mut found) = (ptr::null(), 0);
        // SAFETY: the handle is live; `key` ends in NUL; both places are valid for the results.
        check(unsafe { sys::XGBoosterGetAttr(self.raw.as_ptr(), key.as_ptr(), &raw mut value, &raw mut found) })?;
        if found == 0 || value.is_null() {
            return Ok(None);
        }
        // SAFETY: libxgboost lends a NUL-terminated string that lives until its next call on this thread; it is copied now.
        Ok(Some(unsafe { CStr::from_ptr(value) }.to_string_lossy().into_owned()))
    }
}

impl Drop for BoosterHandle {
    fn drop(&mut self) {
        // SAFETY: the handle came from libxgboost, is owned by this value alone and is not used after this. It is freed on
        // the thread that made it, because the type is not `Send`.
        unsafe { sys::XGBoosterFree(self.raw.as_ptr()) };
    }
}

// In the static library nothing refers to the files that register `auc`, `aucpr` and `survival:aft` (XGBoost 1.6 forgot
// their link tags), so the linker would leave them out. Only the addresses are taken.
unsafe extern "C" {
    #[link_name = "_ZN7xgboost6metric26__make_MetricReg_EvalAUC__E"]
    static AUC_REGISTRATION: *const c_void;
    #[link_name = "_ZN7xgboost3obj34__dmlc_registry_file_tag_aft_obj__Ev"]
    fn aft_registration() -> c_int;
}

fn link_all_registrations() {
    std::hint::black_box((&raw const AUC_REGISTRATION, aft_registration as unsafe extern "C" fn() -> c_int));
}

fn handle(raw: *mut c_void) -> Result<NonNull<c_void>, Refusal> {
    NonNull::new(raw).ok_or_else(|| "no handle came back".to_owned())
}

fn check(code: c_int) -> Result<(), Refusal> {
    if code == 0 {
        return Ok(());
    }
    // SAFETY: libxgboost always has a NUL-terminated text for this thread (empty if nothing failed yet); it is copied now.
    let text = unsafe { CStr::from_ptr(sys::XGBGetLastError()) }.to_string_lossy();
    Err(clean(&text))
}

/// Sends libxgboost's log of this thread to `tracing` instead of stderr. Its registry is per thread, hence so is this.
fn redirect_log() {
    thread_local!(static REDIRECTED: Cell<bool> = const { Cell::new(false) });
    if !REDIRECTED.replace(true) {
        // SAFETY: `log` is a plain function that lives as long as the program and does not unwind.
        unsafe { sys::XGBRegisterLogCallback(Some(log)) };
    }
}

unsafe extern "C" fn log(message: *const c_char) {
    if message.is_null() {
        return;
    }
    // SAFETY: libxgboost passes a NUL-terminated string that lives until this returns.
    let message = unsafe { CStr::from_ptr(message) }.to_string_lossy();
    // A subscriber that panics must not unwind into C++; losing a log line is the lesser evil.
    drop(std::panic::catch_unwind(|| match clean(&message) {
        text if message.contains("WARNING: ") => tracing::warn!("{text}"),
        text => tracing::debug!("{text}"),
    }));
}
