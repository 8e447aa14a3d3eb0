use std::path::PathBuf;

use chrono::Utc;
use refit_aws::{HistoryLog, HistoryRow};
use refit_evaluation::{ChampionStanding, Decision, Evaluation, EvaluationRow, EvaluationSpec};
use serde::{Deserialize, Serialize};
use tracing::{info, warn};

use crate::champion::{Champion, NO_CHAMPION};
use crate::pipeline::blocking;
use crate::score::{Scoring, evaluation_set};
use crate::tune::Tuned;
use crate::{Artifact, Pipeline, PipelineError, Prepared, layout};

/// A model as the evaluation set sees it.
pub(crate) struct Evaluated {
    pub(crate) evaluation: Evaluation,
    /// The model that it would replace.
    pub(crate) standing: ChampionStanding,
    /// What the approval rule says.
    pub(crate) decision: Option<Decision>,
    /// The local report.
    pub(crate) report: PathBuf,
}

impl Evaluated {
    /// The champion, as a package's metadata name it.
    pub(crate) fn champion(&self) -> &str {
        self.standing.champion().map_or(NO_CHAMPION, |champion| &champion.package)
    }
}

/// A row of `evaluationhistory.csv`: the evaluation crate knows its columns, the history log how to keep it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
struct HistoryEntry(EvaluationRow);

impl HistoryRow for HistoryEntry {
    const COLUMNS: &'static [&'static str] = EvaluationRow::COLUMNS;
    const KEY: &'static str = EvaluationRow::KEY;
}

impl Pipeline {
    /// Refuses settings that this dataset cannot answer, before anything is spent on it.
    pub(crate) fn check_evaluation(&self, dataset: &Prepared) -> Result<(), PipelineError> {
        let mut spec = EvaluationSpec::default();
        spec.slices = self.settings.evaluation.slices.clone();
        spec.check(&evaluation_set(dataset)?).map_err(PipelineError::evaluation(&dataset.model))
    }

    /// Scores the evaluation set with the model and with its champion, and keeps the figures, the decision and the report.
    pub(crate) async fn evaluate(
        &self,
        dataset: &Prepared,
        tuned: &Tuned,
        artifact: &Artifact,
        champion: Option<Champion>,
    ) -> Result<Evaluated, PipelineError> {
        let lineage = champion.as_ref().map(|champion| champion.lineage.clone());
        let scoring = Scoring {
            dataset: dataset.clone(),
            artifact: artifact.clone(),
            champion,
            settings: self.settings.evaluation.clone(),
        };
        let scored = blocking(&dataset.model, "evaluation", move || scoring.run()).await??;
        let decision = self.decision(&scored.evaluation, scored.not_compared.as_deref());
        let standing = match (lineage, scored.not_compared) {
            (None, _) => ChampionStanding::None,
            (Some(champion), None) => ChampionStanding::Compared(champion),
            (Some(champion), Some(reason)) => ChampionStanding::NotCompared { champion, reason },
        };
        tell(&scored.evaluation, &standing);
        let (row, history) = self.remember_evaluation(dataset, tuned, &scored.evaluation).await?;
        let mut context = self.report_context(dataset, tuned, artifact, row.datetime, history);
        context.drift_from = Some(scored.drift_from.to_owned());
        (context.champion, context.decision) = (Some(standing.clone()), decision.clone());
        let report = self.publish(dataset, tuned, scored.evaluation.clone(), context).await?;
        Ok(Evaluated { evaluation: scored.evaluation, standing, decision, report })
    }

    /// The row of this evaluation, written now or by an earlier run of the same run, and the rows before it.
    async fn remember_evaluation(
        &self,
        dataset: &Prepared,
        tuned: &Tuned,
        evaluation: &Evaluation,
    ) -> Result<(EvaluationRow, Vec<EvaluationRow>), PipelineError> {
        let file = "evaluationhistory.csv";
        let local = layout::model_dir(&self.settings.base_dir, &dataset.model).join(file);
        let key = layout::evaluation(&dataset.model, file);
        let doing = || PipelineError::aws(format!("keeping {key}"));
        let log = HistoryLog::<HistoryEntry>::new(self.store.clone(), &key, local).map_err(doing())?;
        let tuning = &self.settings.tuning;
        let name = tuned.best.name.as_str();
        let row = EvaluationRow::new(Utc::now(), name, &tuning.objective, tuning.metric.name(), &evaluation.metrics)
            .testing(self.settings.testing);
        log.append(&HistoryEntry(row.clone())).await.map_err(doing())?;
        let rows = log.read().await.map_err(doing())?;
        let mut earlier: Vec<_> = rows.into_iter().map(|entry| entry.0).collect();
        let at = earlier.iter().position(|row| row.trainingjob == name).unwrap_or(earlier.len());
        let kept = earlier.split_off(at).into_iter().next();
        Ok((kept.unwrap_or(row), earlier))
    }
}

fn tell(evaluation: &Evaluation, standing: &ChampionStanding) {
    let metrics = &evaluation.metrics;
    if let Some(errors) = metrics.regression() {
        info!(
            rows = errors.rows,
            rmse = %format_args!("{:.4}", errors.rmse),
            rmse_of_the_mean = %format_args!("{:.4}", errors.baseline_rmse),
            "evaluated"
        );
    }
    if let Some(classes) = metrics.multiclass() {
        info!(
            rows = classes.rows,
            merror = %format_args!("{:.4}", classes.merror),
            mlogloss = %format_args!("{:.4}", classes.mlogloss),
            mlogloss_of_the_shares = %format_args!("{:.4}", classes.baseline_mlogloss),
            "evaluated"
        );
    }
    if let Some(champion) = &evaluation.champion {
        info!("{}", champion.comparison.sentence());
    }
    if let ChampionStanding::NotCompared { reason, .. } = standing {
        warn!(reason, "not compared with the champion");
    }
}
