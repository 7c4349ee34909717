//! What nobody read of a request's body.
//!
//! An answer that comes before the end of its request resets the HTTP/2 stream
//! (RFC 9113, 8.1), or closes the HTTP/1.1 connection. Clients in use lose the
//! answer then and see only a broken exchange, without the reason of a refusal.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http_body_util::BodyExt as _;
use hyper::body::{Body as HttpBody, Frame, SizeHint};

/// Outermost layer: reads the rest of the body, within bounds, before the answer goes out.
pub(crate) async fn discard(request: Request, next: Next) -> Response {
    let (head, body) = request.into_parts();
    let mut body = SharedBody(Arc::new(Mutex::new(body)));
    let request = Request::from_parts(head, Body::new(body.clone()));
    let response = next.run(request).await;
    let _ = tokio::time::timeout(PATIENCE, read_to_end(&mut body)).await;
    response
}

async fn read_to_end(body: &mut SharedBody) {
    let mut len = 0;
    while len < LONGEST_REST
        && let Some(Ok(frame)) = body.frame().await
    {
        len += frame.data_ref().map_or(0, Bytes::len);
    }
}

/// A body that is still there when the route that got it is done.
#[derive(Clone)]
struct SharedBody(Arc<Mutex<Body>>);

impl SharedBody {
    fn with<T>(&self, work: impl FnOnce(Pin<&mut Body>) -> T) -> T {
        work(Pin::new(
            &mut self.0.lock().unwrap_or_else(PoisonError::into_inner),
        ))
    }
}

impl HttpBody for SharedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.with(|body| body.poll_frame(context))
    }

    fn is_end_stream(&self) -> bool {
        self.with(|body| body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.with(|body| body.size_hint())
    }
}

/// Most bytes that are read in vain.
const LONGEST_REST: usize = 1024 * 1024;
/// How long a caller may take to send them.
const PATIENCE: Duration = Duration::from_secs(2);
