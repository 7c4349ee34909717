//! Who calls at the console's port: its own page, and nobody else.

use axum::extract::Request;
use daemon_types::ErrorCode;
use http::{HeaderMap, HeaderName, Method, header};

use super::files::is_file;
use super::{EXCHANGE, authority};
use crate::checks::{Admitted, Refusal, bearer_token};
use crate::router::Api;

/// What a browser says of who makes it ask, and for what (Fetch Metadata); a page cannot write these.
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// The page and its files are open to whoever passed the checks of peer and host, the exchange of a
/// code to the page itself, all else to whoever has the console's token.
pub(crate) fn who_calls(api: &Api, port: u16, request: &Request) -> Result<Admitted, Refusal> {
    let headers = request.headers();
    let (method, path) = (request.method(), request.uri().path());
    let origin = origin(headers, port);
    if origin == Origin::Other {
        return Err(ErrorCode::OriginNotGranted.into());
    }
    if matches!(*method, Method::GET | Method::HEAD) && is_file(path) {
        return if may_show(headers) {
            Ok(Admitted::Anybody)
        } else {
            Err(ErrorCode::OriginNotGranted.into())
        };
    }
    if !is_said(headers, &FETCH_SITE, &["same-origin"]) {
        return Err(ErrorCode::OriginNotGranted.into());
    }
    if path == EXCHANGE {
        // A browser names the origin of each POST: what has none is no page.
        return match origin {
            Origin::Own => Ok(Admitted::Anybody),
            Origin::Absent | Origin::Other => Err(ErrorCode::OriginNotGranted.into()),
        };
    }
    let changes = !matches!(*method, Method::GET | Method::HEAD);
    if changes && origin == Origin::Absent {
        return Err(ErrorCode::OriginNotGranted.into());
    }
    let token = headers.get(header::AUTHORIZATION).and_then(bearer_token);
    let token = token.ok_or(ErrorCode::TokenInvalid)?;
    match api.console().admit(token) {
        Some(_) if is_beyond_the_page(path) => Err(ErrorCode::RightMissing.into()),
        Some(open) => Ok(Admitted::Console(open)),
        None => Err(Refusal {
            error: api.operations().wrong_token(),
            caller: None,
        }),
    }
}

/// What the page never asks, and a token of its that leaked must not: a lasting token of a program, another way
/// in, a code for something else than the page's own buttons.
fn is_beyond_the_page(path: &str) -> bool {
    path == "/v1/console" || path.starts_with("/v1/pairings") || path.ends_with("/activities")
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// A GET of the page itself, or no browser.
    Absent,
    Own,
    Other,
}

fn origin(headers: &HeaderMap, port: u16) -> Origin {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    match (origins.next(), origins.next()) {
        (None, _) => Origin::Absent,
        (Some(origin), None) if *origin == format!("http://{}", authority(port)) => Origin::Own,
        _ => Origin::Other,
    }
}

/// A person may come from anywhere, since the page without a code shows nothing; another page may
/// neither frame it nor load a part of it.
fn may_show(headers: &HeaderMap) -> bool {
    is_said(headers, &FETCH_SITE, &["same-origin", "none"])
        || headers
            .get(FETCH_DEST)
            .is_some_and(|dest| dest == "document")
}

/// Whether a header says one of these, or is not there: no browser of the last years leaves it out.
fn is_said(headers: &HeaderMap, name: &HeaderName, words: &[&str]) -> bool {
    let mut said = headers.get_all(name).iter();
    said.all(|said| words.iter().any(|word| said == word))
}
