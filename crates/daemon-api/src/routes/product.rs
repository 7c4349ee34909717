//! `GET /v1` and `GET /v1/status`.

use axum::extract::State;
use axum::{Extension, Json};
use daemon_types::{Caller, Environment};
use daemon_wire::{AgentStatus, Product};

use crate::router::Api;

/// Product and API versions.
///
/// Open to every program of this user; says nothing about readers or holder.
#[utoipa::path(get, path = "/v1", responses((status = 200, body = Product, description = "The product")), security(()))]
pub(crate) async fn product() -> Json<Product> {
    Json(Product::this())
}

/// The agent at a glance.
///
/// State, version, environment, and how many readers and cards there are.
#[utoipa::path(
    get, path = "/v1/status", security(("token" = [])),
    responses(
        (status = 200, body = AgentStatus, description = "The agent"),
    )
)]
pub(crate) async fn status(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
) -> Json<AgentStatus> {
    let overview = api.operations().overview(&caller);
    Json(AgentStatus {
        state: AgentStatus::state_of(overview.missing_service).into(),
        version: api.version().into(),
        newer_version: api.newer_version(),
        environment: match overview.environment {
            Environment::Production => "production",
            Environment::Test => "test",
        }
        .into(),
        readers: overview.readers,
        cards: overview.cards,
    })
}
