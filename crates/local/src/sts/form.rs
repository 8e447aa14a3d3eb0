//! A query-protocol request: names and values, in a form's body or in the URL.

use percent_encoding::percent_decode;

/// The parameters, decoded, in the order they came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads `name=value&...`.
    pub(crate) fn parse(encoded: &[u8]) -> Self {
        let pairs = encoded.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
        Self(
            pairs
                .map(|pair| {
                    let at = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
                    let (name, value) = (&pair[..at], pair.get(at + 1..).unwrap_or_default());
                    (decoded(name), decoded(value))
                })
                .collect(),
        )
    }

    /// The value of a parameter; none when it is missing or empty.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(found, value)| found == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// The first of these parameters, or of the lists and structures of these names, that is given.
    pub(crate) fn first_of<'n>(&self, names: &[&'n str]) -> Option<&'n str> {
        let is = |found: &str, name: &str| {
            found.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        names.iter().copied().find(|name| self.0.iter().any(|(found, _)| is(found, name)))
    }
}

fn decoded(text: &[u8]) -> String {
    let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_decode(&spaced).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_decoded_and_asked_by_name() {
        let form = Form::parse(b"Action=AssumeRole&RoleSessionName=a%40b+c&Empty=&Tags.member.1.Key=k&Flag");
        assert_eq!(form.value("Action"), Some("AssumeRole"));
        assert_eq!(form.value("RoleSessionName"), Some("a@b c"));
        assert_eq!((form.value("Empty"), form.value("Flag"), form.value("Nothing")), (None, None, None));
        assert_eq!(form.first_of(&["Tag", "Policy", "Tags"]), Some("Tags"));
        assert_eq!(Form::parse(b""), Form::default());
    }
}
