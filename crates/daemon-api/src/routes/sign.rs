//! `POST /v1/cards/{card}/sign`.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::{Extension, Json};
use daemon_types::{Caller, CardId, Right};
use daemon_wire::{Problem, SignBody, SignaturesBody};
use tokio::time::Instant;

use super::body::json_body;
use super::named::Named;
use crate::connection::Connection;
use crate::problem::ApiError;
use crate::router::Api;

/// Signatures over digests, with the signature key.
///
/// Needs the right `sign`. The holder sees the whole list and types the code;
/// several digests are one confirmation. The descriptions are the caller's
/// words, and the holder is told so. What each key signs by stands beside its
/// certificate (`signatureAlgorithms`); any other algorithm is refused before
/// anybody is asked.
///
/// Each signature was verified with the certificate; `card-mute` with the
/// reason `signature-wrong` is a card that gave something else.
#[utoipa::path(
    post, path = "/v1/cards/{card}/sign", security(("token" = [])),
    params(
        ("card" = String, Path, description = "Opaque name of the card"),
    ),
    request_body = SignBody,
    responses(
        (status = 200, body = SignaturesBody, description = "The signatures"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "right-missing, cancelled, pin-wrong, pin-length, last-try-not-confirmed"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "session-closed, pin-blocked, card-definitively-blocked, key-absent, certificate-expired, certificate-not-yet-valid, environment-mismatch, reader-busy, card-mute, card-unsupported"),
        (status = 410, body = Problem, content_type = "application/problem+json", description = "card-removed, reader-lost"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "algorithm-unsupported"),
        (status = 429, body = Problem, content_type = "application/problem+json", description = "rate-limited"),
        (status = 502, body = Problem, content_type = "application/problem+json", description = "module-failed"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "busy, pcsc-unavailable"),
    )
)]
pub(crate) async fn sign(
    State(api): State<Api>,
    Extension(connection): Extension<Connection>,
    Extension(caller): Extension<Caller>,
    Named(card): Named<String>,
    request: Request<Body>,
) -> Result<Json<SignaturesBody>, ApiError> {
    let operations = api.operations();
    operations.check_right(&caller, Right::Sign)?;
    let body: SignBody = json_body(request).await?;
    let deadline = Instant::now() + body.timeout()?;
    let request = body.to_request()?;
    let card = CardId(card);
    let work = operations.sign(&caller, &card, request, deadline);
    let signatures = connection.while_open(work).await?;
    Ok(Json(SignaturesBody::from(&signatures)))
}
