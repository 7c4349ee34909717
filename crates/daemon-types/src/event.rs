//! What happened, for subscribers.

use crate::{CallerKey, CardId, ReaderId, SessionEnd, SessionId};

/// One event with its place in the row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Grows by one with each event of this agent; subscribers resume after it.
    pub id: u64,
    /// What happened.
    pub happening: Happening,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A reader was plugged in.
    ReaderAdded {
        /// Which one.
        reader: ReaderId,
    },
    /// A reader was unplugged.
    ReaderRemoved {
        /// Which one.
        reader: ReaderId,
    },
    /// A card is in a reader, and what it is has been read, unless it cannot be used.
    CardInserted {
        /// The reader that holds it.
        reader: ReaderId,
        /// The card, when it can be used.
        card: Option<CardId>,
    },
    /// A card was taken out.
    CardRemoved {
        /// The reader that held it.
        reader: ReaderId,
        /// The card, when it could be used.
        card: Option<CardId>,
    },
    /// Something about a card changed, such as the tries left.
    CardState {
        /// Which card.
        card: CardId,
    },
    /// A question to the holder appeared.
    PromptOpened {
        /// The card that it is about.
        card: CardId,
    },
    /// The question went away.
    PromptClosed {
        /// The card that it was about.
        card: CardId,
    },
    /// A session is open: its holder typed the code.
    SessionOpened {
        /// Which one.
        session: SessionId,
        /// Whose it is: nobody else is told, but the user's own programs.
        owner: CallerKey,
        /// Its card.
        card: CardId,
    },
    /// Somebody was let in, or a grant was taken back: told to the user's own programs alone.
    GrantsChanged,
    /// A session is over: the next use of its card needs the code.
    SessionClosed {
        /// Which one.
        session: SessionId,
        /// Whose it was: nobody else is told, but the user's own programs.
        owner: CallerKey,
        /// Its card.
        card: CardId,
        /// Why.
        end: SessionEnd,
    },
}
