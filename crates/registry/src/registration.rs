use std::fmt;

use refit_aws::Sha256Digest;
use uuid::Uuid;

use crate::ModelPackageSummary;

/// What tells one registration from every other: a UUIDv5 over the group, the artifact's digest and the training job.
///
/// It is the request's client token, so that SageMaker itself refuses to do the same twice, and it is written at the end
/// of the package's description, because client tokens expire and a list shows descriptions but no metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RegistrationId(Uuid);

impl RegistrationId {
    pub(crate) fn of(group: &str, artifact: Sha256Digest, training_job: &str) -> Self {
        // A line break can be in none of the three, so no two registrations read the same.
        let name = format!("refit registration\n{}\n{artifact}\n{training_job}", group.to_lowercase());
        Self(Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()))
    }

    /// The description with this registration's mark at its end.
    pub(crate) fn mark(self, description: &str) -> String {
        match description.is_empty() {
            true => self.suffix(),
            false => format!("{description} {}", self.suffix()),
        }
    }

    /// Whether the package was registered under this id.
    pub(crate) fn marks(self, package: &ModelPackageSummary) -> bool {
        package.description.as_deref().is_some_and(|description| description.ends_with(&self.suffix()))
    }

    fn suffix(self) -> String {
        format!("[registration {self}]")
    }
}

impl fmt::Display for RegistrationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use refit_aws::Sha256Digest;

    use super::RegistrationId;

    // python3 -c "import uuid,hashlib; print(uuid.uuid5(uuid.NAMESPACE_OID, 'refit registration\narrival-delay\n'
    //   + hashlib.sha256(b'abc').hexdigest() + '\njob-1'))"
    #[test]
    fn an_id_is_the_uuid5_that_python_makes() {
        let id = RegistrationId::of("Arrival-Delay", Sha256Digest::of(b"abc"), "job-1");
        assert_eq!(id.to_string(), "849b3b67-a769-53b2-b161-a65e98ed186e");
    }

    #[test]
    fn every_part_counts() {
        let digest = Sha256Digest::of(b"abc");
        let id = RegistrationId::of("g", digest, "job-1");
        assert_ne!(id, RegistrationId::of("h", digest, "job-1"));
        assert_ne!(id, RegistrationId::of("g", Sha256Digest::of(b"abd"), "job-1"));
        assert_ne!(id, RegistrationId::of("g", digest, "job-2"));
    }
}
