//! `POST /v1/cards/{card}/pin/change` and `/pin/unblock`.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::{Extension, Json};
use daemon_types::{Caller, CardId, Right};
use daemon_wire::{CodesBody, NewPinBody, Problem};
use tokio::time::Instant;

use super::body::json_body;
use super::named::Named;
use crate::connection::Connection;
use crate::problem::ApiError;
use crate::router::Api;

/// Replaces the holder's code by one that they choose.
///
/// Needs the right `manage`. The holder types the old code and the new one at
/// the question that the agent puts; no body ever holds a code.
///
/// `reason` tells more: of `bad-request`, that the new code is the old one
/// (`new-pin-unchanged`); of `pin-length`, that it is the new code which the
/// card does not take (`new-pin-refused`); of `card-removed`, `reader-lost`,
/// `card-mute` and `timeout`, that nobody knows which code holds
/// (`outcome-unknown`). `key-absent` is a card without a code.
#[utoipa::path(
    post, path = "/v1/cards/{card}/pin/change", security(("token" = [])),
    params(
        ("card" = String, Path, description = "Opaque name of the card"),
    ),
    request_body = NewPinBody,
    responses(
        (status = 200, body = CodesBody, description = "Both codes of the card, after the change"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "right-missing, cancelled, pin-wrong, pin-length, last-try-not-confirmed"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "pin-blocked, card-definitively-blocked, key-absent, environment-mismatch, reader-busy, card-mute, card-unsupported"),
        (status = 410, body = Problem, content_type = "application/problem+json", description = "card-removed, reader-lost"),
        (status = 502, body = Problem, content_type = "application/problem+json", description = "module-failed"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "busy, pcsc-unavailable"),
    )
)]
pub(crate) async fn change_pin(
    State(api): State<Api>,
    Extension(connection): Extension<Connection>,
    Extension(caller): Extension<Caller>,
    Named(card): Named<String>,
    request: Request<Body>,
) -> Result<Json<CodesBody>, ApiError> {
    let language = api.language_for(request.headers());
    let terminal = connection.lent.take_terminal(language);
    let deadline = deadline(&api, &caller, request).await?;
    let card = CardId(card);
    let work = api
        .operations()
        .change_pin(&caller, &card, terminal, deadline);
    let codes = connection.while_open(work).await?;
    Ok(Json(CodesBody::from(&codes)))
}

/// Sets a new code on a card whose code is blocked.
///
/// Needs the right `manage`. The holder types the unblock code of 8 digits and
/// the new code at the question that the agent puts; no body ever holds a code.
///
/// `reason` tells more: of `bad-request`, that the code is not blocked
/// (`pin-not-blocked`); of `pin-length`, whether it is the unblock code
/// (`unblock-code-length`) or the new code (`new-pin-refused`); of
/// `card-removed`, `reader-lost`, `card-mute` and `timeout`, that nobody knows
/// which code holds (`outcome-unknown`). `key-absent` is a card without a code.
#[utoipa::path(
    post, path = "/v1/cards/{card}/pin/unblock", security(("token" = [])),
    params(
        ("card" = String, Path, description = "Opaque name of the card"),
    ),
    request_body = NewPinBody,
    responses(
        (status = 200, body = CodesBody, description = "Both codes of the card, after the unblocking"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "right-missing, cancelled, unblock-wrong, pin-length, last-try-not-confirmed"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "unblock-blocked, card-definitively-blocked, key-absent, environment-mismatch, reader-busy, card-mute, card-unsupported"),
        (status = 410, body = Problem, content_type = "application/problem+json", description = "card-removed, reader-lost"),
        (status = 502, body = Problem, content_type = "application/problem+json", description = "module-failed"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "busy, pcsc-unavailable"),
    )
)]
pub(crate) async fn unblock_pin(
    State(api): State<Api>,
    Extension(connection): Extension<Connection>,
    Extension(caller): Extension<Caller>,
    Named(card): Named<String>,
    request: Request<Body>,
) -> Result<Json<CodesBody>, ApiError> {
    let language = api.language_for(request.headers());
    let terminal = connection.lent.take_terminal(language);
    let deadline = deadline(&api, &caller, request).await?;
    let card = CardId(card);
    let work = api
        .operations()
        .unblock_pin(&caller, &card, terminal, deadline);
    let codes = connection.while_open(work).await?;
    Ok(Json(CodesBody::from(&codes)))
}

/// When the holder's time ends, for a caller that may have a code set.
async fn deadline(api: &Api, caller: &Caller, request: Request<Body>) -> Result<Instant, ApiError> {
    api.operations().check_right(caller, Right::Manage)?;
    let body: NewPinBody = json_body(request).await?;
    Ok(Instant::now() + body.timeout()?)
}
