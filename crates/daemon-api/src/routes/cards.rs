//! `GET /v1/cards`, one card, one certificate.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use daemon_types::{Caller, CardId, CertificateSummary, ErrorCode, KeyRole};
use daemon_wire::{CardBody, CardList, CertificateBody, Problem};
use http::{HeaderMap, header};
use time::OffsetDateTime;
use x509_parser::parse_x509_certificate;

use super::named::Named;
use crate::pem::certificate_to_pem;
use crate::problem::ApiError;
use crate::router::Api;

/// All cards that can be used.
///
/// Needs the right `identify`. Counters are read from the card each time.
#[utoipa::path(
    get, path = "/v1/cards", security(("token" = [])),
    responses(
        (status = 200, body = CardList, description = "The cards"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "right-missing"),
    )
)]
pub(crate) async fn cards(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<CardList>, ApiError> {
    let now = api.operations().now();
    let cards = api.operations().cards(&caller).await?;
    Ok(Json(CardList {
        cards: cards.iter().map(|card| CardBody::new(card, now)).collect(),
    }))
}

/// One card.
///
/// Needs the right `identify`.
#[utoipa::path(
    get, path = "/v1/cards/{card}", security(("token" = [])),
    params(("card" = String, Path, description = "Opaque name of the card")),
    responses(
        (status = 200, body = CardBody, description = "The card"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "right-missing"),
        (status = 410, body = Problem, content_type = "application/problem+json", description = "card-removed"),
    )
)]
pub(crate) async fn card(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Named(card): Named<String>,
) -> Result<Json<CardBody>, ApiError> {
    let now = api.operations().now();
    let card = api.operations().card(&caller, &CardId(card)).await?;
    Ok(Json(CardBody::new(&card, now)))
}

/// One certificate of a card, as JSON, PEM or DER.
///
/// Needs the right `identify`. `Accept` chooses: `application/json` (default),
/// `application/x-pem-file` or `application/pkix-cert`.
#[utoipa::path(
    get, path = "/v1/cards/{card}/certificates/{role}", security(("token" = [])),
    params(
        ("card" = String, Path, description = "Opaque name of the card"),
        ("role" = String, Path, pattern = "^(authentication|signature|technical)$", description = "authentication, signature or technical"),
    ),
    responses(
        (status = 200, content(
            (CertificateBody = "application/json"),
            (String = "application/x-pem-file"),
            (Vec<u8> = "application/pkix-cert"),
        ), description = "The certificate"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "right-missing"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "key-absent"),
        (status = 410, body = Problem, content_type = "application/problem+json", description = "card-removed"),
    )
)]
pub(crate) async fn certificate(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Named((card, role)): Named<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let role = match role.as_str() {
        "authentication" => KeyRole::Authentication,
        "signature" => KeyRole::Signature,
        "technical" => KeyRole::Technical,
        _ => return Err(ErrorCode::NotFound.into()),
    };
    let operations = api.operations();
    let certificate = operations.certificate(&caller, &CardId(card), role)?;
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok());
    Ok(represent(
        &certificate,
        accept.unwrap_or_default(),
        operations.now(),
    ))
}

fn represent(certificate: &CertificateSummary, accept: &str, now: OffsetDateTime) -> Response {
    if accept.contains("application/pkix-cert") {
        let content_type = [(header::CONTENT_TYPE, "application/pkix-cert")];
        (content_type, certificate.der.clone()).into_response()
    } else if accept.contains("application/x-pem-file") {
        let content_type = [(header::CONTENT_TYPE, "application/x-pem-file")];
        (content_type, certificate_to_pem(&certificate.der)).into_response()
    } else {
        let parsed = parse_x509_certificate(&certificate.der);
        let public_key = parsed
            .as_ref()
            .ok()
            .map(|(_, found)| found.public_key().raw);
        Json(CertificateBody::whole(certificate, public_key, now)).into_response()
    }
}
