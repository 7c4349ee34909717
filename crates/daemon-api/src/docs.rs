//! The OpenAPI document and a page that shows it without any network.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use http::header;
use utoipa::Modify;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};

/// Adds the bearer token to the document.
pub(crate) struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut OpenApi) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        document
            .components
            .get_or_insert_default()
            .add_security_scheme("token", scheme);
    }
}

/// `/openapi.json` and `/docs`, both made once.
pub(crate) fn router<S: Clone + Send + Sync + 'static>(document: &OpenApi) -> Router<S> {
    let value = serde_json::to_value(document).unwrap_or_default();
    let json: Arc<str> = value.to_string().into();
    let page: Arc<str> = page(&value).into();
    Router::new()
        .route(
            "/openapi.json",
            get(move || async move {
                (
                    [(header::CONTENT_TYPE, "application/json")],
                    json.to_string(),
                )
                    .into_response()
            }),
        )
        .route("/docs", get(move || async move { Html(page.to_string()) }))
}

/// Every call with its words, parameters and answers, as plain HTML.
fn page(document: &serde_json::Value) -> String {
    let mut html = String::from(PAGE_START);
    let paths = document.get("paths").and_then(|paths| paths.as_object());
    for (path, methods) in paths.into_iter().flatten() {
        for (method, call) in methods.as_object().into_iter().flatten() {
            write_call(&mut html, path, method, call);
        }
    }
    html.push_str("<p>The whole contract: <a href=\"/openapi.json\">openapi.json</a></p></main>");
    html
}

fn write_call(html: &mut String, path: &str, method: &str, call: &serde_json::Value) {
    let text = |name: &str| {
        call.get(name)
            .and_then(|text| text.as_str())
            .unwrap_or_default()
    };
    let words = [text("summary"), text("description")].join(" ");
    let _ = write!(
        html,
        "<section><h2><code>{} {}</code></h2><p>{}</p><table>",
        escape(&method.to_uppercase()),
        escape(path),
        escape(words.trim())
    );
    let answers = call
        .get("responses")
        .and_then(|answers| answers.as_object());
    for (status, answer) in answers.into_iter().flatten() {
        let words = answer.get("description").and_then(|text| text.as_str());
        let _ = write!(
            html,
            "<tr><th>{}</th><td>{}</td></tr>",
            escape(status),
            escape(words.unwrap_or_default())
        );
    }
    html.push_str("</table></section>");
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

const PAGE_START: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
    <meta name=\"viewport\" content=\"width=device-width\"><title>cpxd API</title><style>\
    :root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;\
    max-width:50rem;padding:0 1rem}h2{font-size:1.1rem;margin:2rem 0 .25rem}\
    th{text-align:left;padding-right:1rem;vertical-align:top}</style><main><h1>cpxd API</h1>";
