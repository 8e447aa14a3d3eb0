//! Endpoints: what they serve, on what, and which models their instances have loaded.

use maud::{Markup, html};
use serde_json::json;

use crate::api::ApiError;
use crate::hosting::{LoadedModel, VariantSnapshot};
use crate::sagemaker::members::{Members, Object};

use super::figures::{bytes, count, counted, figure, moment, owner, status};
use super::page::{crumbs, more, section, shown};
use super::reader::{List, Reader};
use super::view::{Owner, Section, View};

const LIST: List = List { operation: "ListEndpoints", member: "Endpoints" };
/// On the overview.
const NEWEST: usize = 8;
/// On a page of the list.
const PAGE: usize = 25;
/// Models shown of an instance in a list; a multi-model endpoint may have thousands loaded.
const MODELS: usize = 20;

/// The newest of all accounts.
pub(super) fn newest(reader: &Reader<'_>) -> Result<Markup, ApiError> {
    let endpoints = reader.newest_of_all(LIST, NEWEST)?;
    let shown = endpoints.iter().map(|(of, row)| endpoint(reader, of, row)).collect::<Result<Vec<_>, _>>()?;
    let empty = html! {
        "No endpoint yet. " code { "CreateModel" } ", " code { "CreateEndpointConfig" } " and " code { "CreateEndpoint" }
        " bring one into service."
    };
    Ok(section(reader, Section::Endpoints, shown.is_empty(), &empty, &html! { @for endpoint in &shown { (endpoint) } }))
}

/// Every endpoint of one account in one region, newest first.
pub(super) fn all(reader: &Reader<'_>, of: &Owner, next: Option<&str>) -> Result<Markup, ApiError> {
    let part = reader.newest(of, LIST, PAGE, next)?;
    let shown = part.rows.iter().map(|row| endpoint(reader, of, row)).collect::<Result<Vec<_>, _>>()?;
    Ok(html! {
        (crumbs(Section::Endpoints, of, None))
        section { @if shown.is_empty() { p class="empty" { "There are no more endpoints." } } @for endpoint in &shown { (endpoint) } }
        (more(&View::all(Section::Endpoints, of), part.next.as_deref()))
    })
}

/// One endpoint with all its models.
pub(super) fn one(reader: &Reader<'_>, of: &Owner, name: &str) -> Result<Markup, ApiError> {
    let endpoint = reader.call(of, "DescribeEndpoint", json!({ "EndpointName": name }))?;
    Ok(html! {
        (crumbs(Section::Endpoints, of, Some(name)))
        section {
            p class="line flash" { (status(endpoint.required("EndpointStatus"))) }
            (body(reader, of, &endpoint, usize::MAX))
        }
    })
}

fn endpoint(reader: &Reader<'_>, of: &Owner, row: &Object) -> Result<Markup, ApiError> {
    let name = row.required("EndpointName");
    let Some(endpoint) = reader.still(of, "DescribeEndpoint", json!({ "EndpointName": name }))? else {
        return Ok(html! {});
    };
    Ok(html! {
        div class="item" id={ "endpoint-" (of.account) "-" (of.region) "-" (name) } {
            div class="line flash" {
                a class="name" href=(View::one(Section::Endpoints, of, name).href()) { b { (name) } }
                (status(endpoint.required("EndpointStatus")))
                (owner(of, &reader.callers))
            }
            (body(reader, of, &endpoint, MODELS))
        }
    })
}

fn body(reader: &Reader<'_>, of: &Owner, endpoint: &Object, models: usize) -> Markup {
    let snapshot = reader.loaded(of, endpoint.required("EndpointName"));
    let pending = endpoint.object("PendingDeploymentSummary").and_then(|pending| pending.text("EndpointConfigName"));
    html! {
        @if let Some(reason) = endpoint.text("FailureReason") { p class="reason" { (reason) } }
        dl class="flash" {
            (shown("Endpoint config", &html! {
                span class="name" { (endpoint.required("EndpointConfigName")) }
                @if let Some(pending) = pending { " → " span class="name" { (pending) } }
            }))
            (shown("Created", &moment(endpoint.real("CreationTime"))))
            (shown("Last change", &moment(endpoint.real("LastModifiedTime"))))
        }
        @for variant in endpoint.objects("ProductionVariants") {
            @let name = variant.required("VariantName");
            (self::variant(variant, snapshot.iter().find(|snapshot| snapshot.name == name), models))
        }
    }
}

fn variant(variant: &Object, snapshot: Option<&VariantSnapshot>, models: usize) -> Markup {
    let instances = variant.whole("CurrentInstanceCount").unwrap_or_default();
    html! {
        h4 {
            "Variant " span class="name" { (variant.required("VariantName")) } " "
            span class="fact" {
                "weight " (variant.real("CurrentWeight").map(figure).unwrap_or_default()) ", " (counted(instances, "instance"))
            }
        }
        @for (number, loaded) in (1..).zip(snapshot.into_iter().flat_map(|snapshot| &snapshot.instances)) {
            (instance(number, loaded, models))
        }
    }
}

fn instance(number: usize, loaded: &[LoadedModel], models: usize) -> Markup {
    if loaded.is_empty() {
        return html! { p class="note" { "Instance " (number) " has no model loaded: each loads at its first invocation." } };
    }
    let invocations = loaded.iter().map(|model| model.invocations).sum();
    html! {
        div class="scroll" {
            table class="models" {
                thead { tr {
                    th { "instance " (number) ": " (counted(loaded.len() as u64, "model")) " loaded" }
                    th class="num" { "size" }
                    th class="num" { (counted(invocations, "invocation")) }
                } }
                tbody { @for model in loaded.iter().take(models) {
                    tr {
                        td class="name" { @if model.name.is_empty() { "the variant's model" } @else { (model.name) } }
                        td class="num" { (bytes(model.bytes)) }
                        td class="num" { (count(model.invocations)) }
                    }
                } }
            }
        }
        @if loaded.len() > models { p class="note" { "The first " (models) "; the endpoint's page has all." } }
    }
}
