//! All routes, and the layers around them.

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::post;
use daemon_operations::Operations;
use daemon_types::{ErrorCode, OperationError, Reason};
use daemon_wire::OpenedConsoleBody;
use http::HeaderMap;
use texts::Language;
use tokio::sync::watch;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::console::{CODE_TIME, ConsoleDoor};
use crate::docs::Security;
use crate::problem::ApiError;
use crate::routes::diagnostics::Examine;
use crate::{checks, console, cors, docs, problem, routes as route, unread_body};

/// What the routes work with; clones share it.
#[derive(Clone, Debug)]
pub struct Api(Arc<Parts>);

#[derive(Clone, Debug)]
struct Parts {
    operations: Operations,
    version: &'static str,
    newer_version: watch::Receiver<Option<String>>,
    examiner: Option<Arc<dyn Examine>>,
    language: Language,
    console: ConsoleDoor,
}

impl Api {
    /// The API over these operations, of an agent of this version that may come to know a newer one.
    #[must_use]
    pub fn new(
        operations: Operations,
        version: &'static str,
        newer_version: watch::Receiver<Option<String>>,
    ) -> Self {
        Self(Arc::new(Parts {
            operations,
            version,
            newer_version,
            examiner: None,
            language: Language::default(),
            console: ConsoleDoor::default(),
        }))
    }

    /// The same, with somebody who looks for what is wrong with the workstation.
    #[must_use]
    pub fn examined_by(mut self, examiner: Arc<dyn Examine>) -> Self {
        Arc::make_mut(&mut self.0).examiner = Some(examiner);
        self
    }

    pub(crate) fn examiner(&self) -> Option<&dyn Examine> {
        self.0.examiner.as_deref()
    }

    /// The same, in this language to callers that name none.
    #[must_use]
    pub fn speaking(mut self, language: Language) -> Self {
        Arc::make_mut(&mut self.0).language = language;
        self
    }

    pub(crate) fn language_for(&self, headers: &HeaderMap) -> Language {
        problem::language_of(headers).unwrap_or(self.0.language)
    }

    /// The address of the console's page with a fresh code, once this is [served](crate::serve()).
    ///
    /// # Errors
    /// `internal` when the system gives no randomness or no port.
    pub async fn open_console(&self) -> Result<OpenedConsoleBody, OperationError> {
        let code = self.console().new_code()?;
        let expires = self.operations().now() + CODE_TIME;
        let port = self.console().port().await?;
        Ok(OpenedConsoleBody::new(port, code.expose(), expires))
    }

    pub(crate) fn operations(&self) -> &Operations {
        &self.0.operations
    }

    pub(crate) fn console(&self) -> &ConsoleDoor {
        &self.0.console
    }

    pub(crate) fn version(&self) -> &'static str {
        self.0.version
    }

    pub(crate) fn newer_version(&self) -> Option<String> {
        self.0.newer_version.borrow().clone()
    }

    /// The routes of the HTTPS door and the user's socket.
    pub(crate) fn router(&self) -> Router {
        let (router, _) = documented_routes().split_for_parts();
        self.behind_checks(router.merge(docs::router()))
    }

    /// The routes of the console's own port: its page, the exchange of its code, and the API.
    pub(crate) fn console_router(&self) -> Router {
        let (router, _) = documented_routes().split_for_parts();
        let exchange = post(route::console::exchange);
        let router = router.route(console::EXCHANGE, exchange);
        self.behind_checks(router.merge(console::files()))
    }

    /// The checks, outermost last.
    fn behind_checks(&self, router: Router<Self>) -> Router {
        router
            .fallback(not_found)
            .method_not_allowed_fallback(method_not_allowed)
            .layer(from_fn_with_state(self.clone(), checks::check))
            .layer(from_fn_with_state(self.clone(), problem::speak))
            .layer(from_fn_with_state(self.clone(), cors::name_the_reader))
            .layer(from_fn(checks::guard_answer))
            .layer(from_fn(unread_body::discard))
            .with_state(self.clone())
    }
}

/// The OpenAPI document of the API, made from the routes themselves.
#[must_use]
pub fn openapi() -> serde_json::Value {
    docs::complete(&documented_routes().split_for_parts().1)
}

fn documented_routes() -> OpenApiRouter<Api> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(route::product::product))
        .routes(routes!(route::product::status))
        .routes(routes!(route::diagnostics::diagnostics))
        .routes(routes!(route::metrics::metrics))
        .routes(routes!(route::readers::readers))
        .routes(routes!(route::cards::cards))
        .routes(routes!(route::cards::card))
        .routes(routes!(route::cards::certificate))
        .routes(routes!(route::events::events))
        .routes(routes!(route::console::open_console))
        .routes(routes!(route::console::journal))
        .routes(routes!(route::activities::activities))
        .routes(routes!(route::authenticate::authenticate))
        .routes(routes!(route::sign::sign))
        .routes(routes!(route::keys::objects))
        .routes(routes!(route::keys::log_in))
        .routes(routes!(route::keys::sign_by_key))
        .routes(routes!(route::keys::decipher))
        .routes(routes!(route::keys::data))
        .routes(routes!(route::keys::random))
        .routes(routes!(route::sessions::list_sessions))
        .routes(routes!(route::sessions::open_session))
        .routes(routes!(route::sessions::session))
        .routes(routes!(route::sessions::touch_session))
        .routes(routes!(route::sessions::end_session))
        .routes(routes!(route::codes::change_pin))
        .routes(routes!(route::codes::unblock_pin))
        .routes(routes!(route::pairings::open))
        .routes(routes!(route::pairings::token))
        .routes(routes!(route::grants::list))
        .routes(routes!(route::grants::revoke))
        .routes(routes!(route::grants::request_grant))
}

async fn not_found() -> ApiError {
    ErrorCode::NotFound.into()
}

/// The path is there; `Allow`, which the router adds, names its methods.
async fn method_not_allowed() -> ApiError {
    let error = OperationError::new(ErrorCode::NotFound);
    error.because(Reason::MethodNotAllowed).into()
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "cpxd",
        description = "The local agent for French health-professional smart cards.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    modifiers(&Security),
)]
struct Document;
