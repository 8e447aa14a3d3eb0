//! What SageMaker adds to the definition of a training job when it describes it.

use serde_json::{Value, json};

use crate::jobs;

use super::members::{Object, select};

/// Puts in what the request left to the service. The SageMaker Python SDK reads these members without looking whether they are there.
pub(super) fn complete(definition: &mut Object) {
    for channel in objects(definition, "InputDataConfig") {
        channel.entry("CompressionType").or_insert("None".into());
        channel.entry("RecordWrapperType").or_insert("None".into());
        if let Some(source) = object(channel, "DataSource").and_then(|source| object(source, "S3DataSource")) {
            source.entry("S3DataDistributionType").or_insert("FullyReplicated".into());
        }
    }
    if let Some(output) = object(definition, "OutputDataConfig") {
        output.entry("KmsKeyId").or_insert("".into());
    }
    if let Some(algorithm) = object(definition, "AlgorithmSpecification") {
        algorithm.entry("MetricDefinitions").or_insert_with(metric_definitions);
    }
    if let Some(resources) = object(definition, "HyperParameterTuningResourceConfig") {
        let resources = select(resources, &["InstanceType", "InstanceCount", "VolumeSizeInGB", "VolumeKmsKeyId"]);
        definition.entry("ResourceConfig").or_insert(resources.into());
    }
}

/// How SageMaker finds the metrics of XGBoost in its log.
pub(super) fn metric_definitions() -> Value {
    jobs::metric_names()
        .map(|name| {
            let regex = format!(r".*\[[0-9]+\].*#011validation-{name}:(\S+)");
            json!({ "Name": format!("validation:{name}"), "Regex": regex })
        })
        .collect()
}

fn object<'a>(from: &'a mut Object, name: &str) -> Option<&'a mut Object> {
    from.get_mut(name)?.as_object_mut()
}

fn objects<'a>(from: &'a mut Object, name: &str) -> impl Iterator<Item = &'a mut Object> {
    from.get_mut(name).and_then(Value::as_array_mut).into_iter().flatten().filter_map(Value::as_object_mut)
}
