//! What is asked of a warehouse.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{DateWindow, Parallel, Stop, WarehouseError, iso, stop};

/// A query with its parameters: what is asked of a warehouse.
///
/// The SQL names its parameters `$1`, `$2`, … on every warehouse. Where a [`DateWindow`] is set it comes first: `$1` is
/// its floor and `$2` its ceiling, and what is bound further starts at `$3`.
///
/// ```
/// use refit_warehouse::{DateWindow, Extract};
///
/// let window = DateWindow::new("2013-01-01".parse()?, "2013-06-01".parse()?)?;
/// let extract = Extract::new(
///     "SELECT arr_delay, distance FROM flights WHERE time_hour >= $1 AND time_hour < $2 AND origin = $3",
/// )
/// .window(window)
/// .bind("EWR");
/// assert_eq!(extract.parameters().len(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Extract {
    sql: String,
    window: Option<DateWindow>,
    bound: Vec<Parameter>,
    parallel: Option<Parallel>,
    stops: Vec<Stop>,
}

impl Extract {
    /// A query without a window and without parameters.
    pub fn new(sql: impl Into<String>) -> Self {
        Self { sql: sql.into(), window: None, bound: Vec::new(), parallel: None, stops: Vec::new() }
    }

    /// Sets the window, which binds `$1` and `$2`.
    #[must_use]
    pub fn window(mut self, window: DateWindow) -> Self {
        self.window = Some(window);
        self
    }

    /// Binds the next parameter.
    #[must_use]
    pub fn bind(mut self, parameter: impl Into<Parameter>) -> Self {
        self.bound.push(parameter.into());
        self
    }

    /// Reads over several connections, where the warehouse can.
    #[must_use]
    pub fn parallel(mut self, parallel: Parallel) -> Self {
        self.parallel = Some(parallel);
        self
    }

    /// Lets it be stopped from elsewhere. Of several each stops it.
    #[must_use]
    pub fn stopped_by(mut self, stop: &Stop) -> Self {
        self.stops.push(stop.clone());
        self
    }

    /// The query's text.
    #[must_use]
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// The window, where one is set.
    #[must_use]
    pub fn date_window(&self) -> Option<DateWindow> {
        self.window
    }

    pub(crate) fn over(&self) -> Option<&Parallel> {
        self.parallel.as_ref()
    }

    pub(crate) fn stops(&self) -> &[Stop] {
        &self.stops
    }

    /// Does some work for it, of which nothing counts where it is stopped meanwhile.
    pub(crate) fn unless_stopped<T>(
        &self,
        work: impl FnOnce() -> Result<T, WarehouseError>,
    ) -> Result<T, WarehouseError> {
        stop::unless_stopped(&self.stops, work())
    }

    /// Refuses to go on with what was stopped.
    pub(crate) fn go_on(&self) -> Result<(), WarehouseError> {
        self.unless_stopped(|| Ok(()))
    }

    /// All parameters in the order of `$1`, `$2`, …, the window's floor and ceiling first.
    #[must_use]
    pub fn parameters(&self) -> Vec<Parameter> {
        let window = self.window.map(|window| [window.floor(), window.ceiling()]);
        let window = window.into_iter().flatten().map(Parameter::Date);
        window.chain(self.bound.iter().cloned()).collect()
    }
}

/// A value bound to `$1`, `$2`, ….
///
/// It travels as text, and the server reads it as the type that the query's text asks for at that place: a
/// [`Parameter::Date`] compares with a date, a timestamp (midnight, UTC) and a timestamp with time zone alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "value", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Parameter {
    /// A whole number.
    Integer(i64),
    /// A number.
    Float(#[serde(with = "float_json")] f64),
    /// True or false.
    Boolean(bool),
    /// Text.
    Text(String),
    /// A day.
    Date(NaiveDate),
    /// A moment. Compared with a column that has a time zone it is UTC.
    Timestamp(NaiveDateTime),
}

impl Parameter {
    /// The text that every warehouse reads back as this value.
    pub(crate) fn to_text(&self) -> String {
        match self {
            Self::Integer(value) => value.to_string(),
            Self::Float(value) => value.to_string(),
            Self::Boolean(value) => value.to_string(),
            Self::Text(value) => value.clone(),
            Self::Date(value) => value.to_string(),
            Self::Timestamp(value) => iso::timestamp_text(value.and_utc().timestamp_micros()),
        }
    }

    /// The text that a server reads back as this value: PostgreSQL 14 and older do not read Rust's `inf`.
    pub(crate) fn to_server_text(&self) -> String {
        match self {
            Self::Float(value) if value.is_infinite() && *value > 0.0 => "Infinity".to_owned(),
            Self::Float(value) if value.is_infinite() => "-Infinity".to_owned(),
            other => other.to_text(),
        }
    }
}

/// JSON has no NaN and no infinity: they are texts there.
mod float_json {
    use serde::de::{Deserialize, Deserializer, Error};
    use serde::{Serialize, Serializer};

    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum Number {
        Finite(f64),
        Text(String),
    }

    pub(super) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        match value.is_finite() {
            true => value.serialize(serializer),
            false => value.to_string().serialize(serializer),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        match Number::deserialize(deserializer)? {
            Number::Finite(value) => Ok(value),
            Number::Text(text) => text.parse().map_err(D::Error::custom),
        }
    }
}

impl From<i64> for Parameter {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<i32> for Parameter {
    fn from(value: i32) -> Self {
        Self::Integer(value.into())
    }
}

impl From<f64> for Parameter {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<bool> for Parameter {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<&str> for Parameter {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Parameter {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<NaiveDate> for Parameter {
    fn from(value: NaiveDate) -> Self {
        Self::Date(value)
    }
}

impl From<NaiveDateTime> for Parameter {
    fn from(value: NaiveDateTime) -> Self {
        Self::Timestamp(value)
    }
}

impl From<DateTime<Utc>> for Parameter {
    fn from(value: DateTime<Utc>) -> Self {
        Self::Timestamp(value.naive_utc())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_comes_before_what_is_bound() {
        let floor: NaiveDate = "2013-01-01".parse().unwrap();
        let ceiling: NaiveDate = "2013-02-01".parse().unwrap();
        let window = DateWindow::new(floor, ceiling).unwrap();
        let extract = Extract::new("SELECT 1").bind("EWR").window(window).bind(7);
        let expected = [floor.into(), ceiling.into(), "EWR".into(), Parameter::Integer(7)];
        assert_eq!(extract.parameters(), expected);
    }

    #[test]
    fn parameters_survive_json() {
        let moment: DateTime<Utc> = "2013-01-01T05:00:00.25Z".parse().unwrap();
        let parameters = vec![
            Parameter::from(7),
            0.1.into(),
            f64::INFINITY.into(),
            true.into(),
            "EWR".into(),
            moment.date_naive().into(),
            moment.into(),
        ];
        let json = serde_json::to_string(&parameters).unwrap();
        assert!(
            json.starts_with(
                r#"[{"type":"integer","value":7},{"type":"float","value":0.1},{"type":"float","value":"inf"},"#
            ),
            "{json}"
        );
        assert_eq!(serde_json::from_str::<Vec<Parameter>>(&json).unwrap(), parameters);
    }
}
