//! Optional structures that are given empty: to AWS they are absent, and no answer shows them.

use serde_json::Value;

use super::service_model::{ServiceModel, Shape};

/// Removes the empty optional structures of an operation's input, at every depth.
pub(super) fn drop_empty_structures(operation: &str, input: &mut Value) {
    let Ok(model) = ServiceModel::of_aws() else { return };
    if let Some(shape) = model.input(operation) {
        drop_in(model, shape, input);
    }
}

fn drop_in(model: &ServiceModel, shape: &Shape, value: &mut Value) {
    match value {
        Value::Object(entries) if shape.kind == "map" => {
            let Some(of) = model.part(shape, "{value}") else { return };
            entries.values_mut().for_each(|value| drop_in(model, of, value));
        }
        Value::Object(entries) => {
            for (member, of) in model.members(shape) {
                let Some(value) = entries.get_mut(&member.name) else { continue };
                drop_in(model, of, value);
                if !member.required
                    && of.kind == "structure"
                    && value.as_object().is_some_and(|entries| entries.is_empty())
                {
                    entries.shift_remove(&member.name);
                }
            }
        }
        Value::Array(elements) => {
            let Some(of) = model.part(shape, "[]") else { return };
            elements.iter_mut().for_each(|element| drop_in(model, of, element));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn empty_maps_lists_and_required_structures_stay() {
        let mut input = json!({
            "EndpointConfigName": "c",
            "ProductionVariants": [{ "VariantName": "v", "CoreDumpConfig": {}, "ManagedInstanceScaling": {} }],
            "DataCaptureConfig": { "CaptureContentTypeHeader": {}, "CaptureOptions": [] },
            "AsyncInferenceConfig": { "OutputConfig": {}, "ClientConfig": {} },
            "Tags": [],
            "Unknown": {},
        });
        drop_empty_structures("CreateEndpointConfig", &mut input);
        assert_eq!(
            input,
            json!({
                "EndpointConfigName": "c",
                "ProductionVariants": [{ "VariantName": "v" }],
                "DataCaptureConfig": { "CaptureOptions": [] },
                "AsyncInferenceConfig": { "OutputConfig": {} },
                "Tags": [],
                "Unknown": {},
            })
        );
    }
}
