//! The resources as rows of SQLite: what AWS shows of each as one JSON document, what it keeps to itself as another.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::api::{ApiError, Caller};
use crate::db::Database;

use super::members::Object;
use super::refusal::internal;

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS sagemaker_resource (
        account TEXT NOT NULL, region TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, parent TEXT NOT NULL,
        shown TEXT NOT NULL, kept TEXT NOT NULL,
        PRIMARY KEY (account, region, kind, key)
    ) STRICT;
    CREATE INDEX IF NOT EXISTS sagemaker_resource_parent ON sagemaker_resource (account, region, kind, parent);
    CREATE TABLE IF NOT EXISTS sagemaker_tag (
        account TEXT NOT NULL, arn TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
        PRIMARY KEY (account, arn, key)
    ) STRICT;";

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
}

impl Resources {
    pub(crate) fn open(database: Database) -> Result<Self, ApiError> {
        database.execute_batch(TABLES)?;
        Ok(Self { database })
    }

    /// Runs `work` on one account's resources as a transaction: an error undoes all of it.
    pub(crate) fn transact<T>(
        &self,
        caller: &Caller,
        work: impl FnOnce(&Tx<'_>) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        self.database.transaction(|connection| work(&Tx { connection, caller }))
    }

    /// Reads one account's resources.
    pub(crate) fn read<T>(
        &self,
        caller: &Caller,
        work: impl FnOnce(&Tx<'_>) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        self.database.with(|connection| work(&Tx { connection, caller }))
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

    pub(crate) fn list(&self, caller: &Caller, kind: Kind) -> Result<Vec<Resource>, ApiError> {
        self.read(caller, |tx| tx.list(kind, None))
    }

    /// The resources of a kind in every account and region: what a restart looks through.
    pub(crate) fn everywhere(&self, kind: Kind) -> Result<Vec<(Caller, Resource)>, ApiError> {
        let callers: Vec<Caller> = self.database.with(|connection| {
            let sql = "SELECT DISTINCT account, region FROM sagemaker_resource WHERE kind = ?1";
            let mut statement = connection.prepare_cached(sql)?;
            let rows =
                statement.query_map([kind.as_str()], |row| Ok(Caller { account: row.get(0)?, region: row.get(1)? }))?;
            rows.collect::<rusqlite::Result<_>>().map_err(ApiError::from)
        })?;
        let mut found = Vec::new();
        for caller in callers {
            let listed = self.list(&caller, kind)?;
            found.extend(listed.into_iter().map(|resource| (caller.clone(), resource)));
        }
        Ok(found)
    }
}

/// One account's resources inside a transaction.
pub(crate) struct Tx<'a> {
    connection: &'a Connection,
    caller: &'a Caller,
}

impl Tx<'_> {
    /// Adds a resource; `false` when the key is taken.
    pub(crate) fn insert(&self, kind: Kind, resource: &Resource) -> Result<bool, ApiError> {
        if self.find(kind, &resource.key)?.is_some() {
            return Ok(false);
        }
        self.put(kind, resource)?;
        Ok(true)
    }

    /// Adds or replaces a resource.
    pub(crate) fn put(&self, kind: Kind, resource: &Resource) -> Result<(), ApiError> {
        let sql = "INSERT OR REPLACE INTO sagemaker_resource (account, region, kind, key, parent, shown, kept)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
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

    /// The resources of a kind, of one parent or of all, by key.
    pub(crate) fn list(&self, kind: Kind, parent: Option<&str>) -> Result<Vec<Resource>, ApiError> {
        let sql = "SELECT key, parent, shown, kept FROM sagemaker_resource
                   WHERE account = ?1 AND region = ?2 AND kind = ?3 AND (?4 IS NULL OR parent = ?4) ORDER BY key";
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
