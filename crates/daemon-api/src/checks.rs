//! The checks that every request passes, in their order: peer, host, origin, caller, client header.
//!
//! The right is checked by the route, before it reads the body.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use daemon_types::{Caller, ErrorCode, OperationError, Reason, SocketProgram};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

use crate::connection::{Connection, Door};
use crate::problem::ApiError;
use crate::router::Api;

/// Names the caller in every call that changes something; no browser sends it unasked.
pub(crate) const CLIENT_HEADER: HeaderName = HeaderName::from_static("x-cpxd-client");

/// The page that a native host speaks for.
const PAGE_ORIGIN_HEADER: HeaderName = HeaderName::from_static("cpxd-page-origin");

/// The top-level page that the page of [`PAGE_ORIGIN_HEADER`] is in.
const TOP_ORIGIN_HEADER: HeaderName = HeaderName::from_static("cpxd-top-origin");

/// Runs all checks and hands the caller on to the route.
pub(crate) async fn check(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    match identify(&api, &request) {
        Ok(Some(caller)) => {
            request.extensions_mut().insert(caller);
        }
        Ok(None) => {}
        Err(error) => return ApiError::from(error).into_response(),
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
fn identify(api: &Api, request: &Request) -> Result<Option<Caller>, OperationError> {
    let connection = request
        .extensions()
        .get::<Connection>()
        .ok_or(ErrorCode::PeerRefused)?;
    let door = &connection.door;
    check_peer(door)?;
    check_host(door, request)?;
    check_origin(door, request)?;
    if asks_for(request, &OPEN_PATHS) {
        return Ok(None);
    }
    let caller = caller(api, door, request.headers())?;
    check_client_header(request)?;
    Ok(Some(caller))
}

fn check_peer(door: &Door) -> Result<(), ErrorCode> {
    match door {
        Door::Tcp {
            peer_is_ours: false,
            ..
        } => Err(ErrorCode::PeerRefused),
        Door::Tcp { .. } | Door::Socket { .. } => Ok(()),
    }
}

/// Against DNS rebinding: the page's own host name must never reach us.
fn check_host(door: &Door, request: &Request) -> Result<(), ErrorCode> {
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
    if is_our_name(door, named) {
        Ok(())
    } else {
        Err(ErrorCode::WrongHost)
    }
}

/// The socket has one name, which no page can make a browser send there.
fn is_our_name(door: &Door, named: &str) -> bool {
    match door {
        Door::Tcp { port, .. } => ["127.0.0.1", "localhost", "[::1]"]
            .iter()
            .any(|host| named == format!("{host}:{port}")),
        Door::Socket { .. } => named == "localhost",
    }
}

/// No page has a grant in this version, so an `Origin` opens nothing but what is open to pages,
/// and on the socket, where no browser speaks, nothing at all. Who states a page's origin for
/// it must hold its grants too, so that no such statement is taken for the caller's own request.
fn check_origin(door: &Door, request: &Request) -> Result<(), ErrorCode> {
    let headers = request.headers();
    let is_for_a_page = [PAGE_ORIGIN_HEADER, TOP_ORIGIN_HEADER]
        .iter()
        .any(|name| headers.contains_key(name));
    let is_of_a_page = headers.contains_key(header::ORIGIN);
    let is_open_to_pages =
        matches!(door, Door::Tcp { .. }) && asks_for(request, &PATHS_OPEN_TO_PAGES);
    if is_for_a_page || (is_of_a_page && !is_open_to_pages) {
        Err(ErrorCode::OriginNotGranted)
    } else {
        Ok(())
    }
}

fn asks_for(request: &Request, paths: &[&str]) -> bool {
    request.method() == Method::GET && paths.contains(&request.uri().path())
}

fn caller(api: &Api, door: &Door, headers: &HeaderMap) -> Result<Caller, ErrorCode> {
    let Some(authorization) = headers.get(header::AUTHORIZATION) else {
        return match door {
            Door::Socket { pid, executable } => Ok(Caller::SocketProgram(SocketProgram {
                pid: *pid,
                executable: executable.clone(),
            })),
            Door::Tcp { .. } => Err(ErrorCode::TokenInvalid),
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

/// Its words are never shown and decide nothing; any UTF-8 will do for a name.
fn check_client_header(request: &Request) -> Result<(), OperationError> {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return Ok(());
    }
    let missing = OperationError::new(ErrorCode::ClientHeaderMissing);
    let Some(client) = request.headers().get(CLIENT_HEADER) else {
        return Err(missing);
    };
    let client = std::str::from_utf8(client.as_bytes()).unwrap_or_default();
    match client.split_once('/') {
        Some((name, version)) if !name.trim().is_empty() && !version.trim().is_empty() => Ok(()),
        Some(_) | None => Err(missing.because(Reason::ClientHeaderForm)),
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
