//! multi-model-server, which SageMaker's own container runs: its frontend in Java, and a worker that predicts in Python.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::load::Load;
use crate::model::Model;
use crate::peer::{Peer, Request, free_ports, installed};

/// A service of the kind that its documentation shows: CSV in, the prediction out.
const SERVICE: &str = r#"
import numpy
import xgboost

booster = xgboost.Booster({"nthread": 1})
loaded = False


def handle(data, context):
    global loaded
    if not loaded:
        booster.load_model(context.system_properties["model_dir"] + "/model.json")
        loaded = True
    rows = [numpy.array(row["body"].split(","), dtype=numpy.float32) for row in data or []]
    return [str(booster.inplace_predict(row.reshape(1, -1))[0]) for row in rows]
"#;
const MANIFEST: &str = r#"{"runtime": "python", "model": {"modelName": "bench", "handler": "service:handle"}, "modelServerVersion": "1.0",
    "implementationVersion": "1.0", "specificationVersion": "1.0"}"#;

/// `body` is one row of CSV. Its frontend is started with what its own script gives it.
pub(crate) fn load(folder: &Path, model: &Model, body: &str) -> Load {
    let folder = folder.join("multi-model-server");
    let bench = folder.join("models/bench");
    fs::create_dir_all(bench.join("MAR-INF")).expect("a folder");
    fs::write(bench.join("service.py"), SERVICE).expect("written");
    fs::write(bench.join("model.json"), model.json()).expect("written");
    fs::write(bench.join("MAR-INF/MANIFEST.json"), MANIFEST).expect("written");
    let [inference, management] = free_ports();
    let settings = format!(
        "inference_address=http://127.0.0.1:{inference}\nmanagement_address=http://127.0.0.1:{management}\n\
         model_store={}\nload_models=ALL\ndefault_workers_per_model=1\nasync_logging=true\n",
        folder.join("models").display()
    );
    fs::write(folder.join("config.properties"), settings).expect("written");
    let python = installed("multi-model-server/bin/python");
    let home = site_packages(&python);
    let request = Request { path: "/predictions/bench", content_type: "text/csv", body };
    let mut command = Command::new("java");
    command
        .arg(format!("-Dmodel_server_home={}", home.display()))
        .arg("-cp")
        .arg(home.join("mms/frontend/model-server.jar"))
        .args(["com.amazonaws.ml.mms.ModelServer", "-f", "config.properties", "--python"])
        .arg(python);
    Peer::start(command.current_dir(&folder), inference, &request).load(&folder, &request)
}

fn site_packages(python: &Path) -> PathBuf {
    let asked = Command::new(python)
        .args(["-c", "import sysconfig; print(sysconfig.get_path('purelib'), end='')"])
        .output()
        .expect("`dev/setup serving` makes the venv");
    PathBuf::from(String::from_utf8(asked.stdout).expect("a path"))
}
