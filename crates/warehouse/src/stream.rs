//! Batches read on a thread of their own and handed over through a bounded channel.
//!
//! A database's rows borrow its connection; the thread owns both, so that the reader the caller gets borrows nothing. The
//! channel holds one batch: a slow caller slows the database down instead of filling the memory.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::record_batch::{RecordBatch, RecordBatchReader};

use crate::stop::{Stop, unless_stopped};
use crate::{Extract, WarehouseError};

/// How many rows a batch has, at most.
pub(crate) const BATCH_ROWS: usize = 8192;

/// A batch whose values are this long takes no further row, however few it has: long texts must neither fill the memory nor
/// outgrow Arrow's 32-bit offsets.
pub(crate) const BATCH_BYTES: usize = 8 * 1024 * 1024;

/// Runs `read` on a thread and hands out what it sends.
///
/// Returns when the schema is known, or with the error that came before it.
pub(crate) fn spawn<F>(extract: &Extract, read: F) -> Result<Box<dyn RecordBatchReader + Send>, WarehouseError>
where
    F: FnOnce(&Sink) -> Result<(), WarehouseError> + Send + 'static,
{
    let (sender, events) = sync_channel(1);
    let (stops, stop) = (extract.stops().to_vec(), Stop::below(extract.stops()));
    let sink = Sink { sender, stop: stop.clone() };
    thread::Builder::new()
        .name("refit-warehouse".to_owned())
        .spawn(move || {
            let last = match unless_stopped(&stops, read(&sink)) {
                Ok(()) => Event::End,
                Err(error) => Event::Failed(error),
            };
            // Nobody listens any more: nobody wants to know.
            let _ = sink.sender.send(last);
        })
        .map_err(|source| WarehouseError::Thread { source })?;
    match events.recv() {
        Ok(Event::Begin(schema)) => Ok(Box::new(Batches { schema, events: Some(events), stop })),
        Ok(Event::Failed(error)) => Err(error),
        Ok(Event::Batch(_) | Event::End) | Err(_) => Err(WarehouseError::Stopped),
    }
}

/// Where the thread puts what it reads.
pub(crate) struct Sink {
    sender: SyncSender<Event>,
    stop: Stop,
}

impl Sink {
    /// Says what the batches look like. Comes before the first batch.
    pub(crate) fn begin(&self, schema: SchemaRef) -> bool {
        self.sender.send(Event::Begin(schema)).is_ok()
    }

    /// Hands a batch over; false where the reader is gone, or the caller has stopped it, and reading on is useless.
    #[must_use]
    pub(crate) fn send(&self, batch: RecordBatch) -> bool {
        !self.stop.is_stopped() && self.sender.send(Event::Batch(batch)).is_ok()
    }

    /// What stops the extraction: its reader, dropped early, and its caller.
    pub(crate) fn stop(&self) -> &Stop {
        &self.stop
    }
}

enum Event {
    Begin(SchemaRef),
    Batch(RecordBatch),
    Failed(WarehouseError),
    /// Said out loud, so that a thread that died is not taken for a short result.
    End,
}

struct Batches {
    schema: SchemaRef,
    /// None after the last of them.
    events: Option<Receiver<Event>>,
    stop: Stop,
}

impl Iterator for Batches {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let event = self.events.as_ref()?.recv();
        if let Ok(Event::Batch(batch)) = event {
            return Some(Ok(batch));
        }
        self.events = None;
        match event {
            Ok(Event::End) => None,
            Ok(Event::Failed(error)) => Some(Err(error.into())),
            Ok(Event::Begin(_) | Event::Batch(_)) | Err(_) => Some(Err(WarehouseError::Stopped.into())),
        }
    }
}

impl RecordBatchReader for Batches {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }
}

impl Drop for Batches {
    fn drop(&mut self) {
        if self.events.is_some() {
            self.stop.stop();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use arrow::array::Int64Array;
    use arrow::datatypes::{DataType, Field, Schema};

    use super::*;

    fn schema() -> SchemaRef {
        Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, true)]))
    }

    fn batch(n: i64) -> RecordBatch {
        RecordBatch::try_new(schema(), vec![Arc::new(Int64Array::from(vec![n]))]).unwrap()
    }

    fn extract() -> Extract {
        Extract::new("SELECT")
    }

    #[test]
    fn an_error_before_the_schema_is_the_callers() {
        let error = spawn(&extract(), |_| Err(WarehouseError::NoColumns)).err().unwrap();
        assert!(matches!(error, WarehouseError::NoColumns));
    }

    #[test]
    fn a_thread_that_dies_is_not_a_short_result() {
        let reader = spawn(&extract(), |sink| {
            sink.begin(schema());
            assert!(sink.send(batch(1)));
            panic!("on purpose");
        });
        let results: Vec<_> = reader.unwrap().collect();
        assert_eq!(results.len(), 2);
        let error = WarehouseError::from(results.into_iter().nth(1).unwrap().unwrap_err());
        assert!(matches!(error, WarehouseError::Stopped), "{error}");
    }

    #[test]
    fn dropping_the_reader_early_cancels_and_the_end_does_not() {
        for (early, cancelled) in [(true, true), (false, false)] {
            let flag = Arc::new(AtomicBool::new(false));
            let set = flag.clone();
            let mut reader = spawn(&extract(), move |sink| {
                let _watch = sink.stop().watch(Box::new(move || set.store(true, Ordering::SeqCst)));
                sink.begin(schema());
                (0..3).all(|n| sink.send(batch(n)));
                Ok(())
            })
            .unwrap();
            let taken = reader.by_ref().take(if early { 1 } else { 9 }).count();
            assert_eq!(taken, if early { 1 } else { 3 });
            drop(reader);
            assert_eq!(flag.load(Ordering::SeqCst), cancelled);
        }
    }

    /// What was called off is no short result, and no longer one either.
    #[test]
    fn what_the_caller_stops_ends_in_an_error() {
        let stop = Stop::new();
        let reader = spawn(&extract().stopped_by(&stop), |sink| {
            sink.begin(schema());
            (0..).all(|n| sink.send(batch(n)));
            Ok(())
        });
        let mut reader = reader.unwrap();
        assert!(reader.by_ref().take(3).all(|batch| batch.is_ok()));
        stop.stop();
        let error = reader.find_map(Result::err).map(WarehouseError::from).unwrap();
        assert!(matches!(error, WarehouseError::CalledOff), "{error}");

        let late = spawn(&extract().stopped_by(&stop), |sink| {
            sink.begin(schema());
            Ok(())
        });
        let error = WarehouseError::from(late.unwrap().next().unwrap().unwrap_err());
        assert!(matches!(error, WarehouseError::CalledOff), "{error}");
    }
}
