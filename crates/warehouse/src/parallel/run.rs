//! Several sessions that read the parts of a query.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

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
    if !sink.begin(prepared.schema.clone()) {
        return Ok(());
    }
    let connections = parallel.connections.min(parts.len());
    let (order, lanes) = Order::new(parts, connections, parallel.in_order);
    let sorted_by = match &parallel.by {
        By::Range { column } if parallel.in_order => prepared.schema.index_of(column).ok(),
        _ => None,
    };
    let rows = AtomicU64::new(0);
    let work = Work { connector, prepared: &prepared, choices, snapshot, order, stop, sorted_by, rows };
    work.on_threads(leader, connections, lanes, sink)
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
    connector: &'a Arc<Connector>,
    prepared: &'a Prepared,
    choices: Choices,
    snapshot: String,
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
        leader: Session,
        connections: usize,
        lanes: Receiver<Receiver<Item>>,
        sink: &Sink,
    ) -> Result<(), WarehouseError> {
        thread::scope(|scope| {
            let mut threads = Vec::new();
            let mut leader = Some(leader);
            for _ in 0..connections {
                let leader = leader.take();
                let thread = thread::Builder::new().name("refit-warehouse-part".to_owned());
                let spawned = thread.spawn_scoped(scope, move || self.read_parts(leader));
                match spawned {
                    Ok(thread) => threads.push(thread),
                    Err(source) => {
                        self.stop.stop();
                        // Before the order is closed: a thread may hold it while it waits for a lane to be taken.
                        drop(lanes);
                        self.order.close();
                        return Err(WarehouseError::Thread { source });
                    }
                }
            }
            let forwarded = self.forward(lanes, sink);
            if !matches!(forwarded, Ok(true)) {
                self.stop.stop();
            }
            // A thread that died sent no error.
            let died = threads.into_iter().map(thread::ScopedJoinHandle::join).filter(Result::is_err).count();
            match forwarded {
                Ok(true) if died > 0 => Err(WarehouseError::Stopped),
                Ok(_) => Ok(()),
                Err(error) => Err(error),
            }
        })
    }

    /// Reads parts until there are no more. The leader's session is there; any other is opened, and sees what the leader sees.
    fn read_parts(&self, leader: Option<Session>) {
        let mut session = match leader.map_or_else(|| self.follow(), Ok) {
            Ok(session) => session,
            Err(error) => return self.fail(error, self.order.next().map(|(_, lane)| lane)),
        };
        while !self.stop.is_stopped()
            && let Some((part, lane)) = self.order.next()
        {
            if let Err(error) = self.read(&mut session, &part, &lane) {
                return self.fail(error, Some(lane));
            }
        }
        if self.stop.is_stopped() {
            // Who waits for the parts that nobody reads any more need not wait.
            self.order.close();
        }
    }

    /// Ends the extraction with an error in the place of a part. Where no part is left none is missing.
    fn fail(&self, error: WarehouseError, lane: Option<SyncSender<Item>>) {
        if let Some(lane) = lane {
            let _ = lane.send(Err(error));
            self.order.close();
        }
    }

    fn follow(&self) -> Result<Session, WarehouseError> {
        let mut session = self.connector.open(self.stop)?;
        rows::begin(&mut session, DIALECT, &self.connector.connection, Some(&self.snapshot))?;
        Ok(session)
    }

    fn read(&self, session: &mut Session, part: &Part, lane: &SyncSender<Item>) -> Result<(), WarehouseError> {
        let query = Query { sql: part.sql.clone(), values: part.values.clone() };
        let prepared = rows::prepare(session, DIALECT, self.choices, &query, Vec::new())?;
        let prepared = prepared.with_schema_of(self.prepared);
        let read = rows::stream(session, &prepared, &query.values, |batch| {
            !self.stop.is_stopped() && lane.send(Ok(batch)).is_ok()
        });
        read.map(|_| ()).map_err(|error| self.counted(error))
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
