//! A server that behaves as Redshift does where that is not as PostgreSQL does, over a PostgreSQL that holds the data.
//!
//! What it does is what drivers' issues and Redshift's documentation say: it answers text only, has no parameters of its own,
//! no COPY to the client, no suspended portals, no catalogue that knows all of PostgreSQL's, its own types under oids that
//! PostgreSQL has not, at most two extra digits of a float, and UNLOAD.
//!
//! It speaks the server's side of the protocol itself (`wire.rs`). The crate `pgwire` could; but its handlers are async around a client
//! that blocks, and the reader of the wire is tried against PostgreSQL itself, so a library's server would prove no more.

mod refusals;
mod unloads;
mod wire;

use std::collections::HashMap;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use postgres::types::Type;
use postgres::{CancelToken, Client, NoTls, SimpleQueryMessage};

use self::refusals::{Refusal, lacking};
pub(crate) use self::unloads::Statement;
use self::wire::{Field, Key, Visitor, Wire};

pub(crate) const PASSWORD: &str = "s3cret";

/// The oid of Redshift's SUPER.
const SUPER: u32 = 4000;

/// Redshift's functions that PostgreSQL has not, as its documentation describes them; SHA2 of an empty text is an empty one.
pub(crate) const FUNCTIONS: &str = "
    CREATE FUNCTION sha2(text, int) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS
        $$ SELECT CASE WHEN $1 = '' THEN '' ELSE encode(sha256(convert_to($1, 'UTF8')), 'hex') END $$;
    CREATE FUNCTION strtol(text, int) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT AS
        $$ SELECT ('x' || lpad($1, 16, '0'))::bit(64)::bigint $$;";

/// How many rows the double has from its PostgreSQL at once.
pub(crate) const AT_ONCE: u64 = 5_000;

/// A row's values as text.
pub(crate) type Row = Vec<Option<String>>;

/// What UNLOAD does with the columns' names and the rows of its query: writes them, or says why not.
pub(crate) type Write = dyn Fn(&Statement, &[String], Vec<Row>) -> Result<(), String> + Send + Sync;

/// The server, while the test's process lives.
pub(crate) struct Double {
    port: u16,
    cluster: Arc<Cluster>,
}

/// What the sessions share.
struct Cluster {
    /// The PostgreSQL below, by its URL.
    postgres: String,
    write: Arc<Write>,
    said: Mutex<Vec<String>>,
    /// What cancels the statements of the sessions there are, in the PostgreSQL below and here. One whose client went away runs its
    /// statement to the end, if nobody cancels it.
    sessions: Mutex<HashMap<Key, (CancelToken, Arc<AtomicBool>)>>,
    begun: AtomicU32,
    lingers: AtomicU32,
}

impl Double {
    /// Starts one over a PostgreSQL, which it enters by its URL.
    pub(crate) fn start(postgres: &str, write: Arc<Write>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let cluster = Arc::new(Cluster {
            postgres: postgres.to_owned(),
            write,
            said: Mutex::default(),
            sessions: Mutex::default(),
            begun: AtomicU32::new(0),
            lingers: AtomicU32::new(0),
        });
        let shared = cluster.clone();
        thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                let cluster = shared.clone();
                // A client that goes away ends its session.
                thread::spawn(move || cluster.receive(socket));
            }
        });
        Self { port, cluster }
    }

    /// Has every UNLOAD take so many seconds more, once its files are written.
    pub(crate) fn linger(&self, seconds: u32) {
        self.cluster.lingers.store(seconds, Ordering::SeqCst);
    }

    pub(crate) fn url(&self) -> String {
        format!("redshift://etl:{PASSWORD}@127.0.0.1:{}/dev", self.port)
    }

    /// The statements it was sent so far.
    pub(crate) fn said(&self) -> Vec<String> {
        self.cluster.said.lock().unwrap().clone()
    }
}

impl Cluster {
    fn receive(&self, socket: TcpStream) -> io::Result<()> {
        let (mut wire, visitor) = Wire::greet(socket)?;
        let said = match visitor {
            Visitor::Client(said) => said,
            Visitor::Canceller(key) => {
                if let Some((below, here)) = self.sessions.lock().unwrap().get(&key) {
                    here.store(true, Ordering::SeqCst);
                    below.cancel_query(NoTls).unwrap();
                }
                return Ok(());
            }
        };
        let begun = self.begun.fetch_add(1, Ordering::SeqCst);
        let key = (u64::from(begun) << 32 | 0x5e_c4e7).to_be_bytes();
        let client = Client::connect(&self.postgres, NoTls).unwrap();
        let cancelled = Arc::new(AtomicBool::new(false));
        self.sessions.lock().unwrap().insert(key, (client.cancel_token(), cancelled.clone()));
        let served = match wire.let_in(&said, PASSWORD, &key)? {
            true => Session { client, cluster: self, cancelled, prepared: None, broken: false }.serve(wire),
            false => Ok(()),
        };
        self.sessions.lock().unwrap().remove(&key);
        served
    }
}

struct Session<'a> {
    client: Client,
    cluster: &'a Cluster,
    /// Whether its statement was cancelled.
    cancelled: Arc<AtomicBool>,
    /// The unnamed statement.
    prepared: Option<(String, Vec<Field>)>,
    /// After an error messages are passed over until the next Sync.
    broken: bool,
}

impl Session<'_> {
    fn serve(mut self, mut wire: Wire) -> io::Result<()> {
        loop {
            let (tag, body) = wire.receive()?;
            let done = match tag {
                b'X' => return Ok(()),
                b'S' => {
                    self.broken = false;
                    wire.ready()?;
                    Ok(())
                }
                _ if self.broken => Ok(()),
                b'Q' => {
                    let answered = self.simple(&mut wire, wire::text(&body));
                    self.refuse(&mut wire, answered)?;
                    self.broken = false;
                    wire.ready()?;
                    Ok(())
                }
                b'P' => self.parse(&mut wire, wire::text(&body[1..])),
                b'D' => self.describe(&mut wire),
                b'B' => self.bind(&mut wire, &body),
                b'E' => self.execute(&mut wire, &body),
                other => panic!("the double knows no message {other}"),
            };
            self.refuse(&mut wire, done)?;
        }
    }

    fn refuse(&mut self, wire: &mut Wire, done: Result<(), Refusal>) -> io::Result<()> {
        match done {
            Ok(()) => Ok(()),
            Err(Refusal::Gone(error)) => Err(error),
            Err(refusal) => {
                self.broken = true;
                wire.error(&refusal)
            }
        }
    }

    /// A failure within a transaction ends it, so that of the PostgreSQL below is ended, too.
    fn check(&mut self, sql: &str) -> Result<(), Refusal> {
        self.cluster.said.lock().unwrap().push(sql.to_owned());
        let Some(refusal) = lacking(sql) else { return Ok(()) };
        let _ = self.client.batch_execute("SELECT what_redshift_lacks()");
        Err(refusal)
    }

    fn rows(&mut self, sql: &str) -> Result<(Vec<String>, Vec<Row>), Refusal> {
        let (mut names, mut rows) = (Vec::new(), Vec::new());
        for message in self.client.simple_query(sql)? {
            match message {
                SimpleQueryMessage::RowDescription(columns) => {
                    names = columns.iter().map(|column| column.name().to_owned()).collect();
                }
                SimpleQueryMessage::Row(row) => {
                    rows.push((0..row.len()).map(|index| row.get(index).map(str::to_owned)).collect());
                }
                _ => (),
            }
        }
        Ok((names, rows))
    }

    fn simple(&mut self, wire: &mut Wire, sql: String) -> Result<(), Refusal> {
        self.check(&sql)?;
        if sql.starts_with("UNLOAD") {
            self.cancelled.store(false, Ordering::SeqCst);
            let statement = Statement::parse(&sql).map_err(|problem| Refusal::said("42601", &problem))?;
            let (names, rows) = self.rows(&statement.query)?;
            (self.cluster.write)(&statement, &names, rows)
                .map_err(|problem| Refusal::said("XX000", &format!("S3ServiceException:{problem}")))?;
            self.linger()?;
            return Ok(wire.complete("UNLOAD")?);
        }
        let (names, mut rows) = self.rows(&sql)?;
        if sql == "SELECT version()" {
            rows = vec![vec![Some("PostgreSQL 8.0.2 on i686-pc-linux-gnu, Redshift 1.0.27554".to_owned())]];
        }
        if sql.starts_with("EXPLAIN") {
            rows.iter_mut().flatten().flatten().for_each(|line| line.insert_str(0, "XN "));
        }
        let fields: Vec<_> = names.into_iter().map(|name| Field { name, oid: 1043, modifier: -1 }).collect();
        wire.describe(&fields)?;
        rows.iter().try_for_each(|row| wire.row(row))?;
        Ok(wire.complete("SELECT")?)
    }

    /// A moment after the other, since a cancellation between two statements is none to the PostgreSQL below.
    fn linger(&mut self) -> Result<(), Refusal> {
        for _ in 0..10 * self.cluster.lingers.load(Ordering::SeqCst) {
            if self.cancelled.load(Ordering::SeqCst) {
                return Err(Refusal::said("57014", "Query cancelled on user's request"));
            }
            self.rows("SELECT pg_sleep(0.1)")?;
        }
        Ok(())
    }

    fn parse(&mut self, wire: &mut Wire, sql: String) -> Result<(), Refusal> {
        self.check(&sql)?;
        let statement = self.client.prepare(&sql)?;
        if !statement.params().is_empty() {
            return Err(Refusal::said("42P02", "there is no parameter $1"));
        }
        let field = |column: &postgres::Column| Field {
            name: column.name().to_owned(),
            oid: match *column.type_() {
                // What PostgreSQL has and Redshift has not stands for what Redshift has and PostgreSQL has not.
                Type::JSONB => SUPER,
                ref other => other.oid(),
            },
            modifier: column.type_modifier(),
        };
        self.prepared = Some((sql, statement.columns().iter().map(field).collect()));
        Ok(wire.send(b'1', &[])?)
    }

    fn describe(&mut self, wire: &mut Wire) -> Result<(), Refusal> {
        let (_, fields) = self.prepared.as_ref().ok_or(Refusal::said("26000", "there is no statement"))?;
        wire.send(b't', &[0, 0])?;
        Ok(wire.describe(fields)?)
    }

    /// Portal and statement without a name, no parameters, and formats that are all text.
    fn bind(&mut self, wire: &mut Wire, body: &[u8]) -> Result<(), Refusal> {
        let Some(([0, 0, 0, 0, 0, 0], formats)) = body.split_first_chunk() else {
            return Err(Refusal::said("08P01", "this double binds no parameters"));
        };
        if formats[2..].contains(&1) {
            return Err(Refusal::said("0A000", "this double has no binary form"));
        }
        Ok(wire.send(b'2', &[])?)
    }

    fn execute(&mut self, wire: &mut Wire, body: &[u8]) -> Result<(), Refusal> {
        if body[1..] != [0; 4] {
            return Err(Refusal::said("XX000", "Invalid protocol sequence 'P' while in PortalSuspended state."));
        }
        let (sql, _) = self.prepared.clone().ok_or(Refusal::said("26000", "there is no statement"))?;
        if !["SELECT", "WITH"].iter().any(|verb| sql.to_uppercase().starts_with(verb)) {
            self.rows(&sql)?;
            return Ok(wire.complete("DONE")?);
        }
        self.client.batch_execute(&format!("DECLARE redshift NO SCROLL CURSOR FOR {sql}"))?;
        loop {
            let (_, rows) = self.rows(&format!("FETCH {AT_ONCE} FROM redshift"))?;
            if rows.is_empty() {
                return Ok(wire.complete("SELECT")?);
            }
            rows.iter().try_for_each(|row| wire.row(row))?;
        }
    }
}
