//! The page for people: what the backend holds and does, in a browser, and the approval of model packages.
//!
//! It reads and writes through the operations that every client uses, as the account that owns what is shown, so there is
//! no second way to look at the state and none to change it. Pages are HTML made here, complete without the script; the
//! script asks for the page again every second and shows what changed.
//!
//! No signature stands behind a browser's request. The guard lets none of another site's through; what changes something
//! must besides come from a page that this very process made ([`token`]).

mod buckets;
mod chart;
mod decision;
mod endpoints;
mod figures;
mod model_packages;
mod objects;
mod overview;
mod page;
mod reader;
mod token;
mod training_jobs;
mod trials;
mod tuning_jobs;
mod view;

use std::sync::Arc;

use bytes::Bytes;
use http::header::{ALLOW, IF_NONE_MATCH, LOCATION, ORIGIN};
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode};
use maud::Markup;
use s3s::Body;

use crate::api::ApiError;
use crate::objects::ObjectStore;
use crate::sagemaker::Sagemaker;

use self::decision::Decision;
use self::page::Page;
use self::reader::Reader;
use self::token::Token;
use self::view::{DECISION_PATH, Owner, Section, View};

/// More than any form of the page sends.
pub(crate) const BODY_LIMIT: usize = 64 * 1024;

/// The prefix of every path of the page but `/`. No bucket can be called so.
pub(crate) const PREFIX: &str = "/-/";

/// Answers browsers.
pub(crate) struct Console {
    sagemaker: Arc<Sagemaker>,
    objects: ObjectStore,
    accounts: Vec<Owner>,
    endpoint_url: String,
    token: Token,
}

impl Console {
    /// The page of a backend with accounts of these ids, in its own region.
    pub(crate) fn new<'i>(
        sagemaker: Arc<Sagemaker>,
        objects: ObjectStore,
        accounts: impl Iterator<Item = &'i str>,
        region: &str,
        endpoint_url: &str,
    ) -> Arc<Self> {
        let mut owners: Vec<Owner> = Vec::new();
        for owner in accounts.map(|id| Owner::new(id, region)) {
            // An account may have several access keys.
            if !owners.contains(&owner) {
                owners.push(owner);
            }
        }
        Arc::new(Self {
            sagemaker,
            objects,
            accounts: owners,
            endpoint_url: endpoint_url.to_owned(),
            token: Token::new(),
        })
    }

    /// Answers one request. `body` is what a form sent.
    pub(crate) async fn answer(self: &Arc<Self>, parts: Parts, body: Bytes) -> Response<Body> {
        let console = Arc::clone(self);
        match tokio::task::spawn_blocking(move || console.respond(&parts, &body)).await {
            Ok(response) => response,
            Err(error) => Page::refusal(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()).respond(None),
        }
    }

    fn respond(&self, parts: &Parts, body: &[u8]) -> Response<Body> {
        match (&parts.method, parts.uri.path()) {
            (&Method::POST, DECISION_PATH) => self.decide(parts, body),
            (&Method::GET | &Method::HEAD, DECISION_PATH) => moved(&View::Overview.href()),
            (&Method::GET | &Method::HEAD, _) => self.show(parts),
            _ => not_allowed(),
        }
    }

    fn show(&self, parts: &Parts) -> Response<Body> {
        let Some(view) = View::of(&parts.uri) else {
            let message = format!("There is no page {}.", parts.uri.path());
            return Page::refusal(StatusCode::NOT_FOUND, &message).respond(None);
        };
        let known = parts.headers.get(IF_NONE_MATCH).and_then(|tag| tag.to_str().ok());
        let reader = Reader::new(&self.sagemaker, &self.objects, &self.accounts, &self.token);
        match reader.and_then(|reader| render(&reader, &view, &self.endpoint_url)) {
            Ok(main) => Page { status: StatusCode::OK, title: view.title(), main }.respond(known),
            Err(error) => {
                let status = if error.status < 500 { StatusCode::NOT_FOUND } else { StatusCode::INTERNAL_SERVER_ERROR };
                Page::refusal(status, &error.message).respond(known)
            }
        }
    }

    /// Approves or rejects a model package, then shows the page that asked for it.
    fn decide(&self, parts: &Parts, body: &[u8]) -> Response<Body> {
        // The guard has refused every other origin. A browser names its own with each form.
        if !parts.headers.contains_key(ORIGIN) {
            let message =
                "The form does not say which page it comes from: decide with a browser, or with UpdateModelPackage.";
            return Page::refusal(StatusCode::FORBIDDEN, message).respond(None);
        }
        let decided = Decision::read(body, &self.token).and_then(|decision| {
            decision.carry_out(&self.sagemaker)?;
            Ok(decision.back)
        });
        match decided {
            Ok(back) => moved(&back.href()),
            Err(ApiError { status, message, .. }) => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                Page::refusal(status, &message).respond(None)
            }
        }
    }
}

fn render(reader: &Reader<'_>, view: &View, endpoint_url: &str) -> Result<Markup, ApiError> {
    match view {
        View::Overview => overview::main(reader, endpoint_url),
        View::All { section, of, next } => match section {
            Section::TuningJobs => tuning_jobs::all(reader, of, next.as_deref()),
            Section::TrainingJobs => training_jobs::all(reader, of, next.as_deref()),
            Section::ModelPackages => model_packages::all(reader, of, next.as_deref()),
            Section::Endpoints => endpoints::all(reader, of, next.as_deref()),
            Section::Buckets => buckets::all(reader, of, next.as_deref()),
        },
        View::One { section, of, name, next, prefix } => match section {
            Section::TuningJobs => tuning_jobs::one(reader, of, name),
            Section::TrainingJobs => training_jobs::one(reader, of, name),
            Section::ModelPackages => model_packages::one(reader, of, name, next.as_deref()),
            Section::Endpoints => endpoints::one(reader, of, name),
            Section::Buckets => objects::main(reader, of, name, prefix, next.as_deref()),
        },
    }
}

/// The browser fetches `path` with GET, so that a reload sends no form twice.
fn moved(path: &str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    if let Ok(path) = HeaderValue::from_str(path) {
        response.headers_mut().insert(LOCATION, path);
    }
    page::protect(response.headers_mut());
    response
}

fn not_allowed() -> Response<Body> {
    let mut response = Page::refusal(StatusCode::METHOD_NOT_ALLOWED, "This page is read with GET.").respond(None);
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}
