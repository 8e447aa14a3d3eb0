//! The first page: the newest of everything.

use maud::{Markup, html};

use crate::api::ApiError;

use super::reader::Reader;
use super::{buckets, endpoints, model_packages, training_jobs, tuning_jobs};

pub(super) fn main(reader: &Reader<'_>, endpoint_url: &str) -> Result<Markup, ApiError> {
    let callers = &reader.callers;
    Ok(html! {
        p class="lead" {
            "S3, SageMaker, SageMaker Runtime and STS at " code { (endpoint_url) } " for "
            @for (at, of) in callers.iter().enumerate() {
                @if at > 0 { ", " } "account " b { (of.account) } " in " (of.region)
            } "."
        }
        @if has_nothing(reader)? { (first_steps(endpoint_url, reader)) }
        (tuning_jobs::newest(reader)?)
        (model_packages::newest(reader)?)
        (endpoints::newest(reader)?)
        (training_jobs::newest(reader)?)
        (buckets::newest(reader)?)
    })
}

fn has_nothing(reader: &Reader<'_>) -> Result<bool, ApiError> {
    let mut buckets = 0;
    for of in reader.owners() {
        buckets += reader.objects.buckets(&of.account).map_err(buckets::failed)?.len();
    }
    Ok(buckets == 0 && !reader.has_resources)
}

/// What to do with a backend that has nothing in it.
fn first_steps(endpoint_url: &str, reader: &Reader<'_>) -> Markup {
    let region = reader.callers.first().map(|of| of.region.as_str()).unwrap_or_default();
    html! {
        section id="first-steps" {
            h2 { "First steps" }
            p class="note" { "There is nothing here yet. Any AWS client works: give it this address and the access key of an account." }
            pre { code {
                "import boto3\n\n"
                "s3 = boto3.client(\"s3\", endpoint_url=\"" (endpoint_url) "\", region_name=\"" (region) "\",\n"
                "                  aws_access_key_id=…, aws_secret_access_key=…)\n"
                "s3.create_bucket(Bucket=\"models\")\n"
            } }
        }
    }
}
