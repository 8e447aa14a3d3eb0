//! How long a state lasts that AWS takes minutes for.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::error::LocalError;

/// A state that a resource passes through on its way to the next one, under SageMaker's name for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Transition {
    /// An endpoint is created.
    Creating,
    /// An endpoint is updated.
    Updating,
    /// An endpoint goes back to its old fleet.
    RollingBack,
    /// A resource is deleted.
    Deleting,
    /// A training job waits for its instances.
    Starting,
    /// A training job downloads its data.
    Downloading,
    /// A training job uploads its artifact.
    Uploading,
    /// A job was told to stop.
    Stopping,
}

impl Transition {
    const ALL: [Self; 8] = [
        Self::Creating,
        Self::Updating,
        Self::RollingBack,
        Self::Deleting,
        Self::Starting,
        Self::Downloading,
        Self::Uploading,
        Self::Stopping,
    ];

    /// SageMaker's word for the state.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "Creating",
            Self::Updating => "Updating",
            Self::RollingBack => "RollingBack",
            Self::Deleting => "Deleting",
            Self::Starting => "Starting",
            Self::Downloading => "Downloading",
            Self::Uploading => "Uploading",
            Self::Stopping => "Stopping",
        }
    }
}

/// How long each [`Transition`] lasts at least; none, unless it is said.
///
/// Written `2s`, or `Creating=30s,Stopping=500ms`, or both: `1s,Creating=30s`. Moving the clock forward shortens the wait.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pace([Duration; Transition::ALL.len()]);

impl Pace {
    /// As fast as the machine is: the default.
    #[must_use]
    pub fn immediate() -> Self {
        Self::default()
    }

    /// Every transition lasts this long.
    #[must_use]
    pub fn every(duration: Duration) -> Self {
        Self([duration; Transition::ALL.len()])
    }

    /// The same pace, but for one transition.
    #[must_use]
    pub fn with(mut self, transition: Transition, duration: Duration) -> Self {
        self.0[transition as usize] = duration;
        self
    }

    /// How long a transition lasts.
    #[must_use]
    pub fn of(&self, transition: Transition) -> Duration {
        self.0[transition as usize]
    }
}

impl FromStr for Pace {
    type Err = LocalError;

    fn from_str(text: &str) -> Result<Self, LocalError> {
        let refused = || LocalError::Pace { given: text.to_owned() };
        text.split(',').map(str::trim).try_fold(Self::immediate(), |pace, part| {
            let (name, duration) = part.split_once('=').map_or((None, part), |(name, rest)| (Some(name), rest));
            let duration = humantime::parse_duration(duration.trim()).map_err(|_| refused())?;
            let Some(name) = name else { return Ok(Self::every(duration)) };
            let named = |transition: &Transition| transition.as_str().eq_ignore_ascii_case(name.trim());
            let transition = Transition::ALL.into_iter().find(named).ok_or_else(refused)?;
            Ok(pace.with(transition, duration))
        })
    }
}

impl fmt::Display for Transition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_is_read_as_a_default_and_exceptions() {
        let pace: Pace = "1s, Creating=2m, stopping=500ms".parse().unwrap();
        assert_eq!(pace.of(Transition::Updating), Duration::from_secs(1));
        assert_eq!(pace.of(Transition::Creating), Duration::from_secs(120));
        assert_eq!(pace.of(Transition::Stopping), Duration::from_millis(500));
        assert_eq!("0s".parse::<Pace>().unwrap(), Pace::immediate());
    }

    #[test]
    fn a_pace_that_cannot_be_read_is_refused_with_what_was_given() {
        for text in ["", "fast", "Creating", "Creating=", "Dreaming=1s", "1s,,2s", "-1s"] {
            assert!(matches!(text.parse::<Pace>(), Err(LocalError::Pace { given }) if given == text), "{text}");
        }
    }

    #[test]
    fn each_transition_has_a_place_of_its_own() {
        for (at, transition) in Transition::ALL.into_iter().enumerate() {
            assert_eq!(transition as usize, at);
        }
    }
}
