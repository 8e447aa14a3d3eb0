//! Values that XGBoost spells in more than one way: numbers as strings, flags as numbers, a vector in a string.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

/// A whole number, usually written as a string (`"num_feature": "6"`).
pub(crate) fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    match deserializer.deserialize_any(ScalarVisitor)? {
        Scalar::Text(text) => text.trim().parse().map_err(|_| D::Error::custom(format!("{text:?} is no whole number"))),
        Scalar::Integer(number) => Ok(number),
        _ => Err(D::Error::custom("a whole number was expected")),
    }
}

/// The intercept: `"5E-1"`, since 3.1 `"[5E-1]"` or `"[1E0,2E0]"`.
pub(crate) fn base_score<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f32>, D::Error> {
    match deserializer.deserialize_any(ScalarVisitor)? {
        Scalar::Text(text) => {
            parse_base_score(&text).ok_or_else(|| D::Error::custom(format!("{text:?} is no base_score")))
        }
        Scalar::Integer(number) => Ok(vec![number as f32]),
        Scalar::Float(number) => Ok(vec![number]),
        Scalar::Vector(numbers) => Ok(numbers),
        Scalar::Flag(_) => Err(D::Error::custom("base_score is no number")),
    }
}

/// `default_left`: booleans at first, then 0 and 1.
pub(crate) fn flags<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<bool>, D::Error> {
    let flags = Vec::<Flag>::deserialize(deserializer)?;
    Ok(flags.into_iter().map(|flag| flag.0).collect())
}

/// Single-precision numbers, where `null` stands for NaN.
pub(crate) fn floats<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f32>, D::Error> {
    let floats = Vec::<Option<f32>>::deserialize(deserializer)?;
    Ok(floats.into_iter().map(|float| float.unwrap_or(f32::NAN)).collect())
}

fn parse_base_score(text: &str) -> Option<Vec<f32>> {
    let text = text.trim();
    let inner = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    inner.split(',').map(|number| number.trim().parse().ok()).collect()
}

struct Flag(bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_any(ScalarVisitor)? {
            Scalar::Flag(flag) => Ok(Self(flag)),
            Scalar::Integer(number) => Ok(Self(number != 0)),
            _ => Err(D::Error::custom("a flag was expected")),
        }
    }
}

enum Scalar {
    Text(String),
    Integer(u64),
    Float(f32),
    Flag(bool),
    Vector(Vec<f32>),
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a number, a flag or a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Scalar, E> {
        Ok(Scalar::Text(text.to_owned()))
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Scalar, E> {
        Ok(Scalar::Flag(flag))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Scalar, E> {
        Ok(Scalar::Integer(number))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Scalar, E> {
        u64::try_from(number).map(Scalar::Integer).map_err(|_| E::custom(format!("{number} is negative")))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Scalar, E> {
        Ok(Scalar::Float(number as f32))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Scalar, A::Error> {
        let mut numbers = Vec::new();
        while let Some(number) = sequence.next_element()? {
            numbers.push(number);
        }
        Ok(Scalar::Vector(numbers))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::parse_base_score;

    proptest! {
        /// XGBoost writes the shortest decimals that give the number back, in this notation. serde_json goes through
        /// `f64`, which must not cost the last bit.
        #[test]
        fn every_number_survives_json(bits in any::<u32>()) {
            let number = f32::from_bits(bits);
            prop_assume!(number.is_finite());
            let read: f32 = serde_json::from_str(&format!("{number:E}")).unwrap();
            prop_assert_eq!(read.to_bits(), bits);
        }
    }

    #[test]
    fn base_score_is_a_number_or_a_vector_in_a_string() {
        assert_eq!(parse_base_score("5E-1"), Some(vec![0.5]));
        assert_eq!(parse_base_score("0.500000"), Some(vec![0.5]));
        assert_eq!(parse_base_score("[9.387764E0]"), Some(vec![9.387764]));
        assert_eq!(parse_base_score("[1E0, -2E0,3E0]"), Some(vec![1.0, -2.0, 3.0]));
        assert_eq!(parse_base_score("[]"), None);
        assert_eq!(parse_base_score("[1E0"), None);
        assert_eq!(parse_base_score("half"), None);
    }
}
