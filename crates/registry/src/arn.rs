/// The name in SageMaker's ARN of a resource of this kind: `arn:<partition>:sagemaker:<region>:<account>:<kind>/<name>`.
///
/// The pattern is that of `ModelPackageArn` and `ModelPackageGroupArn` in SageMaker's service model.
pub(crate) fn name_in_arn<'a>(arn: &'a str, kind: &str) -> Option<&'a str> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", partition, "sagemaker", region, account, resource] = parts[..] else {
        return None;
    };
    let dashed = |c: char| c.is_ascii_lowercase() || c == '-';
    let known = partition.starts_with("aws")
        && partition.chars().all(dashed)
        && (9..=16).contains(&region.len())
        && region.chars().all(|c| dashed(c) || c.is_ascii_digit())
        && account.len() == 12
        && account.bytes().all(|b| b.is_ascii_digit());
    resource.strip_prefix(kind)?.strip_prefix('/').filter(|_| known)
}

#[cfg(test)]
mod tests {
    use super::name_in_arn;

    #[test]
    fn an_arn_of_another_service_kind_or_account_is_refused() {
        let kind = "model-package-group";
        let arn = "arn:aws-cn:sagemaker:cn-north-1:123456789012:model-package-group/g";
        assert_eq!(name_in_arn(arn, kind), Some("g"));
        for bad in [
            "g",
            "arn:aws:s3:us-east-1:123456789012:model-package-group/g",
            "arn:other:sagemaker:us-east-1:123456789012:model-package-group/g",
            "arn:aws:sagemaker:us-east-1:12345678901:model-package-group/g",
            "arn:aws:sagemaker::123456789012:model-package-group/g",
            "arn:aws:sagemaker:us-east-1:123456789012:model-package/g/1",
            "arn:aws:sagemaker:us-east-1:123456789012:model-package-groups/g",
        ] {
            assert!(name_in_arn(bad, kind).is_none(), "{bad}");
        }
    }
}
