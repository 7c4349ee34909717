//! The checks that every request passes, in their order ([`admit`]): peer, host, caller (a page by
//! its origin, a program by its token or socket), client header.
//!
//! Right and body follow in each route, in this order: `check_right`, then `json_body`.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use daemon_types::{Caller, ErrorCode, OperationError, Reason, Rights, SocketProgram};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

use crate::connection::{Connection, Door};
use crate::cors;
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
    match admit(&api, &request) {
        Ok(Admitted::Caller(caller)) => {
            request.extensions_mut().insert(caller);
        }
        Ok(Admitted::Anybody) => {}
        Ok(Admitted::Preflight) => return cors::allow(&request),
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

/// Who a request is let in for.
enum Admitted {
    /// This caller.
    Caller(Caller),
    /// Whoever it is: the call is open to all.
    Anybody,
    /// A browser that asks whether a page may make a request.
    Preflight,
}

/// The order of the checks, and so of the errors.
fn admit(api: &Api, request: &Request) -> Result<Admitted, OperationError> {
    let connection = request.extensions().get::<Connection>();
    let door = &connection.ok_or(ErrorCode::PeerRefused)?.door;
    check_peer(door)?;
    check_host(door, request)?;
    let admitted = who_calls(api, door, request)?;
    if !matches!(admitted, Admitted::Preflight) {
        check_client_header(request)?;
    }
    Ok(admitted)
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

/// A page by its `Origin`, whatever else it sends; a program by its token or its socket.
fn who_calls(api: &Api, door: &Door, request: &Request) -> Result<Admitted, OperationError> {
    let headers = request.headers();
    // Only the native host may say which page it speaks for, and no program has proved yet that
    // it is the native host.
    if headers.contains_key(PAGE_ORIGIN_HEADER) || headers.contains_key(TOP_ORIGIN_HEADER) {
        return Err(ErrorCode::OriginNotGranted.into());
    }
    if headers.contains_key(header::ORIGIN) {
        return page(api, door, request);
    }
    if is_open_to_programs(request.method(), request.uri().path()) {
        return Ok(Admitted::Anybody);
    }
    program(api, door, headers).map(Admitted::Caller)
}

/// A page has what was granted to its exact origin. Without a grant it may see that cpxd is here,
/// and ask for one. No browser speaks on the socket.
fn page(api: &Api, door: &Door, request: &Request) -> Result<Admitted, OperationError> {
    let not_granted = OperationError::from(ErrorCode::OriginNotGranted);
    if matches!(door, Door::Socket { .. }) || is_pairing(request.uri().path()) {
        return Err(not_granted);
    }
    if asks_for(request, Method::GET, PRODUCT) {
        return Ok(Admitted::Anybody);
    }
    let Some(site) = cors::site(request) else {
        return Err(not_granted);
    };
    let page = api.operations().page(site);
    let has_a_grant = page.rights != Rights::default();
    if !has_a_grant && !cors::is_open_to_every_site(request) {
        return Err(not_granted);
    }
    Ok(if cors::is_preflight(request) {
        Admitted::Preflight
    } else {
        Admitted::Caller(Caller::Page(page))
    })
}

fn asks_for(request: &Request, method: Method, path: &str) -> bool {
    *request.method() == method && request.uri().path() == path
}

/// What any program of this user may ask: that cpxd is here, how to speak to it, and to be paired.
pub(crate) fn is_open_to_programs(method: &Method, path: &str) -> bool {
    match *method {
        Method::GET => [PRODUCT, "/openapi.json", "/docs"].contains(&path),
        Method::POST => is_pairing(path),
        _ => false,
    }
}

fn is_pairing(path: &str) -> bool {
    let rest = path.strip_prefix("/v1/pairings");
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn program(api: &Api, door: &Door, headers: &HeaderMap) -> Result<Caller, OperationError> {
    let Some(authorization) = headers.get(header::AUTHORIZATION) else {
        return match door {
            Door::Socket { pid, executable } => Ok(Caller::SocketProgram(SocketProgram {
                pid: *pid,
                executable: executable.clone(),
            })),
            Door::Tcp { .. } => Err(ErrorCode::TokenInvalid.into()),
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

/// The one call that a page without a grant may make unasked.
const PRODUCT: &str = "/v1";

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
