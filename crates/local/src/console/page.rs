//! The frame around every view, and the headers that keep a browser to what the page needs.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use s3s::Body;
use sha2::{Digest, Sha256};

use super::figures::owner;
use super::reader::Reader;
use super::view::{Owner, Section, View};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Nothing but the style and the script below may take effect, whatever finds its way into the HTML.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = |text: &str| BASE64_STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src data:; connect-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        hash(SCRIPT),
        hash(STYLE)
    )
});

/// A view, ready to be answered.
pub(super) struct Page {
    pub(super) status: StatusCode,
    pub(super) title: String,
    pub(super) main: Markup,
}

impl Page {
    /// What cannot be shown or done, and why.
    pub(super) fn refusal(status: StatusCode, message: &str) -> Self {
        let main = html! {
            section { h2 { (status.canonical_reason().unwrap_or("Refused")) } p class="reason" { (message) } p { a href="/" { "Overview" } } }
        };
        Self { status, title: status.canonical_reason().unwrap_or("Refused").to_owned(), main }
    }

    /// The page, or `304 Not Modified` to who has it already.
    pub(super) fn respond(self, known: Option<&str>) -> Response<Body> {
        let tag = format!("\"{}\"", hex::encode(&Sha256::digest(self.main.0.as_bytes())[..16]));
        let unchanged = self.status == StatusCode::OK && known == Some(&tag);
        let (status, body) = if unchanged {
            (StatusCode::NOT_MODIFIED, Body::empty())
        } else {
            (self.status, Body::from(self.document(&tag).into_string()))
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        protect(response.headers_mut());
        if let Ok(tag) = HeaderValue::from_str(&tag) {
            response.headers_mut().insert(ETAG, tag);
        }
        response
    }

    fn document(&self, tag: &str) -> Markup {
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Ccircle cx='8' cy='8' r='6' fill='none' stroke='%232563a6' stroke-width='3' stroke-dasharray='28 10'/%3E%3C/svg%3E";
                    title { (self.title) " · refit-local" }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    header {
                        a class="brand" href="/" { "refit-local" }
                        nav { @for section in Section::ALL { a href={ "/#" (section.slug()) } { (section.title()) } } }
                        span id="live" class="live" role="status" { "reload to update" }
                    }
                    main id="main" data-tag=(tag) { (self.main) }
                    footer { "refit-local " (env!("CARGO_PKG_VERSION")) " · times are UTC" }
                    script { (PreEscaped(SCRIPT)) }
                }
            }
        }
    }
}

/// The headers of every answer of the console.
pub(super) fn protect(headers: &mut HeaderMap) {
    let mut set = |name: HeaderName, value: &'static str| headers.insert(name, HeaderValue::from_static(value));
    set(CONTENT_TYPE, "text/html; charset=utf-8");
    set(CACHE_CONTROL, "no-store");
    set(X_FRAME_OPTIONS, "DENY");
    set(X_CONTENT_TYPE_OPTIONS, "nosniff");
    // Not `no-referrer`: with it a form would not say which origin it comes from.
    set(REFERRER_POLICY, "same-origin");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    if let Ok(policy) = HeaderValue::from_str(&POLICY) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
}

/// A part of the overview: what there is, or what to do when there is nothing.
pub(super) fn section(
    reader: &Reader<'_>,
    section: Section,
    is_empty: bool,
    empty: &Markup,
    content: &Markup,
) -> Markup {
    html! {
        section id=(section.slug()) {
            div class="head" {
                h2 { (section.title()) }
                @if !is_empty {
                    span class="all" {
                        @for of in &reader.callers {
                            a href=(View::all(section, of).href()) { "all " (owner(of, &reader.callers)) }
                        }
                    }
                }
            }
            @if is_empty { p class="empty" { (empty) } } @else { (content) }
        }
    }
}

/// The way back, and whose things these are.
pub(super) fn crumbs(section: Section, of: &Owner, name: Option<&str>) -> Markup {
    html! {
        div class="crumbs" {
            p {
                a href="/" { "Overview" } " / "
                @if name.is_some() { a href=(View::all(section, of).href()) { (section.title()) } } @else { (section.title()) }
                span class="owner" { (of.account) " · " (of.region) }
            }
            h1 { @if let Some(name) = name { span class="name" { (name) } } @else { (section.title()) } }
        }
    }
}

/// The link to what comes after this page of a list.
pub(super) fn more(here: &View, next: Option<&str>) -> Markup {
    html! {
        @if let Some(next) = next { p class="more" { a href=(here.from(next).href()) { "Next page" } } }
    }
}

/// A term and what it is, of a `dl`.
pub(super) fn shown(term: &str, what: &Markup) -> Markup {
    html! { div { dt { (term) } dd { (what) } } }
}
