use std::path::PathBuf;

use refit_aws::{AwsError, S3Uri};
use refit_endpoint::{DeployedModel, FeatureContract};
use refit_evaluation::{ChampionLineage, ColumnProfile, TrainingProfile};
use refit_registry::{GroupRef, ModelPackage, ModelPackageArn, ModelPackageSpec};
use refit_warehouse::Manifest;
use tracing::{info, warn};

use crate::names::target_model;
use crate::{ModelSpec, Pipeline, PipelineError, Prepared, layout};

/// The metadata entry that says which package a model was compared with; [`NO_CHAMPION`] if with none.
pub(crate) const CHAMPION: &str = "champion";

/// What [`CHAMPION`] says where nothing served and nothing was approved.
pub(crate) const NO_CHAMPION: &str = "none";

/// The metadata entry that says whether the endpoint served that package.
pub(crate) const CHAMPION_SERVES: &str = "champion-serves";

/// The model that an evaluated one would replace, as far as it can be had.
#[derive(Debug, Clone)]
pub(crate) struct Champion {
    /// Where it comes from.
    pub(crate) lineage: ChampionLineage,
    /// Its artifact on this machine, or why it cannot be compared.
    pub(crate) artifact: Result<PathBuf, String>,
    /// The rows that it learnt from, where they are described.
    pub(crate) training: Option<TrainingProfile>,
}

/// Which package is the champion.
struct Found {
    arn: ModelPackageArn,
    /// None if it was deleted since.
    package: Option<ModelPackage>,
    serves: bool,
}

impl Pipeline {
    /// The champion of a model that may be registered already: then it is the one that the package was registered beside, so
    /// that a rerun compares with the same one whatever serves by now.
    pub(crate) async fn champion(
        &self,
        model: &ModelSpec,
        dataset: &Prepared,
        identity: &ModelPackageSpec,
    ) -> Result<Option<Champion>, PipelineError> {
        let failed = PipelineError::registry(&model.name);
        if let GroupRef::Name(name) = &model.group {
            self.registry.ensure_group(name).await.map_err(failed)?;
        }
        let served = self.endpoint.deployed(&target_model(&model.name)?).await;
        let served = served.map_err(PipelineError::endpoint("asked what it serves"))?;
        let found = match self.registry.find(identity).await.map_err(failed)? {
            Some(package) => self.recorded(model, &package).await?,
            None => self.current(model, served.as_ref()).await?,
        };
        let Some(Found { arn, package, serves }) = found else {
            return Ok(None);
        };
        info!(package = %arn, serves, "champion");
        let training = self.training_profile(package.as_ref()).await?;
        let artifact = match &package {
            None => Err("its model package is no longer in the registry".to_owned()),
            Some(package) => match unfit(package, training.as_ref(), dataset) {
                Some(why) => Err(why),
                None => self.champions_artifact(&model.name, package, served.as_ref()).await?,
            },
        };
        let lineage = ChampionLineage {
            package: arn.to_string(),
            serves,
            training_job: package.as_ref().and_then(|package| package.training_job().map(str::to_owned)),
            artifact_digest: package.and_then(|package| package.artifact_sha256()).map(|digest| digest.to_string()),
        };
        Ok(Some(Champion { lineage, artifact, training }))
    }

    /// The package that serves, or else the newest approved one.
    async fn current(&self, model: &ModelSpec, served: Option<&DeployedModel>) -> Result<Option<Found>, PipelineError> {
        let failed = PipelineError::registry(&model.name);
        if let Some(served) = served {
            if let Some(package) = self.served_package(model, served).await? {
                return Ok(Some(Found { arn: package.arn.clone(), package: Some(package), serves: true }));
            }
            warn!(model = %served.uri, "no model package has what the endpoint serves: the newest approved one is the champion");
        }
        let approved = self.registry.latest_approved(&model.group).await.map_err(failed)?;
        Ok(approved.map(|package| Found { arn: package.arn.clone(), package: Some(package), serves: false }))
    }

    /// The package whose bytes lie under the model's key.
    async fn served_package(
        &self,
        model: &ModelSpec,
        served: &DeployedModel,
    ) -> Result<Option<ModelPackage>, PipelineError> {
        let arn = served.model_package_arn.as_ref().and_then(|arn| arn.parse::<ModelPackageArn>().ok());
        let Some(arn) = arn else {
            return Ok(None);
        };
        let package = self.registry.describe(&arn).await.map_err(PipelineError::registry(&model.name))?;
        let same =
            |package: &ModelPackage| package.artifact_sha256().is_none_or(|digest| served.sha256 == Some(digest));
        Ok(package.filter(same))
    }

    /// The champion that a registered package names.
    async fn recorded(&self, model: &ModelSpec, package: &ModelPackage) -> Result<Option<Found>, PipelineError> {
        let named = package.metadata.get(CHAMPION).and_then(|arn| arn.parse::<ModelPackageArn>().ok());
        let Some(arn) = named else {
            return Ok(None);
        };
        let serves = package.metadata.get(CHAMPION_SERVES).is_some_and(|serves| serves == "true");
        let package = self.registry.describe(&arn).await.map_err(PipelineError::registry(&model.name))?;
        Ok(Some(Found { arn, package, serves }))
    }

    /// What a package says that its model was trained on.
    async fn training_profile(&self, package: Option<&ModelPackage>) -> Result<Option<TrainingProfile>, PipelineError> {
        let Some(contract) = package.and_then(|package| FeatureContract::from_metadata(&package.metadata)) else {
            return Ok(None);
        };
        let uri = &contract.manifest;
        let text = match self.store.get(uri).await {
            Ok((text, _)) => text,
            Err(AwsError::NoSuchObject { .. }) => return Ok(None),
            Err(error) => return Err(PipelineError::aws(format!("reading {uri}"))(error)),
        };
        match TrainingProfile::from_manifest(&text) {
            Ok(mut profile) => {
                profile.columns.extend(self.earlier_predictions(uri).await?);
                Ok(Some(profile))
            }
            Err(error) => {
                warn!(%uri, error = &error as &dyn std::error::Error, "what the champion was trained on cannot be read");
                Ok(None)
            }
        }
    }

    /// What the champion predicted when it was evaluated, from the report beside its manifest, where there is one.
    async fn earlier_predictions(&self, manifest: &S3Uri) -> Result<Option<ColumnProfile>, PipelineError> {
        let Some(folder) = manifest.key().strip_suffix(Manifest::FILE_NAME) else {
            return Ok(None);
        };
        let uri = S3Uri::new(manifest.bucket().clone(), format!("{folder}{}", layout::REPORT_JSON));
        let uri = uri.map_err(PipelineError::aws("naming the champion's report"))?;
        match self.store.get(&uri).await {
            Ok((text, _)) => Ok(ColumnProfile::from_report(&text).ok()),
            Err(AwsError::NoSuchObject { .. }) => Ok(None),
            Err(error) => Err(PipelineError::aws(format!("reading {uri}"))(error)),
        }
    }
}

/// Why a champion cannot predict the rows of a dataset: it was trained under another contract.
fn unfit(package: &ModelPackage, training: Option<&TrainingProfile>, dataset: &Prepared) -> Option<String> {
    let (contract, ours) = (FeatureContract::from_metadata(&package.metadata)?, &dataset.manifest);
    if contract.sha256.to_string() == ours.contract_sha256 {
        return None;
    }
    let names = ours.feature_names();
    let differences = training.and_then(|training| training.differences(names.iter().map(String::as_str)));
    let differences = differences.unwrap_or_else(|| "the label, a type, or the categories of a text differ".to_owned());
    Some(format!("it was trained under another contract than these rows have ({differences})"))
}
