//! From a payload to scores, as the image's servers do it.

use bytes::Bytes;
use refit_booster::{Booster, Format, Predictions};

use super::failure::{Failure, Unreadable};
use super::rows::Rows;
use super::{Container, Serves, csv, jsonlines, libsvm, scores};

const CSV: &str = "text/csv";
const JSON: &str = "application/json";

/// What a container reads of an invocation.
pub(in crate::hosting) struct Payload<'a> {
    pub(in crate::hosting) content_type: Option<&'a str>,
    pub(in crate::hosting) accept: Option<&'a str>,
    pub(in crate::hosting) body: &'a [u8],
}

/// What a container answers.
#[derive(Debug, PartialEq)]
pub(in crate::hosting) struct Answer {
    /// 200, or 204 to an empty payload.
    pub(in crate::hosting) status: u16,
    pub(in crate::hosting) content_type: String,
    pub(in crate::hosting) body: Bytes,
}

impl Container {
    /// Answers one invocation with a model that is loaded.
    pub(in crate::hosting) fn answer(&self, booster: &Booster, payload: &Payload<'_>) -> Result<Answer, Failure> {
        if payload.body.is_empty() {
            return Ok(Answer { status: 204, content_type: CSV.to_owned(), body: Bytes::new() });
        }
        let (kind, rows) = read(payload).map_err(|why| self.unreadable(why))?;
        check_width(booster, kind, &rows).map_err(|reason| self.unpredictable(&reason))?;
        let scores = predict(booster, &rows).map_err(|error| self.unpredictable(&error.to_string()))?;
        self.encode(&scores, payload.accept)
    }

    fn encode(&self, scores: &Predictions, accept: Option<&str>) -> Result<Answer, Failure> {
        let ok = |content_type: &str, text: String| {
            Ok(Answer { status: 200, content_type: content_type.to_owned(), body: Bytes::from(text) })
        };
        match &self.serves {
            Serves::Single { .. } => {
                let given = media_type(accept.unwrap_or_default());
                let accept = if given.is_empty() || given == "*/*" { self.default_accept(CSV) } else { &given };
                match accept {
                    CSV => ok(CSV, scores::lines(scores)),
                    JSON => ok(JSON, scores::json_predictions(scores)),
                    // It says that it supports them, and has no encoder for them.
                    "application/jsonlines" | "application/x-recordio-protobuf" => {
                        Err(Failure { status: 500, message: "Internal Server Error".to_owned() })
                    }
                    other => Err(self.unacceptable(other)),
                }
            }
            Serves::Multi { .. } => {
                let given = accept.filter(|accept| !accept.is_empty() && *accept != "*/*");
                let accept = given.unwrap_or_else(|| self.default_accept(JSON));
                match accept.to_ascii_lowercase().as_str() {
                    CSV | "csv" => ok(accept, scores::comma_joined(scores)),
                    JSON | "json" => ok(accept, scores::json_array(scores)),
                    _ => Err(self.unacceptable(accept)),
                }
            }
        }
    }

    fn default_accept<'a>(&'a self, of_server: &'a str) -> &'a str {
        self.accept.as_deref().unwrap_or(of_server)
    }
}

/// What a payload is written in, as the container's errors call it.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Csv,
    Libsvm,
    JsonLines,
}

fn read(payload: &Payload<'_>) -> Result<(Kind, Rows), Unreadable> {
    let kind = kind(payload.content_type)?;
    let text = || std::str::from_utf8(payload.body.trim_ascii());
    let (name, read): (_, fn(&str) -> _) = match kind {
        Kind::Csv => ("csv", csv::read),
        Kind::Libsvm => ("libsvm", libsvm::read),
        Kind::JsonLines => ("jsonlines", jsonlines::read),
    };
    let text = text().map_err(|error| Unreadable::content(name, "UnicodeDecodeError", &error.to_string()))?;
    if text.is_empty() {
        return Err(Unreadable::content(name, "_csv.Error", "Could not determine delimiter"));
    }
    Ok((kind, read(text)?))
}

/// Without a content type it is LIBSVM.
fn kind(content_type: Option<&str>) -> Result<Kind, Unreadable> {
    let Some(given) = content_type else { return Ok(Kind::Libsvm) };
    match media_type(given).as_str() {
        "csv" | CSV => match parameter(given, "label_size") {
            None | Some("1") => Ok(Kind::Csv),
            Some(_) => Err(Unreadable::ContentType(format!(
                "{given} is not an accepted csv ContentType. Optional parameter label_size must be equal to 1"
            ))),
        },
        "libsvm" | "text/libsvm" | "text/x-libsvm" => Ok(Kind::Libsvm),
        "jsonlines" | "application/jsonlines" => Ok(Kind::JsonLines),
        "parquet" | "application/x-parquet" | "recordio-protobuf" | "application/x-recordio-protobuf" => {
            Err(Unreadable::Content(format!("Content-type {given} is not supported.")))
        }
        _ => Err(Unreadable::ContentType(format!(
            "{given} is not an accepted ContentType: csv, libsvm, parquet, recordio-protobuf, text/csv, text/libsvm, \
             text/x-libsvm, application/x-parquet, application/x-recordio-protobuf."
        ))),
    }
}

fn media_type(header: &str) -> String {
    header.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn parameter<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    header.split(';').skip(1).find_map(|parameter| {
        let (found, value) = parameter.split_once('=')?;
        found.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"'))
    })
}

/// A pickled model's width is checked by the container, with a column to spare; any other's by XGBoost, which lets rows
/// be narrower.
fn check_width(booster: &Booster, kind: Kind, rows: &Rows) -> Result<(), String> {
    let (features, width) = (booster.num_features(), rows.width);
    let pickled = booster.format() == Format::Pickle;
    match kind {
        Kind::Libsvm if pickled && width > features + 1 => Err(format!(
            "Feature size of libsvm inference data {width} is larger than feature size of trained model {features}."
        )),
        Kind::Csv | Kind::JsonLines if pickled && width != features && width + 1 != features => Err(format!(
            "Feature size of csv inference data {width} is not consistent with feature size of trained model {features}."
        )),
        _ if !pickled && width > features => Err(format!(
            "Check failed: learner_model_param_.num_feature >= p_fmat->Info().num_col_ ({features} vs. {width}) : Number of \
             columns does not match number of features in booster."
        )),
        _ => Ok(()),
    }
}

fn predict(booster: &Booster, rows: &Rows) -> Result<Predictions, refit_booster::BoosterError> {
    let features = booster.num_features();
    let mut all = Predictions { values: Vec::new(), groups: booster.num_groups() };
    rows.blocks(features, |block| {
        let scores = booster.predict_dense(block, features)?;
        all.groups = scores.groups;
        if all.values.is_empty() {
            all.values = scores.values
        } else {
            all.values.extend(scores.values)
        }
        Ok(())
    })?;
    Ok(all)
}
