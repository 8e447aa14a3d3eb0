//! Finding a page of resources by the columns of their rows: only the documents of that page are read.

use rusqlite::types::Value;
use rusqlite::{Row, params_from_iter};

use crate::api::ApiError;

use super::resources::{Kind, Resource, Tx};

/// What a list is sorted by, in AWS's words. Names, then versions, break ties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    Name,
    CreationTime,
    LastModifiedTime,
    Status,
    /// Leaves out what has no final objective metric.
    FinalObjectiveMetricValue,
}

impl Sort {
    pub(super) fn parse(sort_by: &str) -> Option<Self> {
        Some(match sort_by {
            "Name" => Self::Name,
            "CreationTime" => Self::CreationTime,
            "LastModifiedTime" => Self::LastModifiedTime,
            "Status" => Self::Status,
            "FinalObjectiveMetricValue" => Self::FinalObjectiveMetricValue,
            _ => return None,
        })
    }

    fn column(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::CreationTime => "created",
            Self::LastModifiedTime => "modified",
            Self::Status => "status",
            Self::FinalObjectiveMetricValue => "metric",
        }
    }

    /// The columns whose values, together, no two rows share.
    fn keys(self) -> String {
        match self {
            Self::Name => "name, version".to_owned(),
            _ => format!("{}, name, version", self.column()),
        }
    }
}

/// Where a row stands in a sorted list. A token is the place of the last row looked at, so that what is created or
/// deleted between two pages neither repeats nor hides other rows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place {
    pub(super) sort: Value,
    pub(super) name: String,
    pub(super) version: i64,
}

/// A condition on the columns of a row, with its one `?`.
pub(super) type Condition = (&'static str, Value);

/// A page to be found.
pub(super) struct Listing<'a> {
    pub(super) kind: Kind,
    pub(super) parent: Option<&'a str>,
    pub(super) conditions: Vec<Condition>,
    pub(super) sort: Sort,
    pub(super) descending: bool,
    pub(super) after: Option<Place>,
    pub(super) limit: usize,
}

impl Listing<'_> {
    /// The rows of the page, and the place to go on after when there are more.
    pub(super) fn find(self, tx: &Tx<'_>) -> Result<(Vec<Resource>, Option<Place>), ApiError> {
        let limit = self.limit;
        let (sql, values) = self.query(tx);
        let mut statement = tx.connection.prepare_cached(&sql)?;
        let rows = statement.query_map(params_from_iter(values), place)?;
        let mut found = rows.collect::<rusqlite::Result<Vec<_>>>()?;
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(|(_, place)| place.clone());
        let resources = found.iter().map(|(rowid, _)| tx.at(*rowid)).collect::<Result<_, _>>()?;
        Ok((resources, next))
    }

    /// Calls `act` with every resource, one after the other.
    pub(super) fn visit(
        self,
        tx: &Tx<'_>,
        mut act: impl FnMut(i64, Resource) -> Result<(), ApiError>,
    ) -> Result<(), ApiError> {
        let (sql, values) = self.query(tx);
        let mut statement = tx.connection.prepare_cached(&sql)?;
        let mut rows = statement.query(params_from_iter(values))?;
        while let Some(row) = rows.next()? {
            let rowid = row.get(0)?;
            act(rowid, tx.at(rowid)?)?;
        }
        Ok(())
    }

    fn query(self, tx: &Tx<'_>) -> (String, Vec<Value>) {
        let (column, keys) = (self.sort.column(), self.sort.keys());
        let index = match (self.parent, self.sort) {
            (Some(_), _) => "sagemaker_resource_of_parent",
            (None, Sort::Name) => "sagemaker_resource_by_name",
            (None, _) => "sagemaker_resource_by_time",
        };
        let mut sql = format!(
            "SELECT rowid, {column}, name, version FROM sagemaker_resource INDEXED BY {index}
             WHERE account = ? AND region = ? AND kind = ?"
        );
        let owner = [tx.caller.account.as_str(), &tx.caller.region, self.kind.as_str()];
        let mut values: Vec<Value> = owner.map(|text| text.to_owned().into()).into();
        if let Some(parent) = self.parent {
            sql += " AND parent = ?";
            values.push(parent.to_owned().into());
        }
        for (condition, value) in self.conditions {
            sql += " AND ";
            sql += condition;
            values.push(value);
        }
        if self.sort == Sort::FinalObjectiveMetricValue {
            sql += " AND metric IS NOT NULL";
        }
        if let Some(Place { sort, name, version }) = self.after {
            let beyond = if self.descending { "<" } else { ">" };
            let marks = if self.sort == Sort::Name { "?, ?" } else { "?, ?, ?" };
            sql += &format!(" AND ({keys}) {beyond} ({marks})");
            values.extend((self.sort != Sort::Name).then_some(sort));
            values.extend([name.into(), version.into()]);
        }
        let direction = if self.descending { " DESC" } else { "" };
        sql += &format!(
            " ORDER BY {} LIMIT ?",
            keys.split(", ").map(|key| format!("{key}{direction}")).collect::<Vec<_>>().join(", ")
        );
        values.push(i64::try_from(self.limit).unwrap_or(i64::MAX).saturating_add(1).into());
        (sql, values)
    }
}

fn place(row: &Row<'_>) -> rusqlite::Result<(i64, Place)> {
    Ok((row.get(0)?, Place { sort: row.get(1)?, name: row.get(2)?, version: row.get(3)? }))
}
