//! Which connections have no request open, so that an idle one can be closed.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::watch;

/// Counts the requests of a connection whose answers are not whole yet.
#[derive(Clone, Debug)]
pub(crate) struct OpenRequests(watch::Sender<usize>);

/// One of them; it is over when this is dropped.
#[derive(Debug)]
pub(crate) struct OpenRequest(watch::Sender<usize>);

impl OpenRequests {
    pub(crate) fn none() -> Self {
        Self(watch::Sender::new(0))
    }

    /// A request begins.
    pub(crate) fn open(&self) -> OpenRequest {
        self.0.send_modify(|count| *count += 1);
        OpenRequest(self.0.clone())
    }

    /// Completes when no request was open for this long.
    pub(crate) async fn idle_for(&self, limit: Duration) {
        let mut count = self.0.subscribe();
        loop {
            let _ = count.wait_for(|count| *count == 0).await;
            tokio::select! {
                // A request in the last moment wins.
                biased;
                _ = count.changed() => {}
                () = tokio::time::sleep(limit) => return,
            }
        }
    }
}

impl OpenRequest {
    /// The request's answer, with whose end the request is over.
    pub(crate) fn until_the_end_of(self, body: Body) -> Body {
        Body::new(AnswerBody {
            body,
            _request: self,
        })
    }
}

impl Drop for OpenRequest {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count = count.saturating_sub(1));
    }
}

struct AnswerBody {
    body: Body,
    _request: OpenRequest,
}

impl HttpBody for AnswerBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;
    use tokio::time::advance;

    const LIMIT: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_idle_only_while_no_answer_is_under_way() {
        let requests = OpenRequests::none();
        let mut idle = Box::pin(requests.idle_for(LIMIT));
        assert!(idle.as_mut().now_or_never().is_none());
        let body = requests.open().until_the_end_of(Body::empty());
        advance(LIMIT * 100).await;
        assert!(idle.as_mut().now_or_never().is_none(), "one is open");
        drop(body);
        assert!(idle.as_mut().now_or_never().is_none(), "time begins anew");
        advance(LIMIT).await;
        idle.await;
    }
}
