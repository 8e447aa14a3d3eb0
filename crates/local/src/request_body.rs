//! A request's body that tells whether it was read to its end.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};

pub(crate) struct RequestBody {
    incoming: Incoming,
    read: Reading,
}

/// How far a body was read, for who does not have it any more.
#[derive(Clone)]
pub(crate) struct Reading(Arc<AtomicBool>);

impl RequestBody {
    pub(crate) fn new(incoming: Incoming) -> Self {
        let read = Reading(Arc::new(AtomicBool::new(incoming.is_end_stream())));
        Self { incoming, read }
    }

    pub(crate) fn reading(&self) -> Reading {
        self.read.clone()
    }
}

impl Reading {
    pub(crate) fn has_ended(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let polled = Pin::new(&mut self.incoming).poll_frame(context);
        if matches!(polled, Poll::Ready(None)) || self.incoming.is_end_stream() {
            self.read.0.store(true, Ordering::Release);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
