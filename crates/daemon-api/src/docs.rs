//! The OpenAPI document and a page that shows it without any network.

mod fields;
mod html;
mod page;
mod refusals;

use axum::Router;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use daemon_types::ErrorCode;
use http::header;
use serde_json::Value;
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;
use utoipa::Modify;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};

use crate::problem::ApiError;
use crate::router::openapi;

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

/// `/openapi.json` and `/docs`, made when somebody first asks: at the start they would cost every agent more memory than all
/// its work.
pub(crate) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/openapi.json", get(openapi_json))
        .route("/docs", get(docs))
}

async fn openapi_json() -> Result<impl IntoResponse, ApiError> {
    let texts = texts().await?;
    Ok((
        [(header::CONTENT_TYPE, "application/json")],
        texts.json.as_str(),
    ))
}

async fn docs() -> Result<Html<&'static str>, ApiError> {
    Ok(Html(texts().await?.page.as_str()))
}

/// Made once, by a thread beside those that serve others; who asks meanwhile waits for it.
async fn texts() -> Result<&'static Texts, ApiError> {
    static TEXTS: OnceCell<Texts> = OnceCell::const_new();
    let made = TEXTS.get_or_try_init(|| spawn_blocking(Texts::of_this_api));
    made.await.map_err(|_| ErrorCode::Internal.into())
}

struct Texts {
    json: String,
    page: String,
}

impl Texts {
    fn of_this_api() -> Self {
        let document = openapi();
        Self {
            json: document.to_string(),
            page: page::of(&document),
        }
    }
}
