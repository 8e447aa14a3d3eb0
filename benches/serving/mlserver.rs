//! MLServer with its XGBoost runtime, as its documentation sets it up, with the settings that serve one model fastest.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::load::Load;
use crate::model::{FEATURES, Model, row};
use crate::peer::{Peer, Request, free_ports, installed};

pub(crate) fn load(folder: &Path, model: &Model) -> Load {
    let folder = folder.join("mlserver");
    fs::create_dir_all(folder.join("bench")).expect("a folder");
    let [http, grpc, metrics] = free_ports();
    let settings = json!({ "host": "127.0.0.1", "http_port": http, "grpc_port": grpc, "metrics_port": metrics,
        "parallel_workers": 0, "debug": false });
    let model_settings = json!({ "name": "bench", "implementation": "mlserver_xgboost.XGBoostModel",
        "parameters": { "uri": "./model.json" } });
    fs::write(folder.join("settings.json"), settings.to_string()).expect("written");
    fs::write(folder.join("bench/model-settings.json"), model_settings.to_string()).expect("written");
    fs::write(folder.join("bench/model.json"), model.json()).expect("written");
    let input = json!({ "name": "predict", "shape": [1, FEATURES], "datatype": "FP32", "data": row() });
    let body = json!({ "inputs": [input] }).to_string();
    let request = Request { path: "/v2/models/bench/infer", content_type: "application/json", body: &body };
    let mut command = Command::new(installed("mlserver/bin/mlserver"));
    Peer::start(command.args(["start", "."]).current_dir(&folder), http, &request).load(&folder, &request)
}
