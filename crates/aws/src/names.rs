use crate::AwsError;
use crate::parsed_string;

parsed_string! {
    /// An AWS account: twelve digits.
    pub struct AccountId("account id", |value| match value.len() == 12 && value.bytes().all(|b| b.is_ascii_digit()) {
        true => Ok(()),
        false => Err("an account id has exactly twelve digits, such as 123456789012".to_owned()),
    });
}

parsed_string! {
    /// The ARN of an IAM role that SageMaker assumes: `arn:aws:iam::123456789012:role/SageMakerRole`.
    pub struct RoleArn("role ARN", check_role_arn);
}

parsed_string! {
    /// The URI of a container image, as ECR names it: `<registry>/<repository>:<tag>`, at most 255 characters.
    pub struct ImageUri("image URI", |value| match (value.is_empty(), value.chars().any(char::is_whitespace)) {
        (true, _) => Err("it is empty".to_owned()),
        (_, true) => Err("it holds white space".to_owned()),
        _ if value.len() > 255 => Err(format!("it has {} characters, the limit is 255", value.len())),
        _ => Ok(()),
    });
}

parsed_string! {
    /// The name of an S3 bucket, by S3's naming rules: 3 to 63 lower-case letters, digits, dots and hyphens.
    pub struct BucketName("bucket name", check_bucket_name);
}

impl RoleArn {
    /// The account the role belongs to.
    pub fn account(&self) -> Result<AccountId, AwsError> {
        self.as_str().split(':').nth(4).unwrap_or_default().parse()
    }
}

/// The limits are those of `RoleArn` in SageMaker's service model: 20 to 2048 characters and
/// `arn:aws[a-z\-]*:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+`.
fn check_role_arn(value: &str) -> Result<(), String> {
    const SHAPE: &str = "expected arn:aws:iam::<account>:role/<name>";
    if value.len() > 2048 {
        return Err(format!("it has {} characters, the limit is 2048", value.len()));
    }
    let parts: Vec<&str> = value.splitn(6, ':').collect();
    let [arn, partition, service, region, account, resource] = parts[..] else {
        return Err(SHAPE.to_owned());
    };
    let partition_ok =
        partition.strip_prefix("aws").is_some_and(|rest| rest.chars().all(|c| c.is_ascii_lowercase() || c == '-'));
    if arn != "arn" || !partition_ok || service != "iam" || !region.is_empty() {
        return Err(SHAPE.to_owned());
    }
    if account.len() != 12 || !account.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("the account {account:?} is not twelve digits"));
    }
    let name = resource.strip_prefix("role").map(|rest| rest.strip_prefix('/').unwrap_or(rest)).unwrap_or_default();
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || "+=,.@-_/".contains(c)) {
        return Err(SHAPE.to_owned());
    }
    Ok(())
}

/// General purpose bucket naming rules of the S3 user guide.
fn check_bucket_name(value: &str) -> Result<(), String> {
    if !(3..=63).contains(&value.len()) {
        return Err(format!("it has {} characters, a bucket name has 3 to 63", value.len()));
    }
    if let Some(bad) = value.chars().find(|c| !(c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(*c))) {
        return Err(format!("{bad:?} is not allowed: use lower-case letters, digits, dots and hyphens"));
    }
    if value.starts_with(['.', '-']) || value.ends_with(['.', '-']) {
        return Err("it must begin and end with a letter or a digit".to_owned());
    }
    if value.contains("..") {
        return Err("it holds two dots in a row".to_owned());
    }
    if value.parse::<std::net::Ipv4Addr>().is_ok() {
        return Err("it reads as an IP address".to_owned());
    }
    if let Some(prefix) = ["xn--", "sthree-", "amzn-s3-demo-"].iter().find(|prefix| value.starts_with(**prefix)) {
        return Err(format!("the prefix {prefix} is reserved by S3"));
    }
    const SUFFIXES: [&str; 5] = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"];
    if let Some(suffix) = SUFFIXES.iter().find(|suffix| value.ends_with(**suffix)) {
        return Err(format!("the suffix {suffix} is reserved by S3"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{AccountId, BucketName, ImageUri, RoleArn};

    #[test]
    fn accounts_have_twelve_digits() {
        assert!("123456789012".parse::<AccountId>().is_ok());
        for bad in ["", "12345678901", "1234567890123", "12345678901a"] {
            let error = bad.parse::<AccountId>().unwrap_err().to_string();
            assert!(error.contains("account id") && error.contains("twelve digits"), "{error}");
        }
    }

    // Cases after the pattern of `RoleArn` in botocore 1.44.5.
    #[test]
    fn role_arns_follow_the_service_model() {
        for good in [
            "arn:aws:iam::123456789012:role/SageMakerRole",
            "arn:aws-cn:iam::123456789012:role/service-role/a+b=c,d.e@f-g_h",
            "arn:aws-us-gov:iam::123456789012:role/x",
        ] {
            assert_eq!(good.parse::<RoleArn>().unwrap().account().unwrap().as_str(), "123456789012");
        }
        for bad in [
            "SageMakerRole",
            "arn:aws:iam::123:role/x",
            "arn:aws:s3::123456789012:role/x",
            "arn:aws:iam::123456789012:user/x",
            "arn:aws:iam::123456789012:role/",
            "arn:aws:iam:us-east-1:123456789012:role/x",
            "arn:aws:iam::123456789012:role/a b",
        ] {
            assert!(bad.parse::<RoleArn>().is_err(), "{bad}");
        }
    }

    // Examples of valid and invalid names from the page "General purpose bucket naming rules" of the S3 user guide.
    #[test]
    fn buckets_follow_the_naming_rules() {
        for good in ["amzn-s3-bucket-1", "log-delivery-march-2020", "my-hosted-content", "abc", "a.b.c"] {
            assert!(good.parse::<BucketName>().is_ok(), "{good}");
        }
        for bad in
            ["ab", "doc_example", "DocExample", "doc-example-", "-a-b", "a..b", "192.168.5.4", "xn--abc", "abc-s3alias"]
        {
            assert!(bad.parse::<BucketName>().is_err(), "{bad}");
        }
        assert!("x".repeat(64).parse::<BucketName>().is_err());
    }

    #[test]
    fn images_are_at_most_255_characters() {
        assert!("683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.2-2".parse::<ImageUri>().is_ok());
        assert!("".parse::<ImageUri>().is_err());
        assert!("a b".parse::<ImageUri>().is_err());
        assert!("x".repeat(256).parse::<ImageUri>().is_err());
    }
}
