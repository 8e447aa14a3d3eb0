//! What is deployed: an endpoint config with everything in it resolved.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::api::{ApiError, Caller};
use crate::sagemaker::members::{Members, Object};
use crate::sagemaker::resources::Tx;

use super::container::Container;
use super::{endpoint_config, model};

/// Instances of an endpoint, at most.
const QUOTA: u64 = 100;

/// What a fleet runs, whatever becomes of config and models.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Deployment {
    pub(super) config: String,
    pub(super) variants: Vec<VariantSpec>,
}

/// A production variant of a deployment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct VariantSpec {
    pub(super) name: String,
    pub(super) weight: f64,
    pub(super) instances: u64,
    pub(super) container: Container,
}

/// What variants keep of the deployment before, where both have them.
#[derive(Clone, Copy, Default)]
pub(super) struct Retained {
    pub(super) counts: bool,
    pub(super) weights: bool,
}

impl Deployment {
    /// The deployment of a config.
    pub(super) fn resolve(tx: &Tx<'_>, caller: &Caller, config: &str) -> Result<Self, ApiError> {
        let found = endpoint_config::find(tx, caller, config)?;
        let variants = found.shown.objects("ProductionVariants");
        let variants = variants.into_iter().map(|variant| VariantSpec::resolve(tx, caller, variant));
        Ok(Self { config: config.to_owned(), variants: variants.collect::<Result<_, _>>()? })
    }

    /// The same, if it is within the account's quota of instances.
    pub(super) fn within_quota(self) -> Result<Self, ApiError> {
        match self.instances() {
            ..=QUOTA => Ok(self),
            wanted => Err(ApiError::new(
                "ResourceLimitExceeded",
                format!(
                    "The account-level service limit 'Number of instances across an endpoint' is {QUOTA} Instances, with a \
                     request of {wanted} Instances."
                ),
            )),
        }
    }

    /// The same with what is retained of `before`.
    pub(super) fn retaining(mut self, before: &Self, retained: Retained) -> Self {
        for variant in &mut self.variants {
            let Some(old) = before.variant(&variant.name) else { continue };
            if retained.counts {
                variant.instances = old.instances;
            }
            if retained.weights {
                variant.weight = old.weight;
            }
        }
        self
    }

    pub(super) fn variant(&self, name: &str) -> Option<&VariantSpec> {
        self.variants.iter().find(|variant| variant.name == name)
    }

    /// Instances of all variants.
    pub(super) fn instances(&self) -> u64 {
        self.variants.iter().fold(0, |sum, variant| sum.saturating_add(variant.instances))
    }

    /// The variants of a settled endpoint, as DescribeEndpoint shows them.
    pub(super) fn shown(&self, now: f64) -> Value {
        self.variants.iter().map(|variant| variant.shown(variant.weight, variant.instances, now)).collect()
    }

    /// The variants on their way to `wanted`, with what happens to them.
    pub(super) fn changing(&self, wanted: &Self, status: &str, now: f64) -> Value {
        let changing = wanted.variants.iter().map(|to| {
            let from = self.variant(&to.name);
            let (weight, instances) = from.map_or((0.0, 0), |from| (from.weight, from.instances));
            let mut shown = to.shown(weight, instances, now);
            shown["VariantStatus"] = json!([{ "Status": status, "StartTime": now }]);
            shown
        });
        changing.collect()
    }

    /// The same with no traffic and no instances yet, or with a share of both.
    pub(super) fn share(&self, share: f64, instances: impl Fn(u64) -> u64) -> Self {
        let part = |variant: &VariantSpec| VariantSpec {
            weight: variant.weight * share,
            instances: instances(variant.instances),
            ..variant.clone()
        };
        Self { config: self.config.clone(), variants: self.variants.iter().map(part).collect() }
    }
}

impl VariantSpec {
    fn resolve(tx: &Tx<'_>, caller: &Caller, variant: &Object) -> Result<Self, ApiError> {
        let model = model::find(tx, caller, variant.required("ModelName"))?;
        Ok(Self {
            name: variant.required("VariantName").to_owned(),
            weight: variant.real("InitialVariantWeight").unwrap_or(1.0),
            instances: variant.whole("InitialInstanceCount").unwrap_or(1),
            container: Container::resolve(tx, caller, &model.shown)?,
        })
    }

    fn shown(&self, weight: f64, instances: u64, now: f64) -> Value {
        let image = &self.container.image;
        json!({
            "VariantName": self.name,
            "DeployedImages": [{ "SpecifiedImage": image, "ResolvedImage": image, "ResolutionTime": now }],
            "CurrentWeight": weight,
            "DesiredWeight": self.weight,
            "CurrentInstanceCount": instances,
            "DesiredInstanceCount": self.instances,
        })
    }
}
