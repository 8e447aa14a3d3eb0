use std::collections::BTreeSet;

use aws_types::SdkConfig;

use crate::{AwsError, ImageUri};

/// Region, account, repository and versions of SageMaker's XGBoost images, as the SageMaker Python SDK 2.257.7 lists
/// them.
const IMAGES: &str = include_str!("../data/xgboost_images.csv");

/// The image tag of each version, from the same source.
const TAGS: &str = include_str!("../data/xgboost_image_tags.csv");

/// The image of SageMaker's XGBoost in a region, for training and for serving.
///
/// `version` is the container's, such as `1.2-2`, `1.7-1` or `3.0-5`; `1` is the legacy algorithm image. An unknown
/// region or version is an error that names what there is; nothing is requested.
///
/// ```
/// let image = refit_aws::xgboost_image("us-east-1", "1.2-2")?;
/// assert_eq!(image.as_str(), "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.2-2");
/// # Ok::<(), refit_aws::AwsError>(())
/// ```
pub fn xgboost_image(region: &str, version: &str) -> Result<ImageUri, AwsError> {
    let offers: Vec<Offer> = rows(IMAGES).map(Offer::from).filter(|offer| offer.region == region).collect();
    if offers.is_empty() {
        return Err(unknown_region(region));
    }
    let Some(offer) = offers.iter().find(|offer| offer.versions.contains(version)) else {
        let known: BTreeSet<&str> = offers.iter().flat_map(|o| o.versions.iter().map(String::as_str)).collect();
        return Err(AwsError::UnknownImageVersion {
            region: region.to_owned(),
            version: version.to_owned(),
            known: known.into_iter().collect::<Vec<_>>().join(", "),
        });
    };
    let tag = rows(TAGS)
        .find(|row| row.get(0) == Some("training") && row.get(1) == Some(version))
        .and_then(|row| row.get(3).map(str::to_owned))
        .unwrap_or_else(|| version.to_owned());
    format!("{}/{}:{tag}", offer.registry, offer.repository).parse()
}

/// The region of a configuration, if SageMaker offers XGBoost there; else an error that names the regions.
pub fn checked_region(config: &SdkConfig) -> Result<String, AwsError> {
    let region = config.region().ok_or(AwsError::NoRegion)?.as_ref();
    match regions().contains(region) {
        true => Ok(region.to_owned()),
        false => Err(unknown_region(region)),
    }
}

struct Offer {
    region: String,
    repository: String,
    registry: String,
    versions: BTreeSet<String>,
}

impl From<csv::StringRecord> for Offer {
    fn from(row: csv::StringRecord) -> Self {
        let field = |index| row.get(index).unwrap_or_default();
        Self {
            region: field(0).to_owned(),
            repository: field(2).to_owned(),
            registry: field(3).to_owned(),
            versions: field(4).split_whitespace().map(str::to_owned).collect(),
        }
    }
}

fn rows(table: &'static str) -> impl Iterator<Item = csv::StringRecord> {
    csv::Reader::from_reader(table.as_bytes()).into_records().flatten()
}

fn regions() -> BTreeSet<String> {
    rows(IMAGES).map(|row| Offer::from(row).region).collect()
}

fn unknown_region(region: &str) -> AwsError {
    AwsError::UnknownRegion { region: region.to_owned(), known: regions().into_iter().collect::<Vec<_>>().join(", ") }
}

#[cfg(test)]
mod tests {
    use aws_types::SdkConfig;
    use aws_types::region::Region;

    use super::{IMAGES, checked_region, regions, rows, xgboost_image};
    use crate::AwsError;

    // The expected URIs are what `sagemaker.image_uris.retrieve('xgboost', region, version)` of the SageMaker Python SDK
    // 2.257.7 answers.
    #[test]
    fn names_the_image_as_the_python_sdk_does() {
        for (region, version, uri) in [
            ("us-east-1", "1.2-2", "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.2-2"),
            ("us-east-1", "3.0-5", "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.0-5"),
            ("us-east-1", "1.0-1", "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.0-1-cpu-py3"),
            ("us-east-1", "1", "811284229777.dkr.ecr.us-east-1.amazonaws.com/xgboost:1"),
        ] {
            assert_eq!(xgboost_image(region, version).unwrap().as_str(), uri);
        }
        assert!(xgboost_image("cn-north-1", "1.7-1").unwrap().as_str().contains(".amazonaws.com.cn/"));
    }

    #[test]
    fn every_row_of_the_table_gives_an_image() {
        let mut images = 0;
        for row in rows(IMAGES) {
            for version in row.get(4).unwrap().split_whitespace() {
                let image = xgboost_image(row.get(0).unwrap(), version).unwrap();
                assert!(image.as_str().starts_with(row.get(3).unwrap()), "{image}");
                images += 1;
            }
        }
        // 37 regions with 9 versions each and 33 with the legacy image.
        assert_eq!(images, 37 * 9 + 33);
    }

    #[test]
    fn an_unknown_region_is_named_with_what_exists() {
        let error = xgboost_image("us-esat-1", "1.2-2").unwrap_err();
        assert!(matches!(&error, AwsError::UnknownRegion { region, .. } if region == "us-esat-1"));
        assert!(error.to_string().contains("us-east-1"), "{error}");
        assert!(regions().len() >= 37);
    }

    #[test]
    fn an_unknown_version_is_named_with_what_exists() {
        let error = xgboost_image("us-east-1", "1.6-1").unwrap_err();
        assert!(matches!(&error, AwsError::UnknownImageVersion { version, .. } if version == "1.6-1"));
        assert!(error.to_string().contains("1.7-1"), "{error}");
    }

    #[test]
    fn the_region_of_a_configuration_is_checked() {
        let config =
            |region: Option<&'static str>| SdkConfig::builder().region(region.map(Region::from_static)).build();
        assert_eq!(checked_region(&config(Some("eu-west-1"))).unwrap(), "eu-west-1");
        assert!(matches!(checked_region(&config(Some("moon-1"))), Err(AwsError::UnknownRegion { .. })));
        assert!(matches!(checked_region(&config(None)), Err(AwsError::NoRegion)));
    }
}
