//! `GET /metrics`.

use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use daemon_types::Caller;
use daemon_wire::Problem;
use http::header;

use crate::problem::ApiError;
use crate::router::Api;

/// Operations by result, errors by code, times of card and agent, sessions, readers and cards, as Prometheus reads them.
///
/// On the user's socket alone, for the user's own programs, where the setting `metrics` is true; anywhere else there is
/// no such call. No label names a person, a site, a card or a program.
#[utoipa::path(
    get, path = "/metrics", security(()),
    responses(
        (status = 200, body = String, content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8", description = "The numbers since the agent's start (OpenMetrics 1.0)"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "not-found"),
    )
)]
pub(crate) async fn metrics(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
) -> Result<Response, ApiError> {
    let text = api.operations().metrics(&caller)?;
    Ok(([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response())
}

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
