//! Server-sent events.

use daemon_types::Happening;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The data of an event; its name stands in the `event` field of the stream.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventBody {
    /// The reader concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reader: Option<String>,
    /// The card concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card: Option<String>,
    /// The session that is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// Why it is over: `inactivity`, `age`, `card-removed`, `reader-lost`, `sleep`, `agent-stopped`,
    /// `ended` or `grant-revoked`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl From<&Happening> for EventBody {
    fn from(happening: &Happening) -> Self {
        let (reader, card) = match happening {
            Happening::ReaderAdded { reader } | Happening::ReaderRemoved { reader } => {
                (Some(reader), None)
            }
            Happening::CardInserted { reader, card } | Happening::CardRemoved { reader, card } => {
                (Some(reader), card.as_ref())
            }
            Happening::CardState { card }
            | Happening::PromptOpened { card }
            | Happening::PromptClosed { card }
            | Happening::SessionClosed { card, .. } => (None, Some(card)),
        };
        let ended = match happening {
            Happening::SessionClosed { session, end, .. } => Some((session, end)),
            _ => None,
        };
        Self {
            reader: reader.map(|reader| reader.0.clone()),
            card: card.map(|card| card.0.clone()),
            session: ended.map(|(session, _)| session.0.clone()),
            reason: ended.map(|(_, end)| end.as_str().to_owned()),
        }
    }
}

/// The name of an event on the wire.
#[must_use]
pub fn event_name(happening: &Happening) -> &'static str {
    match happening {
        Happening::ReaderAdded { .. } => "reader-added",
        Happening::ReaderRemoved { .. } => "reader-removed",
        Happening::CardInserted { .. } => "card-inserted",
        Happening::CardRemoved { .. } => "card-removed",
        Happening::CardState { .. } => "card-state",
        Happening::PromptOpened { .. } => "prompt-opened",
        Happening::PromptClosed { .. } => "prompt-closed",
        Happening::SessionClosed { .. } => "session-closed",
    }
}
