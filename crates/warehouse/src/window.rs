//! The days an extraction covers.

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::WarehouseError;

/// The days an extraction covers: from `floor`, up to but without `ceiling`.
///
/// A window that exists has at least one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Bounds")]
pub struct DateWindow {
    floor: NaiveDate,
    ceiling: NaiveDate,
}

impl DateWindow {
    /// The days from `floor` up to but without `ceiling`.
    ///
    /// # Errors
    /// [`WarehouseError::EmptyWindow`] where `ceiling` is not after `floor`.
    pub fn new(floor: NaiveDate, ceiling: NaiveDate) -> Result<Self, WarehouseError> {
        if ceiling <= floor {
            return Err(WarehouseError::EmptyWindow { floor, ceiling });
        }
        Ok(Self { floor, ceiling })
    }

    /// The days from `floor` up to but without `today - push_back_days`.
    ///
    /// Labels often settle late: the last days are left out until they have. The caller says what day it is, so that the
    /// same call gives the same window.
    ///
    /// # Errors
    /// [`WarehouseError::EmptyWindow`] where that ceiling is not after `floor`.
    pub fn pushed_back(floor: NaiveDate, today: NaiveDate, push_back_days: u32) -> Result<Self, WarehouseError> {
        let ceiling = today.checked_sub_days(Days::new(push_back_days.into())).unwrap_or(NaiveDate::MIN);
        Self::new(floor, ceiling)
    }

    /// The first day in the window.
    #[must_use]
    pub fn floor(&self) -> NaiveDate {
        self.floor
    }

    /// The first day after the window.
    #[must_use]
    pub fn ceiling(&self) -> NaiveDate {
        self.ceiling
    }
}

#[derive(Deserialize)]
struct Bounds {
    floor: NaiveDate,
    ceiling: NaiveDate,
}

impl TryFrom<Bounds> for DateWindow {
    type Error = WarehouseError;

    fn try_from(bounds: Bounds) -> Result<Self, Self::Error> {
        Self::new(bounds.floor, bounds.ceiling)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn push_back_moves_the_ceiling_from_today() {
        let window = DateWindow::pushed_back(day("2013-01-01"), day("2013-03-02"), 2).unwrap();
        assert_eq!(window.ceiling(), day("2013-02-28"));
    }

    #[test]
    fn a_window_without_a_day_is_refused() {
        for ceiling in ["2013-01-01", "2012-12-31"] {
            let error = DateWindow::new(day("2013-01-01"), day(ceiling)).unwrap_err();
            assert!(matches!(error, WarehouseError::EmptyWindow { .. }), "{error}");
            assert!(error.to_string().contains(ceiling), "{error}");
        }
        DateWindow::pushed_back(day("2013-01-01"), day("2013-01-08"), 7).unwrap_err();
        DateWindow::pushed_back(day("2013-01-01"), day("2013-01-09"), u32::MAX).unwrap_err();
    }

    #[test]
    fn a_window_read_back_is_checked_too() {
        let window = DateWindow::new(day("2013-01-01"), day("2013-02-01")).unwrap();
        let json = serde_json::to_string(&window).unwrap();
        assert_eq!(json, r#"{"floor":"2013-01-01","ceiling":"2013-02-01"}"#);
        assert_eq!(serde_json::from_str::<DateWindow>(&json).unwrap(), window);
        let inverted = r#"{"floor":"2013-02-01","ceiling":"2013-01-01"}"#;
        serde_json::from_str::<DateWindow>(inverted).unwrap_err();
    }
}
