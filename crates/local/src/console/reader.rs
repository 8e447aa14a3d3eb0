//! Reading what the pages show, through the operations that clients call.

use serde_json::{Value, json};

use crate::api::ApiError;
use crate::hosting::VariantSnapshot;
use crate::objects::ObjectStore;
use crate::sagemaker::Sagemaker;
use crate::sagemaker::members::{Members, Object};

use super::token::Token;
use super::view::Owner;

/// What a page is made from.
pub(super) struct Reader<'a> {
    sagemaker: &'a Sagemaker,
    pub(super) objects: &'a ObjectStore,
    /// Every account and region that has something, or may.
    pub(super) callers: Vec<Owner>,
    /// Whether SageMaker has anything of anybody.
    pub(super) has_resources: bool,
    /// What the page's forms carry.
    pub(super) token: &'a Token,
}

/// A part of a list.
pub(super) struct Part {
    pub(super) rows: Vec<Object>,
    /// Where the rest begins, if there is more.
    pub(super) next: Option<String>,
}

/// A list operation, and the member its rows are in.
#[derive(Clone, Copy)]
pub(super) struct List {
    pub(super) operation: &'static str,
    pub(super) member: &'static str,
}

impl<'a> Reader<'a> {
    /// Reads as the `accounts`, and as whoever else has resources here.
    pub(super) fn new(
        sagemaker: &'a Sagemaker,
        objects: &'a ObjectStore,
        accounts: &[Owner],
        token: &'a Token,
    ) -> Result<Self, ApiError> {
        let found = sagemaker.callers()?.into_iter().map(|found| Owner::new(found.account, found.region));
        let found: Vec<Owner> = found.collect();
        let has_resources = !found.is_empty();
        let mut callers = accounts.to_vec();
        callers.extend(found.into_iter().filter(|caller| !accounts.contains(caller)));
        Ok(Self { sagemaker, objects, callers, has_resources, token })
    }

    /// The answer of an operation.
    pub(super) fn call(&self, of: &Owner, operation: &str, input: Value) -> Result<Object, ApiError> {
        match self.sagemaker.answer(&of.caller(), operation, input)? {
            Value::Object(answer) => Ok(answer),
            _ => Ok(Object::new()),
        }
    }

    /// At most 100 rows, newest first, from a place on.
    pub(super) fn newest(&self, of: &Owner, list: List, rows: usize, next: Option<&str>) -> Result<Part, ApiError> {
        self.part(of, list, json!({ "SortOrder": "Descending", "MaxResults": rows }), next)
    }

    /// The answer about something that was there a moment ago: none when it is gone.
    pub(super) fn still(&self, of: &Owner, operation: &str, input: Value) -> Result<Option<Object>, ApiError> {
        match self.call(of, operation, input) {
            Err(gone) if gone.status < 500 => Ok(None),
            answer => answer.map(Some),
        }
    }

    /// What the instances of an endpoint have loaded.
    pub(super) fn loaded(&self, of: &Owner, endpoint: &str) -> Vec<VariantSnapshot> {
        self.sagemaker.loaded(&of.caller(), endpoint)
    }

    /// Each account once: its buckets are of no one region.
    pub(super) fn owners(&self) -> impl Iterator<Item = &Owner> {
        let first = |at: usize, of: &Owner| self.callers[..at].iter().all(|before| before.account != of.account);
        self.callers.iter().enumerate().filter(move |(at, of)| first(*at, of)).map(|(_, of)| of)
    }

    /// The rows of a list, sorted by their creation.
    pub(super) fn part(&self, of: &Owner, list: List, mut input: Value, next: Option<&str>) -> Result<Part, ApiError> {
        input["SortBy"] = "CreationTime".into();
        input["NextToken"] = next.into();
        let answer = self.call(of, list.operation, input)?;
        let rows = answer.objects(list.member).into_iter().cloned().collect();
        Ok(Part { rows, next: answer.text("NextToken").map(str::to_owned) })
    }

    /// The newest rows of all accounts together.
    pub(super) fn newest_of_all(&self, list: List, rows: usize) -> Result<Vec<(Owner, Object)>, ApiError> {
        let mut all = Vec::new();
        for of in &self.callers {
            let part = self.newest(of, list, rows, None)?;
            all.extend(part.rows.into_iter().map(|row| (of.clone(), row)));
        }
        let created = |row: &Object| row.real("CreationTime").unwrap_or_default();
        all.sort_by(|(_, left), (_, right)| created(right).total_cmp(&created(left)));
        all.truncate(rows);
        Ok(all)
    }
}
