//! Readers and cards as the agent knows them.
//!
//! A [`ReaderSource`] (PC/SC, the virtual readers) is watched by one thread
//! that keeps the inventory true at once, and each reader has one worker
//! thread that alone speaks to its card. Nothing is polled. A card that never
//! answers costs its own worker and no other: that one is parked, and the
//! reader gets a fresh one with its next card.

mod activities;
mod call_watch;
mod card;
mod code_change;
mod event_log;
mod fault;
mod inventory;
mod job;
mod keypad;
mod messages;
mod on_code;
mod open_card;
mod operation_clock;
mod pauses;
mod present_pin;
mod presented_code;
mod problem;
mod seen_cards;
mod signature_check;
mod source;
mod summary;
mod token_objects;
mod watched_card;
mod watcher;
mod way_to_card;
mod worker;
mod worker_link;

pub use card::{
    CardInReader, CodeForKey, HolderCodeError, HolderPin, KeyUse, NewCode, NewPin, Proof, Settings,
    Stay, TypedPin,
};
/// What a holder can do at a keypad.
pub use card_profiles::KeypadUses;
pub use event_log::Subscription;
/// The tables behind [`Settings::nomenclature`].
pub use igc_sante::nomenclature;
pub use inventory::Cards;
pub use keypad::{AtKeypad, KeypadWatch};
pub use operation_clock::{OperationClock, TimeSpent};
pub use presented_code::{CodeClaim, PresentedCode};
pub use seen_cards::{EntryStore, LIFETIME, SeenCards};
pub use source::{
    AfterUse, CardConnection, CardTransaction, ConnectCard, Presence, ReaderSource, ReaderState,
    SourceFault, StopSource, WayToCard,
};
