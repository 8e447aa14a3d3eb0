//! What a cluster says of the rows that it has: how many are in each set, and what the sets' columns are like.

use sha2::{Digest, Sha256};

use super::cells::UNKNOWN;
use super::rows_table::{FIGURES, descriptions, digests};
use super::unloading::Unloading;
use crate::dataset::{FLOAT32_END, Layout, Unknown};
use crate::error::quoted;
use crate::manifest::File;
use crate::rows::explain;
use crate::session::{Failure, Session};
use crate::{ColumnStatistics, ContractColumn, DatasetError, DatasetSpec, Set, WarehouseError};

/// A row of an answer, as text.
type Answer = Vec<Option<String>>;

/// Describes the sets that go to S3, and refuses rows that cannot be used, in whichever set they are.
pub(super) fn count(session: &mut Session, spec: &DatasetSpec, layout: &Layout) -> Result<Vec<File>, WarehouseError> {
    let contract: Vec<&ContractColumn> = layout.contract.columns().collect();
    let mut counted = [const { None }; 3];
    for answer in ask(session, &digests(contract.len()))? {
        let rows: u64 = number(&answer, 1)?;
        let Some(set) = set_of(&answer)? else { return Err(without_key(spec, rows).into()) };
        counted[set as usize] = Some((rows, digest(&answer)));
    }
    let mut columns = [const { Vec::new() }; 3];
    for statement in descriptions(contract.len()) {
        for answer in ask(session, &statement)? {
            let Some(set) = set_of(&answer)? else { continue };
            let rows = counted[set as usize].as_ref().map_or(0, |(rows, _)| *rows);
            for place in (1..answer.len()).step_by(FIGURES) {
                let column = contract[columns[set as usize].len()];
                let described = described(column, rows, &answer, place)?;
                check(spec, column, &described)?;
                columns[set as usize].push(described);
            }
        }
    }
    files(spec, counted, columns)
}

fn files(
    spec: &DatasetSpec,
    counted: [Option<(u64, String)>; 3],
    columns: [Vec<ColumnStatistics>; 3],
) -> Result<Vec<File>, WarehouseError> {
    let all: u64 = counted.iter().flatten().map(|(rows, _)| rows).sum();
    let mut files = Vec::new();
    for ((set, counted), columns) in Set::ALL.into_iter().zip(counted).zip(columns) {
        let Some((rows, sha256)) = counted else { return Err(spec.empty(set, all).into()) };
        if Unloading::SETS.contains(&set) {
            let (name, format) = (spec.format.file_name(set).to_owned(), spec.format.of(set));
            files.push(File { set, name, format, rows, bytes: 0, sha256, columns, parts: Vec::new() });
        }
    }
    tracing::info!(rows = all, "the cluster has the rows");
    Ok(files)
}

fn described(
    column: &ContractColumn,
    rows: u64,
    answer: &Answer,
    place: usize,
) -> Result<ColumnStatistics, WarehouseError> {
    let count: u64 = number(answer, place)?;
    let figure = |offset: usize| answer.get(place + offset).cloned().flatten().and_then(|text| text.parse().ok());
    Ok(ColumnStatistics {
        name: column.name.clone(),
        data_type: column.data_type.clone(),
        count,
        nulls: rows.saturating_sub(count),
        min: figure(1),
        max: figure(2),
        mean: figure(3),
        stdev: figure(4),
        quantiles: Vec::new(),
    })
}

/// Refuses what a row of ours is refused for.
fn check(spec: &DatasetSpec, column: &ContractColumn, described: &ColumnStatistics) -> Result<(), DatasetError> {
    let name = &column.name;
    let refused = |problem: String| Err(DatasetError::Rows { column: name.clone(), problem });
    if *name == spec.label && described.nulls > 0 {
        let rows = described.nulls;
        return refused(format!("{rows} have no finite label: leave them out, WHERE {} IS NOT NULL", quoted(name)));
    }
    let least = described.min.unwrap_or_default();
    let coded = column.categories.as_ref();
    if coded.is_some_and(|coded| coded.unknown == Unknown::Refused) && least <= f64::from(UNKNOWN) {
        return refused(
            "some have a text that is none of the declared categories: add it to the list, or declare that others are missing"
                .to_owned(),
        );
    }
    match [described.min, described.max].into_iter().flatten().find(|value| value.abs() >= FLOAT32_END) {
        Some(value) => refused(format!(
            "one has {value:e}, more than XGBoost reads, which computes in float32: select something smaller, such as LN({}), or NULL for what is no measurement",
            quoted(name)
        )),
        None => Ok(()),
    }
}

fn without_key(spec: &DatasetSpec, rows: u64) -> DatasetError {
    let column = spec.split.column().to_owned();
    let problem =
        format!("{rows} have none, and are split by it: leave them out, WHERE {} IS NOT NULL", quoted(&column));
    DatasetError::Rows { column, problem }
}

/// The digest of a set's rows, whatever their order.
fn digest(answer: &Answer) -> String {
    let mut digest = Sha256::new();
    for figure in &answer[1..] {
        let figure = figure.as_deref().unwrap_or_default();
        digest.update((figure.len() as u64).to_be_bytes());
        digest.update(figure);
    }
    hex::encode(digest.finalize())
}

fn set_of(answer: &Answer) -> Result<Option<Set>, WarehouseError> {
    match answer.first() {
        Some(None) => Ok(None),
        _ => Ok(Set::ALL.get(number::<usize>(answer, 0)?).copied()),
    }
}

fn number<N: std::str::FromStr>(answer: &Answer, place: usize) -> Result<N, WarehouseError> {
    let text = answer.get(place).and_then(Option::as_deref);
    text.and_then(|text| text.parse().ok()).ok_or_else(|| explain(Failure::malformed(), 0))
}

fn ask(session: &mut Session, sql: &str) -> Result<Vec<Answer>, WarehouseError> {
    session.ask(sql).map_err(|failure| explain(failure, 0))
}
