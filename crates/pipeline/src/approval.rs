use refit_evaluation::{Decision, Evaluation, Evidence, Outcome};
use refit_registry::{ApprovalStatus, ModelPackage};

use crate::champion::{CHAMPION, NO_CHAMPION};
use crate::evaluate::Evaluated;
use crate::{ModelSpec, Pipeline, PipelineError};

impl Pipeline {
    /// What the rule says of an evaluated model. There is nothing to say without a rule, nor of a testing run.
    pub(crate) fn decision(&self, evaluation: &Evaluation, not_compared: Option<&str>) -> Option<Decision> {
        let rule = self.settings.approval.as_ref().filter(|_| !self.settings.testing)?;
        Some(rule.decide(&Evidence { not_compared, ..evaluation.evidence() }))
    }

    /// Carries the rule's decision out, where it is still the rule's to take: the package is pending, no person has written a
    /// reason, and the champion is the one that the package was registered beside.
    pub(crate) async fn decide(
        &self,
        model: &ModelSpec,
        package: ModelPackage,
        evaluated: &Evaluated,
    ) -> Result<ModelPackage, PipelineError> {
        let Some(decision) = &evaluated.decision else {
            return Ok(package);
        };
        let (why, said) = (decision.description(), package.approval_description.as_deref());
        let beside = package.metadata.get(CHAMPION).map_or(NO_CHAMPION, String::as_str);
        let open = package.approval == ApprovalStatus::PendingManualApproval && Decision::left_open(said);
        if !open || beside != evaluated.champion() || said == Some(&why) {
            return Ok(package);
        }
        let decided = match decision.outcome {
            Outcome::Approve => self.registry.approve(&package.arn, &why).await,
            Outcome::Reject => self.registry.reject(&package.arn, &why).await,
            _ => self.registry.leave_pending(&package.arn, &why).await,
        };
        decided.map_err(PipelineError::registry(&model.name))
    }
}
