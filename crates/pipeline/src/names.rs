use refit_aws::{AwsError, Sha256Digest, check_name, parsed_string};
use refit_endpoint::TargetModel;
use refit_tuning::TuningJobName;

use crate::PipelineError;

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

/// Where the random numbers of a run's comparison begin: running it again resamples the same rows. Of 48 bits, which every
/// reader of JSON keeps.
pub(crate) fn comparison_seed(model: &ModelName, run: &RunId, dataset: &str) -> u64 {
    let digest = Sha256Digest::of(format!("comparison\n{model}\n{run}\n{dataset}").as_bytes()).to_string();
    digest.chars().take(12).fold(0, |seed, digit| (seed << 4) | u64::from(digit.to_digit(16).unwrap_or_default()))
}

/// How callers of the endpoint name a model, for ever.
pub(crate) fn target_model(model: &ModelName) -> Result<TargetModel, PipelineError> {
    TargetModel::try_from(format!("{model}.tar.gz")).map_err(PipelineError::aws("naming the target model"))
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

    // python3 -c "import hashlib; print(int(hashlib.sha256(b'comparison\nnorth\n2026-11\nd1').hexdigest()[:12], 16))"
    #[test]
    fn a_comparison_begins_where_its_run_says() {
        let seed = |run: &str| comparison_seed(&"north".parse().unwrap(), &run.parse().unwrap(), "d1");
        assert_eq!(seed("2026-11"), 237_696_765_607_317);
        assert_ne!(seed("2026-11"), seed("2026-12"));
    }
}
