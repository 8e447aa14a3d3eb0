//! Conditional writes that something else overtakes, and uploads that are completed wrongly.

use super::*;
use crate::objects::{Algorithm, ETagMatch, NewUpload};

const ABSENT: fn() -> Condition = || Condition { if_match: None, if_none_match: Some(ETagMatch::Any) };

/// "Conditional writes": a deletion that succeeds while the conditional write is under way makes it a conflict.
#[test]
fn a_deletion_during_a_conditional_write_is_a_conflict() {
    let subject = Subject::new();
    let begin = |condition| subject.store.begin_put(subject.access.clone(), BUCKET, "key", condition).unwrap();
    let end = |write: &crate::objects::Write| subject.store.put(write, Attributes::default(), subject.blob(b"new"));
    subject.store.write(ACCOUNT, BUCKET, "key", b"old").unwrap();
    let (absent, present) = (begin(ABSENT()), begin(Condition { if_match: Some(ETagMatch::Any), if_none_match: None }));
    let unconditional = begin(Condition::default());
    subject.delete("key", None);
    for write in [&absent, &present] {
        assert!(matches!(end(write), Err(ObjectError::Overtaken { .. })));
    }
    assert!(subject.read("key").is_none());
    end(&begin(ABSENT())).expect("the one that is repeated sees the deletion");
    end(&unconditional).expect("a write without a condition does not mind");
    drop((absent, present));
    assert!(matches!(end(&begin(ABSENT())), Err(ObjectError::ConditionFailed { .. })));
}

#[test]
fn of_writers_that_want_a_new_key_one_wins() {
    let subject = Subject::new();
    let wins = std::thread::scope(|scope| {
        let put = || subject.put("key", b"mine", ABSENT());
        let writers: Vec<_> = (0..8).map(|_| scope.spawn(put)).collect();
        let outcomes = writers.into_iter().map(|writer| writer.join().unwrap());
        outcomes
            .filter(|outcome| match outcome {
                Ok(_) => true,
                Err(ObjectError::ConditionFailed { .. }) => false,
                Err(error) => panic!("{error}"),
            })
            .count()
    });
    assert_eq!((wins, subject.kept()), (1, (1, 1)));
}

#[test]
fn an_upload_is_completed_only_as_it_was_begun() {
    let subject = Subject::new();
    let new = NewUpload {
        key: "key".to_owned(),
        attributes: Attributes::default(),
        algorithm: Some(Algorithm::Sha256),
        composite: true,
    };
    let id = subject.store.begin_upload(&subject.access, BUCKET, &new).unwrap();
    let mut incoming = subject.store.incoming(Some(Algorithm::Sha256));
    incoming.write(b"part").unwrap();
    let blob = incoming.finish().unwrap();
    let part = subject.store.put_part(&subject.access, BUCKET, "key", &id, 1, blob).unwrap();
    let complete = |change: fn(&mut Completion)| {
        let mut completion = completion(&id, &[(1, &part.etag)]);
        completion.parts[0].checksums = part.checksums.only(Algorithm::Sha256);
        change(&mut completion);
        let write = subject.store.begin_put(subject.access.clone(), BUCKET, "key", Condition::default()).unwrap();
        subject.store.complete_upload(&write, &completion)
    };
    let missing = complete(|completion| completion.parts[0].checksums = Checksums::default());
    assert!(matches!(missing, Err(ObjectError::PartChecksumMissing { algorithm: "SHA256", number: 1 })));
    let mode = complete(|completion| completion.composite = Some(false));
    assert!(matches!(mode, Err(ObjectError::ChecksumMode { made: "COMPOSITE" })));
    let size = complete(|completion| completion.size = Some(5));
    assert!(matches!(size, Err(ObjectError::ObjectSize { claimed: 5, size: 4 })));
    assert!(matches!(complete(|completion| completion.parts.clear()), Err(ObjectError::NoParts)));
    let other = complete(|completion| completion.parts[0].number = 2);
    assert!(matches!(other, Err(ObjectError::InvalidPart { number: 2 })));
    assert_eq!(subject.kept(), (1, 1), "the part, and nothing of the attempts");
    complete(|_| {}).unwrap();
    assert_eq!((subject.read("key").unwrap(), subject.kept()), (b"part".to_vec(), (1, 1)));
}
