//! A `prepare` whose caller goes away, or whose server: the queries end, and nothing stays that nobody owns, here or in S3.

#[path = "../../crates/warehouse/tests/double/mod.rs"]
#[allow(dead_code, reason = "the warehouse's tests use more of the double")]
mod double;
#[path = "../../crates/warehouse/tests/support/postgres.rs"]
#[allow(dead_code, reason = "the warehouse's tests use more of the server")]
mod postgres;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use aws_types::SdkConfig;
use double::{Double, FUNCTIONS, Row, Statement};
use postgres::Server;
use refit_local::{LocalAws, Options};
use refit_pipeline::aws::ArtifactStore;
use refit_pipeline::warehouse::{
    DatasetSpec, Extract, IamRole, Manifest, Percent, Postgres, Redshift, Split, UnloadRule, Warehouse, WarehouseError,
};
use refit_pipeline::{ModelSpec, Pipeline, PipelineError};
use refit_tests::suites::pipeline::{chain, pipeline};
use refit_tests::suites::uploads::leavings;
use tempfile::TempDir;

const COLUMNS: &str = "SELECT i AS id, i * 0.37::float8 AS y, i * 1.7::float8 AS x, i * 0.3::float8 AS w FROM";

/// Queries without an end, without a row for an hour, and with a thousand rows.
fn endless() -> String {
    format!("{COLUMNS} (SELECT generate_series(1, 1000000000000) AS i) g")
}

fn silent() -> String {
    format!("{} WHERE pg_sleep(3600) IS NOT NULL", short())
}

fn short() -> String {
    format!("{COLUMNS} generate_series(1, 1000) i")
}

fn model(sql: String) -> [ModelSpec; 1] {
    let percent = |share| Percent::new(share).unwrap();
    let split = Split::ByHash { column: "id".into(), validation: percent(10), evaluation: percent(10) };
    [ModelSpec::new("large".parse().unwrap(), Extract::new(sql), DatasetSpec::new("y", split)).unwrap()]
}

async fn until(happened: impl AsyncFn() -> bool) {
    let waiting = async {
        while !happened().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), waiting).await.expect("it happens");
}

/// What psql says, on a thread that may block.
async fn psql(server: &Arc<Server>, sql: &'static str) -> Vec<String> {
    let server = Arc::clone(server);
    tokio::task::spawn_blocking(move || server.psql(sql)).await.unwrap()
}

const AT_WORK: &str =
    "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid() AND query LIKE '%AS y%'";

/// Sessions of others than psql, and temporary tables.
const LEFT: &str = "
    SELECT pid || ' ' || state FROM pg_stat_activity
        WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND application_name <> 'psql'
    UNION ALL SELECT 'table ' || relname FROM pg_class WHERE relpersistence = 't'";

fn files(dir: &Path) -> Vec<String> {
    let names = std::fs::read_dir(dir).into_iter().flatten();
    let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A pipeline on an embedded AWS with its bucket, and a PostgreSQL to extract from.
struct Scene {
    aws: LocalAws,
    config: SdkConfig,
    pipeline: Pipeline,
    store: ArtifactStore,
    server: Arc<Server>,
    dir: TempDir,
}

impl Scene {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let aws = LocalAws::start(Options::new(dir.path().join("aws"))).await.unwrap();
        let config = aws.sdk_config();
        let pipeline = pipeline(&config, &dir.path().join("work"), |_| {});
        let store = ArtifactStore::new(&config, "refit-tests".parse().unwrap());
        store.ensure_bucket().await.unwrap();
        let server = tokio::task::spawn_blocking(|| {
            let server = Server::start();
            server.client().batch_execute(FUNCTIONS).unwrap();
            server
        });
        Self { aws, config, pipeline, store, server: Arc::new(server.await.unwrap()), dir }
    }

    /// Drops a `prepare` when it has come so far, waits for what it leaves to be tidied up, and for the server to have nothing of it.
    async fn dropped(&self, warehouse: &Arc<dyn Warehouse>, sql: String, so_far: impl AsyncFn() -> bool) {
        let (run, models) = ("one".parse().unwrap(), model(sql));
        tokio::select! {
            prepared = self.pipeline.prepare(&run, Arc::clone(warehouse), &models) => panic!("it ended: {prepared:?}"),
            () = until(so_far) => (),
        }
        self.pipeline.settled().await;
        until(async || psql(&self.server, LEFT).await == [""]).await;
    }

    /// A `prepare` of a thousand rows, which ends well.
    async fn prepared(&self, warehouse: &Arc<dyn Warehouse>) -> Manifest {
        let prepared = self.pipeline.prepare(&"one".parse().unwrap(), Arc::clone(warehouse), &model(short())).await;
        prepared.unwrap().into_result().unwrap().remove(0).manifest
    }

    async fn at_work(&self) -> bool {
        psql(&self.server, AT_WORK).await != ["0"]
    }

    async fn uploads(&self) -> bool {
        leavings(&self.config, &self.store, "").await.1 > 0
    }

    /// How many objects and how many uploads under way there are in the bucket, and which files of the dataset here.
    async fn left(&self) -> ((usize, usize), Vec<String>) {
        (leavings(&self.config, &self.store, "").await, files(&self.here()))
    }

    /// The dataset's folder on this machine.
    fn here(&self) -> PathBuf {
        self.dir.path().join("work/datasets/large/one")
    }
}

const NOTHING: ((usize, usize), Vec<String>) = ((0, 0), Vec::new());

/// While rows flow to S3, and while the server says nothing: the earlier dataset of the run stays as it was.
#[tokio::test(flavor = "multi_thread")]
async fn a_streamed_dataset_that_nobody_waits_for_is_called_off() {
    let scene = Scene::new().await;
    let warehouse: Arc<dyn Warehouse> = Arc::new(Postgres::new(&*scene.server.url("postgres")).unwrap());
    scene.dropped(&warehouse, endless(), async || scene.uploads().await).await;
    assert_eq!(scene.left().await, NOTHING);
    scene.dropped(&warehouse, silent(), async || scene.at_work().await).await;
    assert_eq!(scene.left().await, NOTHING);

    let manifest = scene.prepared(&warehouse).await;
    scene.dropped(&warehouse, endless(), async || scene.uploads().await).await;
    let (in_s3, here) = scene.left().await;
    assert_eq!(in_s3, (4, 0));
    assert_eq!(here, ["evaluation.csv", "manifest.json", "train.csv", "validation.csv"]);
    assert_eq!(Manifest::load(&scene.here()).unwrap(), manifest);
    scene.aws.stop().await;
}

/// Killed as the system does it where memory runs out, while rows flow to S3: the error says how far it got, and the next try is whole.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_process_that_is_killed_leaves_nothing_and_the_next_try_is_whole() {
    let scene = Scene::new().await;
    let warehouse: Arc<dyn Warehouse> = Arc::new(Postgres::new(&*scene.server.url("postgres")).unwrap());
    let server = Arc::clone(&scene.server);
    let other = tokio::task::spawn_blocking(move || server.client()).await.unwrap();
    let kill = async {
        until(async || scene.uploads().await).await;
        let pid = "SELECT pid FROM pg_stat_activity WHERE state = 'active' AND application_name = 'refit-warehouse'";
        let pid = psql(&scene.server, pid).await.remove(0);
        assert!(Command::new("kill").args(["-9", &pid]).status().unwrap().success());
    };
    let (run, models) = ("one".parse().unwrap(), model(endless()));
    let (broken, ()) = tokio::join!(scene.pipeline.prepare(&run, Arc::clone(&warehouse), &models), kill);
    let broken = broken.unwrap();
    let error = broken.failed().next().expect("it breaks").1;
    match error {
        PipelineError::Warehouse { source, .. } => {
            assert!(matches!(&**source, WarehouseError::Broken { rows, .. } if *rows > 8192), "{}", chain(error));
        }
        other => panic!("{}", chain(other)),
    }
    assert_eq!(scene.left().await, NOTHING);

    let server = Arc::clone(&scene.server);
    tokio::task::spawn_blocking(move || server.wait_until_recovered(other)).await.unwrap();
    scene.prepared(&warehouse).await;
    assert_eq!(scene.left().await.0, (4, 0));
    scene.aws.stop().await;
}

/// While the cluster fills its table, and while it writes: its session goes with the table, and what it wrote is taken away.
#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_nobody_waits_for_is_called_off() {
    let scene = Scene::new().await;
    let (into, runtime) = (scene.store.clone(), tokio::runtime::Handle::current());
    // The first of its files; the manifest is written last.
    let write = move |statement: &Statement, _: &[String], _: Vec<Row>| {
        let key = statement.prefix.strip_prefix("s3://refit-tests/").expect("the bucket").to_owned() + "0000_part_00";
        runtime.block_on(into.put(&key, "1,2,3\n")).map(drop).map_err(|error| error.to_string())
    };
    let double = Double::start(&scene.server.url("postgres"), Arc::new(write));
    let rule = UnloadRule::new(IamRole::Default).min_bytes(0);
    let warehouse: Arc<dyn Warehouse> = Arc::new(Redshift::new(&*double.url()).unwrap().unload_by(rule));
    scene.dropped(&warehouse, silent(), async || scene.at_work().await).await;
    assert_eq!(scene.left().await, NOTHING);

    double.linger(3600);
    let written = async || !scene.store.list("datasets/large/one/train/").await.unwrap().is_empty();
    scene.dropped(&warehouse, short(), written).await;
    assert!(double.said().iter().any(|sql| sql.starts_with("UNLOAD")));
    // Of what was written and deleted the versioned bucket keeps the versions.
    assert!(scene.store.list("datasets/").await.unwrap().is_empty());
    let ((_, uploads), here) = scene.left().await;
    assert_eq!((uploads, here), (0, Vec::new()));
    scene.aws.stop().await;
}
