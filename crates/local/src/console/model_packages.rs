//! Model package groups, their packages, and the buttons that approve and reject them.

use maud::{Markup, html};
use serde_json::json;

use crate::api::ApiError;
use crate::sagemaker::members::{Members, Object};

use super::figures::{moment, owner, status};
use super::objects::stored_at;
use super::page::{crumbs, more, section};
use super::reader::{List, Part, Reader};
use super::view::{DECISION_PATH, Owner, Section, View};

const GROUPS: List = List { operation: "ListModelPackageGroups", member: "ModelPackageGroupSummaryList" };
const PACKAGES: List = List { operation: "ListModelPackages", member: "ModelPackageSummaryList" };
/// Groups on the overview, and packages shown of each group in a list.
const NEWEST: usize = 8;
const OF_A_GROUP: usize = 3;
/// On a page of a list.
const PAGE: usize = 25;
/// AWS's limit on ApprovalDescription.
const REASON: usize = 1024;

/// The newest groups of all accounts.
pub(super) fn newest(reader: &Reader<'_>) -> Result<Markup, ApiError> {
    let groups = reader.newest_of_all(GROUPS, NEWEST)?;
    let shown = groups.iter().map(|(of, row)| group(reader, of, row, &View::Overview));
    let shown = shown.collect::<Result<Vec<_>, _>>()?;
    let empty = html! {
        "No model package yet. Register a model with " code { "CreateModelPackageGroup" } " and "
        code { "CreateModelPackage" } ", and decide here whether it may serve."
    };
    Ok(section(reader, Section::ModelPackages, shown.is_empty(), &empty, &html! { @for group in &shown { (group) } }))
}

/// Every group of one account in one region, newest first.
pub(super) fn all(reader: &Reader<'_>, of: &Owner, next: Option<&str>) -> Result<Markup, ApiError> {
    let part = reader.newest(of, GROUPS, PAGE, next)?;
    let here = View::all(Section::ModelPackages, of);
    let back = next.map_or_else(|| here.clone(), |next| here.from(next));
    let shown = part.rows.iter().map(|row| group(reader, of, row, &back)).collect::<Result<Vec<_>, _>>()?;
    Ok(html! {
        (crumbs(Section::ModelPackages, of, None))
        section { @if shown.is_empty() { p class="empty" { "There are no more groups." } } @for group in &shown { (group) } }
        (more(&here, part.next.as_deref()))
    })
}

/// Every package of a group, newest first.
pub(super) fn one(reader: &Reader<'_>, of: &Owner, name: &str, next: Option<&str>) -> Result<Markup, ApiError> {
    let group = reader.call(of, "DescribeModelPackageGroup", json!({ "ModelPackageGroupName": name }))?;
    let part = packages_of(reader, of, name, PAGE, next)?;
    let here = View::one(Section::ModelPackages, of, name);
    let back = next.map_or_else(|| here.clone(), |next| here.from(next));
    Ok(html! {
        (crumbs(Section::ModelPackages, of, Some(name)))
        section {
            @if let Some(text) = group.text("ModelPackageGroupDescription") { p class="note" { (text) } }
            (packages(reader, of, &part, &back)?)
        }
        (more(&here, part.next.as_deref()))
    })
}

fn group(reader: &Reader<'_>, of: &Owner, row: &Object, back: &View) -> Result<Markup, ApiError> {
    let name = row.required("ModelPackageGroupName");
    let part = packages_of(reader, of, name, OF_A_GROUP, None)?;
    let href = View::one(Section::ModelPackages, of, name).href();
    Ok(html! {
        div class="item group" id={ "group-" (of.account) "-" (of.region) "-" (name) } {
            h3 { a class="name" href=(href) { (name) } " " (owner(of, &reader.callers)) }
            (packages(reader, of, &part, back)?)
            @if part.next.is_some() { p class="note" { a href=(href) { "Earlier packages" } } }
        }
    })
}

fn packages_of(
    reader: &Reader<'_>,
    of: &Owner,
    group: &str,
    rows: usize,
    next: Option<&str>,
) -> Result<Part, ApiError> {
    let input = json!({ "ModelPackageGroupName": group, "SortOrder": "Descending", "MaxResults": rows });
    reader.part(of, PACKAGES, input, next)
}

fn packages(reader: &Reader<'_>, of: &Owner, part: &Part, back: &View) -> Result<Markup, ApiError> {
    if part.rows.is_empty() {
        return Ok(
            html! { p class="empty" { "No package in this group yet: " code { "CreateModelPackage" } " adds one." } },
        );
    }
    let mut shown = Vec::new();
    for row in &part.rows {
        let input = json!({ "ModelPackageName": row.required("ModelPackageArn") });
        if let Some(package) = reader.still(of, "DescribeModelPackage", input)? {
            shown.push(self::package(reader, of, &package, back));
        }
    }
    Ok(html! { ul class="packages" { @for package in &shown { (package) } } })
}

fn package(reader: &Reader<'_>, of: &Owner, package: &Object, back: &View) -> Markup {
    let (group, version) = (package.required("ModelPackageGroupName"), package.whole("ModelPackageVersion"));
    let version = version.unwrap_or_default();
    let specification = package.object("InferenceSpecification");
    let containers = specification.map(|specification| specification.objects("Containers")).unwrap_or_default();
    html! {
        li class="package flash" id={ "package-" (of.account) "-" (of.region) "-" (group) "-" (version) } {
            div class="line" {
                b { "Version " (version) }
                (status(package.required("ModelApprovalStatus")))
                span class="fact" { (moment(package.real("CreationTime"))) }
            }
            @if let Some(reason) = package.text("ApprovalDescription") { p class="quote" { (reason) } }
            @if let Some(text) = package.text("ModelPackageDescription") { p class="note" { (text) } }
            @for container in containers {
                @if let Some(uri) = container.text("ModelDataUrl") { p class="note" { (stored_at(reader, of, uri)) } }
            }
            (form(reader, of, package, back))
        }
    }
}

/// The buttons: what is decided can be decided otherwise.
fn form(reader: &Reader<'_>, of: &Owner, package: &Object, back: &View) -> Markup {
    let decided = package.required("ModelApprovalStatus");
    let reason = package.text("ApprovalDescription").unwrap_or_default();
    html! {
        form method="post" action=(DECISION_PATH) {
            input type="hidden" name="token" value=(reader.token.as_str());
            input type="hidden" name="account" value=(of.account);
            input type="hidden" name="region" value=(of.region);
            input type="hidden" name="package" value=(package.required("ModelPackageArn"));
            input type="hidden" name="back" value=(back.href());
            input type="text" name="reason" value=(reason) maxlength=(REASON) placeholder="Reason (optional)" aria-label="Reason";
            @if decided != "Approved" { button class="good" name="decision" value="Approved" { "Approve" } }
            @if decided != "Rejected" { button class="bad" name="decision" value="Rejected" { "Reject" } }
        }
    }
}
