/// Declares a string newtype that can only be made by parsing.
///
/// The type gets `FromStr`, `TryFrom<String>`, `TryFrom<&str>`, `Display`, `AsRef<str>`, `as_str` and serde through its
/// text. The check returns what is wrong in the field's own words; the error is [`AwsError::Invalid`](crate::AwsError).
///
/// ```
/// refit_aws::parsed_string! {
///     /// The name of an endpoint: 1 to 63 letters, digits and hyphens.
///     pub struct EndpointName("endpoint name", |value| refit_aws::check_name(value, 63));
/// }
///
/// assert!("flights".parse::<EndpointName>().is_ok());
/// assert!("-flights".parse::<EndpointName>().is_err());
/// ```
#[macro_export]
macro_rules! parsed_string {
    ($(#[$meta:meta])* $vis:vis struct $name:ident($what:literal, $check:expr);) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis struct $name(String);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl ::core::convert::TryFrom<String> for $name {
            type Error = $crate::AwsError;

            fn try_from(value: String) -> ::core::result::Result<Self, Self::Error> {
                let check: fn(&str) -> ::core::result::Result<(), String> = $check;
                match check(&value) {
                    Ok(()) => Ok(Self(value)),
                    Err(reason) => Err($crate::AwsError::Invalid { what: $what, value, reason }),
                }
            }
        }

        impl ::core::convert::TryFrom<&str> for $name {
            type Error = $crate::AwsError;

            fn try_from(value: &str) -> ::core::result::Result<Self, Self::Error> {
                Self::try_from(value.to_owned())
            }
        }

        impl ::core::str::FromStr for $name {
            type Err = $crate::AwsError;

            fn from_str(value: &str) -> ::core::result::Result<Self, Self::Err> {
                Self::try_from(value.to_owned())
            }
        }

        impl ::core::fmt::Display for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl ::core::convert::AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl ::core::convert::From<$name> for String {
            fn from(value: $name) -> String {
                value.0
            }
        }

        impl $crate::__serde::Serialize for $name {
            fn serialize<S: $crate::__serde::Serializer>(&self, serializer: S) -> ::core::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> $crate::__serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::__serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                let value = <String as $crate::__serde::Deserialize>::deserialize(deserializer)?;
                Self::try_from(value).map_err($crate::__serde::de::Error::custom)
            }
        }
    };
}

/// Checks the pattern most SageMaker names share: letters, digits and hyphens, a letter or digit at both ends.
///
/// This is `[a-zA-Z0-9](-*[a-zA-Z0-9]){0,max-1}` of the service model, with `max` as the length limit.
pub fn check_name(value: &str, max: usize) -> Result<(), String> {
    if value.is_empty() {
        return Err("it is empty".to_owned());
    }
    if let Some(bad) = value.chars().find(|c| !c.is_ascii_alphanumeric() && *c != '-') {
        return Err(format!("{bad:?} is not allowed: use letters, digits and hyphens"));
    }
    if value.starts_with('-') || value.ends_with('-') {
        return Err("it must begin and end with a letter or a digit".to_owned());
    }
    if value.len() > max {
        return Err(format!("it has {} characters, the limit is {max}", value.len()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check_name;

    // The cases are read off the pattern `[a-zA-Z0-9](-*[a-zA-Z0-9]){0,31}` of botocore 1.44.5.
    #[test]
    fn names_follow_the_service_model() {
        for good in ["a", "A1", "a--b", "9", "flights-ewr-1", &"x".repeat(32)] {
            assert_eq!(check_name(good, 32), Ok(()), "{good}");
        }
        for bad in ["", "-a", "a-", "a_b", "a.b", "é", "a b", &"x".repeat(33)] {
            assert!(check_name(bad, 32).is_err(), "{bad}");
        }
    }
}
