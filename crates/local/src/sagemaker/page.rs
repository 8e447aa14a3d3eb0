//! Lists: the filters, orders and pages that AWS's List operations share.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rusqlite::types::Value as Column;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::api::{ApiError, Caller};

use super::listing::{Condition, Listing, Place, Sort};
use super::members::{Members, Object};
use super::refusal::internal;
use super::resources::{Kind, Resource, Tx};

/// What the List operations return when MaxResults is not given.
pub(super) const DEFAULT_MAX_RESULTS: u64 = 10;

/// A List operation, with AWS's defaults.
pub(crate) struct List {
    pub(crate) operation: &'static str,
    /// The member of the answer that holds the page.
    pub(crate) member: &'static str,
    pub(crate) kind: Kind,
    pub(crate) sort_by: Sort,
    pub(crate) descending: bool,
}

/// Which of the resources of a kind a list is over.
#[derive(Default)]
pub(crate) struct Scope<'a> {
    /// The key of what they belong to; empty for those that belong to nothing.
    pub(crate) parent: Option<&'a str>,
    /// Only those that belong to something.
    pub(crate) owned: bool,
    /// The member that StatusEquals is compared with once a page is cut, so that a page may be short or empty and not be
    /// the last. Usually it is a filter like the others.
    pub(crate) status_of_page: Option<&'a str>,
}

impl List {
    /// Answers with the page that `input` asks for: `summary` of each of its resources.
    pub(crate) fn page(
        &self,
        tx: &Tx<'_>,
        input: &Object,
        scope: &Scope<'_>,
        mut summary: impl FnMut(&Resource) -> Result<Object, ApiError>,
    ) -> Result<Value, ApiError> {
        let sort = input.text("SortBy").and_then(Sort::parse).unwrap_or(self.sort_by);
        let query = digest(self.operation, tx.caller, input);
        let listing = Listing {
            kind: self.kind,
            parent: scope.parent,
            conditions: conditions(input, scope),
            sort,
            descending: input.text("SortOrder").map_or(self.descending, |order| order == "Descending"),
            after: input.text("NextToken").map(|token| read(token, &query, sort)).transpose()?,
            limit: usize::try_from(input.whole("MaxResults").unwrap_or(DEFAULT_MAX_RESULTS)).map_err(internal)?,
        };
        let (mut resources, next) = listing.find(tx)?;
        if let (Some(member), Some(status)) = (scope.status_of_page, input.text("StatusEquals")) {
            resources.retain(|resource| resource.shown.text(member) == Some(status));
        }
        let summaries = resources.iter().map(|resource| Ok(summary(resource)?.into()));
        let mut answer = Object::new();
        answer.insert(self.member.to_owned(), summaries.collect::<Result<Vec<Value>, ApiError>>()?.into());
        if let Some(next) = next {
            answer.insert("NextToken".to_owned(), write(&next, &query)?.into());
        }
        Ok(answer.into())
    }
}

/// The filters that List operations have in common.
fn conditions(input: &Object, scope: &Scope<'_>) -> Vec<Condition> {
    let mut conditions: Vec<Condition> = Vec::new();
    if scope.owned {
        conditions.push(("parent <> ?", String::new().into()));
    }
    if let Some(part) = input.text("NameContains") {
        // Of the signs a name may have, LIKE takes none for a wildcard; it reads past the case.
        conditions.push(("name LIKE ?", format!("%{part}%").into()));
    }
    for (member, condition) in [("StatusEquals", "status = ?"), ("ModelApprovalStatus", "approval = ?")] {
        if let Some(text) = input.text(member).filter(|_| member != "StatusEquals" || scope.status_of_page.is_none()) {
            conditions.push((condition, text.to_owned().into()));
        }
    }
    for (member, condition) in [
        ("CreationTimeAfter", "created >= ?"),
        ("CreationTimeBefore", "created < ?"),
        ("LastModifiedTimeAfter", "modified >= ?"),
        ("LastModifiedTimeBefore", "modified < ?"),
    ] {
        if let Some(seconds) = input.real(member) {
            conditions.push((condition, (seconds * 1000.0).into()));
        }
    }
    conditions
}

/// What a token is bound to: everything that decides which rows the list has and in which order.
pub(super) fn digest(operation: &str, caller: &Caller, input: &Object) -> String {
    let asked = input.iter().filter(|(name, _)| !["NextToken", "MaxResults"].contains(&name.as_str()));
    let asked: BTreeMap<_, _> = asked.collect();
    let query = format!("{operation} {} {} {asked:?}", caller.account, caller.region);
    hex::encode(&Sha256::digest(query)[..8])
}

fn write(place: &Place, query: &str) -> Result<String, ApiError> {
    let sort = match &place.sort {
        Column::Integer(number) => number.to_string(),
        Column::Real(number) => number.to_string(),
        Column::Text(text) => text.clone(),
        _ => String::new(),
    };
    let token = serde_json::to_vec(&(query, sort, &place.name, place.version)).map_err(internal)?;
    Ok(URL_SAFE_NO_PAD.encode(token))
}

fn read(token: &str, query: &str, sort: Sort) -> Result<Place, ApiError> {
    let read = || {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (bound, text, name, version): (String, String, String, i64) = serde_json::from_slice(&bytes).ok()?;
        let sort = match sort {
            Sort::CreationTime | Sort::LastModifiedTime => Column::Integer(text.parse().ok()?),
            Sort::FinalObjectiveMetricValue => Column::Real(text.parse().ok()?),
            Sort::Name | Sort::Status => Column::Text(text),
        };
        (bound == query).then_some(Place { sort, name, version })
    };
    read().ok_or_else(invalid_token)
}

pub(super) fn invalid_token() -> ApiError {
    ApiError::validation("Invalid NextToken: it belongs to another list, or to other filters or another order.")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use crate::clock::Clock;
    use crate::db::Database;
    use crate::sagemaker::resources::Resources;

    use super::*;

    const JOBS: List = List {
        operation: "ListTrainingJobs",
        member: "Jobs",
        kind: Kind::TrainingJob,
        sort_by: Sort::Name,
        descending: false,
    };

    fn caller() -> Caller {
        Caller::root("123456789012", "us-east-1")
    }

    fn put(resources: &Resources, name: &str, created: f64, status: &str, metric: Option<f64>) {
        let shown = json!({ "TrainingJobName": name, "CreationTime": created, "TrainingJobStatus": status });
        let mut job = Resource::new(name, "tuning", shown.as_object().unwrap().clone());
        job.keep(&json!({ "objective": metric })).unwrap();
        resources.transact(&caller(), |tx| tx.put(Kind::TrainingJob, &job)).unwrap();
    }

    fn jobs(folder: &Path) -> Resources {
        let resources = Resources::open(Database::open(&folder.join("db.sqlite")).unwrap(), Clock::default()).unwrap();
        put(&resources, "b", 3.25, "Completed", Some(0.1 + 0.2));
        put(&resources, "a", 2.0, "Failed", None);
        put(&resources, "D", 1.0, "Stopped", Some(0.25));
        put(&resources, "c", 1.0, "Completed", Some(0.75));
        resources
    }

    /// The names on the page, in order, and its token.
    fn list(resources: &Resources, input: Value, scope: &Scope<'_>) -> Result<(String, Option<String>), ApiError> {
        let input = input.as_object().unwrap();
        let answer = resources.read(&caller(), |tx| JOBS.page(tx, input, scope, |job| Ok(job.shown.clone())))?;
        let names = answer["Jobs"].as_array().unwrap().iter().map(|job| job["TrainingJobName"].as_str().unwrap());
        Ok((names.collect(), answer.get("NextToken").map(|token| token.as_str().unwrap().to_owned())))
    }

    fn names(resources: &Resources, input: Value) -> String {
        list(resources, input, &Scope::default()).unwrap().0
    }

    #[test]
    fn sorts_by_the_default_or_as_asked_and_filters() {
        let folder = tempfile::tempdir().unwrap();
        let jobs = jobs(folder.path());
        for (input, expected) in [
            (json!({}), "Dabc"),
            (json!({ "SortOrder": "Descending" }), "cbaD"),
            (json!({ "SortBy": "CreationTime" }), "Dcab"),
            (json!({ "SortBy": "CreationTime", "SortOrder": "Descending" }), "bacD"),
            (json!({ "SortBy": "Status" }), "bcaD"),
            (json!({ "SortBy": "FinalObjectiveMetricValue" }), "Dbc"),
            (json!({ "NameContains": "d" }), "D"),
            (json!({ "StatusEquals": "Completed" }), "bc"),
            (json!({ "CreationTimeAfter": 2 }), "ab"),
            (json!({ "CreationTimeBefore": 2 }), "Dc"),
            (json!({ "LastModifiedTimeAfter": 3.25 }), "b"),
        ] {
            assert_eq!(names(&jobs, input.clone()), expected, "{input}");
        }
    }

    #[test]
    fn pages_go_on_exactly_in_every_order() {
        let folder = tempfile::tempdir().unwrap();
        let jobs = jobs(folder.path());
        for parent in [None, Some("tuning")] {
            let scope = Scope { parent, ..Scope::default() };
            for sort in ["Name", "CreationTime", "LastModifiedTime", "Status", "FinalObjectiveMetricValue"] {
                for order in ["Ascending", "Descending"] {
                    let query = json!({ "SortBy": sort, "SortOrder": order });
                    let (whole, end) = list(&jobs, query.clone(), &scope).unwrap();
                    assert_eq!(end, None);
                    let (mut pages, mut token) = (String::new(), None);
                    loop {
                        let mut page = query.clone();
                        page["MaxResults"] = 1.into();
                        page["NextToken"] = token.into();
                        page.as_object_mut().unwrap().retain(|_, member| !member.is_null());
                        let (names, next) = list(&jobs, page, &scope).unwrap();
                        pages += &names;
                        token = next;
                        if token.is_none() {
                            break;
                        }
                    }
                    assert_eq!(pages, whole, "{query}");
                }
            }
        }
    }

    #[test]
    fn pages_neither_repeat_nor_skip_when_rows_come_and_go() {
        let folder = tempfile::tempdir().unwrap();
        let jobs = jobs(folder.path());
        let (first, token) = list(&jobs, json!({ "MaxResults": 2 }), &Scope::default()).unwrap();
        assert_eq!(first, "Da");
        jobs.transact(&caller(), |tx| tx.delete(Kind::TrainingJob, "a")).unwrap();
        put(&jobs, "A", 9.0, "Completed", None);
        let second = list(&jobs, json!({ "MaxResults": 2, "NextToken": token }), &Scope::default()).unwrap();
        assert_eq!(second, ("bc".to_owned(), None));
    }

    // ListTrainingJobs in botocore's model: "the MaxResults number of training jobs are first retrieved ignoring the
    // StatusEquals parameter and then they are filtered by the StatusEquals parameter".
    #[test]
    fn a_page_that_is_cut_before_the_status_may_be_empty_and_go_on() {
        let folder = tempfile::tempdir().unwrap();
        let jobs = jobs(folder.path());
        let scope = Scope { status_of_page: Some("TrainingJobStatus"), ..Scope::default() };
        let query = json!({ "StatusEquals": "Completed", "MaxResults": 2 });
        let (first, token) = list(&jobs, query.clone(), &scope).unwrap();
        assert_eq!(first, "");
        let mut next = query;
        next["NextToken"] = token.unwrap().into();
        assert_eq!(list(&jobs, next, &scope).unwrap(), ("bc".to_owned(), None));
    }

    #[test]
    fn a_token_of_another_query_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let jobs = jobs(folder.path());
        let (_, token) = list(&jobs, json!({ "MaxResults": 1 }), &Scope::default()).unwrap();
        for input in [
            json!({ "NextToken": token, "SortOrder": "Descending" }),
            json!({ "NextToken": token, "NameContains": "a" }),
            json!({ "NextToken": "2" }),
        ] {
            let error = list(&jobs, input, &Scope::default()).unwrap_err();
            assert_eq!(error.code, "ValidationException");
        }
        assert_eq!(names(&jobs, json!({ "NextToken": token, "MaxResults": 100 })), "abc");
    }
}
