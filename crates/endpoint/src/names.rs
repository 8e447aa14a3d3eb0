use refit_aws::{check_name, parsed_string};

parsed_string! {
    /// The name of an endpoint: 1 to 63 letters, digits and hyphens.
    pub struct EndpointName("endpoint name", |value| check_name(value, 63));
}

parsed_string! {
    /// The name of an endpoint configuration: 1 to 63 letters, digits and hyphens.
    pub struct EndpointConfigName("endpoint config name", |value| check_name(value, 63));
}

parsed_string! {
    /// The name of a production variant: 1 to 63 letters, digits and hyphens.
    pub struct VariantName("production variant name", |value| check_name(value, 63));
}

parsed_string! {
    /// A model's place below the endpoint's prefix, as callers name it: `ewr.tar.gz`, `team/ewr.tar.gz`.
    ///
    /// At most 1024 printable ASCII characters that end in `.tar.gz`. It does not begin with a slash or a space and has
    /// no empty, `.` or `..` part, so that it cannot leave the prefix.
    pub struct TargetModel("target model", check_target_model);
}

/// The length and the printable characters are those of `TargetModelHeader` in the service model. It is an HTTP header,
/// so what is not ASCII is left out.
fn check_target_model(value: &str) -> Result<(), String> {
    if value.len() > 1024 {
        return Err(format!("it has {} characters, the limit is 1024", value.len()));
    }
    if let Some(bad) = value.chars().find(|c| !matches!(c, ' '..='~')) {
        return Err(format!("{bad:?} is no printable ASCII character"));
    }
    if value.starts_with(' ') {
        return Err("it begins with a space".to_owned());
    }
    if let Some(bad) = value.split('/').find(|part| ["", ".", ".."].contains(part)) {
        return Err(format!("it has the path part {bad:?}: name the model below the prefix, such as team/ewr.tar.gz"));
    }
    match value.ends_with(".tar.gz") && !value.ends_with("/.tar.gz") && value != ".tar.gz" {
        true => Ok(()),
        false => Err("it must end in .tar.gz, such as ewr.tar.gz".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::{EndpointConfigName, TargetModel};

    // The limits are those of `TargetModelHeader` in botocore 1.44.5: 1 to 1024 characters, `\A\S[\p{Print}]*\z`.
    #[test]
    fn a_target_model_stays_below_the_prefix() {
        let longest = format!("{}.tar.gz", "x".repeat(1017));
        for good in ["ewr.tar.gz", "team/ewr.tar.gz", "a b~!.tar.gz", "..a.tar.gz", &longest] {
            assert!(good.parse::<TargetModel>().is_ok(), "{good}");
        }
        let too_long = format!("{}.tar.gz", "x".repeat(1018));
        for bad in [
            "",
            "ewr",
            ".tar.gz",
            "team/.tar.gz",
            "/ewr.tar.gz",
            " ewr.tar.gz",
            "../ewr.tar.gz",
            "team/../../ewr.tar.gz",
            "./ewr.tar.gz",
            "team//ewr.tar.gz",
            "ewr\n.tar.gz",
            "é.tar.gz",
            &too_long,
        ] {
            assert!(bad.parse::<TargetModel>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn config_names_are_entity_names() {
        assert!("a".repeat(63).parse::<EndpointConfigName>().is_ok());
        for bad in ["", "a_b", "-a", "a-", &"a".repeat(64)] {
            assert!(bad.parse::<EndpointConfigName>().is_err(), "{bad}");
        }
    }
}
