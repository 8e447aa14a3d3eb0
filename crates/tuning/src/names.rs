use refit_aws::{check_name, parsed_string};

parsed_string! {
    /// The name of a tuning job: 1 to 32 letters, digits and hyphens, a letter or digit at both ends.
    ///
    /// SageMaker does not tell upper from lower case when it looks for a name that is taken.
    pub struct TuningJobName("tuning job name", |value| check_name(value, 32));
}

parsed_string! {
    /// The name of a training job: 1 to 63 letters, digits and hyphens, a letter or digit at both ends.
    pub struct TrainingJobName("training job name", |value| check_name(value, 63));
}

parsed_string! {
    /// The name of a channel, such as `train` or `validation`: 1 to 64 letters, digits, dots, hyphens and underscores.
    pub struct ChannelName("channel name", |value| {
        match value.chars().find(|c| !c.is_ascii_alphanumeric() && !".-_".contains(*c)) {
            Some(bad) => Err(format!("{bad:?} is not allowed: use letters, digits, dots, hyphens and underscores")),
            None if (1..=64).contains(&value.len()) => Ok(()),
            None => Err(format!("it has {} characters, a channel name has 1 to 64", value.len())),
        }
    });
}

parsed_string! {
    /// The type of a training instance, such as `ml.m5.xlarge`.
    ///
    /// Only its shape is checked: SageMaker adds types, and regions differ in them.
    pub struct InstanceType("instance type", |value| {
        let parts: Vec<&str> = value.split('.').collect();
        let sound = |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        match parts[..] {
            ["ml", _, _] if parts.iter().all(sound) => Ok(()),
            _ => Err("expected ml.<family>.<size>, such as ml.m5.xlarge".to_owned()),
        }
    });
}

#[cfg(test)]
mod tests {
    use super::{ChannelName, InstanceType, TrainingJobName, TuningJobName};

    // Lengths and patterns are those of botocore 1.44.5; the 40-character name is one that it lets through.
    #[test]
    fn job_names_have_sagemakers_limits() {
        assert!("x".repeat(32).parse::<TuningJobName>().is_ok());
        let error = "x".repeat(40).parse::<TuningJobName>().unwrap_err().to_string();
        assert!(error.contains("tuning job name") && error.contains("the limit is 32"), "{error}");
        assert!("x".repeat(63).parse::<TrainingJobName>().is_ok());
        assert!("x".repeat(64).parse::<TrainingJobName>().is_err());
    }

    #[test]
    fn channels_have_sagemakers_limits() {
        for good in ["train", "validation", "a.b-c_d", &"x".repeat(64)] {
            assert!(good.parse::<ChannelName>().is_ok(), "{good}");
        }
        for bad in ["", "a b", "a/b", &"x".repeat(65)] {
            assert!(bad.parse::<ChannelName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn instance_types_have_three_parts() {
        for good in ["ml.m5.xlarge", "ml.p4d.24xlarge", "ml.c6i.2xlarge", "ml.p6-b200.48xlarge"] {
            assert!(good.parse::<InstanceType>().is_ok(), "{good}");
        }
        for bad in ["m5.xlarge", "ml.m5", "ml..xlarge", ""] {
            assert!(bad.parse::<InstanceType>().is_err(), "{bad}");
        }
    }
}
