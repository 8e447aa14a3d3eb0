use refit_aws::{AwsError, BucketName, ImageUri, RoleArn, S3Uri};

use crate::{EndpointError, EndpointName, TargetModel, VariantName};

/// The variant's name where none is set, which is also the SageMaker Python SDK's.
const VARIANT: &str = "AllTraffic";

/// Whether instances keep the models they have loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ModelCache {
    /// Loaded models stay in memory as long as there is room. This suits few models, or the same ones again and again.
    #[default]
    Enabled,
    /// A model is unloaded and deleted after each invocation. This suits many models that are seldom asked.
    Disabled,
}

impl ModelCache {
    /// AWS's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "Enabled",
            Self::Disabled => "Disabled",
        }
    }
}

/// The multi-model endpoint to have.
///
/// | part | default | limit |
/// |---|---|---|
/// | models | | an S3 prefix that ends in `/`, for this endpoint's models alone |
/// | instance type | | `ml.<family>.<size>` |
/// | instance count | 1 | from 1 |
/// | variant | `AllTraffic` | 1 to 63 letters, digits and hyphens |
/// | cache | enabled | |
#[derive(Debug, Clone, PartialEq)]
pub struct EndpointSpec {
    name: EndpointName,
    image: ImageUri,
    role: RoleArn,
    models: S3Uri,
    instance_type: String,
    instance_count: u32,
    variant: String,
    cache: ModelCache,
}

impl EndpointSpec {
    /// An endpoint of one instance that serves the models below the prefix `models` with this image. The role needs
    /// `s3:GetObject` and `s3:ListBucket` there.
    pub fn new(
        name: EndpointName,
        image: ImageUri,
        role: RoleArn,
        models: S3Uri,
        instance_type: impl Into<String>,
    ) -> Result<Self, EndpointError> {
        let instance_type = instance_type.into();
        if !models.key().ends_with('/') {
            let reason = "it must end in a slash, such as s3://bucket/models/".to_owned();
            return Err(AwsError::Invalid { what: "models prefix", value: models.to_string(), reason }.into());
        }
        let (instance_count, variant) = (1, VARIANT.to_owned());
        check_instance_type(&instance_type)?;
        Ok(Self { name, image, role, models, instance_type, instance_count, variant, cache: ModelCache::default() })
    }

    /// How many instances serve the models, each with its own copy of what it has loaded.
    pub fn with_instance_count(self, instance_count: u32) -> Result<Self, EndpointError> {
        if instance_count == 0 || i32::try_from(instance_count).is_err() {
            let reason = "an endpoint has at least one instance".to_owned();
            return Err(AwsError::Invalid { what: "instance count", value: instance_count.to_string(), reason }.into());
        }
        Ok(Self { instance_count, ..self })
    }

    /// The name of the one production variant.
    pub fn with_variant(self, variant: VariantName) -> Self {
        Self { variant: variant.into(), ..self }
    }

    /// Whether instances keep the models they have loaded.
    pub fn with_cache(self, cache: ModelCache) -> Self {
        Self { cache, ..self }
    }

    /// The endpoint's name.
    pub fn name(&self) -> &EndpointName {
        &self.name
    }

    /// The image that serves the models.
    pub fn image(&self) -> &ImageUri {
        &self.image
    }

    /// The role the endpoint reads the models with.
    pub fn role(&self) -> &RoleArn {
        &self.role
    }

    /// The prefix below which the models lie.
    pub fn models(&self) -> &S3Uri {
        &self.models
    }

    /// The bucket the models lie in.
    pub fn bucket(&self) -> &BucketName {
        self.models.bucket()
    }

    /// The type of the instances.
    pub fn instance_type(&self) -> &str {
        &self.instance_type
    }

    /// How many instances there are.
    pub fn instance_count(&self) -> u32 {
        self.instance_count
    }

    /// The name of the production variant.
    pub fn variant(&self) -> &str {
        &self.variant
    }

    /// Whether instances keep the models they have loaded.
    pub fn cache(&self) -> ModelCache {
        self.cache
    }

    /// Where a model of the endpoint lies.
    pub fn uri_of(&self, target_model: &TargetModel) -> Result<S3Uri, EndpointError> {
        Ok(self.models.join(target_model.as_str())?)
    }
}

/// The service model lists every type; the list grows every month, so only the shape is checked.
fn check_instance_type(value: &str) -> Result<(), AwsError> {
    let parts: Vec<&str> = value.split('.').collect();
    let named = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    match parts[..] {
        ["ml", family, size] if named(family) && named(size) => Ok(()),
        _ => Err(AwsError::Invalid {
            what: "instance type",
            value: value.to_owned(),
            reason: "expected ml.<family>.<size>, such as ml.m5.large".to_owned(),
        }),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::EndpointSpec;

    pub(crate) fn spec(name: &str) -> EndpointSpec {
        spec_with(name, "s3://sagemaker-us-east-1-123456789012/mme/", "ml.m5.large").unwrap()
    }

    fn spec_with(name: &str, models: &str, instance_type: &str) -> Result<EndpointSpec, crate::EndpointError> {
        EndpointSpec::new(
            name.parse().unwrap(),
            "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.2-2".parse().unwrap(),
            "arn:aws:iam::123456789012:role/SageMakerRole".parse().unwrap(),
            models.parse().unwrap(),
            instance_type,
        )
    }

    #[test]
    fn what_sagemaker_would_refuse_is_refused_before() {
        for (models, instance_type, words) in [
            ("s3://bucket/models", "ml.m5.large", "models prefix"),
            ("s3://bucket/", "ml.m5.large", "models prefix"),
            ("s3://bucket/models/", "m5.large", "instance type"),
            ("s3://bucket/models/", "ml.m5", "instance type"),
            ("s3://bucket/models/", "ml.m5.", "instance type"),
        ] {
            let error = spec_with("e", models, instance_type).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
        let spec = spec_with("e", "s3://bucket/models/", "ml.m7i-flex.large").unwrap();
        assert!(spec.clone().with_instance_count(0).is_err());
        assert_eq!(
            spec.uri_of(&"team/ewr.tar.gz".parse().unwrap()).unwrap().to_string(),
            "s3://bucket/models/team/ewr.tar.gz"
        );
    }
}
