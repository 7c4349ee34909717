//! Errors as problem+json, in the caller's language.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use daemon_types::{ErrorCode, OperationError, Reason};
use daemon_wire::Problem;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use texts::{ErrorFacts, Language};

use crate::checks::is_of_the_door;
use crate::router::Api;

/// An operation's error on its way out; [`speak`] gives it its words.
#[derive(Debug)]
pub(crate) struct ApiError(OperationError);

impl From<OperationError> for ApiError {
    fn from(error: OperationError) -> Self {
        Self(error)
    }
}

impl From<ErrorCode> for ApiError {
    fn from(code: ErrorCode) -> Self {
        Self(code.into())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(Arc::new(self.0));
        response
    }
}

/// Writes an error's problem+json, and its chain into the log.
pub(crate) async fn speak(State(api): State<Api>, request: Request, next: Next) -> Response {
    let language = api.language_for(request.headers());
    let mut response = next.run(request).await;
    let error = response.extensions_mut().remove::<Arc<OperationError>>();
    match error {
        Some(error) => {
            log(&api, &error);
            written(&error, language)
        }
        None => response,
    }
}

/// The error in an answer that was not given its words yet.
pub(crate) fn error_of(response: &Response) -> Option<&OperationError> {
    let error = response.extensions().get::<Arc<OperationError>>();
    error.map(AsRef::as_ref)
}

/// Nobody fills the log by errors of their own making.
fn log(api: &Api, error: &OperationError) {
    let (code, cause) = (error.code, chain(error));
    if !is_of_the_door(code) && api.operations().is_worth_a_line(code) {
        tracing::info!(event = "call-refused", %code, cause, "refused or failed");
    } else {
        tracing::debug!(%code, cause, "refused or failed");
    }
}

fn written(error: &OperationError, language: Language) -> Response {
    let problem = problem(error, language);
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    let mut response = (status, Body::from(body)).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    headers.insert(
        header::CONTENT_LANGUAGE,
        HeaderValue::from_static(language.tag()),
    );
    if let Some(wait) = error.retry_after {
        // RFC 9110, 10.2.3: whole seconds, and never too early.
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    if error.code == ErrorCode::TokenInvalid {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// An error in words.
pub(crate) fn problem(error: &OperationError, language: Language) -> Problem {
    let code = error.code.as_str();
    let facts = ErrorFacts {
        tries_left: error.tries_left,
        field: error.field.as_deref(),
        culprit: error.culprit.as_deref(),
        reason: error.reason.map(Reason::as_str),
    };
    let title = texts::error_title(code, language);
    let detail = texts::error_detail(code, language, &facts);
    Problem::new(error, title, detail)
}

/// The language that the caller prefers, if it says so.
pub(crate) fn language_of(headers: &HeaderMap) -> Option<Language> {
    let accepted = headers.get(header::ACCEPT_LANGUAGE)?;
    Some(Language::from_accept_language(accepted.to_str().ok()?))
}

/// The causes of an error, outermost first.
fn chain(error: &OperationError) -> String {
    let mut causes = Vec::new();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        causes.push(error.to_string());
        cause = error.source();
    }
    causes.join(": ")
}
