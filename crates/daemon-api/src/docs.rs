//! The OpenAPI document and a page that shows it without any network.

mod fields;
mod html;
mod page;
mod refusals;

use std::sync::Arc;

use axum::Router;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use http::header;
use serde_json::Value;
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

/// The document as it is told, made from what the routes say of themselves.
pub(crate) fn complete(document: &OpenApi) -> Value {
    let mut document = serde_json::to_value(document).unwrap_or_default();
    refusals::complete(&mut document);
    document
}

/// `/openapi.json` and `/docs`, both made once.
pub(crate) fn router<S: Clone + Send + Sync + 'static>(document: &OpenApi) -> Router<S> {
    let document = complete(document);
    let json: Arc<str> = document.to_string().into();
    let page: Arc<str> = page::of(&document).into();
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
