//! `POST /v1/console`, `GET /v1/journal`, and what the console's page gets for its code.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::{Extension, Json};
use daemon_types::{Caller, ErrorCode, OperationError, Reason, Right};
use daemon_wire::{
    ConsoleCodeBody, ConsoleTokenBody, JournalBody, OpenConsoleBody, OpenedConsoleBody, Problem,
};
use http::Uri;

use super::body::json_body;
use crate::problem::ApiError;
use crate::router::Api;

/// The address of the product's own page, with a code for it.
///
/// On the user's socket alone. The code is good once and for a minute; the page
/// is served in plain HTTP on a port of its own, which is open only while a page
/// or a code is there.
#[utoipa::path(
    post, path = "/v1/console", security(()),
    request_body = OpenConsoleBody,
    responses(
        (status = 200, body = OpenedConsoleBody, description = "Its address"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "right-missing"),
        (status = 500, body = Problem, content_type = "application/problem+json", description = "internal"),
    )
)]
pub(crate) async fn open_console(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    request: Request<Body>,
) -> Result<Json<OpenedConsoleBody>, ApiError> {
    if !matches!(caller, Caller::SocketProgram(_)) {
        return Err(ErrorCode::RightMissing.into());
    }
    api.operations().check_right(&caller, Right::Manage)?;
    let OpenConsoleBody {} = json_body(request).await?;
    Ok(Json(api.open_console().await?))
}

/// A token for a code, at the console's port alone.
pub(crate) async fn exchange(
    State(api): State<Api>,
    request: Request<Body>,
) -> Result<Json<ConsoleTokenBody>, ApiError> {
    let body: ConsoleCodeBody = json_body(request).await?;
    let token = api.console().exchange(&body.code)?;
    let token = token.ok_or_else(|| api.operations().wrong_token())?;
    let token = token.expose().to_owned();
    Ok(Json(ConsoleTokenBody { token }))
}

/// Who used the card for what: the last lines of the journal.
///
/// For the user's own programs, on the socket, and the console: it tells whom else the user let in.
#[utoipa::path(
    get, path = "/v1/journal", security(("token" = [])),
    params(("last" = Option<u32>, Query, minimum = 0, maximum = 1000, description = "How many entries; 20 by default, 1000 at most")),
    responses(
        (status = 200, body = JournalBody, description = "The last entries"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "bad-request"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "right-missing"),
        (status = 500, body = Problem, content_type = "application/problem+json", description = "internal"),
    )
)]
pub(crate) async fn journal(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
) -> Result<Json<JournalBody>, ApiError> {
    let operations = api.operations();
    operations.check_right(&caller, Right::Manage)?;
    let last = wanted(&uri)?;
    let (lines, sound) = operations.last_of_journal(&caller, last).await?;
    let entries = lines.iter().map(serde_json::to_value);
    let entries = entries.collect::<Result<_, _>>();
    let entries =
        entries.map_err(|error| OperationError::new(ErrorCode::Internal).caused_by(error))?;
    Ok(Json(JournalBody { entries, sound }))
}

/// The only parameter that the call has.
fn wanted(uri: &Uri) -> Result<usize, OperationError> {
    let Some(query) = uri.query().filter(|query| !query.is_empty()) else {
        return Ok(ENTRIES);
    };
    let number = query.strip_prefix("last=");
    let last = number.and_then(|number| number.parse::<u32>().ok());
    let last = last.and_then(|last| usize::try_from(last).ok());
    let last = last.filter(|last| *last <= MOST_ENTRIES);
    last.ok_or(OperationError::bad_request("last", Reason::FieldType))
}

const ENTRIES: usize = 20;
const MOST_ENTRIES: usize = 1000;
