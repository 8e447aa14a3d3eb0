use std::path::Path;

use refit_booster::{Booster, BoosterError};
use refit_evaluation::{Evaluation, EvaluationError, EvaluationSet, EvaluationSpec, TrainingProfile, evaluate_with};
use refit_warehouse::{Manifest, Set};

use crate::champion::Champion;
use crate::error::told;
use crate::{Artifact, EvaluationSettings, PipelineError, Prepared, names};

/// What is needed to score a model, so that a thread of its own can do it.
pub(crate) struct Scoring {
    pub(crate) dataset: Prepared,
    pub(crate) artifact: Artifact,
    pub(crate) champion: Option<Champion>,
    pub(crate) settings: EvaluationSettings,
}

/// A scored model.
pub(crate) struct Scored {
    pub(crate) evaluation: Evaluation,
    /// Why there is a champion and no comparison.
    pub(crate) not_compared: Option<String>,
    /// Whose training rows drift is measured from.
    pub(crate) drift_from: &'static str,
}

/// The rows that no model has seen, under the contract of their manifest.
pub(crate) fn evaluation_set(dataset: &Prepared) -> Result<EvaluationSet, PipelineError> {
    let name = dataset.manifest.file(Set::Evaluation).map_or("evaluation.csv", |file| file.name.as_str());
    let set = EvaluationSet::from_csv(dataset.dir.join(name), &dataset.manifest.feature_names());
    let set = set.map_err(PipelineError::evaluation(&dataset.model))?;
    Ok(set.under_contract(&dataset.manifest.contract_sha256))
}

impl Scoring {
    /// Predicts the evaluation set with the model and with its champion. A champion that cannot predict it is left out.
    pub(crate) fn run(self) -> Result<Scored, PipelineError> {
        let booster = self.load_own()?;
        let (champion, mut not_compared) = self.load_champion();
        let (set, own) = (evaluation_set(&self.dataset)?, own_training(&self.dataset)?);
        let champions = self.champion.as_ref().and_then(|champion| champion.training.as_ref());
        let champions = champions.filter(|training| training.check(&set).is_ok());
        let mut spec = EvaluationSpec::default();
        spec.champion = champion.as_ref();
        spec.comparison = self.settings.comparison.clone();
        spec.seed = Some(names::comparison_seed(&self.dataset.model, &self.dataset.run, &self.dataset.manifest.digest));
        spec.slices = self.settings.slices.clone();
        spec.drift_limits = self.settings.drift_limits;
        spec.training = champions.or(Some(&own));
        let evaluation = match evaluate_with(&booster, set, &spec) {
            Err(EvaluationError::Champion { source, .. }) => {
                not_compared = Some(told(&*source));
                spec.champion = None;
                evaluate_with(&booster, evaluation_set(&self.dataset)?, &spec)
            }
            result => result,
        };
        let evaluation = evaluation.map_err(PipelineError::evaluation(&self.dataset.model))?;
        let drift_from = if champions.is_some() { "the champion's" } else { "the model's own" };
        Ok(Scored { evaluation, not_compared, drift_from })
    }

    fn load_own(&self) -> Result<Booster, PipelineError> {
        let Artifact { uri, path, .. } = &self.artifact;
        load(path).map_err(|error| match error {
            Unusable::File(source) => PipelineError::File { path: path.clone(), source },
            Unusable::Artifact(source) => PipelineError::Artifact {
                model: self.dataset.model.clone(),
                artifact: uri.to_string(),
                source: Box::new(source),
            },
        })
    }

    /// The champion, or why it cannot be compared; neither where there is none.
    fn load_champion(&self) -> (Option<Booster>, Option<String>) {
        match self.champion.as_ref().map(|champion| &champion.artifact) {
            None => (None, None),
            Some(Err(why)) => (None, Some(why.clone())),
            Some(Ok(path)) => match load(path) {
                Ok(booster) => (Some(booster), None),
                Err(Unusable::File(error)) => (None, Some(format!("its artifact cannot be read: {}", told(&error)))),
                Err(Unusable::Artifact(error)) => (None, Some(format!("its artifact is no model: {}", told(&error)))),
            },
        }
    }
}

/// Why an artifact gives no model.
enum Unusable {
    File(std::io::Error),
    Artifact(BoosterError),
}

fn load(path: &Path) -> Result<Booster, Unusable> {
    let bytes = std::fs::read(path).map_err(Unusable::File)?;
    Booster::from_artifact(&bytes).map_err(Unusable::Artifact)
}

/// The rows that the model itself learnt from.
fn own_training(dataset: &Prepared) -> Result<TrainingProfile, PipelineError> {
    let path = dataset.dir.join(Manifest::FILE_NAME);
    let text = std::fs::read(&path).map_err(|source| PipelineError::File { path, source })?;
    TrainingProfile::from_manifest(&text).map_err(PipelineError::evaluation(&dataset.model))
}
