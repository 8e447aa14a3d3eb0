//! Search, for every resource that this server has.

mod expression;
mod property;
mod records;

use std::cmp::Ordering;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::api::{ApiError, Caller};

use self::expression::Expression;
use self::property::SortKey;
use self::records::Records;

use super::State;
use super::members::{Members, Object};
use super::page::{DEFAULT_MAX_RESULTS, digest, invalid_token};
use super::refusal::internal;
use super::resources::Tx;

/// A match, before its record is shown.
struct Found {
    sort: SortKey,
    key: String,
    rowid: i64,
}

pub(super) fn search(state: &State, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    let records = Records::of(input.required("Resource"))?;
    let expression = input.object("SearchExpression").map(|given| Expression::parse(given, &records)).transpose()?;
    let sort_by = input.text("SortBy").unwrap_or("LastModifiedTime");
    records.check_property(sort_by)?;
    // Nothing is shared through AWS Resource Access Manager here.
    if input.text("CrossAccountFilterOption") == Some("CrossAccount") {
        return Ok(json!({ "Results": [] }));
    }
    let asked = Asked { records, expression, sort_by, input };
    state.resources.read(caller, |tx| asked.answer(tx))
}

/// A search that has been understood.
struct Asked<'a> {
    records: Records,
    expression: Option<Expression<'a>>,
    sort_by: &'a str,
    input: &'a Object,
}

impl Asked<'_> {
    fn answer(&self, tx: &Tx<'_>) -> Result<Value, ApiError> {
        let mut found = self.found(tx)?;
        let descending = self.input.text("SortOrder") != Some("Ascending");
        let order = |left: (&SortKey, &str), right: (&SortKey, &str)| match left.cmp(&right) {
            order if descending => order.reverse(),
            order => order,
        };
        found.sort_by(|left, right| order((&left.sort, &left.key), (&right.sort, &right.key)));
        let hits = found.len();
        let query = digest("Search", tx.caller, self.input);
        if let Some(token) = self.input.text("NextToken") {
            let (sort, key) = read(token, &query).ok_or_else(invalid_token)?;
            found.retain(|found| order((&found.sort, &found.key), (&sort, &key)) == Ordering::Greater);
        }
        let limit = self.input.whole("MaxResults").unwrap_or(DEFAULT_MAX_RESULTS);
        let limit = usize::try_from(limit).map_err(internal)?;
        let more = found.len() > limit;
        found.truncate(limit);
        let results = found.iter().map(|found| self.records.shown(tx, tx.at(found.rowid)?));
        let results = results.collect::<Result<Vec<_>, ApiError>>()?;
        let mut answer = json!({ "Results": results, "TotalHits": { "Value": hits, "Relation": "EqualTo" } });
        if let Some(last) = found.last().filter(|_| more) {
            answer["NextToken"] = write(last, &query)?.into();
        }
        Ok(answer)
    }

    fn found(&self, tx: &Tx<'_>) -> Result<Vec<Found>, ApiError> {
        let mut found = Vec::new();
        self.records.visit(tx, self.expression.as_ref(), |rowid, resource| {
            let key = resource.key.clone();
            let record = self.records.record(tx, resource, self.mentions_children())?;
            let matches = match &self.expression {
                Some(expression) => expression.holds(&record)?,
                None => true,
            };
            if matches && self.is_visible(&record) {
                found.push(Found { sort: SortKey::of(&record, self.sort_by), key, rowid });
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Whether what a tuning job shows of its training jobs decides over the result.
    fn mentions_children(&self) -> bool {
        let named = |name: &str| {
            ["TrainingJobStatusCounters", "ObjectiveStatusCounters", "BestTrainingJob", "OverallBestTrainingJob"]
                .iter()
                .any(|member| name.split('.').next() == Some(member))
        };
        named(self.sort_by) || self.expression.as_ref().is_some_and(|expression| expression.any_name(&named))
    }

    /// VisibilityConditions leave out what has the tag with another value.
    fn is_visible(&self, record: &Object) -> bool {
        self.input.objects("VisibilityConditions").into_iter().all(|condition| {
            let wanted = condition.required("Value");
            property::values(record, condition.required("Key")).iter().all(|value| value.as_str() == Some(wanted))
        })
    }
}

fn write(last: &Found, query: &str) -> Result<String, ApiError> {
    Ok(URL_SAFE_NO_PAD.encode(serde_json::to_vec(&(query, &last.sort, &last.key)).map_err(internal)?))
}

fn read(token: &str, query: &str) -> Option<(SortKey, String)> {
    let (bound, sort, key): (String, _, _) = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    (bound == query).then_some((sort, key))
}
