//! `POST /v1/pairings` and `POST /v1/pairings/{id}/token`.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::{Extension, Json};
use daemon_types::PairingId;
use daemon_wire::{
    GrantBody, OpenedPairingBody, PairedBody, PairingBody, PairingSecretBody, Problem,
};

use super::body::json_body;
use super::named::Named;
use crate::connection::{Connection, Door};
use crate::problem::ApiError;
use crate::router::Api;

/// A desktop program asks to be paired. This is the first of three calls.
///
/// Open to every program of this user, never to a page. The program shows the
/// code of the answer to its user, and makes the second call at once,
/// `POST /v1/pairings/{id}/token`, which has the holder asked. With the token
/// of its answer, all other calls are the third.
#[utoipa::path(
    post, path = "/v1/pairings", security(()),
    request_body = PairingBody,
    responses(
        (status = 200, body = OpenedPairingBody, description = "The pairing, its code and its secret"),
        (status = 429, body = Problem, content_type = "application/problem+json", description = "rate-limited"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "busy"),
    )
)]
pub(crate) async fn open(
    State(api): State<Api>,
    request: Request<Body>,
) -> Result<Json<OpenedPairingBody>, ApiError> {
    let body: PairingBody = json_body(request).await?;
    let opened = api.operations().open_pairing(body.to_request()?)?;
    let (id, code) = (&opened.id.0, opened.code.as_str());
    let secret = opened.secret.expose();
    Ok(Json(OpenedPairingBody::new(
        id,
        code,
        secret,
        opened.expires,
    )))
}

/// The token of a pairing, told once.
///
/// The holder is asked now, sees the same code, and agrees or not; the answer
/// comes when they are done, `timeout` when the pairing is over. A program that
/// goes away takes the question with it, and may make this call again. After
/// the holder's answer the pairing is `not-found`, whoever asks.
#[utoipa::path(
    post, path = "/v1/pairings/{id}/token", security(()),
    params(
        ("id" = String, Path, description = "Opaque name of the pairing"),
    ),
    request_body = PairingSecretBody,
    responses(
        (status = 200, body = PairedBody, description = "The token, and what it is good for"),
        (status = 401, body = Problem, content_type = "application/problem+json", description = "token-invalid"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "cancelled"),
        (status = 429, body = Problem, content_type = "application/problem+json", description = "rate-limited"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "busy"),
    )
)]
pub(crate) async fn token(
    State(api): State<Api>,
    Extension(connection): Extension<Connection>,
    Named(id): Named<String>,
    request: Request<Body>,
) -> Result<Json<PairedBody>, ApiError> {
    let body: PairingSecretBody = json_body(request).await?;
    let executable = match &connection.door {
        Door::Socket { executable, .. } => executable.clone(),
        Door::Tcp { .. } | Door::Console { .. } => None,
    };
    let id = PairingId(id);
    let pairing = api.operations().pair(&id, &body.secret, executable);
    let (token, grant) = connection.while_open(pairing).await?;
    Ok(Json(PairedBody {
        token: token.expose().to_owned(),
        grant: GrantBody::from(&grant),
    }))
}
