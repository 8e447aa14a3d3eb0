//! What a training image's version of XGBoost does otherwise than the one that trains here (1.6.2).

use refit_xgboost::Format;

/// A training image, by its tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Image {
    major: u32,
    minor: u32,
}

impl Image {
    /// From a tag such as `1.7-1`. The tags `1` and `latest` are of 0.72, and so is whatever tells no version.
    pub(super) fn new(tag: &str) -> Self {
        let mut parts = tag.split(['.', '-']).map(str::parse);
        match (parts.next(), parts.next()) {
            (Some(Ok(major)), Some(Ok(minor))) if tag.contains('.') => Self { major, minor },
            _ => Self { major: 0, minor: 72 },
        }
    }

    fn is_before(self, major: u32, minor: u32) -> bool {
        self < Self { major, minor }
    }

    /// The format in which a model is written: UBJSON from 2.0 on, before that the legacy binary format.
    ///
    /// Images up to 1.2-2 pickle a Python object around it. Readers of such a pickle take the plain binary too.
    pub(super) fn model_format(self) -> Format {
        if self.is_before(2, 0) { Format::Deprecated } else { Format::Ubj }
    }

    /// What `tree_method` `auto` is, where it is not what XGBoost 1.6 makes of it (`exact` for data of this size).
    pub(super) fn tree_method(self) -> Option<&'static str> {
        (!self.is_before(2, 0)).then_some("hist")
    }

    /// The metric that is evaluated if none is given, where XGBoost 1.6 has another one: 1.3 changed those of
    /// classification.
    pub(super) fn default_metric(self, objective: &str) -> Option<&'static str> {
        match objective {
            _ if !self.is_before(1, 3) => None,
            "binary:logistic" => Some("error"),
            "multi:softmax" | "multi:softprob" => Some("merror"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Formats and defaults: XGBoost's release notes (1.3, 2.0, 2.1) and the images' versions of XGBoost.
    #[test]
    fn the_tag_tells_the_version() {
        for (tag, format, tree_method, metric) in [
            ("latest", Format::Deprecated, None, Some("error")),
            ("1", Format::Deprecated, None, Some("error")),
            ("0.90-2-cpu-py3", Format::Deprecated, None, Some("error")),
            ("1.2-2", Format::Deprecated, None, Some("error")),
            ("1.3-1", Format::Deprecated, None, None),
            ("1.7-1", Format::Deprecated, None, None),
            ("3.0-5", Format::Ubj, Some("hist"), None),
        ] {
            let image = Image::new(tag);
            let told = (image.model_format(), image.tree_method(), image.default_metric("binary:logistic"));
            assert_eq!(told, (format, tree_method, metric), "{tag}");
        }
        assert_eq!(Image::new("1.2-2").default_metric("reg:squarederror"), None);
    }
}
