//! `POST /v1/cards/{card}/activities`.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::{Extension, Json};
use daemon_types::{Caller, CardId, Right};
use daemon_wire::{ActivitiesBody, ActivityBody, ActivityList, Problem};
use tokio::time::Instant;

use super::body::json_body;
use super::named::Named;
use crate::connection::Connection;
use crate::problem::ApiError;
use crate::router::Api;

/// Where the holder works, which the card shows after the code.
///
/// Needs the right `identify`. The holder types the code, unless the card says
/// before it that there is no place of work: then the list is empty and nobody is
/// asked. How real cards write these places is known from third parties alone;
/// what is not understood is passed over.
#[utoipa::path(
    post, path = "/v1/cards/{card}/activities", security(("token" = [])),
    params(
        ("card" = String, Path, description = "Opaque name of the card"),
    ),
    request_body = ActivitiesBody,
    responses(
        (status = 200, body = ActivityList, description = "The places of work"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "right-missing, cancelled, pin-wrong, pin-length, last-try-not-confirmed"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "pin-blocked, card-definitively-blocked, key-absent, environment-mismatch, reader-busy, card-mute, card-unsupported"),
        (status = 410, body = Problem, content_type = "application/problem+json", description = "card-removed, reader-lost"),
        (status = 502, body = Problem, content_type = "application/problem+json", description = "module-failed"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "busy, pcsc-unavailable"),
    )
)]
pub(crate) async fn activities(
    State(api): State<Api>,
    Extension(connection): Extension<Connection>,
    Extension(caller): Extension<Caller>,
    Named(card): Named<String>,
    request: Request<Body>,
) -> Result<Json<ActivityList>, ApiError> {
    let operations = api.operations();
    operations.check_right(&caller, Right::Identify)?;
    let body: ActivitiesBody = json_body(request).await?;
    let deadline = Instant::now() + body.timeout()?;
    let card = CardId(card);
    let work = operations.activities(&caller, &card, deadline);
    let activities = connection.while_open(work).await?;
    Ok(Json(ActivityList {
        activities: activities.iter().map(ActivityBody::from).collect(),
    }))
}
