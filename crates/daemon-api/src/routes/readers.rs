//! `GET /v1/readers`.

use axum::extract::State;
use axum::{Extension, Json};
use daemon_types::Caller;
use daemon_wire::{Problem, ReaderBody, ReaderList};

use crate::problem::ApiError;
use crate::router::Api;

/// All readers.
///
/// Needs the right `identify`. A card that cannot be used shows as the reader's `problem`.
#[utoipa::path(
    get, path = "/v1/readers", security(("token" = [])),
    responses(
        (status = 200, body = ReaderList, description = "The readers"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "right-missing"),
    )
)]
pub(crate) async fn readers(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<ReaderList>, ApiError> {
    let readers = api.operations().readers(&caller)?;
    let cards = api.operations().cards_in_readers(&caller)?;
    let card_in = |reader| {
        let mut cards = cards.iter();
        cards.find(|(of, _)| of == reader).map(|(_, card)| card)
    };
    let readers = readers.iter();
    let readers = readers.map(|reader| ReaderBody::from(reader).with_card(card_in(&reader.id)));
    Ok(Json(ReaderList {
        readers: readers.collect(),
    }))
}
