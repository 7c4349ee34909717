//! What is done with a token of the console ends with the token.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use crate::open_requests::OpenRequest;

/// A request with a token that was good when it came.
#[derive(Debug)]
pub(crate) struct ConsoleRequest {
    open: OpenRequest,
    life: CancellationToken,
}

impl ConsoleRequest {
    /// A request for which the token lives on, until `life` is over all the same.
    pub(super) fn new(open: OpenRequest, life: CancellationToken) -> Self {
        Self { open, life }
    }

    /// What comes of the work for it; nothing once the token has ended.
    pub(crate) async fn while_good<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        self.life.run_until_cancelled(work).await
    }

    /// The request's answer, which breaks off where the token ends in the midst of it, such as the stream of events.
    pub(crate) fn until_the_end_of(self, body: Body) -> Body {
        Body::new(UntilTheEnd {
            body: self.open.until_the_end_of(body),
            end: Box::pin(self.life.cancelled_owned()),
        })
    }
}

struct UntilTheEnd {
    body: Body,
    end: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl HttpBody for UntilTheEnd {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.end.as_mut().poll(context).is_ready() {
            return Poll::Ready(None);
        }
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
