use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use refit_aws::Sha256Digest;

use crate::content::Content;
use crate::history::Histories;
use crate::{Deployment, Endpoint, EndpointConfigName, EndpointError, EndpointName, EndpointSpec, TargetModel};

/// What has to happen so that an endpoint serves what is wanted. Nothing has happened yet.
///
/// `Display` shows it as a list, a line for the endpoint and one for each model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    endpoint: EndpointName,
    action: EndpointAction,
    changes: Vec<ModelChange>,
}

/// What happens to the endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndpointAction {
    /// It does not exist and is created.
    Create,
    /// It is updated to a new configuration, so that all its instances load their models anew.
    Refresh {
        /// The configuration it serves now.
        serving: Option<EndpointConfigName>,
    },
    /// It stays as it is. Models that are added are loaded when they are first asked for.
    Keep,
}

/// What happens to one model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelChange {
    /// The model that is wanted.
    pub deployment: Deployment,
    /// What has to be done for it.
    pub action: ModelAction,
}

/// What happens to a model's key in S3.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ModelAction {
    /// There is none of this name, and the artifact is copied there.
    Add,
    /// The artifact is copied over another one.
    Replace {
        /// The digest of what is there, if it is known.
        sha256: Option<Sha256Digest>,
        /// The model package of what is there, if it is known.
        model_package_arn: Option<String>,
    },
    /// It is there already.
    Keep,
}

/// What is under a model's key now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) sha256: Option<Sha256Digest>,
    pub(crate) model_package_arn: Option<String>,
}

impl Plan {
    /// The endpoint it is for.
    pub fn endpoint(&self) -> &EndpointName {
        &self.endpoint
    }

    /// What happens to the endpoint.
    pub fn action(&self) -> &EndpointAction {
        &self.action
    }

    /// What happens to each model, in the order the deployments were given.
    pub fn changes(&self) -> &[ModelChange] {
        &self.changes
    }

    /// Whether applying it replaces the endpoint's instances.
    pub fn needs_refresh(&self) -> bool {
        matches!(self.action, EndpointAction::Refresh { .. })
    }

    /// Whether everything is as it should be.
    pub fn is_empty(&self) -> bool {
        self.action == EndpointAction::Keep && self.changes.iter().all(|change| change.action == ModelAction::Keep)
    }

    /// Compares what is wanted with what S3 holds and what the endpoint serves.
    pub(crate) fn new(
        spec: &EndpointSpec,
        deployments: &[Deployment],
        found: &BTreeMap<TargetModel, Found>,
        histories: &Histories,
        endpoint: Option<&Endpoint>,
    ) -> Result<Self, EndpointError> {
        let mut names = BTreeSet::new();
        let mut changes = Vec::with_capacity(deployments.len());
        let mut outdates = false;
        for deployment in deployments {
            let target_model = deployment.target_model();
            if !names.insert(target_model) {
                return Err(EndpointError::DeployedTwice { target_model: target_model.clone() });
            }
            let action = ModelAction::for_model(deployment, found.get(target_model));
            // Whoever loaded what was once under this key may still hold it.
            outdates |= action != ModelAction::Keep && histories.contains_key(spec.uri_of(target_model)?.key());
            changes.push(ModelChange { deployment: deployment.clone(), action });
        }
        let content = Content::of(spec, histories);
        let is_served = |endpoint: &Endpoint| {
            endpoint.config.as_ref().is_some_and(|config| content.is_served_by(spec.name(), config))
        };
        let action = match endpoint {
            None => EndpointAction::Create,
            Some(endpoint) if !outdates && is_served(endpoint) => EndpointAction::Keep,
            Some(endpoint) => EndpointAction::Refresh { serving: endpoint.config.clone() },
        };
        Ok(Self { endpoint: spec.name().clone(), action, changes })
    }
}

impl ModelAction {
    fn for_model(wanted: &Deployment, found: Option<&Found>) -> Self {
        let Some(found) = found else {
            return Self::Add;
        };
        let same_package = wanted.model_package_arn().is_none_or(|arn| found.model_package_arn.as_deref() == Some(arn));
        match found.sha256 == Some(wanted.sha256()) && same_package {
            true => Self::Keep,
            false => Self::Replace { sha256: found.sha256, model_package_arn: found.model_package_arn.clone() },
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "endpoint {}: ", self.endpoint)?;
        match &self.action {
            EndpointAction::Create => f.write_str("create")?,
            EndpointAction::Keep => f.write_str("keep")?,
            EndpointAction::Refresh { serving: Some(serving) } => write!(f, "refresh, it serves {serving}")?,
            EndpointAction::Refresh { serving: None } => f.write_str("refresh")?,
        }
        for change in &self.changes {
            write!(f, "\n  {change}")?;
        }
        Ok(())
    }
}

impl fmt::Display for ModelChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wanted = &self.deployment;
        let target_model = wanted.target_model();
        match &self.action {
            ModelAction::Add => write!(f, "add {target_model}: {}", Shown::wanted(wanted)),
            ModelAction::Keep => write!(f, "keep {target_model}: {}", Shown::wanted(wanted)),
            ModelAction::Replace { sha256, model_package_arn } => {
                let there = Shown(*sha256, model_package_arn.as_deref());
                write!(f, "replace {target_model}: {there} by {}", Shown::wanted(wanted))
            }
        }
    }
}

/// A model in a plan: the package's version if there is one, and the first digits of the digest.
struct Shown<'a>(Option<Sha256Digest>, Option<&'a str>);

impl<'a> Shown<'a> {
    fn wanted(wanted: &'a Deployment) -> Self {
        Self(Some(wanted.sha256()), wanted.model_package_arn())
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((_, package)) = self.1.and_then(|arn| arn.split_once(":model-package/")) {
            write!(f, "{package} ")?;
        }
        match self.0 {
            Some(sha256) => write!(f, "({:.12})", sha256.to_string()),
            None => f.write_str("(unknown bytes)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use refit_aws::Sha256Digest;

    use super::{EndpointAction, Found, ModelAction, Plan};
    use crate::content::Content;
    use crate::history::Histories;
    use crate::history::tests::history;
    use crate::spec::tests::spec;
    use crate::{Deployment, Endpoint, EndpointError, EndpointStatus, TargetModel};

    const PACKAGE: &str = "arn:aws:sagemaker:us-east-1:123456789012:model-package/ewr";

    fn wanted(name: &str, bytes: &[u8], version: u32) -> Deployment {
        let artifact = format!("s3://bucket/output/{name}/model.tar.gz").parse().unwrap();
        Deployment::new(name.parse().unwrap(), artifact, Sha256Digest::of(bytes))
            .with_model_package(format!("{PACKAGE}/{version}"))
            .unwrap()
    }

    fn found(models: &[(&str, &[u8], u32)]) -> BTreeMap<TargetModel, Found> {
        let found = |bytes, version| Found {
            sha256: Some(Sha256Digest::of(bytes)),
            model_package_arn: Some(format!("{PACKAGE}/{version}")),
        };
        models.iter().map(|(name, bytes, version)| (name.parse().unwrap(), found(bytes, version))).collect()
    }

    fn serving(histories: &Histories) -> Endpoint {
        let spec = spec("flights");
        Endpoint {
            name: spec.name().clone(),
            status: EndpointStatus::InService,
            config: Some(Content::of(&spec, histories).config_name(spec.name(), None).unwrap()),
            failure_reason: None,
            last_modified: None,
        }
    }

    fn plan(
        wanted: &[Deployment],
        found: &BTreeMap<TargetModel, Found>,
        histories: &Histories,
        endpoint: Option<&Endpoint>,
    ) -> Plan {
        Plan::new(&spec("flights"), wanted, found, histories, endpoint).unwrap()
    }

    #[test]
    fn what_is_there_is_kept_and_what_is_not_is_added_without_a_refresh() {
        let histories = [("mme/a.tar.gz".to_owned(), history(&["v1"]))].into();
        let endpoint = serving(&histories);
        let (a, b) = (wanted("a.tar.gz", b"a1", 1), wanted("b.tar.gz", b"b1", 1));
        let there = found(&[("a.tar.gz", b"a1", 1)]);

        let same = plan(std::slice::from_ref(&a), &there, &histories, Some(&endpoint));
        assert!(same.is_empty() && !same.needs_refresh(), "{same}");
        let more = plan(&[a, b], &there, &histories, Some(&endpoint));
        assert_eq!(*more.action(), EndpointAction::Keep);
        let actions: Vec<_> = more.changes().iter().map(|change| change.action.clone()).collect();
        assert_eq!(actions, [ModelAction::Keep, ModelAction::Add]);
        assert!(!more.is_empty());
    }

    #[test]
    fn other_bytes_or_another_package_replace_and_refresh() {
        let histories = [("mme/a.tar.gz".to_owned(), history(&["v1"]))].into();
        let endpoint = serving(&histories);
        let there = found(&[("a.tar.gz", b"a1", 1)]);
        for other in [wanted("a.tar.gz", b"a2", 2), wanted("a.tar.gz", b"a1", 2)] {
            let plan = plan(&[other], &there, &histories, Some(&endpoint));
            assert!(plan.needs_refresh(), "{plan}");
            assert!(matches!(plan.changes()[0].action, ModelAction::Replace { .. }), "{plan}");
        }
    }

    #[test]
    fn a_refresh_that_did_not_come_to_its_end_is_still_needed() {
        let before = [("mme/a.tar.gz".to_owned(), history(&["v1"]))].into();
        let after = [("mme/a.tar.gz".to_owned(), history(&["v2", "v1"]))].into();
        let there = found(&[("a.tar.gz", b"a2", 2)]);
        let wanted = [wanted("a.tar.gz", b"a2", 2)];
        assert!(plan(&wanted, &there, &after, Some(&serving(&before))).needs_refresh());
        assert!(plan(&wanted, &there, &after, Some(&serving(&after))).is_empty());
    }

    #[test]
    fn a_model_that_comes_back_needs_a_refresh() {
        let mut removed = history(&["v1"]);
        (removed.deletions, removed.newest) = (1, Some("d1".to_owned()));
        let histories = [("mme/a.tar.gz".to_owned(), removed)].into();
        let plan = plan(&[wanted("a.tar.gz", b"a2", 2)], &BTreeMap::new(), &histories, Some(&serving(&histories)));
        assert!(plan.needs_refresh() && plan.changes()[0].action == ModelAction::Add, "{plan}");
    }

    #[test]
    fn a_missing_endpoint_is_created_and_a_foreign_config_replaced() {
        let none = Histories::new();
        let plan_for = |endpoint| plan(&[], &BTreeMap::new(), &none, endpoint);
        assert_eq!(*plan_for(None).action(), EndpointAction::Create);
        let foreign = Endpoint { config: "flights".parse().ok(), ..serving(&none) };
        assert!(plan_for(Some(&foreign)).needs_refresh());
    }

    #[test]
    fn a_name_is_deployed_once() {
        let twice = [wanted("a.tar.gz", b"a1", 1), wanted("a.tar.gz", b"a2", 2)];
        let error = Plan::new(&spec("flights"), &twice, &BTreeMap::new(), &Histories::new(), None).unwrap_err();
        assert!(matches!(error, EndpointError::DeployedTwice { .. }), "{error}");
    }

    #[test]
    fn it_reads_as_a_list() {
        let histories = [("mme/a.tar.gz".to_owned(), history(&["v1"]))].into();
        let wanted = [wanted("a.tar.gz", b"abc", 2), wanted("b.tar.gz", b"abc", 3)];
        let endpoint = Endpoint { config: "foreign".parse().ok(), ..serving(&histories) };
        let unknown = [("a.tar.gz".parse().unwrap(), Found { sha256: None, model_package_arn: None })].into();
        assert_eq!(
            plan(&wanted, &unknown, &histories, Some(&endpoint)).to_string(),
            "endpoint flights: refresh, it serves foreign\n  \
             replace a.tar.gz: (unknown bytes) by ewr/2 (ba7816bf8f01)\n  \
             add b.tar.gz: ewr/3 (ba7816bf8f01)"
        );
    }
}
