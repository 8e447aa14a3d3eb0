use std::cmp::Reverse;

use crate::{ApprovalStatus, ModelPackage, ModelPackageStatus, ModelPackageSummary};

/// Orders packages newest first. Those registered in the same instant are ordered by version.
pub(crate) fn newest_first(packages: &mut [ModelPackageSummary]) {
    packages.sort_by_key(|package| Reverse((package.created, package.version)));
}

/// Whether the newest usable package is among those read so far, when more are read in order of their creation,
/// newest first. A later page may still hold one that was registered in the same instant with a higher version.
pub(crate) fn is_decided(read: &[ModelPackageSummary]) -> bool {
    let newest = read.iter().filter(|package| is_usable(package)).map(|package| package.created).max();
    newest.zip(read.last()).is_some_and(|(newest, last)| last.created < newest)
}

/// Whether the list shows a package that can be deployed.
pub(crate) fn is_usable(package: &ModelPackageSummary) -> bool {
    package.approval == ApprovalStatus::Approved && package.status == ModelPackageStatus::Completed
}

/// Whether the package can still be deployed, now that it is described.
pub(crate) fn is_still_usable(package: &ModelPackage) -> bool {
    package.approval == ApprovalStatus::Approved && package.status == ModelPackageStatus::Completed
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::{is_decided, newest_first};
    use crate::{ApprovalStatus, ModelPackageStatus, ModelPackageSummary};

    fn package(version: u32, second: i64, status: ModelPackageStatus) -> ModelPackageSummary {
        ModelPackageSummary {
            arn: format!("arn:aws:sagemaker:us-east-1:123456789012:model-package/g/{version}").parse().unwrap(),
            version,
            status,
            approval: ApprovalStatus::Approved,
            description: None,
            created: DateTime::from_timestamp(second, 0).unwrap(),
        }
    }

    #[test]
    fn ties_go_to_the_higher_version() {
        let completed = ModelPackageStatus::Completed;
        let mut packages = [package(1, 10, completed), package(3, 20, completed), package(2, 20, completed)];
        newest_first(&mut packages);
        assert_eq!(packages.map(|package| package.version), [3, 2, 1]);
    }

    #[test]
    fn reading_goes_on_until_no_page_can_hold_a_newer_one() {
        let completed = ModelPackageStatus::Completed;
        assert!(!is_decided(&[]));
        assert!(!is_decided(&[package(5, 50, ModelPackageStatus::Failed), package(4, 40, ModelPackageStatus::Failed)]));
        // The next page may begin with version 4 of the same second.
        assert!(!is_decided(&[package(3, 40, completed)]));
        assert!(is_decided(&[package(3, 40, completed), package(2, 30, completed)]));
    }
}
