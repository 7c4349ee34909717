//! `GET /v1/events`.

use std::convert::Infallible;

use axum::Extension;
use axum::extract::State;
use axum::response::Sse;
use axum::response::sse;
use daemon_types::{Caller, Event, OperationError, Reason};
use daemon_wire::{EventBody, Problem, event_name};
use futures_util::Stream;
use http::{HeaderMap, HeaderName};

use crate::problem::ApiError;
use crate::router::Api;

/// What happens to readers and cards, as server-sent events.
///
/// Needs the right `identify`, and ends with it. `Last-Event-ID` resumes after
/// an event. Nothing is sent while nothing happens. `session-opened` and `session-closed` are
/// told to the session's caller and on the user's socket, `grants-changed` on the user's socket alone.
#[utoipa::path(
    get, path = "/v1/events", security(("token" = [])),
    params(("Last-Event-ID" = Option<u64>, Header, description = "Resume after this event")),
    responses(
        (status = 200, body = EventBody, content_type = "text/event-stream", description = "reader-added, reader-removed, card-inserted, card-removed, card-state, prompt-opened, prompt-closed, session-opened, session-closed, grants-changed"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "bad-request"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "right-missing"),
    )
)]
pub(crate) async fn events(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<sse::Event, Infallible>>>, ApiError> {
    let subscription = api.operations().events(&caller, last_event_id(&headers)?)?;
    let events = futures_util::stream::unfold(subscription, |mut subscription| async {
        let event = subscription.next().await?;
        Some((Ok(on_the_wire(&event)), subscription))
    });
    Ok(Sse::new(events))
}

/// The event to resume after; what is no number comes from no stream of ours.
fn last_event_id(headers: &HeaderMap) -> Result<Option<u64>, OperationError> {
    let Some(value) = headers.get(LAST_EVENT_ID) else {
        return Ok(None);
    };
    let id = value.to_str().ok().and_then(|id| id.parse().ok());
    id.map(Some).ok_or(OperationError::bad_request(
        LAST_EVENT_ID.as_str(),
        Reason::EventIdForm,
    ))
}

fn on_the_wire(event: &Event) -> sse::Event {
    let data = serde_json::to_string(&EventBody::from(&event.happening)).unwrap_or_default();
    sse::Event::default()
        .id(event.id.to_string())
        .event(event_name(&event.happening))
        .data(data)
}

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
