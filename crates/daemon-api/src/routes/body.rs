//! Reading a request's body, bounded, after all other checks.

use axum::body::Body;
use axum::extract::Request;
use daemon_types::{ErrorCode, OperationError};
use http::header;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

/// Most bytes of a body: a hundred digests with their descriptions take under 40 kilobytes.
const MAXIMUM_BODY_LEN: usize = 64 * 1024;

/// The JSON body of a request.
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
        return Err(OperationError::bad_request("content-type"));
    }
    let body = Limited::new(request.into_body(), MAXIMUM_BODY_LEN);
    let bytes = body.collect().await.map_err(|error| {
        let code = if error.is::<LengthLimitError>() {
            ErrorCode::BodyTooLarge
        } else {
            ErrorCode::BadRequest
        };
        OperationError::new(code).caused_by(error)
    })?;
    daemon_wire::parse_request(&bytes.to_bytes())
}
