use std::collections::BTreeMap;

use refit_aws::{AwsError, ImageUri, S3Uri, Sha256Digest, check_name};

use crate::package::{ARTIFACT_SHA256, TRAINING_JOB};
use crate::registration::RegistrationId;
use crate::{GroupRef, RegistryError};

/// A model to register: an artifact, the image that serves it, and where it comes from.
///
/// | part | limit |
/// |---|---|
/// | training job | 1 to 63 letters, digits and hyphens |
/// | description | at most 960 characters (AWS's 1024 less the registration's own mark) |
/// | metadata | at most 48 entries beside the two of this crate (AWS's 50) |
/// | metadata key | 1 to 128 letters, digits, spaces and `_ . : / = + - @` |
/// | metadata value | 1 to 256 of the same |
#[derive(Debug, Clone, PartialEq)]
pub struct ModelPackageSpec {
    group: GroupRef,
    artifact: S3Uri,
    sha256: Sha256Digest,
    training_job: String,
    image: ImageUri,
    description: String,
    model_quality: Option<S3Uri>,
    metadata: BTreeMap<String, String>,
}

impl ModelPackageSpec {
    /// A model by its artifact, the SHA-256 of the artifact's bytes, the training job that made it, and the image that
    /// serves it. These, with the group, say which model it is: registering the same again gives the same version.
    pub fn new(
        group: impl Into<GroupRef>,
        artifact: S3Uri,
        sha256: Sha256Digest,
        training_job: impl Into<String>,
        image: ImageUri,
    ) -> Result<Self, RegistryError> {
        let training_job = training_job.into();
        if let Err(reason) = check_name(&training_job, 63) {
            return Err(invalid("training job name", training_job, reason));
        }
        let metadata =
            [(ARTIFACT_SHA256.to_owned(), sha256.to_string()), (TRAINING_JOB.to_owned(), training_job.clone())];
        Ok(Self {
            group: group.into(),
            artifact,
            sha256,
            training_job,
            image,
            description: String::new(),
            model_quality: None,
            metadata: metadata.into(),
        })
    }

    /// Says what the model is.
    pub fn with_description(mut self, description: impl Into<String>) -> Result<Self, RegistryError> {
        self.description = description.into();
        let characters = self.description.chars().count();
        if characters > 960 {
            let reason = format!("it has {characters} characters, the limit is 960");
            return Err(invalid("description", self.description, reason));
        }
        if let Some(bad) = self.description.chars().find(|c| c.is_control()) {
            return Err(invalid("description", self.description, format!("it holds the control character {bad:?}")));
        }
        Ok(self)
    }

    /// Says where the model's statistics lie, as JSON in the shape of SageMaker's model-quality statistics: the registry
    /// shows them beside the package.
    #[must_use]
    pub fn with_model_quality(self, statistics: S3Uri) -> Self {
        Self { model_quality: Some(statistics), ..self }
    }

    /// Adds a fact worth keeping with the model, such as the run's id or a metric.
    pub fn with_metadata(mut self, key: impl Into<String>, value: impl Into<String>) -> Result<Self, RegistryError> {
        let (key, value) = (key.into(), value.into());
        if [ARTIFACT_SHA256, TRAINING_JOB].contains(&key.as_str()) {
            return Err(invalid("metadata key", key, "it is set from the artifact and the training job".to_owned()));
        }
        check_metadata(&key, 128).map_err(|reason| invalid("metadata key", key.clone(), reason))?;
        check_metadata(&value, 256).map_err(|reason| invalid("metadata value", value.clone(), reason))?;
        if !self.metadata.contains_key(&key) && self.metadata.len() == 50 {
            return Err(invalid("metadata key", key, "there are 50 entries already, which is the limit".to_owned()));
        }
        self.metadata.insert(key, value);
        Ok(self)
    }

    /// The group to register in.
    pub fn group(&self) -> &GroupRef {
        &self.group
    }

    /// The `model.tar.gz`.
    pub fn artifact(&self) -> &S3Uri {
        &self.artifact
    }

    /// The SHA-256 of the artifact's bytes.
    pub fn sha256(&self) -> Sha256Digest {
        self.sha256
    }

    /// The training job that made the artifact.
    pub fn training_job(&self) -> &str {
        &self.training_job
    }

    /// The image that serves it.
    pub fn image(&self) -> &ImageUri {
        &self.image
    }

    /// Where its model-quality statistics lie.
    pub fn model_quality(&self) -> Option<&S3Uri> {
        self.model_quality.as_ref()
    }

    /// The metadata, with the artifact's SHA-256 and the training job among it.
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    /// What tells this registration from every other.
    pub(crate) fn registration(&self) -> RegistrationId {
        RegistrationId::of(self.group.name(), self.sha256, &self.training_job)
    }

    /// The description as it is stored, with the registration's mark.
    pub(crate) fn marked_description(&self) -> String {
        self.registration().mark(&self.description)
    }
}

/// The limits are those of `CustomerMetadataMap` in SageMaker's service model.
fn check_metadata(text: &str, max: usize) -> Result<(), String> {
    let characters = text.chars().count();
    if characters == 0 {
        return Err("it is empty".to_owned());
    }
    if characters > max {
        return Err(format!("it has {characters} characters, the limit is {max}"));
    }
    match text.chars().find(|c| !(c.is_alphanumeric() || " _.:/=+-@".contains(*c))) {
        Some(bad) => Err(format!("{bad:?} is not allowed: use letters, digits, spaces and _.:/=+-@")),
        None => Ok(()),
    }
}

fn invalid(what: &'static str, value: String, reason: String) -> RegistryError {
    AwsError::Invalid { what, value, reason }.into()
}

#[cfg(test)]
pub(crate) mod tests {
    use refit_aws::Sha256Digest;

    use super::ModelPackageSpec;

    pub(crate) fn spec(training_job: &str) -> ModelPackageSpec {
        ModelPackageSpec::new(
            "churn-grp".parse::<crate::GroupRef>().unwrap(),
            "s3://sagemaker-us-east-1-123456789012/artifacts/a/model.tar.gz".parse().unwrap(),
            Sha256Digest::of(b"abc"),
            training_job,
            "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.2-2".parse().unwrap(),
        )
        .unwrap()
    }

    // The limits are botocore 1.44.5's for CustomerMetadataProperties.
    #[test]
    fn metadata_keeps_to_the_limits() {
        let spec = spec("job-1");
        for (key, value) in
            [("rmse", "12.5"), ("run id", "2013/06 a@b_c:d=e+f-g"), (&"k".repeat(128), &"v".repeat(256))]
        {
            assert!(spec.clone().with_metadata(key, value).is_ok(), "{key}");
        }
        for (key, value) in [
            ("", "v"),
            ("k", ""),
            ("a,b", "v"),
            ("k", "{}"),
            (&"k".repeat(129), "v"),
            ("k", &"v".repeat(257)),
            ("artifact-sha256", "v"),
            ("training-job", "v"),
        ] {
            assert!(spec.clone().with_metadata(key, value).is_err(), "{key} = {value}");
        }
    }

    #[test]
    fn the_fifty_first_entry_is_refused() {
        let full = (0..48).fold(spec("job-1"), |spec, i| spec.with_metadata(format!("k{i}"), "v").unwrap());
        assert_eq!(full.metadata().len(), 50);
        assert!(full.clone().with_metadata("k47", "other").is_ok());
        let error = full.with_metadata("k48", "v").unwrap_err().to_string();
        assert!(error.contains("k48") && error.contains("50"), "{error}");
    }

    #[test]
    fn the_longest_description_fits_with_its_mark() {
        let spec = spec("job-1").with_description("ä".repeat(960)).unwrap();
        assert!(spec.marked_description().chars().count() <= 1024);
        assert!(spec.clone().with_description("x".repeat(961)).is_err());
        assert!(spec.with_description("two\nlines").is_err());
    }

    #[test]
    fn a_training_job_is_named_as_sagemaker_names_it() {
        let error = super::ModelPackageSpec::new(
            spec("x").group().clone(),
            spec("x").artifact().clone(),
            Sha256Digest::of(b""),
            "not a job",
            spec("x").image().clone(),
        )
        .unwrap_err();
        assert!(error.to_string().contains("training job name \"not a job\""), "{error}");
    }
}
