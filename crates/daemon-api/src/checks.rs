//! The checks that every request passes, in their order: peer, host, origin, caller, client header.
//!
//! The right is checked by the route, before it reads the body.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use daemon_types::{Caller, ErrorCode, SocketProgram};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

use crate::connection::Connection;
use crate::problem::ApiError;
use crate::router::Api;

/// Names the caller in every call that changes something; no browser sends it unasked.
pub(crate) const CLIENT_HEADER: HeaderName = HeaderName::from_static("x-cpxd-client");

/// Runs all checks and hands the caller on to the route.
pub(crate) async fn check(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    match identify(&api, &request) {
        Ok(Some(caller)) => {
            request.extensions_mut().insert(caller);
        }
        Ok(None) => {}
        Err(code) => return ApiError::from(code).into_response(),
    }
    next.run(request).await
}

/// Headers that every answer has.
pub(crate) async fn guard_answer(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in ANSWER_HEADERS {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}

/// The caller of a request; none for the calls that are open to all.
fn identify(api: &Api, request: &Request) -> Result<Option<Caller>, ErrorCode> {
    let connection = request
        .extensions()
        .get::<Connection>()
        .ok_or(ErrorCode::PeerRefused)?;
    check_peer(connection)?;
    check_host(connection, request)?;
    check_origin(request)?;
    if asks_for(request, &OPEN_PATHS) {
        return Ok(None);
    }
    let caller = caller(api, connection, request.headers())?;
    check_client_header(request)?;
    Ok(Some(caller))
}

fn check_peer(connection: &Connection) -> Result<(), ErrorCode> {
    match connection {
        Connection::Tcp {
            peer_is_ours: false,
            ..
        } => Err(ErrorCode::PeerRefused),
        Connection::Tcp { .. } | Connection::Socket { .. } => Ok(()),
    }
}

/// Against DNS rebinding: the page's own host name must never reach us.
fn check_host(connection: &Connection, request: &Request) -> Result<(), ErrorCode> {
    let Connection::Tcp { port, .. } = connection else {
        return Ok(());
    };
    let authority = request
        .uri()
        .authority()
        .map(|authority| authority.as_str());
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let host = hosts.next().map(HeaderValue::to_str);
    if hosts.next().is_some() {
        return Err(ErrorCode::WrongHost);
    }
    let named = match (authority, host) {
        (Some(authority), None) => authority,
        (None, Some(Ok(host))) => host,
        (Some(authority), Some(Ok(host))) if authority == host => host,
        _ => return Err(ErrorCode::WrongHost),
    };
    let ours = ["127.0.0.1", "localhost", "[::1]"];
    let is_ours = ours.iter().any(|host| named == format!("{host}:{port}"));
    if is_ours {
        Ok(())
    } else {
        Err(ErrorCode::WrongHost)
    }
}

/// No page has a grant in this version, so an `Origin` opens nothing but what is open to pages.
fn check_origin(request: &Request) -> Result<(), ErrorCode> {
    if !request.headers().contains_key(header::ORIGIN) || asks_for(request, &PATHS_OPEN_TO_PAGES) {
        Ok(())
    } else {
        Err(ErrorCode::OriginNotGranted)
    }
}

fn asks_for(request: &Request, paths: &[&str]) -> bool {
    request.method() == Method::GET && paths.contains(&request.uri().path())
}

fn caller(api: &Api, connection: &Connection, headers: &HeaderMap) -> Result<Caller, ErrorCode> {
    let Some(authorization) = headers.get(header::AUTHORIZATION) else {
        return match connection {
            Connection::Socket { pid, executable } => Ok(Caller::SocketProgram(SocketProgram {
                pid: *pid,
                executable: executable.clone(),
            })),
            Connection::Tcp { .. } => Err(ErrorCode::TokenInvalid),
        };
    };
    let token = authorization
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer"))
        .map(|(_, token)| token.trim())
        .ok_or(ErrorCode::TokenInvalid)?;
    api.operations().caller_with_token(token)
}

fn check_client_header(request: &Request) -> Result<(), ErrorCode> {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return Ok(());
    }
    let client = request
        .headers()
        .get(CLIENT_HEADER)
        .and_then(|value| value.to_str().ok());
    match client.and_then(|client| client.split_once('/')) {
        Some((name, version)) if !name.trim().is_empty() && !version.trim().is_empty() => Ok(()),
        Some(_) | None => Err(ErrorCode::ClientHeaderMissing),
    }
}

/// What anybody of this user may ask: that cpxd is here, and how to speak to it.
const OPEN_PATHS: [&str; 3] = ["/v1", "/openapi.json", "/docs"];

/// What a page without a grant may ask.
const PATHS_OPEN_TO_PAGES: [&str; 1] = ["/v1"];

const ANSWER_HEADERS: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::CACHE_CONTROL, "no-store"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];
