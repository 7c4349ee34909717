//! Which page may read an answer (Fetch standard, CORS protocol).
//!
//! An answer names the one exact origin that may read it, or none. There are no cookies, and no
//! answer says `*`.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use daemon_types::{Origin, Rights, Site};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use crate::connection::{Connection, Door};
use crate::router::Api;

/// Adds to each answer which page may read it.
pub(crate) async fn name_the_reader(
    State(api): State<Api>,
    request: Request,
    next: Next,
) -> Response {
    let reader = reader(&api, &request);
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = reader {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let exposed = HeaderValue::from_static("retry-after");
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
    response
}

/// A page of a site that has a grant reads every answer; one without reads what became of its
/// request for one.
fn reader(api: &Api, request: &Request) -> Option<HeaderValue> {
    let connection = request.extensions().get::<Connection>()?;
    let is_own_browser = matches!(
        connection.door,
        Door::Tcp {
            peer_is_ours: true,
            ..
        }
    );
    let site = site(request.headers()).filter(|_| is_own_browser)?;
    let may_read = is_open_to_every_site(request)
        || api.operations().page(site.clone()).rights != Rights::default();
    may_read.then(|| HeaderValue::from_str(site.origin.as_str()).ok())?
}

/// The answer to a preflight of a page that may make the request.
pub(crate) fn allow(request: &Request) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, DELETE"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if request.headers().contains_key(REQUEST_PRIVATE_NETWORK) {
        let yes = HeaderValue::from_static("true");
        headers.insert(ALLOW_PRIVATE_NETWORK, yes);
    }
    response
}

/// Whether a browser asks what a page may do, and nothing is to be done.
pub(crate) fn is_preflight(request: &Request) -> bool {
    *request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// A page without a grant may ask for one.
pub(crate) fn is_open_to_every_site(request: &Request) -> bool {
    let is_asking = *request.method() == Method::POST || is_preflight(request);
    is_asking && request.uri().path() == "/v1/grants/requests"
}

/// The site that a request comes from, by its only `Origin`. What is around its page no browser
/// says there.
pub(crate) fn site(headers: &HeaderMap) -> Option<Site> {
    Some(Site {
        origin: only_origin(headers, &header::ORIGIN)?,
        top_origin: None,
    })
}

/// The origin in a header that stands there once: `https`, canonical, and not `null`.
pub(crate) fn only_origin(headers: &HeaderMap, name: &HeaderName) -> Option<Origin> {
    let mut origins = headers.get_all(name).iter();
    let origin = origins.next()?;
    if origins.next().is_some() {
        return None;
    }
    Origin::parse(origin.to_str().ok()?).ok()
}

/// Headers of ours, and those that a page may not send unasked.
const ALLOWED_HEADERS: &str = "content-type, x-cpxd-client, last-event-id";

const REQUEST_PRIVATE_NETWORK: HeaderName =
    HeaderName::from_static("access-control-request-private-network");
const ALLOW_PRIVATE_NETWORK: HeaderName =
    HeaderName::from_static("access-control-allow-private-network");
