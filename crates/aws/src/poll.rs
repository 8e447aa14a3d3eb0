use std::iter;
use std::time::Duration;

use tokio::time::Instant;

/// How often to ask, and for how long, until something is done.
///
/// The first question is asked at once, the second after `first`; every further pause is `growth` times the one before,
/// up to `ceiling`. So the same settings are quick where jobs take milliseconds and polite where they take hours.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// use refit_aws::{AwsError, Poll};
///
/// let mut asked = 0;
/// let answer = Poll::default()
///     .until("the third answer", async || -> Result<_, AwsError> {
///         asked += 1;
///         Ok((asked == 3).then_some("done"))
///     })
///     .await?;
/// assert_eq!(answer, "done");
/// # Ok::<(), AwsError>(()) }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Poll {
    first: Duration,
    growth: f64,
    ceiling: Duration,
    timeout: Duration,
}

impl Default for Poll {
    /// Starts with 50 ms, grows by half, asks every 30 s at the end, gives up after 24 hours.
    fn default() -> Self {
        Self {
            first: Duration::from_millis(50),
            growth: 1.5,
            ceiling: Duration::from_secs(30),
            timeout: Duration::from_secs(24 * 60 * 60),
        }
    }
}

impl Poll {
    /// The pause before the second question.
    pub fn with_first(self, first: Duration) -> Self {
        Self { first, ..self }
    }

    /// By how much each pause is longer than the one before. Below 1 counts as 1.
    pub fn with_growth(self, growth: f64) -> Self {
        Self { growth, ..self }
    }

    /// The longest pause.
    pub fn with_ceiling(self, ceiling: Duration) -> Self {
        Self { ceiling, ..self }
    }

    /// How long to go on in all.
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Asks until the answer is `Some`. An error of the question ends it; retries of single requests are the SDK's.
    ///
    /// `what` is what is waited for; it is named in the [`PollTimeout`].
    pub async fn until<T, E>(
        &self,
        what: impl Into<String>,
        mut ask: impl AsyncFnMut() -> Result<Option<T>, E>,
    ) -> Result<T, E>
    where
        E: From<PollTimeout>,
    {
        let mut waiting = self.start(what);
        loop {
            if let Some(answer) = ask().await? {
                return Ok(answer);
            }
            waiting.pause().await?;
        }
    }

    /// Begins to wait, for a loop that asks its own questions.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// let mut waiting = refit_aws::Poll::default().start("the third round");
    /// for _ in 0..2 {
    ///     waiting.pause().await?;
    /// }
    /// # Ok::<(), refit_aws::PollTimeout>(()) }).unwrap();
    /// ```
    pub fn start(&self, what: impl Into<String>) -> Waiting {
        Waiting {
            what: what.into(),
            started: Instant::now(),
            pause: self.first.min(self.ceiling),
            asked: 0,
            poll: self.clone(),
        }
    }

    /// The pauses between the questions, without end.
    pub fn pauses(&self) -> impl Iterator<Item = Duration> + Send + use<> {
        let poll = self.clone();
        iter::successors(Some(poll.first.min(poll.ceiling)), move |pause| Some(poll.longer(*pause)))
    }

    fn longer(&self, pause: Duration) -> Duration {
        let longer = Duration::try_from_secs_f64(pause.as_secs_f64() * self.growth.max(1.0));
        longer.unwrap_or(self.ceiling).min(self.ceiling)
    }
}

/// A [`Poll`] under way.
#[derive(Debug)]
pub struct Waiting {
    what: String,
    started: Instant,
    pause: Duration,
    asked: u32,
    poll: Poll,
}

impl Waiting {
    /// Sleeps until it is time for the next question; an error once the time is over.
    pub async fn pause(&mut self) -> Result<(), PollTimeout> {
        self.asked += 1;
        let waited = self.started.elapsed();
        let left = self.poll.timeout.saturating_sub(waited);
        if left.is_zero() {
            return Err(PollTimeout { what: self.what.clone(), waited, asked: self.asked });
        }
        tokio::time::sleep(self.pause.min(left)).await;
        self.pause = self.poll.longer(self.pause);
        Ok(())
    }
}

/// Waiting took longer than the [`Poll`] allows. What was waited for may still happen: wait again, or allow more time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} did not happen within {waited:?} (asked {asked} times): wait again or allow more time")]
pub struct PollTimeout {
    /// What was waited for.
    pub what: String,
    /// How long.
    pub waited: Duration,
    /// How often it was asked for.
    pub asked: u32,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Poll, PollTimeout};

    #[test]
    fn pauses_grow_up_to_the_ceiling() {
        let poll = Poll::default().with_growth(2.0).with_ceiling(Duration::from_millis(300));
        let millis: Vec<u128> = poll.pauses().take(5).map(|pause| pause.as_millis()).collect();
        assert_eq!(millis, [50, 100, 200, 300, 300]);

        let shrinking = Poll::default().with_growth(0.1);
        assert!(shrinking.pauses().take(3).all(|pause| pause == Duration::from_millis(50)));
        let exploding = Poll::default().with_growth(f64::INFINITY);
        assert_eq!(exploding.pauses().nth(1), Some(Duration::from_secs(30)));
    }

    #[tokio::test]
    async fn asks_until_there_is_an_answer() {
        let poll = Poll::default().with_first(Duration::ZERO);
        let mut asked = 0;
        let answer: Result<&str, PollTimeout> = poll
            .until("five questions", async || {
                asked += 1;
                Ok((asked == 5).then_some("done"))
            })
            .await;
        assert_eq!((answer, asked), (Ok("done"), 5));
    }

    #[tokio::test]
    async fn gives_up_after_the_timeout_and_says_what_for() {
        let poll = Poll::default().with_timeout(Duration::ZERO);
        let error = poll.until::<(), PollTimeout>("the moon to rise", async || Ok(None)).await.unwrap_err();
        assert_eq!(error.asked, 1);
        assert!(error.to_string().starts_with("the moon to rise did not happen"), "{error}");
    }

    #[tokio::test]
    async fn an_error_ends_the_waiting() {
        #[derive(Debug, PartialEq)]
        enum Failed {
            Timeout,
            Asked,
        }
        impl From<PollTimeout> for Failed {
            fn from(_: PollTimeout) -> Self {
                Self::Timeout
            }
        }
        let failed = Poll::default().until::<(), Failed>("x", async || Err(Failed::Asked)).await.unwrap_err();
        assert_eq!(failed, Failed::Asked);
    }

    #[test]
    fn waiting_can_be_spawned() {
        fn is_send(_: &impl Send) {}
        let poll = Poll::default();
        is_send(&poll.until("nothing", async || Ok::<_, PollTimeout>(Some(()))));
    }
}
