use crate::{Endpoint, EndpointConfigName, EndpointStatus};

/// How far an update is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// The requested configuration serves.
    Done,
    /// SageMaker is at it.
    Moving,
    /// Nothing has happened that this description shows.
    NotBegun,
    /// The configuration before serves, and SageMaker is not at it any more.
    RolledBack,
    /// Somebody else has updated the endpoint to a third configuration meanwhile.
    Superseded,
    /// The endpoint cannot serve, or can serve only a mix.
    Unusable,
}

/// Whether SageMaker is changing the endpoint by itself, so that it must be waited for.
pub(crate) fn is_moving(status: EndpointStatus) -> bool {
    matches!(
        status,
        EndpointStatus::Creating
            | EndpointStatus::Updating
            | EndpointStatus::SystemUpdating
            | EndpointStatus::RollingBack
    )
}

/// Judges an update by the endpoint before it, the endpoint now, and whether it was seen moving in between.
///
/// `InService` alone says nothing: after a rollback the endpoint is `InService` with the old configuration.
pub(crate) fn judge(before: &Endpoint, now: &Endpoint, requested: &EndpointConfigName, has_moved: bool) -> Progress {
    match now.status {
        status if is_moving(status) => Progress::Moving,
        EndpointStatus::InService if now.config.as_ref() == Some(requested) => Progress::Done,
        EndpointStatus::InService if now.config != before.config => Progress::Superseded,
        EndpointStatus::InService if has_moved || now.last_modified != before.last_modified => Progress::RolledBack,
        EndpointStatus::InService => Progress::NotBegun,
        _ => Progress::Unusable,
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::{Progress, judge};
    use crate::{Endpoint, EndpointConfigName, EndpointStatus};

    fn endpoint(status: EndpointStatus, config: &str, changed: i64) -> Endpoint {
        Endpoint {
            name: "flights".parse().unwrap(),
            status,
            config: config.parse().ok(),
            failure_reason: None,
            last_modified: DateTime::from_timestamp(changed, 0),
        }
    }

    // The statuses, and the old configuration after a rollback, are those of the developer guide's deployment-guardrails.
    #[test]
    fn only_the_requested_config_in_service_is_success() {
        use EndpointStatus::*;
        let before = endpoint(InService, "old", 1);
        let requested: EndpointConfigName = "new".parse().unwrap();
        for (now, has_moved, progress) in [
            (endpoint(InService, "new", 2), true, Progress::Done),
            (endpoint(InService, "new", 2), false, Progress::Done),
            (endpoint(Updating, "old", 2), false, Progress::Moving),
            (endpoint(RollingBack, "old", 2), true, Progress::Moving),
            (endpoint(SystemUpdating, "new", 2), true, Progress::Moving),
            (endpoint(InService, "old", 2), true, Progress::RolledBack),
            (endpoint(InService, "other", 3), true, Progress::Superseded),
            // It went forth and back between two looks.
            (endpoint(InService, "old", 2), false, Progress::RolledBack),
            // The answer is older than the update.
            (endpoint(InService, "old", 1), false, Progress::NotBegun),
            (endpoint(UpdateRollbackFailed, "old", 2), true, Progress::Unusable),
            (endpoint(Failed, "new", 2), true, Progress::Unusable),
            (endpoint(OutOfService, "new", 2), false, Progress::Unusable),
        ] {
            assert_eq!(judge(&before, &now, &requested, has_moved), progress, "{now:?}");
        }
    }
}
