//! The history log: one truth in S3, a mirror beside, and rows of several writers.

use std::collections::BTreeSet;
use std::path::Path;

use aws_types::SdkConfig;
use chrono::{DateTime, Utc};
use refit_aws::{Appended, ArtifactStore, AwsError, HistoryLog};
use refit_tuning::{Lineage, TuningHistoryRow, warm_start};

use super::fresh_bucket;

const KEY: &str = "logs/tuningjobhistory.csv";

/// What pandas 3.1.1 writes; `fixtures/tuningjobhistory.py` made it.
const PANDAS: &str = include_str!("../../fixtures/tuningjobhistory.csv");

fn row(job: &str) -> TuningHistoryRow {
    let datetime: DateTime<Utc> = "2026-11-22T10:11:12Z".parse().unwrap();
    TuningHistoryRow {
        datetime,
        tuningjob: job.parse().unwrap(),
        metric: "ewr".to_owned(),
        layer: "gold".to_owned(),
        objective: "reg:squarederror".to_owned(),
        eval_metric: "rmse".to_owned(),
        eval_metric_value: Some(12.5),
        trainingjobcount: 8,
    }
}

async fn store(config: &SdkConfig) -> ArtifactStore {
    let store = ArtifactStore::new(config, fresh_bucket("history"));
    store.ensure_bucket().await.unwrap();
    store
}

fn log(store: &ArtifactStore, local: &Path) -> HistoryLog<TuningHistoryRow> {
    HistoryLog::new(store.clone(), KEY, local).unwrap()
}

async fn stored(store: &ArtifactStore) -> String {
    let (bytes, _) = store.get(&store.uri(KEY).unwrap()).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Rows are added once, in S3 and on disk alike, and the file is the article's to the byte.
pub async fn rows_are_added_once(config: &SdkConfig) {
    let store = store(config).await;
    let folder = tempfile::tempdir().unwrap();
    let local = folder.path().join("logs/tuningjobhistory.csv");
    let history = log(&store, &local);
    assert_eq!(history.read().await.unwrap(), []);
    assert!(!local.exists());

    assert_eq!(history.append(&row("first")).await.unwrap(), Appended::Added);
    assert_eq!(history.append(&row("second")).await.unwrap(), Appended::Added);
    assert_eq!(history.append(&row("first")).await.unwrap(), Appended::AlreadyThere);

    let expected = "datetime,tuningjob,metric,layer,objective,eval_metric,eval_metric_value,trainingjobcount\n\
        2026/11/22 10:11:12,first,ewr,gold,reg:squarederror,rmse,12.5,8\n\
        2026/11/22 10:11:12,second,ewr,gold,reg:squarederror,rmse,12.5,8\n";
    assert_eq!(stored(&store).await, expected);
    assert_eq!(std::fs::read_to_string(&local).unwrap(), expected);
    assert_eq!(store.versions(KEY).await.unwrap().len(), 2);

    // A mirror that is gone, or stale, is made again by a read.
    std::fs::remove_file(&local).unwrap();
    assert_eq!(history.read().await.unwrap(), [row("first"), row("second")]);
    assert_eq!(std::fs::read_to_string(&local).unwrap(), expected);
    std::fs::write(&local, "stale").unwrap();
    assert_eq!(history.append(&row("second")).await.unwrap(), Appended::AlreadyThere);
    assert_eq!(std::fs::read_to_string(&local).unwrap(), expected);
}

/// A file that the article's Python wrote, with a column more, is read, added to and otherwise left as it is.
pub async fn pandas_files_are_added_to(config: &SdkConfig) {
    let store = store(config).await;
    store.put(KEY, PANDAS).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let history = log(&store, &folder.path().join("h.csv"));
    let rows = history.read().await.unwrap();
    let counts: Vec<u32> = rows.iter().map(|row| row.trainingjobcount).collect();
    assert_eq!(counts, [8, 1, 20]);
    assert_eq!(rows[1].eval_metric_value, None);

    let lineage = Lineage {
        model: "ewr".to_owned(),
        layer: "gold".to_owned(),
        objective: "reg:squarederror".to_owned(),
        eval_metric: "rmse".to_owned(),
    };
    let parents: Vec<String> = warm_start::eligible(&rows, &lineage).iter().map(ToString::to_string).collect();
    assert_eq!(parents, ["ewr-261101-0000"], "a test and another model are no parents");

    history.append(&row("ours")).await.unwrap();
    let ours = "2026/11/22 10:11:12,ours,ewr,gold,reg:squarederror,rmse,12.5,8,\n";
    assert_eq!(stored(&store).await, format!("{PANDAS}{ours}"));
}

/// Writers that know nothing of each other lose no row.
pub async fn writers_lose_no_row(config: &SdkConfig) {
    const WRITERS: usize = 6;
    const ROWS: usize = 5;
    let store = store(config).await;
    let folder = tempfile::tempdir().unwrap();
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let history = log(&store, &folder.path().join(format!("{writer}.csv")));
        writers.spawn(async move {
            for index in 0..ROWS {
                assert_eq!(history.append(&row(&format!("w{writer}-{index}"))).await.unwrap(), Appended::Added);
            }
        });
    }
    while let Some(writer) = writers.join_next().await {
        writer.unwrap();
    }
    let rows = log(&store, &folder.path().join("reader.csv")).read().await.unwrap();
    let names: BTreeSet<String> = rows.iter().map(|row| row.tuningjob.to_string()).collect();
    assert_eq!((rows.len(), names.len()), (WRITERS * ROWS, WRITERS * ROWS));
    assert_eq!(store.versions(KEY).await.unwrap().len(), WRITERS * ROWS, "a version for each row");
}

/// A local file without an object in S3 is a history that starts here: nothing of it is lost.
pub async fn a_local_file_becomes_the_beginning(config: &SdkConfig) {
    let store = store(config).await;
    let folder = tempfile::tempdir().unwrap();
    let local = folder.path().join("h.csv");
    std::fs::write(&local, PANDAS).unwrap();
    let history = log(&store, &local);
    assert_eq!(history.read().await.unwrap().len(), 3);
    history.append(&row("ours")).await.unwrap();
    assert!(stored(&store).await.starts_with(PANDAS));
    assert_eq!(history.read().await.unwrap().len(), 4);

    // The same saves a history whose object somebody deletes.
    store.delete(KEY).await.unwrap();
    history.append(&row("after")).await.unwrap();
    assert_eq!(history.read().await.unwrap().len(), 5);
}

/// What is no history of these rows is refused and left alone, and so is a bucket that keeps no versions.
pub async fn what_is_no_history_is_left_alone(config: &SdkConfig) {
    let bare_store = store(config).await;
    let folder = tempfile::tempdir().unwrap();
    let local = folder.path().join("h.csv");
    bare_store.put(KEY, "some,other,columns\n1,2,3\n").await.unwrap();
    let history = log(&bare_store, &local);
    for error in [history.read().await.unwrap_err(), history.append(&row("x")).await.unwrap_err()] {
        let AwsError::HistoryColumns { origin, found, .. } = &error else { panic!("{error}") };
        assert_eq!((origin.as_str(), found.as_str()), (history.uri().to_string().as_str(), "some,other,columns"));
    }
    assert_eq!(stored(&bare_store).await, "some,other,columns\n1,2,3\n");
    assert!(!local.exists());

    let unversioned = ArtifactStore::new(config, fresh_bucket("unversioned"));
    let s3 = aws_sdk_s3::Client::from_conf(aws_sdk_s3::config::Builder::from(config).force_path_style(true).build());
    s3.create_bucket().bucket(unversioned.bucket().as_str()).send().await.unwrap();
    let error = log(&unversioned, &local).append(&row("x")).await.unwrap_err();
    assert!(matches!(error, AwsError::VersioningOff { .. }), "{error}");
    assert_eq!(unversioned.list("").await.unwrap(), []);
}
