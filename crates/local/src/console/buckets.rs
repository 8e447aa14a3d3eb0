//! Buckets, and how much is in each.

use maud::{Markup, html};

use crate::api::ApiError;
use crate::objects::{Bucket, ObjectError, Totals, Versioning};

use super::figures::{bytes, counted, date, owner};
use super::page::{crumbs, more, section};
use super::reader::Reader;
use super::view::{Owner, Section, View};

/// On the overview, and on a page of the list.
const NEWEST: usize = 12;
const PAGE: usize = 50;

/// The first of all accounts.
pub(super) fn newest(reader: &Reader<'_>) -> Result<Markup, ApiError> {
    let mut found = Vec::new();
    for of in reader.owners() {
        let buckets = reader.objects.buckets(&of.account).map_err(failed)?;
        found.extend(buckets.into_iter().take(NEWEST).map(|bucket| (of.clone(), bucket)));
    }
    found.truncate(NEWEST);
    let empty = html! { "No bucket yet. " code { "CreateBucket" } " makes one." };
    Ok(section(reader, Section::Buckets, found.is_empty(), &empty, &table(reader, &found)?))
}

/// Every bucket of one account, by name.
pub(super) fn all(reader: &Reader<'_>, of: &Owner, next: Option<&str>) -> Result<Markup, ApiError> {
    let buckets = reader.objects.buckets(&of.account).map_err(failed)?;
    let mut rest = buckets.into_iter().filter(|bucket| next.is_none_or(|next| bucket.name.as_str() > next)).peekable();
    let found: Vec<_> = rest.by_ref().take(PAGE).map(|bucket| (of.clone(), bucket)).collect();
    let next = rest.peek().and(found.last()).map(|(_, bucket)| bucket.name.as_str());
    Ok(html! {
        (crumbs(Section::Buckets, of, None))
        section { @if found.is_empty() { p class="empty" { "There are no more buckets." } } @else { (table(reader, &found)?) } }
        (more(&View::all(Section::Buckets, of), next))
    })
}

fn table(reader: &Reader<'_>, buckets: &[(Owner, Bucket)]) -> Result<Markup, ApiError> {
    let rows = buckets.iter().map(|(of, bucket)| row(reader, of, bucket)).collect::<Result<Vec<_>, _>>()?;
    Ok(html! {
        div class="scroll" {
            table {
                thead { tr {
                    th { "bucket" } th class="num" { "objects" } th class="num" { "size" } th { "versions" } th { "region" } th { "created" }
                } }
                tbody { @for row in &rows { (row) } }
            }
        }
    })
}

fn row(reader: &Reader<'_>, of: &Owner, bucket: &Bucket) -> Result<Markup, ApiError> {
    let Totals { objects, size, more } = reader.objects.totals(&bucket.name).map_err(failed)?;
    // Of a very large bucket only so much is counted.
    let least = if more { "≥ " } else { "" };
    let versioning = match bucket.versioning {
        Versioning::Never => "not kept",
        Versioning::Enabled => "kept",
        Versioning::Suspended => "suspended",
    };
    Ok(html! {
        tr id={ "bucket-" (bucket.name) } {
            td class="name" {
                a href=(View::below(of, &bucket.name, "").href()) { (bucket.name) } " " (owner(of, &reader.callers))
            }
            td class="num" { (least) (counted(objects, "object")) }
            td class="num" { (least) (bytes(size)) }
            td { (versioning) }
            td { (bucket.region) }
            td { (date(bucket.created_at)) }
        }
    })
}

/// The store's refusal, as the page shows it.
pub(super) fn failed(error: ObjectError) -> ApiError {
    match error {
        ObjectError::Database(_) | ObjectError::File(_) => ApiError::internal(error.to_string()),
        refused => ApiError::validation(refused.to_string()),
    }
}
