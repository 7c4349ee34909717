//! The checks that every request passes, in their order ([`admit`]): peer, host, caller (a page by
//! its origin, or by what the native host says; a program by its token or socket), client header.
//!
//! Right and body follow in each route, in this order: `check_right`, then `json_body`.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use daemon_types::{Caller, ErrorCode, OperationError, Reason, Rights, Site, SocketProgram};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

use crate::connection::{Connection, Door};
use crate::console::{self, ConsoleRequest};
use crate::cors;
use crate::problem::{ApiError, error_of};
use crate::router::Api;

/// Names the caller in every call that changes something; no browser sends it unasked.
pub(crate) const CLIENT_HEADER: HeaderName = HeaderName::from_static("x-cpxd-client");

/// The page that a native host speaks for.
const PAGE_ORIGIN_HEADER: HeaderName = HeaderName::from_static("cpxd-page-origin");

/// The top-level page that the page of [`PAGE_ORIGIN_HEADER`] is in.
const TOP_ORIGIN_HEADER: HeaderName = HeaderName::from_static("cpxd-top-origin");

/// Runs all checks and hands the caller on to the route. What is refused, here or there, is told to
/// the journal.
pub(crate) async fn check(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let admitted = admit(&api, &request);
    let caller = match &admitted {
        Ok(admitted) => admitted.caller(),
        Err(refusal) => refusal.caller.as_deref().cloned(),
    };
    let response = match admitted {
        Ok(Admitted::Caller(caller)) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Ok(Admitted::Console(open)) => {
            request.extensions_mut().insert(Caller::Console);
            match open.while_good(next.run(request)).await {
                Some(answer) => answer.map(|body| open.until_the_end_of(body)),
                None => ApiError::from(ErrorCode::TokenInvalid).into_response(),
            }
        }
        Ok(Admitted::Anybody) => next.run(request).await,
        Ok(Admitted::Preflight) => cors::allow(&request),
        Err(refusal) => ApiError::from(refusal.error).into_response(),
    };
    if let Some(error) = error_of(&response) {
        api.operations().count_error(error.code);
    }
    tell_refusal(&api, caller.as_ref(), &response);
    response
}

/// Tells the journal that the door refused. The log gets a line where the journal does.
fn tell_refusal(api: &Api, caller: Option<&Caller>, response: &Response) {
    let Some(error) = error_of(response).filter(|error| is_of_the_door(error.code)) else {
        return;
    };
    if api.operations().note_refusal(error.code, caller) {
        tracing::info!(event = "door-refused", code = %error.code, "refused at the door; more of this kind are counted in the journal");
    }
}

/// Whether an error is about who calls, with which right and how often.
pub(crate) const fn is_of_the_door(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::PeerRefused
            | ErrorCode::WrongHost
            | ErrorCode::OriginNotGranted
            | ErrorCode::TokenInvalid
            | ErrorCode::RightMissing
            | ErrorCode::ClientHeaderMissing
            | ErrorCode::RateLimited
    )
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
pub(crate) enum Admitted {
    /// This caller.
    Caller(Caller),
    /// The product's own page, whose token lives on as long as this is open.
    Console(ConsoleRequest),
    /// Whoever it is: the call is open to all.
    Anybody,
    /// A browser that asks whether a page may make a request.
    Preflight,
}

impl Admitted {
    fn caller(&self) -> Option<Caller> {
        match self {
            Self::Caller(caller) => Some(caller.clone()),
            Self::Console(_) => Some(Caller::Console),
            Self::Anybody | Self::Preflight => None,
        }
    }
}

/// A request that is not let in, and whose it is, as far as that was known by then.
pub(crate) struct Refusal {
    pub(crate) error: OperationError,
    pub(crate) caller: Option<Box<Caller>>,
}

impl<E: Into<OperationError>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self {
            error: error.into(),
            caller: None,
        }
    }
}

/// The order of the checks, and so of the errors.
fn admit(api: &Api, request: &Request) -> Result<Admitted, Refusal> {
    let connection = request.extensions().get::<Connection>();
    let door = &connection.ok_or(ErrorCode::PeerRefused)?.door;
    check_peer(door)?;
    check_host(door, request)?;
    let admitted = who_calls(api, door, request)?;
    if !matches!(admitted, Admitted::Preflight) {
        check_client_header(request).map_err(|error| Refusal {
            error,
            caller: admitted.caller().map(Box::new),
        })?;
    }
    Ok(admitted)
}

fn check_peer(door: &Door) -> Result<(), ErrorCode> {
    match door {
        Door::Tcp {
            peer_is_ours: false,
            ..
        }
        | Door::Console {
            peer_is_ours: false,
            ..
        } => Err(ErrorCode::PeerRefused),
        Door::Tcp { .. } | Door::Console { .. } | Door::Socket { .. } => Ok(()),
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
        // One name alone, since its page has one origin.
        Door::Console { port, .. } => named == console::authority(*port),
        Door::Socket { .. } => named == "localhost",
    }
}

/// A page by its `Origin`, or by what the native host says, whatever else it sends; a program by
/// its token or its socket.
fn who_calls(api: &Api, door: &Door, request: &Request) -> Result<Admitted, Refusal> {
    let headers = request.headers();
    if let Door::Console { port, .. } = door {
        return console::who_calls(api, *port, request);
    }
    if headers.contains_key(PAGE_ORIGIN_HEADER) || headers.contains_key(TOP_ORIGIN_HEADER) {
        return page(api, request, stated_site(door, headers), By::NativeHost);
    }
    if headers.contains_key(header::ORIGIN) {
        return match door {
            // No browser speaks on the socket.
            Door::Socket { .. } | Door::Console { .. } => Err(ErrorCode::OriginNotGranted.into()),
            Door::Tcp { .. } if asks_for(request, Method::GET, PRODUCT) => Ok(Admitted::Anybody),
            Door::Tcp { .. } => page(api, request, cors::site(headers), By::Browser),
        };
    }
    if is_open_to_programs(request.method(), request.uri().path()) {
        return Ok(Admitted::Anybody);
    }
    Ok(Admitted::Caller(program(api, door, headers)?))
}

/// The site of the page that a native host speaks for, and of the page around it. Nobody else may
/// say so; and a host that says it by halves, twice, or beside a browser's own `Origin` is not
/// understood.
fn stated_site(door: &Door, headers: &HeaderMap) -> Option<Site> {
    let Door::Socket {
        is_native_host: true,
        ..
    } = door
    else {
        return None;
    };
    let origin = cors::only_origin(headers, &PAGE_ORIGIN_HEADER)?;
    let top_origin = cors::only_origin(headers, &TOP_ORIGIN_HEADER)?;
    let top_origin = Some(top_origin).filter(|top_origin| *top_origin != origin);
    (!headers.contains_key(header::ORIGIN)).then_some(Site { origin, top_origin })
}

/// Who says which page it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Browser,
    NativeHost,
}

/// A page has what was granted to its exact site. Without a grant it may see that cpxd is here,
/// and ask for one. A native host asks for no preflight: it has no CORS.
fn page(api: &Api, request: &Request, site: Option<Site>, by: By) -> Result<Admitted, Refusal> {
    let site = site.ok_or(ErrorCode::OriginNotGranted)?;
    let page = api.operations().page(site);
    let has_a_grant = page.rights != Rights::default();
    let caller = Caller::Page(page);
    if is_pairing(request.uri().path()) {
        return Err(not_granted(caller));
    }
    if asks_for(request, Method::GET, PRODUCT) {
        return Ok(Admitted::Anybody);
    }
    if !has_a_grant && !cors::is_open_to_every_site(request) {
        return Err(not_granted(caller));
    }
    Ok(if by == By::Browser && cors::is_preflight(request) {
        Admitted::Preflight
    } else {
        Admitted::Caller(caller)
    })
}

fn not_granted(caller: Caller) -> Refusal {
    Refusal {
        error: ErrorCode::OriginNotGranted.into(),
        caller: Some(Box::new(caller)),
    }
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

fn program(api: &Api, door: &Door, headers: &HeaderMap) -> Result<Caller, Refusal> {
    let on_the_socket = match door {
        Door::Socket {
            pid, executable, ..
        } => Some(Caller::SocketProgram(SocketProgram {
            pid: *pid,
            executable: executable.clone(),
        })),
        Door::Tcp { .. } | Door::Console { .. } => None,
    };
    let Some(authorization) = headers.get(header::AUTHORIZATION) else {
        return on_the_socket.ok_or(ErrorCode::TokenInvalid.into());
    };
    let token = bearer_token(authorization).ok_or(ErrorCode::TokenInvalid)?;
    let caller = api.operations().caller_with_token(token);
    caller.map_err(|error| Refusal {
        error,
        caller: on_the_socket.map(Box::new),
    })
}

/// The token that a header shows (RFC 6750).
pub(crate) fn bearer_token(authorization: &HeaderValue) -> Option<&str> {
    let (scheme, token) = authorization.to_str().ok()?.split_once(' ')?;
    let is_bearer = scheme.eq_ignore_ascii_case("Bearer");
    is_bearer.then(|| token.trim())
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
