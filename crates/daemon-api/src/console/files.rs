//! The files of the page, as they lie in `browser/console`; they are in the program.

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderName, HeaderValue, header};

/// Path, media type, content.
type File = (&'static str, &'static str, &'static str);

/// Whether this is the path of one of them.
pub(crate) fn is_file(path: &str) -> bool {
    FILES.iter().any(|(name, ..)| *name == path)
}

/// The routes to them.
pub(crate) fn files<S: Clone + Send + Sync + 'static>() -> Router<S> {
    FILES.iter().fold(Router::new(), |router, file| {
        router.route(file.0, get(async || answer(file)))
    })
}

fn answer(&(_, media_type, content): &File) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(POLICY),
        ),
        // Without a referrer, Firefox names no origin where the page asks for its token.
        (
            header::REFERRER_POLICY,
            HeaderValue::from_static("same-origin"),
        ),
        (FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (OPENER_POLICY, HeaderValue::from_static("same-origin")),
        (PERMISSIONS_POLICY, HeaderValue::from_static(NO_PERMISSION)),
    ];
    (headers, content).into_response()
}

/// What the page may do: load its own files, ask its own origin, and nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
const FRAME_OPTIONS: HeaderName = HeaderName::from_static("x-frame-options");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const NO_PERMISSION: &str =
    "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()";

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const PICTURE: &str = "image/svg+xml";

/// One of them.
macro_rules! file {
    ($path:literal, $media_type:expr, $name:literal) => {
        (
            $path,
            $media_type,
            include_str!(concat!("../../../../browser/console/", $name)),
        )
    };
}

static FILES: [File; 13] = [
    file!("/", HTML, "index.html"),
    file!("/console.css", CSS, "console.css"),
    file!("/icon.svg", PICTURE, "icon.svg"),
    file!("/console.js", SCRIPT, "console.js"),
    file!("/connection.js", SCRIPT, "connection.js"),
    file!("/elements.js", SCRIPT, "elements.js"),
    file!("/verdict.js", SCRIPT, "verdict.js"),
    file!("/cards.js", SCRIPT, "cards.js"),
    file!("/access.js", SCRIPT, "access.js"),
    file!("/function-test.js", SCRIPT, "function-test.js"),
    file!("/texts.js", SCRIPT, "texts.js"),
    file!("/texts-fr.js", SCRIPT, "texts-fr.js"),
    file!("/texts-en.js", SCRIPT, "texts-en.js"),
];
