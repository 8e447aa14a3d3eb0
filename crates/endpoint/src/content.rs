use refit_aws::{AwsError, Sha256Digest};
use serde_json::{Value, json};

use crate::history::Histories;
use crate::{EndpointConfigName, EndpointName, EndpointSpec};

/// Hexadecimal digits that say what a configuration serves.
const CONTENT_DIGITS: usize = 12;

/// Hexadecimal digits that say why a configuration was made, where the reason is not what it serves.
const REASON_DIGITS: usize = 8;

/// The longest endpoint name that is written out: 63 less both digests and their hyphens, with 3 to spare.
const LONGEST_BASE: usize = 38;

/// What an endpoint serves: its settings, and which version of every model that was ever changed.
///
/// A model that was only added is left out, since no instance can hold anything older of it. So adding models leaves the
/// content as it is, and whatever makes loaded bytes stale changes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Content(String);

impl Content {
    pub(crate) fn of(spec: &EndpointSpec, histories: &Histories) -> Self {
        let changed: Vec<_> = histories
            .iter()
            .filter(|(_, history)| history.has_changed())
            .map(|(key, history)| (key, &history.newest))
            .collect();
        let content = json!({
            "model": model(spec),
            "instance_type": spec.instance_type(),
            "instance_count": spec.instance_count(),
            "variant": spec.variant(),
            "changed": changed,
        });
        Self(digits(&content.to_string(), CONTENT_DIGITS))
    }

    /// The name of the configuration that serves this content. With a reason it is another one of the same content.
    pub(crate) fn config_name(
        &self,
        endpoint: &EndpointName,
        reason: Option<&str>,
    ) -> Result<EndpointConfigName, AwsError> {
        let name = format!("{}-{}", base(endpoint), self.0);
        match reason {
            Some(reason) => format!("{name}-{}", digits(reason, REASON_DIGITS)).parse(),
            None => name.parse(),
        }
    }

    /// Whether this configuration was made to serve this content, for whatever reason.
    pub(crate) fn is_served_by(&self, endpoint: &EndpointName, config: &EndpointConfigName) -> bool {
        content_in(endpoint, config) == Some(&self.0)
    }
}

/// Whether this crate made the configuration for this endpoint.
pub(crate) fn is_ours(endpoint: &EndpointName, config: &EndpointConfigName) -> bool {
    content_in(endpoint, config).is_some()
}

/// The name of the SageMaker model, which is the image and the prefix, not one of the models below it.
pub(crate) fn model_name(spec: &EndpointSpec) -> String {
    format!("{}-{}", base(spec.name()), digits(&model(spec).to_string(), CONTENT_DIGITS))
}

/// How the names of an endpoint's configurations and models begin.
pub(crate) fn base(endpoint: &EndpointName) -> String {
    let name = endpoint.as_str();
    if name.len() <= LONGEST_BASE {
        return name.to_owned();
    }
    // Two long names may begin alike, so the whole name's digest stands for the rest.
    let begin: String = name.chars().take(LONGEST_BASE - REASON_DIGITS - 1).collect();
    format!("{}-{}", begin.trim_end_matches('-'), digits(name, REASON_DIGITS))
}

fn model(spec: &EndpointSpec) -> Value {
    json!({
        "image": spec.image().as_str(),
        "role": spec.role().as_str(),
        "models": spec.models().to_string(),
        "cache": spec.cache().as_str(),
    })
}

fn content_in<'a>(endpoint: &EndpointName, config: &'a EndpointConfigName) -> Option<&'a str> {
    let rest = config.as_str().strip_prefix(&base(endpoint))?.strip_prefix('-')?;
    let (content, reason) = rest.split_once('-').unwrap_or((rest, "00000000"));
    let is_digest = |text: &str, length| text.len() == length && text.bytes().all(|b| b"0123456789abcdef".contains(&b));
    (is_digest(content, CONTENT_DIGITS) && is_digest(reason, REASON_DIGITS)).then_some(content)
}

fn digits(text: &str, count: usize) -> String {
    Sha256Digest::of(text.as_bytes()).to_string().chars().take(count).collect()
}

#[cfg(test)]
mod tests {
    use super::{Content, base, is_ours, model_name};
    use crate::history::tests::history;
    use crate::history::{Histories, History};
    use crate::spec::ModelCache;
    use crate::spec::tests::spec;

    fn histories(keys: &[(&str, &[&str])]) -> Histories {
        keys.iter().map(|(key, versions)| ((*key).to_owned(), history(versions))).collect()
    }

    #[test]
    fn adding_a_model_leaves_the_content_and_changing_one_does_not() {
        let spec = spec("flights");
        let of = |keys: &[(&str, &[&str])]| Content::of(&spec, &histories(keys));
        let one = of(&[("mme/a", &["v1"])]);
        assert_eq!(one, of(&[]));
        assert_eq!(one, of(&[("mme/a", &["v1"]), ("mme/b", &["v1"])]));
        let changed = of(&[("mme/a", &["v2", "v1"])]);
        assert_ne!(one, changed);
        assert_ne!(changed, of(&[("mme/a", &["v3", "v2", "v1"])]));
        assert_ne!(changed, of(&[("mme/b", &["v2", "v1"])]));
        let removed = History { deletions: 1, newest: Some("d".to_owned()), ..history(&["v1"]) };
        assert_ne!(one, Content::of(&spec, &[("mme/a".to_owned(), removed)].into()));
    }

    #[test]
    fn every_setting_is_part_of_the_content() {
        let plain = spec("flights");
        let of = |spec: &_| Content::of(spec, &Histories::new());
        for other in [
            plain.clone().with_instance_count(2).unwrap(),
            plain.clone().with_cache(ModelCache::Disabled),
            plain.clone().with_variant("blue".parse().unwrap()),
        ] {
            assert_ne!(of(&plain), of(&other));
        }
        assert_eq!(model_name(&plain), model_name(&plain.clone().with_instance_count(2).unwrap()));
        assert_ne!(model_name(&plain), model_name(&plain.clone().with_cache(ModelCache::Disabled)));
    }

    #[test]
    fn a_config_is_known_by_its_name() {
        let (flights, content) = (spec("flights"), Content::of(&spec("flights"), &Histories::new()));
        let plain = content.config_name(flights.name(), None).unwrap();
        let forced = content.config_name(flights.name(), Some("run 7")).unwrap();
        assert_ne!(plain, forced);
        for config in [&plain, &forced] {
            assert!(content.is_served_by(flights.name(), config) && is_ours(flights.name(), config), "{config}");
        }
        let other = Content::of(&flights, &histories(&[("mme/a", &["v2", "v1"])]));
        assert!(!other.is_served_by(flights.name(), &plain));
        for foreign in ["flights", "flights-1", "flights-prod", "flights-0123456789ag", "flight-0123456789ab"] {
            assert!(!is_ours(flights.name(), &foreign.parse().unwrap()), "{foreign}");
        }
        // The configurations of an endpoint whose name begins like a configuration of ours are not ours.
        let nested = spec("flights-0123456789ab");
        let config = content.config_name(nested.name(), None).unwrap();
        assert!(!is_ours(flights.name(), &config), "{config}");
    }

    // 63 characters is botocore 1.44.5's limit for EndpointConfigName and ModelName.
    #[test]
    fn long_endpoint_names_are_shortened_and_stay_apart() {
        let names = ["x".repeat(63), format!("{}y", "x".repeat(62)), format!("{}-{}", "x".repeat(28), "y".repeat(30))];
        let mut seen = std::collections::BTreeSet::new();
        for name in names {
            let spec = spec(&name);
            let config = Content::of(&spec, &Histories::new()).config_name(spec.name(), Some("why")).unwrap();
            assert!(config.as_str().len() <= 63 && model_name(&spec).len() <= 63);
            assert!(is_ours(spec.name(), &config));
            assert!(seen.insert(base(spec.name())));
        }
    }
}
