//! `GET /v1/cards/{card}/objects`, `POST /v1/cards/{card}/login`, `…/keys/{role}/sign`,
//! `…/keys/authentication/decipher`, `…/data` and `…/random`: what a PKCS#11 module needs, on the user's socket alone.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response, Sse, sse};
use axum::{Extension, Json};
use daemon_types::{Caller, CardId, ErrorCode, SessionId};
use daemon_wire::{
    DataBody, DataValueBody, DecipherBody, DecipheredBody, EventBody, KeySignBody,
    KeySignatureBody, LoginBody, ObjectList, Problem, RandomBody, RandomBytesBody,
    key_role_of_name,
};
use http::header;
use secrets::SecretBytes;
use tokio::time::Instant;

use super::body::json_body;
use super::named::Named;
use crate::connection::Connection;
use crate::problem::ApiError;
use crate::router::Api;

/// The names of a card and of what is on it.
///
/// On the user's socket alone. Labels and identifiers are those that the card lists, as programs of PKCS#11 look
/// for them.
#[utoipa::path(
    get, path = "/v1/cards/{card}/objects", security(()),
    params(("card" = String, Path, description = "Opaque name of the card"),),
    responses(
        (status = 200, body = ObjectList, description = "What the card lists"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "right-missing"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "reader-busy, card-mute, card-unsupported"),
        (status = 410, body = Problem, content_type = "application/problem+json", description = "card-removed, reader-lost"),
        (status = 502, body = Problem, content_type = "application/problem+json", description = "module-failed"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "busy, pcsc-unavailable"),
    )
)]
pub(crate) async fn objects(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Named(card): Named<String>,
) -> Result<Json<ObjectList>, ApiError> {
    let card = CardId(card);
    let found = api.operations().token_objects(&caller, &card);
    let (objects, certificates) = found.await?;
    Ok(Json(ObjectList::new(&objects, &certificates)))
}

/// Logs the calling process in, for which its holder types the code once.
///
/// On the user's socket alone, and for a process that the system tells. The answer begins when the code was typed,
/// with the header `Location`, and lasts as long as the log-in: whoever closes it is logged out. It is a session with
/// its own rules of time; its name is of use to this process alone, for `keys/{role}/sign`. The one event at its end
/// is `session-closed`, with the reason.
#[utoipa::path(
    post, path = "/v1/cards/{card}/login", security(()),
    params(("card" = String, Path, description = "Opaque name of the card"),),
    request_body = LoginBody,
    responses(
        (status = 200, body = EventBody, content_type = "text/event-stream", description = "The log-in", headers(
            ("Location" = String, description = "The path of the session"),
        )),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "right-missing, cancelled, pin-wrong, pin-length, last-try-not-confirmed"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "session-closed, pin-blocked, card-definitively-blocked, key-absent, environment-mismatch, reader-busy, card-mute, card-unsupported"),
        (status = 410, body = Problem, content_type = "application/problem+json", description = "card-removed, reader-lost"),
        (status = 429, body = Problem, content_type = "application/problem+json", description = "rate-limited"),
        (status = 502, body = Problem, content_type = "application/problem+json", description = "module-failed"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "busy, pcsc-unavailable"),
    )
)]
pub(crate) async fn log_in(
    State(api): State<Api>,
    Extension(connection): Extension<Connection>,
    Extension(caller): Extension<Caller>,
    Named(card): Named<String>,
    request: Request<Body>,
) -> Result<Response, ApiError> {
    api.operations().check_is_program_of_user(&caller)?;
    let body: LoginBody = json_body(request).await?;
    let deadline = Instant::now() + body.timeout()?;
    let card = CardId(card);
    let opening = api.operations().log_in(&caller, &card, deadline);
    let session = connection.while_open(opening).await?;
    let location = [(header::LOCATION, format!("/v1/sessions/{}", session.id.0))];
    // hyper may be the first to see the end of the connection, and drops the answer then.
    let answer = connection.gone.clone().drop_guard();
    end_with_connection(api.clone(), connection, session.id.clone());
    let told = futures_util::stream::once(async move {
        let _answer = answer;
        let end = api.operations().session_over(&session.id).await;
        let data = serde_json::json!({
            "session": session.id.0, "card": session.card.0, "reason": end.as_str(),
        });
        let closed = sse::Event::default().event("session-closed");
        Ok::<_, Infallible>(closed.data(data.to_string()))
    });
    Ok((location, Sse::new(told)).into_response())
}

/// A log-in ends with the connection that it was asked through, and so with its process.
fn end_with_connection(api: Api, connection: Connection, session: SessionId) {
    tokio::spawn(async move {
        let operations = api.operations();
        tokio::select! {
            _ = operations.session_over(&session) => {}
            () = connection.gone.cancelled() => operations.log_out(&session).await,
        }
    });
}

/// One signature with a key of the card.
///
/// On the user's socket alone. In a log-in the authentication key asks nobody, and without one the holder each time.
/// The signature key is confirmed each time, and signs digests of SHA-256 alone, or of SHA-1 in a DigestInfo for
/// programs that know no other. Each signature was verified with the certificate.
#[utoipa::path(
    post, path = "/v1/cards/{card}/keys/{role}/sign", security(()),
    params(
        ("card" = String, Path, description = "Opaque name of the card"),
        ("role" = String, Path, pattern = "^(authentication|signature)$", description = "authentication or signature"),
    ),
    request_body = KeySignBody,
    responses(
        (status = 200, body = KeySignatureBody, description = "The signature"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "right-missing, cancelled, pin-wrong, pin-length, last-try-not-confirmed"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "session-closed, pin-blocked, card-definitively-blocked, key-absent, certificate-expired, certificate-not-yet-valid, environment-mismatch, reader-busy, card-mute, card-unsupported"),
        (status = 410, body = Problem, content_type = "application/problem+json", description = "card-removed, reader-lost"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "algorithm-unsupported"),
        (status = 429, body = Problem, content_type = "application/problem+json", description = "rate-limited"),
        (status = 502, body = Problem, content_type = "application/problem+json", description = "module-failed"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "busy, pcsc-unavailable"),
    )
)]
pub(crate) async fn sign_by_key(
    State(api): State<Api>,
    Extension(connection): Extension<Connection>,
    Extension(caller): Extension<Caller>,
    Named((card, role)): Named<(String, String)>,
    request: Request<Body>,
) -> Result<Json<KeySignatureBody>, ApiError> {
    let operations = api.operations();
    operations.check_is_program_of_user(&caller)?;
    let role = key_role_of_name(&role).ok_or(ErrorCode::NotFound)?;
    let body: KeySignBody = json_body(request).await?;
    let deadline = Instant::now() + body.timeout()?;
    let request = body.to_request(role)?;
    let card = CardId(card);
    let work = operations.sign_by_key(&caller, &card, request, deadline);
    let signature = connection.while_open(work).await?;
    Ok(Json(KeySignatureBody::new(&signature)))
}

/// What was enciphered for the authentication certificate, deciphered.
///
/// On the user's socket alone. In a log-in nobody is asked, and without one the holder each time. Whatever is wrong
/// with a cryptogram, the answer is `bad-request` with the reason `not-deciphered`, so that nothing is learnt from it.
#[utoipa::path(
    post, path = "/v1/cards/{card}/keys/authentication/decipher", security(()),
    params(("card" = String, Path, description = "Opaque name of the card"),),
    request_body = DecipherBody,
    responses(
        (status = 200, body = DecipheredBody, description = "What was deciphered"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "right-missing, cancelled, pin-wrong, pin-length, last-try-not-confirmed"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "session-closed, pin-blocked, card-definitively-blocked, key-absent, environment-mismatch, reader-busy, card-mute, card-unsupported"),
        (status = 410, body = Problem, content_type = "application/problem+json", description = "card-removed, reader-lost"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "algorithm-unsupported"),
        (status = 429, body = Problem, content_type = "application/problem+json", description = "rate-limited"),
        (status = 502, body = Problem, content_type = "application/problem+json", description = "module-failed"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "busy, pcsc-unavailable"),
    )
)]
pub(crate) async fn decipher(
    State(api): State<Api>,
    Extension(connection): Extension<Connection>,
    Extension(caller): Extension<Caller>,
    Named(card): Named<String>,
    request: Request<Body>,
) -> Result<Response, ApiError> {
    let operations = api.operations();
    operations.check_is_program_of_user(&caller)?;
    let body: DecipherBody = json_body(request).await?;
    let deadline = Instant::now() + body.timeout()?;
    let (card, request) = (CardId(card), body.to_request()?);
    let work = operations.decipher(&caller, &card, request, deadline);
    let plaintext = connection.while_open(work).await?;
    let json = WipedBody(DecipheredBody { plaintext }.to_json());
    let head = [(header::CONTENT_TYPE, "application/json")];
    Ok((head, Bytes::from_owner(json)).into_response())
}

/// The bytes of an answer, which are wiped once they are sent.
struct WipedBody(SecretBytes);

impl AsRef<[u8]> for WipedBody {
    fn as_ref(&self) -> &[u8] {
        self.0.expose()
    }
}

/// The bytes of a data object.
///
/// On the user's socket alone. Private ones are told in a log-in alone, and told to the journal. Nothing is kept of
/// them.
#[utoipa::path(
    post, path = "/v1/cards/{card}/data", security(()),
    params(("card" = String, Path, description = "Opaque name of the card"),),
    request_body = DataBody,
    responses(
        (status = 200, body = DataValueBody, description = "The bytes"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "right-missing, cancelled, pin-wrong, pin-length, last-try-not-confirmed"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "session-closed, pin-blocked, card-definitively-blocked, environment-mismatch, reader-busy, card-mute, card-unsupported"),
        (status = 410, body = Problem, content_type = "application/problem+json", description = "card-removed, reader-lost"),
        (status = 429, body = Problem, content_type = "application/problem+json", description = "rate-limited"),
        (status = 502, body = Problem, content_type = "application/problem+json", description = "module-failed"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "busy, pcsc-unavailable"),
    )
)]
pub(crate) async fn data(
    State(api): State<Api>,
    Extension(connection): Extension<Connection>,
    Extension(caller): Extension<Caller>,
    Named(card): Named<String>,
    request: Request<Body>,
) -> Result<Json<DataValueBody>, ApiError> {
    let operations = api.operations();
    operations.check_is_program_of_user(&caller)?;
    let body: DataBody = json_body(request).await?;
    let deadline = Instant::now() + DataBody::TIME;
    let card = CardId(card);
    let value = operations.data_of_card(&caller, &card, body.to_request(), deadline);
    let value = connection.while_open(value).await?;
    Ok(Json(DataValueBody::new(&value)))
}

/// Random bytes of the card.
///
/// On the user's socket alone. A card gives eight at once, so many of them take their time.
#[utoipa::path(
    post, path = "/v1/cards/{card}/random", security(()),
    params(("card" = String, Path, description = "Opaque name of the card"),),
    request_body = RandomBody,
    responses(
        (status = 200, body = RandomBytesBody, description = "The bytes"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "right-missing"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "reader-busy, card-mute, card-unsupported"),
        (status = 410, body = Problem, content_type = "application/problem+json", description = "card-removed, reader-lost"),
        (status = 502, body = Problem, content_type = "application/problem+json", description = "module-failed"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "busy, pcsc-unavailable"),
    )
)]
pub(crate) async fn random(
    State(api): State<Api>,
    Extension(connection): Extension<Connection>,
    Extension(caller): Extension<Caller>,
    Named(card): Named<String>,
    request: Request<Body>,
) -> Result<Json<RandomBytesBody>, ApiError> {
    let operations = api.operations();
    operations.check_is_program_of_user(&caller)?;
    let body: RandomBody = json_body(request).await?;
    let (card, len) = (CardId(card), body.bytes()?);
    let bytes = operations.random_bytes(&caller, &card, len);
    let bytes = connection.while_open(bytes).await?;
    Ok(Json(RandomBytesBody::new(&bytes)))
}
