//! refit-local under load, beside what people would otherwise serve models with: invocations with `wrk`, cold starts of
//! models, the control plane's calls, and S3's storage.

#[path = "serving/aws.rs"]
mod aws;
#[path = "serving/control_plane.rs"]
mod control_plane;
#[path = "serving/invocations.rs"]
mod invocations;
#[path = "serving/load.rs"]
mod load;
#[path = "serving/mlserver.rs"]
mod mlserver;
#[path = "serving/model.rs"]
mod model;
#[path = "serving/multi_model_server.rs"]
mod multi_model_server;
#[path = "serving/peer.rs"]
mod peer;
#[path = "serving/storage.rs"]
mod storage;

use refit_local::{LocalAws, Options};

use crate::aws::Aws;
use crate::model::Model;

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("aws");
    let local = runtime.block_on(LocalAws::start(Options::new(&data))).expect("started");
    let mut aws = Aws::connect(local.endpoint_url());
    aws.s3("PUT", "/bench", b"");
    let model = Model::train();
    let mut claims = invocations::measure(&mut aws, &model);
    // The server has closed the connection that waited for the peers.
    claims.extend(control_plane::measure(&mut Aws::connect(local.endpoint_url())));
    runtime.block_on(local.stop());
    // In the same folder, so that a start finds the ten thousand model packages beside the objects.
    claims.extend(storage::measure(&runtime, &data));
    for claim in claims {
        println!("{claim}");
    }
}
