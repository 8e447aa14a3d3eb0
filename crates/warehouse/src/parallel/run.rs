//! Several sessions that read the parts of a query.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, Scope, ScopedJoinHandle};

use arrow::record_batch::RecordBatch;

use super::sorted::Sorted;
use super::{By, Parallel, Part, blocks, range};
use crate::dialect::{Dialect, Query};
use crate::rows::{self, Choices, Prepared, explain};
use crate::session::{Connector, Session};
use crate::stream::Sink;
use crate::{Extract, Stop, WarehouseError};

/// How many batches of a part wait for their turn.
const AHEAD: usize = 4;

const DIALECT: Dialect = Dialect::PostgreSql;

type Item = Result<RecordBatch, WarehouseError>;

/// Extracts over the connections that are asked for.
pub(crate) fn run(
    connector: &Arc<Connector>,
    choices: Choices,
    extract: &Extract,
    parallel: &Parallel,
    sink: &Sink,
) -> Result<(), WarehouseError> {
    let stop = sink.stop();
    let mut leader = connector.open(stop)?;
    let metadata = rows::begin(&mut leader, DIALECT, &connector.connection, None)?;
    let query = DIALECT.query(extract, false)?;
    let prepared = rows::prepare(&mut leader, DIALECT, choices, &query, metadata)?;
    let parts = cut(&mut leader, &query, &prepared, parallel)?;
    let snapshot = leader.ask("SELECT pg_catalog.pg_export_snapshot()").map_err(|failure| explain(failure, 0))?;
    let snapshot = snapshot.into_iter().flatten().flatten().next().ok_or(WarehouseError::Stopped)?;
    let connections = parallel.connections.min(parts.len());
    let mut sessions = follow(connector, &snapshot, connections.saturating_sub(1), stop)?;
    sessions.push(leader);
    if !sink.begin(prepared.schema.clone()) {
        return Ok(());
    }
    let (order, lanes) = Order::new(parts, sessions.len(), parallel.in_order);
    let sorted_by = match &parallel.by {
        By::Range { column } if parallel.in_order => prepared.schema.index_of(column).ok(),
        _ => None,
    };
    let rows = AtomicU64::new(0);
    let work = Work { prepared: &prepared, choices, order, stop, sorted_by, rows };
    work.on_threads(sessions, lanes, sink)
}

/// Opens sessions that see what the snapshot's owner sees, all at once.
fn follow(
    connector: &Arc<Connector>,
    snapshot: &str,
    sessions: usize,
    stop: &Stop,
) -> Result<Vec<Session>, WarehouseError> {
    let open = || {
        let mut session = connector.open(stop)?;
        rows::begin(&mut session, DIALECT, &connector.connection, Some(snapshot))?;
        Ok(session)
    };
    thread::scope(|scope| {
        let opening: Vec<_> = (0..sessions).map(|_| spawn(scope, open)).collect::<Result<_, _>>()?;
        opening.into_iter().map(|session| session.join().unwrap_or(Err(WarehouseError::Stopped))).collect()
    })
}

fn spawn<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    work: impl FnOnce() -> T + Send + 'scope,
) -> Result<ScopedJoinHandle<'scope, T>, WarehouseError> {
    let thread = thread::Builder::new().name("refit-warehouse-part".to_owned());
    thread.spawn_scoped(scope, work).map_err(|source| WarehouseError::Thread { source })
}

fn cut(
    leader: &mut Session,
    query: &Query,
    prepared: &Prepared,
    parallel: &Parallel,
) -> Result<Vec<Part>, WarehouseError> {
    match &parallel.by {
        By::Range { column } => {
            range::parts(leader, query, prepared, column, parallel.parts.unwrap_or(parallel.connections))
        }
        By::Blocks { table } => blocks::parts(leader, query, table, parallel),
    }
}

/// What the threads share.
struct Work<'a> {
    prepared: &'a Prepared,
    choices: Choices,
    order: Order,
    stop: &'a Stop,
    /// The column that the rows must be sorted by for the parts' order to be theirs.
    sorted_by: Option<usize>,
    /// All rows that were handed on.
    rows: AtomicU64,
}

impl Work<'_> {
    /// Runs the sessions, and hands on what they send until the last part, an error, or nobody wants more.
    fn on_threads(
        &self,
        sessions: Vec<Session>,
        lanes: Receiver<Receiver<Item>>,
        sink: &Sink,
    ) -> Result<(), WarehouseError> {
        thread::scope(|scope| {
            let mut threads = Vec::new();
            for session in sessions {
                match spawn(scope, || self.read_parts(session)) {
                    Ok(thread) => threads.push(thread),
                    Err(error) => {
                        self.stop.stop();
                        // Before the order is closed: a thread may hold it while it waits for a lane to be taken.
                        drop(lanes);
                        self.order.close();
                        return Err(error);
                    }
                }
            }
            let forwarded = self.forward(lanes, sink);
            if !matches!(forwarded, Ok(true)) {
                self.stop.stop();
            }
            // A thread that died sent no error.
            let died = threads.into_iter().map(ScopedJoinHandle::join).filter(Result::is_err).count();
            match forwarded {
                Ok(true) if died > 0 => Err(WarehouseError::Stopped),
                Ok(_) => Ok(()),
                Err(error) => Err(error),
            }
        })
    }

    /// Reads parts until there are no more, or one cannot be read: the error takes its place.
    fn read_parts(&self, mut session: Session) {
        while !self.stop.is_stopped()
            && let Some((part, lane)) = self.order.next()
        {
            if let Err(error) = self.read(&mut session, &part, &lane) {
                let _ = lane.send(Err(self.counted(error)));
                return self.order.close();
            }
        }
        if self.stop.is_stopped() {
            // Who waits for the parts that nobody reads any more need not wait.
            self.order.close();
        }
    }

    fn read(&self, session: &mut Session, part: &Part, lane: &SyncSender<Item>) -> Result<(), WarehouseError> {
        let query = Query { sql: part.sql.clone(), values: part.values.clone() };
        let prepared = rows::prepare(session, DIALECT, self.choices, &query, Vec::new())?;
        let prepared = prepared.with_schema_of(self.prepared);
        rows::stream(session, &prepared, &query.values, |batch| {
            !self.stop.is_stopped() && lane.send(Ok(batch)).is_ok()
        })?;
        Ok(())
    }

    /// Hands batches on, lane after lane; true where all were.
    fn forward(&self, lanes: Receiver<Receiver<Item>>, sink: &Sink) -> Result<bool, WarehouseError> {
        let mut sorted = self.sorted_by.map(Sorted::by);
        for lane in lanes {
            for item in lane {
                let batch = item?;
                if let Some(sorted) = &mut sorted {
                    sorted.check(&batch)?;
                }
                let count = batch.num_rows() as u64;
                if !sink.send(batch) {
                    return Ok(false);
                }
                self.rows.fetch_add(count, Ordering::Relaxed);
            }
        }
        tracing::debug!(rows = self.rows.load(Ordering::Relaxed), "extracted");
        Ok(true)
    }

    /// An error with all rows that were handed on, in the place of those of its part.
    fn counted(&self, mut error: WarehouseError) -> WarehouseError {
        if let WarehouseError::Broken { rows, .. }
        | WarehouseError::Cancelled { rows, .. }
        | WarehouseError::Failed { rows, .. } = &mut error
        {
            *rows = self.rows.load(Ordering::Relaxed);
        }
        error
    }
}

/// Which part comes next, and where its batches go: into a lane of its own where the order is kept, else into the one of all.
struct Order(Mutex<Option<Open>>);

struct Open {
    parts: std::vec::IntoIter<Part>,
    lanes: SyncSender<Receiver<Item>>,
    shared: Option<SyncSender<Item>>,
}

impl Order {
    fn new(parts: Vec<Part>, connections: usize, in_order: bool) -> (Self, Receiver<Receiver<Item>>) {
        // A lane for each connection is read, or waits.
        let (lanes, receiver) = sync_channel(connections);
        let shared = (!in_order).then(|| {
            let (sender, items) = sync_channel(connections);
            // There is room: nothing was sent yet.
            let _ = lanes.send(items);
            sender
        });
        (Self(Mutex::new(Some(Open { parts: parts.into_iter(), lanes, shared }))), receiver)
    }

    /// The next part and its lane; `None` where there is none, or nobody takes it.
    fn next(&self) -> Option<(Part, SyncSender<Item>)> {
        let mut order = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let next = order.as_mut().and_then(Open::next);
        if next.is_none() {
            // Without its senders a channel ends.
            *order = None;
        }
        next
    }

    fn close(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Open {
    fn next(&mut self) -> Option<(Part, SyncSender<Item>)> {
        let part = self.parts.next()?;
        if let Some(shared) = &self.shared {
            return Some((part, shared.clone()));
        }
        let (sender, lane) = sync_channel(AHEAD);
        self.lanes.send(lane).ok()?;
        Some((part, sender))
    }
}
