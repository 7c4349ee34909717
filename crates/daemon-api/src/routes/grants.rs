//! `GET /v1/grants`, `DELETE /v1/grants/{id}` and `POST /v1/grants/requests`.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::{Extension, Json};
use daemon_types::{Caller, ErrorCode, GrantId};
use daemon_wire::{GrantBody, GrantList, GrantRequestBody, Problem, SiteAccessBody};
use http::StatusCode;
use tokio::time::Instant;

use super::body::json_body;
use super::named::Named;
use crate::connection::Connection;
use crate::problem::ApiError;
use crate::router::Api;

/// Who was let in: the programs that were paired, and the sites.
///
/// On the user's socket alone.
#[utoipa::path(
    get, path = "/v1/grants", security(()),
    responses(
        (status = 200, body = GrantList, description = "All grants that are not over"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "right-missing"),
    )
)]
pub(crate) async fn list(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<GrantList>, ApiError> {
    let all = api.operations().grants(&caller)?;
    let programs = all.programs.iter().map(GrantBody::from);
    let sites = all.sites.iter().map(GrantBody::from);
    let allowed = all.allowed.iter().map(GrantBody::from);
    let grants = programs.chain(sites).chain(allowed).collect();
    Ok(Json(GrantList { grants }))
}

/// Takes a grant back. It is worth nothing from the next request on.
///
/// On the user's socket alone. Sessions, event streams and questions of its caller that
/// are open end too. `internal` says that the grant is revoked until the agent
/// starts again, because its file could not be written; the call may be
/// repeated until it is.
#[utoipa::path(
    delete, path = "/v1/grants/{id}", security(()),
    params(
        ("id" = String, Path, description = "Opaque name of the grant"),
    ),
    responses(
        (status = 204, description = "It is revoked"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "right-missing"),
        (status = 500, body = Problem, content_type = "application/problem+json", description = "internal"),
    )
)]
pub(crate) async fn revoke(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Named(id): Named<String>,
) -> Result<StatusCode, ApiError> {
    let operations = api.operations();
    operations.revoke_grant(&caller, &GrantId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A page asks its holder to be let in.
///
/// For pages alone, with or without a grant: the site is the `Origin` that the
/// browser states, or what the native host says on the socket. The holder is
/// asked once, for two minutes at most, sees it in full, and agrees or not; a
/// page that goes away takes the question with it. Whoever was refused, or took
/// its question away three times, is `rate-limited` for ten minutes, twice as
/// long each further time; `Retry-After` tells the seconds. A page is not told
/// whether others ask: it waits, and hears `timeout`.
#[utoipa::path(
    post, path = "/v1/grants/requests", security(()),
    request_body = GrantRequestBody,
    responses(
        (status = 200, body = SiteAccessBody, description = "All that the page may do now"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "cancelled, right-missing"),
        (status = 429, body = Problem, content_type = "application/problem+json", description = "rate-limited"),
    )
)]
pub(crate) async fn request_grant(
    State(api): State<Api>,
    Extension(connection): Extension<Connection>,
    Extension(caller): Extension<Caller>,
    request: Request<Body>,
) -> Result<Json<SiteAccessBody>, ApiError> {
    if !matches!(caller, Caller::Page(_)) {
        return Err(ErrorCode::RightMissing.into());
    }
    let body: GrantRequestBody = json_body(request).await?;
    let deadline = Instant::now() + body.timeout()?;
    let operations = api.operations();
    let asking = operations.request_site_grant(&caller, body.rights()?, deadline);
    let access = connection.while_open(asking).await?;
    let (origin, rights) = (&access.site.origin, &access.rights);
    Ok(Json(SiteAccessBody::new(origin, rights, access.end)))
}
