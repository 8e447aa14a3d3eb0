use refit_aws::{AwsError, Sha256Digest, check_name, parsed_string};
use refit_tuning::TuningJobName;

parsed_string! {
    /// The name of a model: its model package group, its TargetModel and its folders are called after it.
    ///
    /// 1 to 63 letters, digits and inner hyphens, as SageMaker wants them of a model package group.
    pub struct ModelName("model name", |value| check_name(value, 63));
}

parsed_string! {
    /// The name of one run of the pipeline, such as `2026-11`. Running the same run again resumes it.
    ///
    /// 1 to 32 letters, digits and inner hyphens.
    pub struct RunId("run id", |value| check_name(value, 32));
}

/// The tuning job of one model in one run over one dataset: the same three give the same name, so a second start finds the
/// first. A testing job has a name of its own, or it would stand in for the real one.
pub(crate) fn tuning_job_name(
    model: &ModelName,
    run: &RunId,
    dataset: &str,
    testing: bool,
) -> Result<TuningJobName, AwsError> {
    let identity = format!("{model}\n{run}\n{dataset}\n{testing}");
    let digest = Sha256Digest::of(identity.as_bytes()).to_string();
    let stem: String = model.as_str().chars().take(19).collect();
    let name = format!("{}-{}", stem.trim_end_matches('-'), &digest[..12]);
    name.parse()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_outside_sagemakers_pattern_are_refused() {
        for name in ["", "-a", "a-", "a_b", "a.b", "ä", &"a".repeat(64)] {
            let error = name.parse::<ModelName>().unwrap_err().to_string();
            assert!(error.contains("model name"), "{error}");
        }
        assert!("arr-delay--EWR".parse::<ModelName>().is_ok());
        assert!("r".repeat(33).parse::<RunId>().is_err());
    }

    #[test]
    fn a_tuning_job_is_named_after_everything_that_makes_it_another_job() {
        let model = "a-model-with-quite-a-long-name".parse::<ModelName>().unwrap();
        let run = "2026-11".parse::<RunId>().unwrap();
        let name = |run: &RunId, dataset, testing| tuning_job_name(&model, run, dataset, testing).unwrap().to_string();
        let first = name(&run, "d1", false);
        assert!(first.len() <= 32 && first.starts_with("a-model-with-quite-"), "{first}");
        assert_eq!(first, name(&run, "d1", false));
        assert_ne!(first, name(&run, "d2", false));
        assert_ne!(first, name(&run, "d1", true));
        assert_ne!(first, name(&"2026-12".parse().unwrap(), "d1", false));
    }
}
