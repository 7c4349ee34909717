//! `GET` and `POST /v1/sessions`, `GET` and `DELETE /v1/sessions/{id}`, `POST /v1/sessions/{id}/touch`.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::{Extension, Json};
use daemon_types::{Caller, SessionId, SessionSummary};
use daemon_wire::{OpenSessionBody, Problem, SessionBody, SessionList, TouchSessionBody};
use http::StatusCode;
use tokio::time::Instant;

use super::body::json_body;
use super::named::Named;
use crate::connection::Connection;
use crate::problem::ApiError;
use crate::router::Api;

/// The sessions of this caller; on the user's socket, those of all callers.
///
/// Needs the right `authenticate` or `sign`.
#[utoipa::path(
    get, path = "/v1/sessions", security(("token" = [])),
    responses(
        (status = 200, body = SessionList, description = "All that are open"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "right-missing"),
    )
)]
pub(crate) async fn list_sessions(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<SessionList>, ApiError> {
    let sessions = api.operations().open_sessions(&caller)?;
    let sessions = sessions.iter().map(|session| body_of(&api, session));
    let sessions = sessions.collect();
    Ok(Json(SessionList { sessions }))
}

/// Opens a session with a card, for which its holder types the code once.
///
/// Needs the right `authenticate` or `sign`, and a grant: a program on the user's
/// socket that nobody paired opens none. A session serves the caller that opened it, with this card, until the card or its reader leaves, the machine
/// sleeps, nothing is asked in it for 15 minutes, it is 4 hours old, or
/// somebody ends it; the policy of a machine may set other times. The beginning is told by the
/// event `session-opened`, each end by `session-closed`, and to whoever names the session later,
/// with a `reason`. A card that a vendor's module drives has no session, since the module logs out after
/// each use: `card-unsupported` with the reason `code-not-kept`, before anybody is asked. While a session is open, other programs of the workstation
/// can use the card as well, since the verified state is the card's.
#[utoipa::path(
    post, path = "/v1/sessions", security(("token" = [])),
    request_body = OpenSessionBody,
    responses(
        (status = 200, body = SessionBody, description = "The session"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "right-missing, cancelled, pin-wrong, pin-length, last-try-not-confirmed"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "not-found"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "session-closed, pin-blocked, card-definitively-blocked, key-absent, environment-mismatch, reader-busy, card-mute, card-unsupported"),
        (status = 410, body = Problem, content_type = "application/problem+json", description = "card-removed, reader-lost"),
        (status = 502, body = Problem, content_type = "application/problem+json", description = "module-failed"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "busy, pcsc-unavailable"),
    )
)]
pub(crate) async fn open_session(
    State(api): State<Api>,
    Extension(connection): Extension<Connection>,
    Extension(caller): Extension<Caller>,
    request: Request<Body>,
) -> Result<Json<SessionBody>, ApiError> {
    api.operations().check_may_open_sessions(&caller)?;
    let body: OpenSessionBody = json_body(request).await?;
    let deadline = Instant::now() + body.timeout()?;
    let card = body.card();
    let opening = api.operations().open_session(&caller, &card, deadline);
    let session = connection.while_open(opening).await?;
    Ok(Json(body_of(&api, &session)))
}

/// A session of this caller; on the user's socket, any.
///
/// Needs the right `authenticate` or `sign`.
#[utoipa::path(
    get, path = "/v1/sessions/{id}", security(("token" = [])),
    params(("id" = String, Path, description = "Opaque name of the session"),),
    responses(
        (status = 200, body = SessionBody, description = "The session"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "right-missing"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "session-closed"),
    )
)]
pub(crate) async fn session(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Named(id): Named<String>,
) -> Result<Json<SessionBody>, ApiError> {
    let session = api.operations().session(&caller, &SessionId(id))?;
    Ok(Json(body_of(&api, &session)))
}

/// Says that somebody is there: counts as a use of the session. With `idleSeconds` it says that nobody needs the
/// session for now, which ends soon unless it is used again.
///
/// Needs the right `authenticate` or `sign`, and a session of this caller; on the user's socket, a log-in of this process.
#[utoipa::path(
    post, path = "/v1/sessions/{id}/touch", security(("token" = [])),
    params(
        ("id" = String, Path, description = "Opaque name of the session"),
    ),
    request_body = TouchSessionBody,
    responses(
        (status = 200, body = SessionBody, description = "The session, with its new end"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "right-missing"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "session-closed"),
    )
)]
pub(crate) async fn touch_session(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Named(id): Named<String>,
    request: Request<Body>,
) -> Result<Json<SessionBody>, ApiError> {
    api.operations().check_may_touch_sessions(&caller)?;
    let idle = json_body::<TouchSessionBody>(request).await?.idle()?;
    let id = SessionId(id);
    let touched = api.operations().touch_session(&caller, &id, idle)?;
    Ok(Json(body_of(&api, &touched)))
}

/// Ends a session of this caller; on the user's socket, any. Its code is dropped from the card,
/// unless another session rests on it or the workstation leaves cards as they are
/// (`after-use = "leave"`). One that is over already is `session-closed`.
///
/// Needs the right `authenticate` or `sign`.
#[utoipa::path(
    delete, path = "/v1/sessions/{id}", security(("token" = [])),
    params(
        ("id" = String, Path, description = "Opaque name of the session"),
    ),
    responses(
        (status = 204, description = "It is over"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "right-missing"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "session-closed"),
    )
)]
pub(crate) async fn end_session(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Named(id): Named<String>,
) -> Result<StatusCode, ApiError> {
    let operations = api.operations();
    operations.end_session(&caller, &SessionId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn body_of(api: &Api, session: &SessionSummary) -> SessionBody {
    SessionBody::new(session, api.operations().program_name(&session.owner))
}
