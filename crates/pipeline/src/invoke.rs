use std::sync::Arc;

use refit_endpoint::{FeatureContract, TargetModel};
use refit_evaluation::TrainingProfile;
use tracing::warn;

use crate::names::target_model;
use crate::{ModelName, Pipeline, PipelineError};

impl Pipeline {
    /// What a model predicts for rows without label and header, asked of the endpoint.
    ///
    /// Rows that have not as many fields as the model has features are refused before they are sent: a container may score
    /// rows with the label in front, without a word. How many there are is looked up once and kept for a minute.
    ///
    /// # Errors
    ///
    /// [`refit_endpoint::EndpointError::RowWidth`] for the first such row; what the endpoint or the model refuses.
    pub async fn invoke(&self, model: &ModelName, csv: &str) -> Result<Vec<f64>, PipelineError> {
        let target = self.checked(model, csv).await?;
        self.endpoint.invoke(&target, csv).await.map_err(PipelineError::endpoint("invoked"))
    }

    /// Like [`invoke`](Self::invoke), with all values that the model gives a row: of `multi:softprob` the probability of each
    /// class.
    ///
    /// # Errors
    ///
    /// Those of [`invoke`](Self::invoke).
    pub async fn invoke_outputs(&self, model: &ModelName, csv: &str) -> Result<Vec<Vec<f64>>, PipelineError> {
        let target = self.checked(model, csv).await?;
        self.endpoint.invoke_outputs(&target, csv).await.map_err(PipelineError::endpoint("invoked"))
    }

    /// Where the endpoint has a model that takes these rows.
    async fn checked(&self, model: &ModelName, csv: &str) -> Result<TargetModel, PipelineError> {
        let target = target_model(model)?;
        let refused =
            |contract: Option<FeatureContract>| contract.map_or(Ok(()), |contract| contract.check(&target, csv));
        if refused(self.contract(model).await?).is_err() {
            // Another program may have had the endpoint serve a model of another contract since the last look.
            refused(self.look_at(model).await?).map_err(PipelineError::endpoint("invoked"))?;
        }
        Ok(target)
    }

    /// Like [`invoke`](Self::invoke), for rows whose features have names: those must be the ones that the model was trained on,
    /// in the same order. The endpoint itself sees positions only.
    ///
    /// # Errors
    ///
    /// [`PipelineError::Features`] with every feature that is missing, extra or elsewhere; [`PipelineError::NoContract`] for a model
    /// whose features are not known; those of [`invoke`](Self::invoke).
    pub async fn invoke_named<S: AsRef<str>>(
        &self,
        model: &ModelName,
        features: &[S],
        csv: &str,
    ) -> Result<Vec<f64>, PipelineError> {
        let names = || features.iter().map(AsRef::as_ref);
        let mut profile = self.profile(model, self.contract(model).await?).await?;
        if profile.differences(names()).is_some() {
            profile = self.profile(model, self.look_at(model).await?).await?;
        }
        match profile.differences(names()) {
            Some(problems) => Err(PipelineError::Features { model: model.clone(), problems }),
            None => self.invoke(model, csv).await,
        }
    }

    /// What a model is to be fed with; none where that is not known. From the last look at it, unless that is long ago.
    async fn contract(&self, model: &ModelName) -> Result<Option<FeatureContract>, PipelineError> {
        let (known, fresh) = match self.contracts.known(model) {
            Some(known) => (known.contract.clone(), known.is_fresh()),
            None => return self.look_at(model).await,
        };
        if fresh {
            return Ok(known);
        }
        match self.look_at(model).await {
            Err(error) => {
                warn!(%model, error = &error as &dyn std::error::Error, "rows are checked by an older look");
                Ok(known)
            }
            found => found,
        }
    }

    /// Looks at the model that serves: one request to S3.
    async fn look_at(&self, model: &ModelName) -> Result<Option<FeatureContract>, PipelineError> {
        let deployed = self.endpoint.deployed(&target_model(model)?).await;
        let deployed = deployed.map_err(PipelineError::endpoint("asked what its model is fed with"))?;
        let contract = deployed.and_then(|deployed| deployed.contract);
        self.contracts.keep(model, contract.clone());
        Ok(contract)
    }

    /// The names behind a contract. They never change, so they are read once.
    async fn profile(
        &self,
        model: &ModelName,
        contract: Option<FeatureContract>,
    ) -> Result<Arc<TrainingProfile>, PipelineError> {
        let contract = contract.ok_or_else(|| PipelineError::NoContract { model: model.clone() })?;
        let uri = &contract.manifest;
        if let Some(profile) = self.contracts.profile(uri) {
            return Ok(profile);
        }
        let (text, _) = self.store.get(uri).await.map_err(PipelineError::aws(format!("reading {uri}")))?;
        let profile = TrainingProfile::from_manifest(&text).map_err(PipelineError::evaluation(model))?;
        Ok(self.contracts.keep_profile(uri, profile))
    }
}
