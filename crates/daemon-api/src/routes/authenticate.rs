//! `POST /v1/cards/{card}/authenticate`.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::{Extension, Json};
use daemon_types::{
    AuthenticateRequest, Caller, CardId, OperationError, Origin, Reason, Right, SessionId,
};
use daemon_wire::{AuthenticateBody, AuthenticationTokenBody, Problem};
use tokio::time::Instant;

use super::body::json_body;
use super::named::Named;
use crate::connection::Connection;
use crate::problem::ApiError;
use crate::router::Api;

/// An authentication token for a site.
///
/// Needs the right `authenticate`. The holder types the code; the answer comes
/// when they are done. A caller that goes away takes the question with it. In a
/// `session` nobody is asked, unless the card has lost the code, as after a
/// reset by another program; `rate-limited` after a hundred at once, then one
/// every two seconds.
///
/// The signature was verified with the certificate; `card-mute` with the
/// reason `signature-wrong` is a card that gave something else.
#[utoipa::path(
    post, path = "/v1/cards/{card}/authenticate", security(("token" = [])),
    params(
        ("card" = String, Path, description = "Opaque name of the card"),
    ),
    request_body = AuthenticateBody,
    responses(
        (status = 200, body = AuthenticationTokenBody, description = "The token"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "right-missing, cancelled, pin-wrong, pin-length, last-try-not-confirmed"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "session-closed, pin-blocked, card-definitively-blocked, key-absent, certificate-expired, certificate-not-yet-valid, environment-mismatch, reader-busy, card-mute, card-unsupported"),
        (status = 410, body = Problem, content_type = "application/problem+json", description = "card-removed, reader-lost"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "algorithm-unsupported"),
        (status = 429, body = Problem, content_type = "application/problem+json", description = "rate-limited"),
        (status = 502, body = Problem, content_type = "application/problem+json", description = "module-failed"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "busy, pcsc-unavailable"),
    )
)]
pub(crate) async fn authenticate(
    State(api): State<Api>,
    Extension(connection): Extension<Connection>,
    Extension(caller): Extension<Caller>,
    Named(card): Named<String>,
    request: Request<Body>,
) -> Result<Json<AuthenticationTokenBody>, ApiError> {
    let operations = api.operations();
    operations.check_right(&caller, Right::Authenticate)?;
    let body: AuthenticateBody = json_body(request).await?;
    let deadline = Instant::now() + body.timeout()?;
    let request = AuthenticateRequest {
        origin: origin(&body, &caller)?,
        algorithm: body.signature_algorithm()?,
        session: body.session.map(SessionId),
        nonce: body.nonce,
    };
    let card = CardId(card);
    let work = operations.authenticate(&caller, &card, request, deadline);
    let token = connection.while_open(work).await?;
    Ok(Json(AuthenticationTokenBody::new(&token, api.version())))
}

/// A desktop program names the site; a page is one, and may name none, not even its own.
fn origin(body: &AuthenticateBody, caller: &Caller) -> Result<Origin, OperationError> {
    let wrong = |reason| OperationError::bad_request("origin", reason);
    match (caller, body.origin.as_deref()) {
        (Caller::Page(page), None) => Ok(page.site.origin.clone()),
        (Caller::Page(_), Some(_)) => Err(wrong(Reason::OriginNamed)),
        (Caller::PairedProgram(_) | Caller::SocketProgram(_) | Caller::Console, Some(origin)) => {
            Origin::parse(origin).map_err(|error| wrong(Reason::OriginForm).caused_by(error))
        }
        (Caller::PairedProgram(_) | Caller::SocketProgram(_) | Caller::Console, None) => {
            Err(wrong(Reason::FieldMissing))
        }
    }
}
