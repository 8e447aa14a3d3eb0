//! What a bucket holds: one folder at a time, a page at a time.

use maud::{Markup, html};

use crate::api::ApiError;
use crate::objects::{Access, Cursor, ListQuery, Stored};

use super::buckets::failed;
use super::figures::{bytes, date};
use super::page::{crumbs, more};
use super::reader::Reader;
use super::view::{Owner, Section, View};

/// Keys and folders on a page.
const PAGE: usize = 100;

/// A page of the objects and folders right below `prefix`.
pub(super) fn main(
    reader: &Reader<'_>,
    of: &Owner,
    bucket: &str,
    prefix: &str,
    next: Option<&str>,
) -> Result<Markup, ApiError> {
    let query =
        ListQuery { prefix: prefix.to_owned(), delimiter: Some("/".to_owned()), after: cursor(next), limit: PAGE };
    let page = reader.objects.page(&Access::of(&of.account), bucket, &query).map_err(failed)?;
    let here = View::below(of, bucket, prefix);
    Ok(html! {
        (crumbs(Section::Buckets, of, Some(bucket)))
        section {
            (trail(of, bucket, prefix))
            @if page.prefixes.is_empty() && page.objects.is_empty() {
                p class="empty" { "Nothing here" @if next.is_some() { " any more" } ". " code { "PutObject" } " adds objects." }
            } @else {
                div class="scroll" {
                    table {
                        thead { tr { th { "key" } th class="num" { "size" } th { "last modified" } th { "ETag" } } }
                        tbody {
                            @for folder in &page.prefixes { (folder_row(of, bucket, prefix, folder)) }
                            @for object in &page.objects { (object_row(prefix, object)) }
                        }
                    }
                }
            }
        }
        (more(&here, page.next.as_ref().map(place).as_deref()))
    })
}

/// An S3 URI; of a bucket of the same account, a link to the folder that it is in.
pub(super) fn stored_at(reader: &Reader<'_>, of: &Owner, uri: &str) -> Markup {
    let parts = uri.strip_prefix("s3://").and_then(|rest| rest.split_once('/'));
    let own =
        parts.filter(|(bucket, _)| reader.objects.bucket(&Access::of(&of.account), "s3:ListBucket", bucket).is_ok());
    html! {
        @if let Some((bucket, key)) = own {
            @let folder = key.rfind('/').map_or("", |end| &key[..=end]);
            a class="name" href=(View::below(of, bucket, folder).href()) { (uri) }
        } @else { span class="name" { (uri) } }
    }
}

/// The way from the bucket to the folder shown.
fn trail(of: &Owner, bucket: &str, prefix: &str) -> Markup {
    let ends = prefix.match_indices('/').map(|(at, _)| at + 1);
    let mut start = 0;
    let steps: Vec<(&str, &str)> = ends
        .map(|end| {
            let step = (&prefix[..end], &prefix[start..end]);
            start = end;
            step
        })
        .collect();
    html! {
        p class="trail" {
            a class="name" href=(View::below(of, bucket, "").href()) { (bucket) "/" }
            @for (folder, step) in &steps { a class="name" href=(View::below(of, bucket, folder).href()) { (step) } }
            span class="name" { (&prefix[start..]) }
        }
    }
}

fn folder_row(of: &Owner, bucket: &str, prefix: &str, folder: &str) -> Markup {
    html! {
        tr id={ "folder-" (folder) } {
            td class="name" { a href=(View::below(of, bucket, folder).href()) { (&folder[prefix.len()..]) } }
            td class="num" { "–" } td { "–" } td { "–" }
        }
    }
}

fn object_row(prefix: &str, object: &Stored) -> Markup {
    html! {
        tr id={ "object-" (object.key) } {
            td class="name" { (&object.key[prefix.len()..]) @if object.key.len() == prefix.len() { "." } }
            td class="num" { (bytes(object.size)) }
            td { (date(object.last_modified)) }
            td class="name" { (object.etag) }
        }
    }
}

fn place(cursor: &Cursor) -> String {
    match cursor {
        Cursor::Start => String::new(),
        Cursor::Key(key) => format!("k{key}"),
        Cursor::Prefix(prefix) => format!("p{prefix}"),
    }
}

fn cursor(place: Option<&str>) -> Cursor {
    match place.and_then(|place| place.split_at_checked(1)) {
        Some(("k", key)) => Cursor::Key(key.to_owned()),
        Some(("p", prefix)) => Cursor::Prefix(prefix.to_owned()),
        _ => Cursor::Start,
    }
}
