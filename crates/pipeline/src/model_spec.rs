use refit_registry::GroupRef;
use refit_warehouse::{DatasetSpec, Extract};

use crate::{ModelName, PipelineError};

/// One model to retrain: where its rows come from and how they become training files.
#[derive(Debug, Clone)]
pub struct ModelSpec {
    /// Its name.
    pub name: ModelName,
    /// The query, its window and its parameters.
    pub extract: Extract,
    /// Its label and its split.
    pub dataset: DatasetSpec,
    /// Its model package group: by default the group of this account that is called after the model. A program that serves
    /// what another account registered names that account's group by its ARN.
    pub group: GroupRef,
}

impl ModelSpec {
    /// A model whose group is called after it.
    ///
    /// # Errors
    ///
    /// None in practice: every model name is a group name.
    pub fn new(name: ModelName, extract: Extract, dataset: DatasetSpec) -> Result<Self, PipelineError> {
        let group = name.as_str().parse().map_err(PipelineError::aws("naming the model package group"))?;
        Ok(Self { name, extract, dataset, group })
    }
}
