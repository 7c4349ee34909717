//! Names in the path of a request.

use axum::extract::{FromRequestParts, Path};
use daemon_types::ErrorCode;
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::problem::ApiError;

/// The names in the path. Bytes that are no text name nothing, so they are `not-found`.
pub(crate) struct Named<T>(pub(crate) T);

impl<S, T> FromRequestParts<S> for Named<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Send,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(names)) => Ok(Self(names)),
            Err(_) => Err(ErrorCode::NotFound.into()),
        }
    }
}
