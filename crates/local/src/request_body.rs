//! A request's body, and what becomes of the part that no answer waited for.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::runtime::Handle;
use tokio::time::timeout;

/// How long a refused client may pause in sending the rest of its body, or take to close the connection.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct RequestBody {
    incoming: Option<Incoming>,
    rest: Rest,
}

/// Where a body leaves what nobody read of it.
#[derive(Clone, Default)]
pub(crate) struct Rest(Arc<Mutex<Option<Incoming>>>);

/// The rest of a body that was refused. When it is dropped, it is read and thrown away: a connection that is closed with bytes unread is
/// reset, and a client that is still sending may lose its answer by that (RFC 9112, section 9.6).
pub(crate) struct Unread(Option<Incoming>);

/// Keeps the rest of the request until the answer is written: to read it is to ask for it, where a client waits to be asked.
struct EarlyAnswer {
    answer: s3s::Body,
    _unread: Unread,
}

impl RequestBody {
    pub(crate) fn new(incoming: Incoming) -> Self {
        Self { incoming: Some(incoming), rest: Rest::default() }
    }

    pub(crate) fn rest(&self) -> Rest {
        self.rest.clone()
    }
}

impl Rest {
    /// What was left unread by a body that is gone.
    pub(crate) fn take(&self) -> Option<Unread> {
        let incoming = self.0.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        Some(Unread(Some(incoming)))
    }
}

impl Unread {
    pub(crate) fn until_answered(self, answer: s3s::Body) -> s3s::Body {
        s3s::Body::http_body(EarlyAnswer { answer, _unread: self })
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        let unread = self.incoming.take().filter(|incoming| !incoming.is_end_stream());
        *self.rest.0.lock().unwrap_or_else(PoisonError::into_inner) = unread;
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        if let (Some(mut incoming), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            runtime.spawn(async move { while let Ok(Some(Ok(_))) = timeout(PATIENCE, incoming.frame()).await {} });
        }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let Some(incoming) = &mut self.incoming else { return Poll::Ready(None) };
        let polled = Pin::new(incoming).poll_frame(context);
        if matches!(polled, Poll::Ready(None)) {
            self.incoming = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Body for EarlyAnswer {
    type Data = Bytes;
    type Error = <s3s::Body as Body>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.answer).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.answer.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.answer.size_hint()
    }
}
