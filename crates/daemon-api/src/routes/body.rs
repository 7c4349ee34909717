//! Reading a request's body, bounded in length and time, after all other checks.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use daemon_types::{ErrorCode, OperationError, Reason};
use http::header;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

/// Most bytes of a body: a hundred digests with their descriptions take under 40 kilobytes.
const MAXIMUM_BODY_LEN: usize = 64 * 1024;

/// How long the body may take to come whole; callers are on this machine.
const BODY_TIME: Duration = Duration::from_secs(10);

/// The JSON body of a request.
///
/// # Errors
/// `body-too-large`, or `bad-request` for the field `content-type`, for the field `body` when it
/// breaks off or comes too slowly, or for a field in it.
pub(crate) async fn json_body<T: DeserializeOwned>(
    request: Request<Body>,
) -> Result<T, OperationError> {
    let content_type = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next());
    let is_json = |media_type: &str| media_type.trim().eq_ignore_ascii_case("application/json");
    if !content_type.is_some_and(is_json) {
        return Err(OperationError::bad_request(
            "content-type",
            Reason::ContentType,
        ));
    }
    let body = Limited::new(request.into_body(), MAXIMUM_BODY_LEN);
    let bytes = match tokio::time::timeout(BODY_TIME, body.collect()).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            return Err(OperationError::new(ErrorCode::BodyTooLarge).caused_by(error));
        }
        Ok(Err(error)) => return Err(incomplete().caused_by(error)),
        Err(elapsed) => return Err(incomplete().caused_by(elapsed)),
    };
    daemon_wire::parse_request(&bytes.to_bytes())
}

fn incomplete() -> OperationError {
    OperationError::bad_request("body", Reason::BodyIncomplete)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Bytes;
    use futures_util::stream;
    use serde_json::Value;

    async fn fault_of(body: Body) -> OperationError {
        let request = Request::builder()
            .header(header::CONTENT_TYPE, "application/json")
            .body(body)
            .unwrap();
        json_body::<Value>(request).await.unwrap_err()
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_names_the_body() {
        let broken = stream::iter([Ok(Bytes::from("{")), Err("the connection was lost")]);
        let error = fault_of(Body::from_stream(broken)).await;
        assert_eq!(error.code, ErrorCode::BadRequest);
        assert_eq!(error.field.as_deref(), Some("body"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_ends_names_the_body() {
        let endless = stream::pending::<Result<Bytes, &str>>();
        let error = fault_of(Body::from_stream(endless)).await;
        assert_eq!(error.code, ErrorCode::BadRequest);
        assert_eq!(error.field.as_deref(), Some("body"));
    }
}
