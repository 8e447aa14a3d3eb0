//! A policy as JSON: the elements of IAM's policy language, each once, and none besides.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::Malformed;

/// The version of the language that has policy variables.
const CURRENT: &str = "2012-10-17";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Document {
    version: Option<String>,
    #[serde(rename = "Id")]
    _id: Option<String>,
    #[serde(rename = "Statement", deserialize_with = "one_or_many")]
    pub(super) statements: Vec<StatementDocument>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct StatementDocument {
    pub(super) sid: Option<String>,
    pub(super) effect: String,
    pub(super) principal: Option<PrincipalDocument>,
    pub(super) action: Option<Texts>,
    pub(super) not_action: Option<Texts>,
    pub(super) resource: Option<Texts>,
    pub(super) not_resource: Option<Texts>,
    /// Operator, then context key, then values.
    #[serde(default)]
    pub(super) condition: Members<Members<Texts>>,
}

/// `"*"`, or names by their kind.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected \"*\" or an object such as {\"AWS\": \"123456789012\"} as Principal")]
pub(super) enum PrincipalDocument {
    Text(String),
    Kinds(Members<Texts>),
}

/// Text, or a list of it.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected text or a list of text")]
pub(super) enum Texts {
    One(Text),
    Many(Vec<Text>),
}

/// Text, or what JSON may write without quotes where IAM has text.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Text {
    Quoted(String),
    Bool(bool),
    Number(i64),
}

/// An object's members in order. A map would lose the first of two of the same name.
#[derive(Debug)]
pub(super) struct Members<T>(pub(super) Vec<(String, T)>);

/// Which of the language's two versions a document is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    /// `2008-10-17`: `${` is just text.
    First,
    /// `2012-10-17`.
    Current,
}

impl Document {
    pub(super) fn parse(text: &str) -> Result<Self, Malformed> {
        if !text.starts_with('{') {
            return Err(Malformed("Policies must be valid JSON and the first byte must be '{'".to_owned()));
        }
        serde_json::from_str(text).map_err(|error| Malformed(format!("This policy contains invalid Json: {error}")))
    }

    pub(super) fn version(&self) -> Result<Version, Malformed> {
        match self.version.as_deref() {
            Some(CURRENT) => Ok(Version::Current),
            None | Some("2008-10-17") => Ok(Version::First),
            Some(other) => {
                let message = format!("The policy must contain a valid version string: {CURRENT}, not {other}");
                Err(Malformed(message))
            }
        }
    }
}

impl Texts {
    pub(super) fn into_vec(self) -> Vec<String> {
        let text = |text| match text {
            Text::Quoted(text) => text,
            Text::Bool(value) => value.to_string(),
            Text::Number(number) => number.to_string(),
        };
        match self {
            Self::One(one) => vec![text(one)],
            Self::Many(many) => many.into_iter().map(text).collect(),
        }
    }
}

impl<T> Default for Members<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Members<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Object<T>(PhantomData<T>);

        impl<'de, T: DeserializeOwned> Visitor<'de> for Object<T> {
            type Value = Members<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Members<T>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = object.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        from.deserialize_map(Object(PhantomData))
    }
}

/// A statement or a list of them, without losing what is wrong inside one.
fn one_or_many<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<Vec<T>, D::Error> {
    struct Objects<T>(PhantomData<T>);

    impl<'de, T: DeserializeOwned> Visitor<'de> for Objects<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object or a list of objects")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
            let mut values = Vec::new();
            while let Some(value) = list.next_element()? {
                values.push(value);
            }
            Ok(values)
        }

        fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Vec<T>, A::Error> {
            T::deserialize(MapAccessDeserializer::new(object)).map(|value| vec![value])
        }
    }

    from.deserialize_any(Objects(PhantomData))
}
