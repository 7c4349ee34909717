//! `GET /v1/diagnostics`.

use std::fmt;
use std::pin::Pin;

use axum::extract::State;
use axum::{Extension, Json};
use daemon_types::{Caller, ErrorCode, Right};
use daemon_wire::{DiagnosticsBody, Problem};
use http::HeaderMap;
use texts::Language;

use crate::problem::ApiError;
use crate::router::Api;

/// Looks for what is wrong with the workstation. It finds out things that the API has no other use for,
/// so that the program that is put together has them found.
pub trait Examine: fmt::Debug + Send + Sync {
    /// What it finds, in words of this language; within seconds, whatever does not answer.
    fn examine(
        &self,
        language: Language,
    ) -> Pin<Box<dyn Future<Output = DiagnosticsBody> + Send + '_>>;
}

/// What is wrong with this workstation, and what to do.
///
/// Needs the right `manage`. No code is asked for, and nothing costs a try. What does not answer within
/// seconds is `unknown`.
#[utoipa::path(
    get, path = "/v1/diagnostics", security(("token" = [])),
    responses(
        (status = 200, body = DiagnosticsBody, description = "What was found"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "right-missing"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "not-found"),
    )
)]
pub(crate) async fn diagnostics(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
) -> Result<Json<DiagnosticsBody>, ApiError> {
    api.operations().check_right(&caller, Right::Manage)?;
    let examiner = api.examiner().ok_or(ErrorCode::NotFound)?;
    Ok(Json(examiner.examine(api.language_for(&headers)).await))
}
