//! The resources as rows of SQLite: what AWS shows of each as one JSON document, what it keeps to itself as another.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::api::{ApiError, Caller};
use crate::clock::Clock;
use crate::db::Database;

use super::members::Object;
use super::moment;
use super::refusal::internal;

const TABLES: &str = include_str!("tables.sql");

/// The kinds of resource, by the word their ARNs use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    TuningJob,
    TrainingJob,
    ModelPackageGroup,
    ModelPackage,
    ClientToken,
    Model,
    EndpointConfig,
    Endpoint,
}

impl Kind {
    /// The kind whose ARNs use this word.
    pub(super) fn of_arn(word: &str) -> Option<Self> {
        [
            Self::TuningJob,
            Self::TrainingJob,
            Self::ModelPackageGroup,
            Self::ModelPackage,
            Self::Model,
            Self::EndpointConfig,
            Self::Endpoint,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == word)
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::TuningJob => "hyper-parameter-tuning-job",
            Self::TrainingJob => "training-job",
            Self::ModelPackageGroup => "model-package-group",
            Self::ModelPackage => "model-package",
            Self::ClientToken => "client-token",
            Self::Model => "model",
            Self::EndpointConfig => "endpoint-config",
            Self::Endpoint => "endpoint",
        }
    }
}

/// One resource.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
    pub(crate) key: String,
    /// The key of what it belongs to: a child's tuning job, a package's group. Empty when there is none.
    pub(crate) parent: String,
    /// What Describe answers.
    pub(crate) shown: Object,
    kept: Value,
}

impl Resource {
    pub(crate) fn new(key: &str, parent: &str, shown: Object) -> Self {
        Self { key: key.to_owned(), parent: parent.to_owned(), shown, kept: Value::Null }
    }

    /// What the service remembers and does not show.
    pub(crate) fn kept<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        T::deserialize(&self.kept).map_err(internal)
    }

    pub(crate) fn keep<T: Serialize>(&mut self, kept: &T) -> Result<(), ApiError> {
        self.kept = serde_json::to_value(kept).map_err(internal)?;
        Ok(())
    }

    fn from_row(row: &Row<'_>) -> rusqlite::Result<(Self, String, String)> {
        let resource = Self::new(&row.get::<_, String>("key")?, &row.get::<_, String>("parent")?, Object::new());
        Ok((resource, row.get("shown")?, row.get("kept")?))
    }

    fn decode((mut resource, shown, kept): (Self, String, String)) -> Result<Self, ApiError> {
        resource.shown = serde_json::from_str(&shown).map_err(internal)?;
        resource.kept = serde_json::from_str(&kept).map_err(internal)?;
        Ok(resource)
    }
}

/// Every account's resources.
#[derive(Clone)]
pub(crate) struct Resources {
    database: Database,
    clock: Clock,
}

impl Resources {
    pub(crate) fn open(database: Database, clock: Clock) -> Result<Self, ApiError> {
        database.execute_batch(TABLES)?;
        Ok(Self { database, clock })
    }

    /// Now, in epoch seconds.
    pub(crate) fn now(&self) -> f64 {
        moment::of(self.clock.now())
    }

    /// The state of now, to be read from on.
    pub(crate) fn snapshot(&self) -> Result<Database, ApiError> {
        Ok(self.database.snapshot()?)
    }

    /// Runs `work` on one account's resources as a transaction: an error undoes all of it.
    pub(crate) fn transact<T>(
        &self,
        caller: &Caller,
        work: impl FnOnce(&Tx<'_>) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        self.database.transaction(|connection| work(&Tx { connection, caller, clock: &self.clock }))
    }

    /// Reads one account's resources, as of whenever the caller is to see them.
    pub(crate) fn read<T>(
        &self,
        caller: &Caller,
        work: impl FnOnce(&Tx<'_>) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let database = caller.as_of.as_ref().unwrap_or(&self.database);
        database.with(|connection| work(&Tx { connection, caller, clock: &self.clock }))
    }

    /// Changes one resource, if it is there.
    pub(crate) fn change<T>(
        &self,
        caller: &Caller,
        kind: Kind,
        key: &str,
        change: impl FnOnce(&mut Resource) -> Result<T, ApiError>,
    ) -> Result<Option<T>, ApiError> {
        self.transact(caller, |tx| {
            let Some(mut resource) = tx.find(kind, key)? else { return Ok(None) };
            let result = change(&mut resource)?;
            tx.put(kind, &resource)?;
            Ok(Some(result))
        })
    }

    pub(crate) fn find(&self, caller: &Caller, kind: Kind, key: &str) -> Result<Option<Resource>, ApiError> {
        self.read(caller, |tx| tx.find(kind, key))
    }

    /// Every account and region that has resources.
    pub(crate) fn callers(&self) -> Result<Vec<Caller>, ApiError> {
        self.database.with(|connection| {
            // One look at the index for each, however many resources they have.
            let sql = "SELECT account, region FROM sagemaker_resource WHERE (account, region) > (?1, ?2)
                       ORDER BY account, region LIMIT 1";
            let mut next = connection.prepare_cached(sql)?;
            let mut callers: Vec<Caller> = Vec::new();
            loop {
                let last = callers.last().map_or(("", ""), |last| (&*last.account, &*last.region));
                let found =
                    next.query_row(last, |row| Ok(Caller::root(row.get::<_, String>(0)?, row.get::<_, String>(1)?)));
                match found.optional()? {
                    Some(caller) => callers.push(caller),
                    None => return Ok(callers),
                }
            }
        })
    }

    /// The resources of a kind in every account and region, of these statuses or, when none is named, of all: what a
    /// restart looks through.
    pub(crate) fn everywhere(&self, kind: Kind, statuses: &[&str]) -> Result<Vec<(Caller, Resource)>, ApiError> {
        let sql = "SELECT account, region, rowid FROM sagemaker_resource
                   WHERE kind = ?1 AND (?2 = '[]' OR status IN (SELECT value FROM json_each(?2)))";
        self.database.with(|connection| {
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement.query_map(params![kind.as_str(), json!(statuses).to_string()], |row| {
                Ok((Caller::root(row.get::<_, String>(0)?, row.get::<_, String>(1)?), row.get(2)?))
            })?;
            rows.map(|row| {
                let (caller, rowid) = row?;
                let resource = Tx { connection, caller: &caller, clock: &self.clock }.at(rowid)?;
                Ok((caller, resource))
            })
            .collect()
        })
    }
}

/// One account's resources inside a transaction.
pub(crate) struct Tx<'a> {
    pub(super) connection: &'a Connection,
    pub(super) caller: &'a Caller,
    clock: &'a Clock,
}

impl Tx<'_> {
    /// Now, in epoch seconds.
    pub(crate) fn now(&self) -> f64 {
        moment::of(self.clock.now())
    }

    /// The resources of another account, in the same transaction.
    pub(super) fn of<'b>(&'b self, caller: &'b Caller) -> Tx<'b> {
        Tx { caller, ..*self }
    }

    /// Adds a resource; `false` when the key is taken.
    pub(crate) fn insert(&self, kind: Kind, resource: &Resource) -> Result<bool, ApiError> {
        let sql = "SELECT 1 FROM sagemaker_resource WHERE account = ?1 AND region = ?2 AND kind = ?3 AND key = ?4";
        let key = params![self.caller.account, self.caller.region, kind.as_str(), resource.key];
        if self.connection.prepare_cached(sql)?.exists(key)? {
            return Ok(false);
        }
        self.put(kind, resource)?;
        Ok(true)
    }

    /// Adds or replaces a resource.
    pub(crate) fn put(&self, kind: Kind, resource: &Resource) -> Result<(), ApiError> {
        let sql = "INSERT INTO sagemaker_resource (account, region, kind, key, parent, shown, kept)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (account, region, kind, key)
                   DO UPDATE SET parent = excluded.parent, shown = excluded.shown, kept = excluded.kept";
        let shown = serde_json::to_string(&resource.shown).map_err(internal)?;
        let kept = serde_json::to_string(&resource.kept).map_err(internal)?;
        let (account, region) = (&self.caller.account, &self.caller.region);
        let mut statement = self.connection.prepare_cached(sql)?;
        statement.execute(params![account, region, kind.as_str(), resource.key, resource.parent, shown, kept])?;
        Ok(())
    }

    pub(crate) fn find(&self, kind: Kind, key: &str) -> Result<Option<Resource>, ApiError> {
        let sql = "SELECT key, parent, shown, kept FROM sagemaker_resource
                   WHERE account = ?1 AND region = ?2 AND kind = ?3 AND key = ?4";
        let mut statement = self.connection.prepare_cached(sql)?;
        let key = params![self.caller.account, self.caller.region, kind.as_str(), key];
        let row = statement.query_row(key, Resource::from_row).optional()?;
        row.map(Resource::decode).transpose()
    }

    /// The resource in a row that was found just now.
    pub(super) fn at(&self, rowid: i64) -> Result<Resource, ApiError> {
        let sql = "SELECT key, parent, shown, kept FROM sagemaker_resource WHERE rowid = ?1";
        Resource::decode(self.connection.prepare_cached(sql)?.query_row([rowid], Resource::from_row)?)
    }

    /// Whether a resource of the kind belongs to `parent`.
    pub(crate) fn has_children(&self, kind: Kind, parent: &str) -> Result<bool, ApiError> {
        let sql = "SELECT 1 FROM sagemaker_resource WHERE account = ?1 AND region = ?2 AND kind = ?3 AND parent = ?4";
        let parent = params![self.caller.account, self.caller.region, kind.as_str(), parent];
        Ok(self.connection.prepare_cached(sql)?.exists(parent)?)
    }

    /// The resources that belong to `parent`, by key.
    pub(crate) fn children(&self, kind: Kind, parent: &str) -> Result<Vec<Resource>, ApiError> {
        let sql = "SELECT key, parent, shown, kept FROM sagemaker_resource
                   WHERE account = ?1 AND region = ?2 AND kind = ?3 AND parent = ?4 ORDER BY key";
        let mut statement = self.connection.prepare_cached(sql)?;
        let key = params![self.caller.account, self.caller.region, kind.as_str(), parent];
        let rows = statement.query_map(key, Resource::from_row)?;
        rows.map(|row| Resource::decode(row?)).collect()
    }

    /// Removes a resource and its tags; `false` when there was none.
    pub(crate) fn delete(&self, kind: Kind, key: &str) -> Result<bool, ApiError> {
        let sql = "DELETE FROM sagemaker_resource WHERE account = ?1 AND region = ?2 AND kind = ?3 AND key = ?4";
        let key = params![self.caller.account, self.caller.region, kind.as_str(), key];
        Ok(self.connection.execute(sql, key)? > 0)
    }

    /// The tags of a resource, by key.
    pub(crate) fn tags(&self, arn: &str) -> Result<Vec<(String, String)>, ApiError> {
        let sql = "SELECT key, value FROM sagemaker_tag WHERE account = ?1 AND arn = ?2 ORDER BY key";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(params![self.caller.account, arn], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    pub(crate) fn put_tag(&self, arn: &str, key: &str, value: &str) -> Result<(), ApiError> {
        let sql = "INSERT OR REPLACE INTO sagemaker_tag (account, arn, key, value) VALUES (?1, ?2, ?3, ?4)";
        self.connection.execute(sql, params![self.caller.account, arn, key, value])?;
        Ok(())
    }

    /// Removes one tag, or every tag of the resource.
    pub(crate) fn delete_tags(&self, arn: &str, key: Option<&str>) -> Result<(), ApiError> {
        let sql = "DELETE FROM sagemaker_tag WHERE account = ?1 AND arn = ?2 AND (?3 IS NULL OR key = ?3)";
        self.connection.execute(sql, params![self.caller.account, arn, key])?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// A group of one package, and the token it was created with, as version 1 kept them.
    const VERSION_1: &str = r#"
        INSERT INTO sagemaker_resource VALUES
            ('123456789012', 'us-east-1', 'model-package-group', 'Flights', '',
             '{"ModelPackageGroupName":"Flights","CreationTime":1764233911.123}', '{"last_version":1,"policy":null}'),
            ('123456789012', 'us-east-1', 'model-package', 'Flights/1', 'Flights',
             '{"ModelPackageGroupName":"Flights","ModelPackageVersion":1,"ModelPackageArn":"arn","CreationTime":1764233911.123}',
             'null'),
            ('123456789012', 'us-east-1', 'client-token', 'Token', '', '{}', '{"arn":"arn","request":{}}');"#;

    fn schema(database: &Database) -> Vec<(String, String)> {
        let sql = "SELECT name, sql FROM sqlite_schema WHERE name LIKE 'sagemaker_resource%' ORDER BY name";
        let words = |sql: String| sql.split_whitespace().collect::<Vec<_>>().join(" ");
        let read = |connection: &Connection| -> rusqlite::Result<Vec<(String, String)>> {
            let mut statement = connection.prepare(sql)?;
            statement.query_map([], |row| Ok((row.get(0)?, words(row.get(1)?))))?.collect()
        };
        database.with(read).unwrap()
    }

    fn open(path: &Path) -> (Database, Resources) {
        let database = Database::open(path).unwrap();
        let resources = Resources::open(database.clone(), Clock::default()).unwrap();
        (database, resources)
    }

    #[test]
    fn a_data_folder_of_version_1_is_brought_up_to_date() {
        let folder = tempfile::tempdir().unwrap();
        let old = folder.path().join("old.sqlite");
        let version_1 = [include_str!("../migrations/1.sql"), VERSION_1].concat();
        Connection::open(&old).unwrap().execute_batch(&version_1).unwrap();
        let (database, resources) = open(&old);
        assert_eq!(schema(&database), schema(&open(&folder.path().join("new.sqlite")).0));
        let caller = Caller::root("123456789012", "us-east-1");
        let group = resources.find(&caller, Kind::ModelPackageGroup, "flights").unwrap().unwrap();
        assert_eq!(group.shown["ModelPackageGroupName"], "Flights");
        assert_eq!(group.kept::<Value>().unwrap()["last_version"], 1);
        let package = resources.find(&caller, Kind::ModelPackage, "flights/1").unwrap().unwrap();
        assert_eq!(package.parent, "Flights");
        assert_eq!(package.kept::<Value>().unwrap()["client_token"], "Token");
        assert!(resources.find(&caller, Kind::ClientToken, "Token").unwrap().is_some());
        // Nothing is done twice.
        database.close();
        assert!(open(&old).1.find(&caller, Kind::ModelPackage, "flights/1").unwrap().is_some());
    }

    #[test]
    fn a_newer_data_folder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("db.sqlite");
        Connection::open(&path).unwrap().execute_batch("PRAGMA user_version = 1000").unwrap();
        assert!(Database::open(&path).unwrap_err().to_string().contains("newer refit-local"));
    }
}
