//! The records of a search: what SearchRecord shows of each kind of resource.

use serde_json::{Value, json};

use crate::api::ApiError;

use super::expression::Expression;
use crate::sagemaker::arn::Named;
use crate::sagemaker::listing::{Condition, Listing, Sort};
use crate::sagemaker::members::{Members, Object, select};
use crate::sagemaker::refusal::not_emulated;
use crate::sagemaker::resources::{Kind, Resource, Tx};
use crate::sagemaker::{tags, tuning_job};

/// One kind of resource, as Search names it. The members are those of SearchRecord's shapes in botocore's model.
pub(super) struct Records {
    resource: &'static str,
    kind: Kind,
    name: &'static str,
    arn: &'static str,
    members: &'static [&'static str],
}

const RECORDS: [Records; 6] = [
    Records {
        resource: "TrainingJob",
        kind: Kind::TrainingJob,
        name: "TrainingJobName",
        arn: "TrainingJobArn",
        members: &[
            "TrainingJobName",
            "TrainingJobArn",
            "TuningJobArn",
            "ModelArtifacts",
            "TrainingJobStatus",
            "SecondaryStatus",
            "FailureReason",
            "HyperParameters",
            "AlgorithmSpecification",
            "RoleArn",
            "InputDataConfig",
            "OutputDataConfig",
            "ResourceConfig",
            "VpcConfig",
            "StoppingCondition",
            "CreationTime",
            "TrainingStartTime",
            "TrainingEndTime",
            "LastModifiedTime",
            "SecondaryStatusTransitions",
            "FinalMetricDataList",
            "EnableNetworkIsolation",
            "EnableInterContainerTrafficEncryption",
            "EnableManagedSpotTraining",
            "CheckpointConfig",
            "TrainingTimeInSeconds",
            "BillableTimeInSeconds",
            "DebugHookConfig",
            "ExperimentConfig",
            "ProfilerConfig",
            "Environment",
            "RetryStrategy",
            "Tags",
            "Metrics",
        ],
    },
    Records {
        resource: "HyperParameterTuningJob",
        kind: Kind::TuningJob,
        name: "HyperParameterTuningJobName",
        arn: "HyperParameterTuningJobArn",
        members: &[
            "HyperParameterTuningJobName",
            "HyperParameterTuningJobArn",
            "HyperParameterTuningJobConfig",
            "TrainingJobDefinition",
            "HyperParameterTuningJobStatus",
            "CreationTime",
            "HyperParameterTuningEndTime",
            "LastModifiedTime",
            "TrainingJobStatusCounters",
            "ObjectiveStatusCounters",
            "BestTrainingJob",
            "OverallBestTrainingJob",
            "WarmStartConfig",
            "FailureReason",
            "TuningJobCompletionDetails",
            "ConsumedResources",
            "Tags",
        ],
    },
    Records {
        resource: "ModelPackage",
        kind: Kind::ModelPackage,
        name: "ModelPackageGroupName",
        arn: "ModelPackageArn",
        members: &[
            "ModelPackageName",
            "ModelPackageGroupName",
            "ModelPackageVersion",
            "ModelPackageRegistrationType",
            "ModelPackageArn",
            "ModelPackageDescription",
            "CreationTime",
            "InferenceSpecification",
            "SourceAlgorithmSpecification",
            "ValidationSpecification",
            "ModelPackageStatus",
            "ModelPackageStatusDetails",
            "CertifyForMarketplace",
            "ModelApprovalStatus",
            "CreatedBy",
            "MetadataProperties",
            "ModelMetrics",
            "LastModifiedTime",
            "LastModifiedBy",
            "ApprovalDescription",
            "Domain",
            "Task",
            "SamplePayloadUrl",
            "AdditionalInferenceSpecifications",
            "SourceUri",
            "SecurityConfig",
            "ModelCard",
            "ModelLifeCycle",
            "Tags",
            "CustomerMetadataProperties",
            "DriftCheckBaselines",
            "SkipModelValidation",
        ],
    },
    Records {
        resource: "ModelPackageGroup",
        kind: Kind::ModelPackageGroup,
        name: "ModelPackageGroupName",
        arn: "ModelPackageGroupArn",
        members: &[
            "ModelPackageGroupName",
            "ModelPackageGroupArn",
            "ModelPackageGroupDescription",
            "CreationTime",
            "CreatedBy",
            "ModelPackageGroupStatus",
            "Tags",
        ],
    },
    Records {
        resource: "Model",
        kind: Kind::Model,
        name: "ModelName",
        arn: "ModelArn",
        members: &[
            "ModelName",
            "PrimaryContainer",
            "Containers",
            "InferenceExecutionConfig",
            "ExecutionRoleArn",
            "VpcConfig",
            "CreationTime",
            "ModelArn",
            "EnableNetworkIsolation",
            "Tags",
        ],
    },
    Records {
        resource: "Endpoint",
        kind: Kind::Endpoint,
        name: "EndpointName",
        arn: "EndpointArn",
        members: &[
            "EndpointName",
            "EndpointArn",
            "EndpointConfigName",
            "ProductionVariants",
            "DataCaptureConfig",
            "EndpointStatus",
            "FailureReason",
            "CreationTime",
            "LastModifiedTime",
            "Tags",
        ],
    },
];

impl Records {
    pub(super) fn of(resource: &str) -> Result<Self, ApiError> {
        RECORDS
            .into_iter()
            .find(|records| records.resource == resource)
            .ok_or_else(|| not_emulated(format_args!("the resource {resource}, which Search was asked for")))
    }

    /// Refuses a property that the resource does not have. What is below the first name is the resource's own.
    pub(super) fn check_property(&self, path: &str) -> Result<(), ApiError> {
        let first = path.split('.').next().unwrap_or_default();
        if self.members.contains(&first) || first == "LastModifiedTime" {
            return Ok(());
        }
        Err(ApiError::validation(format!("Unknown property name: {path} is no property of {}.", self.resource)))
    }

    /// Calls `act` with every resource that `expression` may hold for.
    pub(super) fn visit(
        &self,
        tx: &Tx<'_>,
        expression: Option<&Expression<'_>>,
        act: impl FnMut(i64, Resource) -> Result<(), ApiError>,
    ) -> Result<(), ApiError> {
        let name = expression.and_then(|expression| expression.demanded(self.name));
        let conditions: Vec<Condition> = name.map(|name| ("name = ?", name.to_owned().into())).into_iter().collect();
        let listing = Listing {
            kind: self.kind,
            parent: None,
            conditions,
            sort: Sort::Name,
            descending: false,
            after: None,
            limit: usize::MAX,
        };
        listing.visit(tx, act)
    }

    /// The properties that filters and orders see: those shown, a training job's metrics by name, and the time of the last
    /// change, which for what never changed is that of its creation.
    pub(super) fn record(&self, tx: &Tx<'_>, resource: Resource, with_children: bool) -> Result<Object, ApiError> {
        let metrics = metrics(&resource.shown);
        let mut record = self.properties(tx, resource, with_children)?;
        if self.kind == Kind::TrainingJob && !metrics.is_empty() {
            record.insert("Metrics".to_owned(), metrics.into());
        }
        if let (false, Some(created)) = (record.contains_key("LastModifiedTime"), record.get("CreationTime").cloned()) {
            record.insert("LastModifiedTime".to_owned(), created);
        }
        Ok(record)
    }

    /// SearchRecord.
    pub(super) fn shown(&self, tx: &Tx<'_>, resource: Resource) -> Result<Value, ApiError> {
        let properties = self.properties(tx, resource, true)?;
        Ok(match self.kind {
            // A model is shown as the model dashboard has it.
            Kind::Model => json!({ "Model": { "Model": properties } }),
            _ => json!({ self.resource: properties }),
        })
    }

    fn properties(&self, tx: &Tx<'_>, resource: Resource, with_children: bool) -> Result<Object, ApiError> {
        let shown = match self.kind {
            Kind::TuningJob if with_children => tuning_job::described(tx, resource)?,
            _ => resource.shown,
        };
        let mut properties = select(&shown, self.members);
        let named = Named::parse(tx.caller, shown.required(self.arn))?;
        let tags = tx.tags(&tags::tagged(&named))?;
        if !tags.is_empty() {
            let tags = tags.into_iter().map(|(key, value)| json!({ "Key": key, "Value": value }));
            properties.insert("Tags".to_owned(), tags.collect());
        }
        Ok(properties)
    }
}

fn metrics(shown: &Object) -> Object {
    let metrics = shown.objects("FinalMetricDataList");
    metrics
        .into_iter()
        .filter_map(|metric| Some((metric.required("MetricName").to_owned(), metric.get("Value")?.clone())))
        .collect()
}
