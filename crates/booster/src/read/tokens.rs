//! JSON with XGBoost's three additions: `NaN`, `Infinity` and `-Infinity` stand where JSON has only numbers.

use std::borrow::Cow;

/// What serde_json reads in their place: `null` for NaN, and what single precision rounds to infinity.
const TOKENS: [(&[u8], &[u8]); 2] = [(b"NaN", b"null"), (b"Infinity", b"1e39")];

/// The document in standard JSON. Copies only if there is something to replace.
pub(crate) fn standard(json: &[u8]) -> Cow<'_, [u8]> {
    let mut replaced = Vec::new();
    let mut copied = 0;
    let mut position = 0;
    while let Some(byte) = json.get(position) {
        if *byte == b'"' {
            position = end_of_string(json, position);
            continue;
        }
        match TOKENS.iter().find(|(token, _)| json[position..].starts_with(token)) {
            Some((token, number)) => {
                replaced.extend_from_slice(&json[copied..position]);
                replaced.extend_from_slice(number);
                position += token.len();
                copied = position;
            }
            None => position += 1,
        }
    }
    if copied == 0 {
        return Cow::Borrowed(json);
    }
    replaced.extend_from_slice(&json[copied..]);
    Cow::Owned(replaced)
}

/// The position after the string that starts here, or the document's end.
fn end_of_string(json: &[u8], start: usize) -> usize {
    let mut position = start + 1;
    while let Some(byte) = json.get(position) {
        match byte {
            b'"' => return position + 1,
            b'\\' => position += 2,
            _ => position += 1,
        }
    }
    json.len()
}

#[cfg(test)]
mod tests {
    use super::standard;

    #[test]
    fn numbers_that_json_lacks_are_replaced_outside_of_strings() {
        assert_eq!(&*standard(br#"{"a":[NaN,-Infinity,Infinity,1]}"#), br#"{"a":[null,-1e39,1e39,1]}"#);
        let quoted = br#"{"NaN":"Infinity \" NaN","b":"\\"}"#;
        assert_eq!(&*standard(quoted), quoted);
        assert_eq!(&*standard(br#""NaN"#), br#""NaN"#, "a string without end");
        assert_eq!(&*standard(br#"["\"#), br#"["\"#, "an escape without end");
    }
}
