//! Cutting a table by blocks of its file.

use serde_json::Value;

use super::{Parallel, Part, derived};
use crate::WarehouseError;
use crate::dialect::Query;
use crate::error::quoted;
use crate::literals;
use crate::rows::explain;
use crate::session::Session;

/// How much of a table a part is.
const PART_BYTES: u64 = 8 * 1024 * 1024;

/// Reading a range of blocks without reading the whole table came with PostgreSQL 14.
const HAS_TID_RANGE_SCAN: u32 = 14;

/// Cuts by blocks, after a look at how the server would run a part.
pub(super) fn parts(
    session: &mut Session,
    query: &Query,
    table: &str,
    parallel: &Parallel,
) -> Result<Vec<Part>, WarehouseError> {
    let (blocks, block_size) = size(session, table)?;
    let version = session.parameter("server_version").unwrap_or_default();
    let version =
        version.split(|character: char| !character.is_ascii_digit()).next().and_then(|major| major.parse().ok());
    let connections = parallel.connections as u64;
    let count = match parallel.parts {
        Some(parts) => parts as u64,
        None if version.is_some_and(|version: u32| version >= HAS_TID_RANGE_SCAN) => {
            (blocks * block_size).div_ceil(PART_BYTES).max(connections)
        }
        None => connections,
    };
    let count = count.clamp(1, blocks.max(1));
    let part = |index: u64| {
        let bound = |index: u64| format!("({},0)", blocks * index / count);
        restricted(query, table, (index > 0).then(|| bound(index)), (index + 1 < count).then(|| bound(index + 1)))
    };
    if count > 1 {
        check(session, &part(0), table, parallel.in_order)?;
    }
    Ok((0..count).map(part).collect())
}

/// How many blocks a table has, and of how many bytes.
fn size(session: &mut Session, table: &str) -> Result<(u64, u64), WarehouseError> {
    let sql = format!(
        "SELECT relkind, pg_catalog.pg_relation_size(oid) / pg_catalog.current_setting('block_size')::int8,
                pg_catalog.current_setting('block_size')
         FROM pg_catalog.pg_class WHERE oid = pg_catalog.to_regclass({})",
        literals::quoted(&quoted(table))
    );
    let rows = session.ask(&sql).map_err(|failure| explain(failure, 0))?;
    let field = |index: usize| rows.first()?.get(index)?.as_deref();
    match (field(0), field(1).and_then(|text| text.parse().ok()), field(2).and_then(|text| text.parse().ok())) {
        (Some("r" | "m"), Some(blocks), Some(size)) => Ok((blocks, size)),
        (Some(_), ..) => refused(format!("{table} is not one plain table, which has blocks: use Parallel::by_range")),
        _ => refused(format!("there is no table {table}: write its bare name, and set `search_path`")),
    }
}

/// The query with the table's name standing for some of its blocks.
fn restricted(query: &Query, table: &str, from: Option<String>, to: Option<String>) -> Part {
    let name = quoted(table);
    let mut values = query.values.clone();
    let mut conditions = Vec::new();
    for (comparison, bound) in [(">=", from), ("<", to)] {
        if let Some(bound) = bound {
            values.push(bound);
            conditions.push(format!("ctid {comparison} CAST(${} AS tid)", values.len()));
        }
    }
    if conditions.is_empty() {
        return Part { sql: query.sql.clone(), values };
    }
    let conditions = conditions.join(" AND ");
    // Within its own definition the name means the table.
    let sql = format!("WITH {name} AS (SELECT * FROM {name} WHERE {conditions}) SELECT * FROM {}", derived(&query.sql));
    Part { sql, values }
}

/// Refuses a query whose parts would not add up to it, by the server's plan for a part.
fn check(session: &mut Session, part: &Part, table: &str, in_order: bool) -> Result<(), WarehouseError> {
    let literals: Vec<_> = part.values.iter().map(|value| value.as_str().into()).collect();
    let sql = literals::write_in(&part.sql, &literals, false)?;
    let rows = session.ask(&format!("EXPLAIN (FORMAT JSON) {sql}")).map_err(|failure| explain(failure, 0))?;
    let text = rows.first().and_then(|row| row.first()?.as_deref()).unwrap_or_default();
    let plan: Value = serde_json::from_str(text).unwrap_or_default();
    let root = &plan[0]["Plan"];
    match scans(root, table) {
        1 => adds_up(root, table, in_order),
        0 => refused(format!("it does not read {table}, or not by its bare name")),
        _ => refused(format!("it reads {table} more than once: use Parallel::by_range")),
    }
}

fn children(node: &Value) -> impl Iterator<Item = &Value> {
    node["Plans"].as_array().into_iter().flatten()
}

fn scans(node: &Value, table: &str) -> usize {
    usize::from(node["Relation Name"] == table) + children(node).map(|child| scans(child, table)).sum::<usize>()
}

/// Walks down to the table's scan: each node on the way must make its rows from one of the table's, and none without.
fn adds_up(node: &Value, table: &str, in_order: bool) -> Result<(), WarehouseError> {
    if node["Relation Name"] == table {
        let is_cut = ["TID Cond", "Filter", "Recheck Cond"]
            .iter()
            .any(|key| node[key].as_str().is_some_and(|text| text.contains("ctid")));
        return if is_cut { Ok(()) } else { refused(format!("{table} is not read by its bare name alone")) };
    }
    let Some(child) = children(node).find(|child| scans(child, table) > 0) else { return Ok(()) };
    let kind = node["Node Type"].as_str().unwrap_or_default();
    let side = child["Parent Relationship"].as_str().unwrap_or_default();
    if !matches!(side, "Outer" | "Inner" | "Subquery") {
        // Read into a store of its own (an InitPlan), as what is read twice is, or asked for each row of another (a SubPlan).
        return refused(format!("it reads {table} more than once, or within an expression: use Parallel::by_range"));
    }
    let passes = match kind {
        "Sort" | "Incremental Sort" if in_order => {
            return refused(
                "it is sorted, and blocks follow the table's file: use Parallel::by_range with the ORDER BY's column"
                    .to_owned(),
            );
        }
        "Nested Loop" | "Hash Join" | "Merge Join" => match node["Join Type"].as_str().unwrap_or_default() {
            "Inner" => true,
            "Left" | "Semi" | "Anti" => side == "Outer",
            "Right" | "Right Semi" | "Right Anti" => side == "Inner",
            _ => false,
        },
        "Result" | "Sort" | "Incremental Sort" | "Gather" | "Gather Merge" | "Hash" | "Materialize" | "Memoize"
        | "Subquery Scan" | "ProjectSet" => true,
        _ => false,
    };
    match passes {
        true => adds_up(child, table, in_order),
        false => refused(format!(
            "its rows are not each made from one of {table}'s (the server plans a node {kind} over it): use Parallel::by_range"
        )),
    }
}

fn refused<T>(reason: String) -> Result<T, WarehouseError> {
    Err(WarehouseError::Partition { reason })
}
