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
    /// The session that is open now, or over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// Why it is over: `inactivity`, `age`, `card-removed`, `reader-lost`, `sleep`, `agent-stopped`,
    /// `ended` or `grant-revoked`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl From<&Happening> for EventBody {
    fn from(happening: &Happening) -> Self {
        match happening {
            Happening::ReaderAdded { reader } | Happening::ReaderRemoved { reader } => Self {
                reader: Some(reader.0.clone()),
                ..Self::default()
            },
            Happening::CardInserted { reader, card } | Happening::CardRemoved { reader, card } => {
                Self {
                    reader: Some(reader.0.clone()),
                    card: card.as_ref().map(|card| card.0.clone()),
                    ..Self::default()
                }
            }
            Happening::CardState { card }
            | Happening::PromptOpened { card }
            | Happening::PromptClosed { card } => Self {
                card: Some(card.0.clone()),
                ..Self::default()
            },
            Happening::SessionOpened { session, card, .. } => Self {
                card: Some(card.0.clone()),
                session: Some(session.0.clone()),
                ..Self::default()
            },
            Happening::GrantsChanged => Self::default(),
            Happening::SessionClosed {
                session, card, end, ..
            } => Self {
                card: Some(card.0.clone()),
                session: Some(session.0.clone()),
                reason: Some(end.as_str().to_owned()),
                ..Self::default()
            },
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
        Happening::SessionOpened { .. } => "session-opened",
        Happening::GrantsChanged => "grants-changed",
        Happening::SessionClosed { .. } => "session-closed",
    }
}
