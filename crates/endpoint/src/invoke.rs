use tokio::time::Instant;
use tracing::debug;

use refit_aws::RequestError;

use crate::answer::{count_rows, read_outputs, read_values};
use crate::{EndpointClient, EndpointError, TargetModel};

impl EndpointClient {
    /// Has a model predict rows: CSV without header and label, one row a line, an empty field for a missing value. The
    /// answer has one value for each row; [`invoke_outputs`](Self::invoke_outputs) is for models that give several.
    ///
    /// A model that is still loading, and an endpoint that is too busy, are asked again until the time that
    /// [`with_loading`](Self::with_loading) allows is over.
    ///
    /// Errors: [`EndpointError::NoSuchModel`], [`EndpointError::NoSuchEndpoint`], [`EndpointError::ModelFailed`],
    /// [`EndpointError::NotReady`], [`EndpointError::WrongCount`], [`EndpointError::UnreadableAnswer`], and
    /// [`EndpointError::InvalidRows`] before anything is sent.
    pub async fn invoke(&self, target_model: &TargetModel, csv: &str) -> Result<Vec<f64>, EndpointError> {
        let rows = count_rows(target_model, csv)?;
        read_values(target_model, rows, &self.answer(target_model, csv).await?)
    }

    /// Like [`invoke`](Self::invoke), for models that give a row several values, such as `multi:softprob` the probability of each
    /// class: all of them, row by row. A row with one value has one here too.
    ///
    /// Errors: those of [`invoke`](Self::invoke).
    pub async fn invoke_outputs(&self, target_model: &TargetModel, csv: &str) -> Result<Vec<Vec<f64>>, EndpointError> {
        let rows = count_rows(target_model, csv)?;
        read_outputs(target_model, rows, &self.answer(target_model, csv).await?)
    }

    /// What the container says of the rows, as soon as it can.
    async fn answer(&self, target_model: &TargetModel, csv: &str) -> Result<Vec<u8>, EndpointError> {
        let begun = Instant::now();
        let mut waiting = self.loading.start(format!("an answer of {target_model}"));
        loop {
            let refusal = match self.invoke_once(target_model, csv).await {
                Ok(answer) => return Ok(answer),
                Err(EndpointError::Request(error)) if is_not_ready(&error) => error,
                Err(error) => return Err(error),
            };
            debug!(%target_model, error = %refusal, "not ready");
            if waiting.pause().await.is_err() {
                return Err(EndpointError::NotReady {
                    target_model: target_model.clone(),
                    waited: begun.elapsed(),
                    source: Box::new(refusal),
                });
            }
        }
    }
}

/// A model that is loading (429), an endpoint without room (503, 530), or a caller that asks too often.
fn is_not_ready(error: &RequestError) -> bool {
    error.is_throttled() || matches!(error.status(), Some(429 | 503 | 530))
}
