//! One operation from request to answer.
//!
//! Each starts by asking `daemon-core` whether the caller may, then looks at
//! the card, questions the holder before any transaction is open, and drives
//! the card once. The code goes from the prompt to the card and nowhere else.
//! The journal has the intent before the holder is asked, and the outcome
//! before the caller is answered.

mod activities;
mod authenticate;
mod codes;
mod door_refusals;
mod grant_book;
mod grants;
mod holder;
mod journalled;
mod key_work;
mod let_in;
mod limits;
mod look;
mod pairing;
mod randomness;
mod row;
mod sign;
mod site_grants;

pub use grant_book::{GrantBook, GrantStore};
pub use grants::GrantOverview;
pub use look::{Events, Overview};
pub use prompt::CallersTerminal;
pub use site_grants::SiteAccess;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use daemon_cards::Cards;
use daemon_core::{Pairings, Tokens, authorise};
use daemon_journal::Journal;
use daemon_types::{Caller, Environment, OperationError, Right};
use prompt::Prompt;
use time::OffsetDateTime;

use door_refusals::DoorRefusals;
use limits::Limits;
use row::Row;

/// All operations of the agent; clones share the same cards and prompt.
#[derive(Clone, Debug)]
pub struct Operations(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    cards: Cards,
    prompt: Prompt,
    journal: Arc<Journal>,
    /// Who waits for the holder; whoever finds no place is told to come back.
    row: Row,
    /// What the door refused, for the journal.
    refusals: DoorRefusals,
    demo_tokens: Tokens,
    grants: GrantBook,
    pairings: Mutex<Pairings>,
    limits: Mutex<Limits>,
    environment: Environment,
    now: fn() -> OffsetDateTime,
}

impl Operations {
    /// Operations over these cards and this way to the holder, told to this journal, for the
    /// programs that hold the demo's tokens or a grant, and the sites that have one, in one
    /// environment.
    #[must_use]
    pub fn new(
        cards: Cards,
        prompt: Prompt,
        journal: Arc<Journal>,
        demo_tokens: Tokens,
        grants: GrantBook,
        environment: Environment,
        now: fn() -> OffsetDateTime,
    ) -> Self {
        Self(Arc::new(Parts {
            cards,
            prompt,
            journal,
            row: Row::default(),
            refusals: DoorRefusals::default(),
            demo_tokens,
            grants,
            pairings: Mutex::default(),
            limits: Mutex::default(),
            environment,
            now,
        }))
    }

    /// Whether the caller has a right at all, for a door that must know before it reads a body.
    ///
    /// # Errors
    /// `right-missing`.
    pub fn check_right(&self, caller: &Caller, right: Right) -> Result<(), OperationError> {
        Ok(authorise(caller, right)?)
    }

    /// The time that answers are made for.
    #[must_use]
    pub fn now(&self) -> OffsetDateTime {
        (self.0.now)()
    }

    pub(crate) fn environment(&self) -> Environment {
        self.0.environment
    }

    pub(crate) fn grant_book(&self) -> &GrantBook {
        &self.0.grants
    }

    pub(crate) fn pairings(&self) -> MutexGuard<'_, Pairings> {
        let pairings = self.0.pairings.lock();
        pairings.unwrap_or_else(PoisonError::into_inner)
    }
}
