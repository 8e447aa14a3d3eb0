//! Extraction from Amazon Redshift.

mod cells;
mod counted;
mod estimate;
mod manifest;
mod rows_table;
mod sampled;
mod split_sql;
mod unload;
mod unload_rule;
mod unloading;

use arrow::record_batch::RecordBatchReader;

pub use self::estimate::{Estimate, Way};
pub use self::manifest::{UnloadManifest, UnloadedFile};
pub use self::unload::{IamRole, Unload, UnloadFormat};
pub use self::unload_rule::UnloadRule;
pub use self::unloading::Unloading;
use crate::connection::Connection;
use crate::dialect::Dialect;
use crate::postgresql::{run, takes_backslashes};
use crate::rows::{self, Choices, InfiniteTimes, NumericAs, Prepared, explain};
use crate::session::{Connector, Session};
use crate::stream;
use crate::{DatasetSpec, Extract, Stop, Warehouse, WarehouseError};

/// An Amazon Redshift database: a cluster, or a serverless workgroup.
///
/// | parameter | default | what it does |
/// |---|---|---|
/// | [`numeric`](Self::numeric) | the declared decimal | whether `numeric` is read as a decimal or as a double |
/// | [`infinite_times`](Self::infinite_times) | an error | what `infinity` of a date or a timestamp is read as |
/// | [`unload_by`](Self::unload_by) | never | when the cluster writes a dataset's train and validation sets to S3 itself |
///
/// It speaks PostgreSQL's protocol, with differences that are taken care of: values come as text, since its binary `numeric`
/// is not PostgreSQL's; parameters are written into the query as quoted literals; a type of its own (`SUPER`, `GEOMETRY`,
/// `VARBYTE`, …) is read as text; a query is one Execute without a cursor, since the leader node would keep a cursor's whole
/// result.
///
/// Rows come through the leader node, one connection's worth. From about ten gigabytes on [`unload`](Self::unload) is the
/// better way: the nodes write to S3 side by side. [`estimate`](Self::estimate) says which way to go, and an [`UnloadRule`] lets the
/// facade go it.
///
/// With IAM the password is a temporary one; the caller asks for it, by whatever client it has:
///
/// ```no_run
/// use std::time::{Duration, SystemTime};
///
/// use refit_warehouse::{Connection, Credentials, Extract, Redshift, Warehouse};
///
/// // What GetClusterCredentialsWithIAM, or a workgroup's GetCredentials, answers.
/// # struct Answer { user: String, password: String }
/// # fn ask_iam() -> Result<Answer, Box<dyn std::error::Error + Send + Sync>> { Err("")? }
/// let connection = Connection::to("wh.abc123.us-east-1.redshift.amazonaws.com", "analytics").port(5439).credentials(|| {
///     let answer = ask_iam()?;
///     let expires = SystemTime::now() + Duration::from_secs(900);
///     Ok(Credentials::new(answer.user, answer.password).expires_at(expires))
/// });
/// let warehouse = Redshift::new(connection)?;
/// let extract = Extract::new("SELECT churned, tenure FROM features.customers WHERE region = $1").bind("emea");
/// println!("{} rows, or so", warehouse.estimate(&extract)?.rows);
/// for batch in warehouse.extract(&extract)? {
///     println!("{} rows", batch?.num_rows());
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Redshift {
    connection: Connection,
    choices: Choices,
    rule: Option<UnloadRule>,
}

impl Redshift {
    /// The database that a [`Connection`], or its URL, leads to. Connects to nothing yet.
    ///
    /// # Errors
    /// [`ConnectionError::InvalidUrl`](crate::ConnectionError::InvalidUrl).
    pub fn new<C>(connection: C) -> Result<Self, WarehouseError>
    where
        C: TryInto<Connection>,
        WarehouseError: From<C::Error>,
    {
        Ok(Self { connection: connection.try_into()?, choices: Choices::default(), rule: None })
    }

    /// Sets what `numeric` is read as.
    #[must_use]
    pub fn numeric(mut self, numeric: NumericAs) -> Self {
        self.choices.numeric = numeric;
        self
    }

    /// Sets what an infinite date or timestamp is read as.
    #[must_use]
    pub fn infinite_times(mut self, infinite: InfiniteTimes) -> Self {
        self.choices.infinite = infinite;
        self
    }

    /// Has the cluster write the train and validation sets of a large dataset to S3 itself: see [`Warehouse::unloading`].
    #[must_use]
    pub fn unload_by(mut self, rule: UnloadRule) -> Self {
        self.rule = Some(rule);
        self
    }

    /// How large the server thinks the result will be. Runs no query; blocks until the server has planned it.
    ///
    /// # Errors
    /// A connection, the query or its parameters are refused.
    pub fn estimate(&self, extract: &Extract) -> Result<Estimate, WarehouseError> {
        extract.unless_stopped(|| {
            let (mut session, sql) = self.open(extract)?;
            let plan = session.ask(&format!("EXPLAIN {sql}")).map_err(|failure| explain(failure, 0))?;
            let first = plan.first().and_then(|row| row.first()?.as_deref()).unwrap_or_default();
            Estimate::of(first).ok_or_else(|| WarehouseError::Estimate { plan: first.to_owned() })
        })
    }

    /// Has the cluster write the result to S3, each node its part, and returns the address of the manifest it writes last.
    /// Blocks until everything is there.
    ///
    /// The manifest lists the files; [`UnloadManifest`] reads it. CSV files are the training files of SageMaker's XGBoost: a
    /// tuning job takes their prefix as it is. They are not split, and have no digest.
    ///
    /// # Errors
    /// A connection, the query or its parameters are refused, a column is no feature, or the cluster cannot write there. Files
    /// that were written before an error stay, without a manifest: unload again to another prefix.
    pub fn unload(&self, extract: &Extract, unload: &Unload) -> Result<String, WarehouseError> {
        extract.unless_stopped(|| {
            let (mut session, sql) = self.open(extract)?;
            let prepared = self.prepare(&mut session, sql.clone())?;
            let statement = unload.statement(&sql, &prepared.schema)?;
            session.ask(&statement).map_err(|failure| explain(failure, 0))?;
            tracing::info!(prefix = unload.prefix, "unloaded");
            Ok(unload.manifest())
        })
    }

    /// A session outside of a transaction, in which UNLOAD is allowed, and the query with its parameters.
    fn open(&self, extract: &Extract) -> Result<(Session, String), WarehouseError> {
        let mut session = Connector::new(self.connection.clone())?.open(&Stop::below(extract.stops()))?;
        let query = Dialect::Redshift.query(extract, takes_backslashes(&session))?;
        session.ask(&Dialect::Redshift.settings(&self.connection)).map_err(|failure| explain(failure, 0))?;
        Ok((session, query.sql.trim_end_matches([';', ' ', '\n', '\r', '\t']).to_owned()))
    }

    fn prepare(&self, session: &mut Session, sql: String) -> Result<Prepared, WarehouseError> {
        let query = crate::dialect::Query { sql, values: Vec::new() };
        rows::prepare(session, Dialect::Redshift, self.choices, &query, Vec::new())
    }
}

impl Warehouse for Redshift {
    /// Reads over one connection, whatever the extract says: there are no snapshots to share.
    fn extract(&self, extract: &Extract) -> Result<Box<dyn RecordBatchReader + Send>, WarehouseError> {
        let (choices, asked) = (self.choices, extract.clone());
        let connector = Connector::new(self.connection.clone())?;
        stream::spawn(extract, move |sink| run(&connector, Dialect::Redshift, choices, &asked, sink))
    }

    fn unloading(&self, extract: &Extract, dataset: &DatasetSpec) -> Result<Option<Unloading>, WarehouseError> {
        let Some(rule) = &self.rule else { return Ok(None) };
        dataset.split.check()?;
        if rule.min_bytes > 0 && self.estimate(extract)?.bytes() < rule.min_bytes {
            return Ok(None);
        }
        extract.unless_stopped(|| {
            let (mut session, sql) = self.open(extract)?;
            let schema = self.prepare(&mut session, sql.clone())?.schema;
            Unloading::begin((session, sql, schema), &self.connection, rule, extract, dataset).map(Some)
        })
    }
}
