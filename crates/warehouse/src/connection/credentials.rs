//! Who gets in, and with what.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use crate::error::Source;

/// Credentials that expire sooner than this are asked for anew.
const MARGIN: Duration = Duration::from_secs(60);

/// A user and a password, which may be good for a while only.
#[derive(Clone)]
pub struct Credentials {
    pub(crate) user: String,
    pub(crate) password: String,
    expires_at: Option<SystemTime>,
}

impl Credentials {
    /// A user and a password.
    pub fn new(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self { user: user.into(), password: password.into(), expires_at: None }
    }

    /// Sets when they expire, as IAM's temporary ones do. Without it they are asked for at each connection.
    #[must_use]
    pub fn expires_at(mut self, moment: SystemTime) -> Self {
        self.expires_at = Some(moment);
        self
    }

    fn is_fresh(&self) -> bool {
        self.expires_at.is_some_and(|moment| SystemTime::now() + MARGIN < moment)
    }
}

impl fmt::Debug for Credentials {
    /// Says who, never the password.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Credentials").field("user", &self.user).finish_non_exhaustive()
    }
}

type Give = dyn Fn() -> Result<Credentials, Source> + Send + Sync;

/// Where a connection's user and password come from. Has no `Debug`, so that nothing that holds one derives it.
#[derive(Clone, Default)]
pub(crate) struct Login {
    pub(crate) user: Option<String>,
    password: Option<String>,
    function: Option<Arc<Give>>,
    /// What the function gave last; the clones share it.
    given: Arc<Mutex<Option<Credentials>>>,
}

impl Login {
    pub(crate) fn set_password(&mut self, password: &str) {
        self.password = Some(password.to_owned());
    }

    pub(crate) fn set_function(&mut self, give: Arc<Give>) {
        self.function = Some(give);
        self.given = Arc::default();
    }

    /// User and password for a connection made now; either may be missing.
    pub(crate) fn now(&self) -> Result<(Option<String>, Option<String>), Source> {
        let Some(give) = &self.function else {
            return Ok((self.user.clone(), self.password.clone()));
        };
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        let credentials = match given.take().filter(Credentials::is_fresh) {
            Some(fresh) => fresh,
            None => give()?,
        };
        *given = Some(credentials.clone());
        Ok((Some(credentials.user), Some(credentials.password)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn asked(lifetime: Option<Duration>) -> usize {
        static ASKED: AtomicUsize = AtomicUsize::new(0);
        ASKED.store(0, Ordering::SeqCst);
        let mut login = Login::default();
        login.set_function(Arc::new(move || {
            ASKED.fetch_add(1, Ordering::SeqCst);
            let credentials = Credentials::new("IAM:etl", "s3cret");
            Ok(match lifetime {
                Some(lifetime) => credentials.expires_at(SystemTime::now() + lifetime),
                None => credentials,
            })
        }));
        for _ in 0..3 {
            assert_eq!(login.clone().now().unwrap().0.as_deref(), Some("IAM:etl"));
        }
        ASKED.load(Ordering::SeqCst)
    }

    #[test]
    fn credentials_are_used_until_they_expire() {
        assert_eq!(asked(Some(Duration::from_secs(900))), 1);
        assert_eq!(asked(Some(Duration::from_secs(30))), 3);
        assert_eq!(asked(None), 3);
        let shown = format!("{:?}", Credentials::new("etl", "s3cret"));
        assert!(shown.contains("etl") && !shown.contains("s3cret"), "{shown}");
    }
}
