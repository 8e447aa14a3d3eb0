//! Accepts connections on 127.0.0.1.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::dispatch::Services;
use crate::error::LocalError;

/// How long requests in flight may take once the server was told to stop.
const GRACE: Duration = Duration::from_secs(10);

/// Binds the port on the loopback interface only.
pub(crate) async fn bind(port: u16) -> Result<(TcpListener, SocketAddr), LocalError> {
    let failed = |source| LocalError::Port { port, source };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// Serves until `stop` is sent or dropped, then lets the requests in flight end. Dropped, it ends at once.
pub(crate) async fn serve(listener: TcpListener, services: Arc<Services>, mut stop: oneshot::Receiver<()>) {
    let graceful = GracefulShutdown::new();
    let builder = auto::Builder::new(TokioExecutor::new());
    // The connections' tasks end with this set, whichever way this function ends.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stop => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    // Answers are small and somebody waits for each.
                    let _ = stream.set_nodelay(true);
                    let services = Arc::clone(&services);
                    let service = service_fn(move |request| Arc::clone(&services).answer(request));
                    let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
                    let connection = graceful.watch(connection);
                    connections.spawn(async move {
                        if let Err(error) = connection.await {
                            tracing::debug!(error, "a connection ended badly");
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "could not accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
        }
    }
    drop(listener);
    if tokio::time::timeout(GRACE, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests still in flight were cut off");
    }
}
