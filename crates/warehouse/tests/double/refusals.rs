//! What the double does not do, and how it says so.

use std::io;

/// Why a message was not done.
#[derive(Debug)]
pub(super) enum Refusal {
    Said {
        code: String,
        message: String,
        routine: String,
    },
    /// The client went away.
    Gone(io::Error),
}

impl Refusal {
    pub(super) fn said(code: &str, message: &str) -> Self {
        Self::Said { code: code.to_owned(), message: message.to_owned(), routine: String::new() }
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Gone(error)
    }
}

impl From<postgres::Error> for Refusal {
    /// PostgreSQL's own error, as Redshift would say it.
    fn from(error: postgres::Error) -> Self {
        match error.as_db_error() {
            Some(said) => Self::Said {
                code: said.code().code().to_owned(),
                message: said.message().to_owned(),
                routine: said.routine().unwrap_or_default().to_owned(),
            },
            None => Self::said("XX000", &error.to_string()),
        }
    }
}

/// What Redshift lacks of what PostgreSQL has.
pub(super) fn lacking(sql: &str) -> Option<Refusal> {
    let upper = sql.to_uppercase();
    let has = |words: &[&str]| words.iter().any(|word| upper.contains(word));
    if upper.trim_start().starts_with("COPY") {
        return Some(Refusal::said("42601", "syntax error at or near \"(\""));
    }
    if has(&["EXTRA_FLOAT_DIGITS TO 3"]) {
        let message = "3 is outside the valid range for parameter \"extra_float_digits\" (-15 .. 2)";
        return Some(Refusal::said("22023", message));
    }
    if has(&["PG_RANGE", "PG_ENUM", "PG_TYPE"]) {
        return Some(Refusal::said("42P01", "relation \"pg_range\" does not exist"));
    }
    has(&["PG_EXPORT_SNAPSHOT", "CURRENT_SNAPSHOT", "PG_RELATION_SIZE"])
        .then(|| Refusal::said("42883", "function does not exist"))
}
