//! What is on disk when a process is killed between two steps, made by hand, and what the next start makes of it.

use std::fs;
use std::path::PathBuf;

use super::*;
use crate::objects::digests::BLOCK;

impl Subject {
    fn incoming_folder(&self) -> PathBuf {
        self.folder.path().join("incoming")
    }

    /// Everything in `incoming` but the empty files that are made ahead.
    fn in_flight(&self) -> usize {
        let files = fs::read_dir(self.incoming_folder()).unwrap().map(Result::unwrap);
        files.filter(|file| file.metadata().unwrap().len() > 0).count()
    }

    fn object_file(&self) -> PathBuf {
        let folders = fs::read_dir(self.folder.path().join("objects")).unwrap();
        let mut files = folders.flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap());
        files.next().expect("no object's file").unwrap().path()
    }
}

#[test]
fn bytes_that_were_never_committed_go() {
    let mut subject = Subject::new();
    subject.store.write(ACCOUNT, BUCKET, "key", &large(b"kept")).unwrap();
    // Killed while the body arrives, and between its sync and the commit.
    let mut half = subject.store.incoming(None);
    half.write(&large(b"half")).unwrap();
    std::mem::forget(half);
    std::mem::forget(subject.blob(&large(b"whole")));
    assert_eq!(subject.in_flight(), 2);
    subject.reopen();
    assert_eq!((subject.in_flight(), subject.kept(), subject.rows()), (0, (1, 1), 1));
    assert_eq!(subject.read("key").unwrap(), large(b"kept"));
}

#[test]
fn a_committed_object_is_there_before_and_after_its_file_is_moved() {
    let mut subject = Subject::new();
    subject.store.write(ACCOUNT, BUCKET, "key", &large(b"acknowledged")).unwrap();
    let file = subject.object_file();
    // Killed between the commit and the move; or a power cut that undid the move, which nobody waits for.
    fs::rename(&file, subject.incoming_folder().join(file.file_name().unwrap())).unwrap();
    assert_eq!(subject.read("key").unwrap(), large(b"acknowledged"));
    subject.reopen();
    assert_eq!((subject.in_flight(), subject.kept()), (0, (1, 1)));
    assert_eq!(subject.read("key").unwrap(), large(b"acknowledged"));
}

#[test]
fn a_deleted_objects_file_goes_if_it_was_not_unlinked_and_its_row_if_it_was() {
    let mut subject = Subject::new();
    subject.store.write(ACCOUNT, BUCKET, "key", &large(b"deleted")).unwrap();
    let file = subject.object_file();
    for unlinked in [false, true] {
        subject.store.write(ACCOUNT, BUCKET, "key", &large(b"deleted")).unwrap();
        let file = if unlinked { None } else { Some(file.with_file_name("back")) };
        subject.delete("key", None);
        assert_eq!(subject.rows(), 1, "the row stays until a later commit");
        if let Some(back) = file {
            let id: String = subject
                .store
                .database
                .with(|connection| connection.query_row("SELECT id FROM blobs", [], |row| row.get(0)))
                .unwrap();
            fs::write(&back, large(b"deleted")).unwrap();
            let home = subject.folder.path().join("objects").join(&id[..2]).join(&id);
            fs::rename(back, home).unwrap();
        }
        subject.reopen();
        assert_eq!((subject.kept(), subject.rows()), ((0, 0), 0), "unlinked: {unlinked}");
    }
}

#[test]
fn rows_of_deleted_files_are_forgotten_as_writing_goes_on() {
    let subject = Subject::new();
    for _ in 0..5 {
        subject.store.write(ACCOUNT, BUCKET, "key", &large(b"again and again")).unwrap();
    }
    assert_eq!(subject.kept(), (1, 1));
    assert!(subject.rows() <= 2, "{}", subject.rows());
}

#[test]
fn a_refused_object_leaves_no_file() {
    let subject = Subject::new();
    subject.store.write(ACCOUNT, BUCKET, "key", &large(b"first")).unwrap();
    let once = Condition { if_none_match: Some(crate::objects::ETagMatch::Any), if_match: None };
    let refused = subject.put("key", &large(b"second"), once);
    assert!(matches!(refused, Err(ObjectError::ConditionFailed { condition: "If-None-Match" })));
    assert_eq!((subject.in_flight(), subject.kept(), subject.rows()), (0, (1, 1), 1));
}

#[test]
fn a_damaged_file_is_an_error_and_never_wrong_bytes() {
    let subject = Subject::new();
    let block = usize::try_from(BLOCK).unwrap();
    let mut body: Vec<u8> = (0..=u8::MAX).cycle().take(2 * block + 100).collect();
    subject.store.write(ACCOUNT, BUCKET, "key", &body).unwrap();
    let get = || subject.store.get(&subject.access, BUCKET, "key", None).unwrap().1;
    let range = |content: &mut Content, start: usize, end: usize| content.read(start as u64, end as u64);
    assert_eq!(range(&mut get(), block + 5, block + 9).unwrap(), body[block + 5..block + 9]);
    assert_eq!(range(&mut get(), 5, 2 * block).unwrap(), body[5..block], "up to the end of the block");
    // One bit of the second block.
    body[block + 7] ^= 1;
    fs::write(subject.object_file(), &body).unwrap();
    assert_eq!(range(&mut get(), 0, block).unwrap(), body[..block]);
    assert!(range(&mut get(), block, block + 1).is_err(), "the byte asked for is right, but the block is not");
    assert!(matches!(subject.store.read(ACCOUNT, BUCKET, "key"), Err(ObjectError::File(_))));
    // Cut off.
    body[block + 7] ^= 1;
    fs::write(subject.object_file(), &body[..2 * block + 99]).unwrap();
    assert!(range(&mut get(), block, 2 * block).is_ok());
    assert!(range(&mut get(), 2 * block, 2 * block + 1).is_err());
}

#[test]
fn few_bytes_are_in_the_index_alone_and_checked_as_well() {
    let mut subject = Subject::new();
    let (most, more) = (vec![7; SMALL], vec![7; SMALL + 1]);
    subject.store.write(ACCOUNT, BUCKET, "most", &most).unwrap();
    assert_eq!((subject.count("blobs WHERE bytes IS NOT NULL"), subject.kept()), (1, (1, 1)));
    subject.store.write(ACCOUNT, BUCKET, "more", &more).unwrap();
    assert_eq!((subject.count("blobs WHERE bytes IS NOT NULL"), subject.kept()), (1, (2, 2)));
    subject.reopen();
    assert_eq!((subject.read("most").unwrap(), subject.read("more").unwrap()), (most, more));
    let (_, mut reader) = subject.store.get(&subject.access, BUCKET, "most", None).unwrap();
    subject.delete("most", None);
    subject.delete("more", None);
    assert_eq!((subject.count("blobs WHERE bytes IS NOT NULL"), subject.kept()), (0, (0, 0)));
    assert_eq!(reader.read(3, 5).unwrap(), [7, 7], "what was found before the deletion");
    subject.store.write(ACCOUNT, BUCKET, "key", b"written").unwrap();
    let damage = |connection: &crate::db::Transaction<'_>| connection.execute("UPDATE blobs SET bytes = x'07'", []);
    subject.store.database.transaction(damage).unwrap();
    assert!(matches!(subject.store.read(ACCOUNT, BUCKET, "key"), Err(ObjectError::File(_))));
}

#[test]
fn a_thread_that_outlives_the_server_writes_nothing() {
    let subject = Subject::new();
    subject.store.database.close();
    assert!(matches!(subject.store.write(ACCOUNT, BUCKET, "key", b"late"), Err(ObjectError::Database(_))));
    assert_eq!(open(&subject.folder).list(ACCOUNT, BUCKET, "").unwrap(), []);
}
