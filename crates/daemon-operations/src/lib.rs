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
mod errands;
mod grant_book;
mod grants;
mod holder;
mod journalled;
mod key_work;
mod keypad;
mod keys;
mod let_in;
mod limits;
mod look;
mod metrics;
mod open_session;
mod pairing;
mod randomness;
mod row;
mod session_use;
mod sessions;
mod sign;
mod site_grants;

pub use daemon_core::{Token, TokenDigest};
pub use grant_book::{GrantBook, GrantStore};
pub use grants::GrantOverview;
pub use look::{Events, Overview};
pub use prompt::CallersTerminal;
pub use site_grants::SiteAccess;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use daemon_cards::Cards;
use daemon_core::{Pairings, Tokens, authorise};
use daemon_journal::Journal;
use daemon_types::{Caller, Environment, OperationError, Right, SessionLimits, SignatureCode};
use prompt::Prompt;
use time::OffsetDateTime;

use door_refusals::DoorRefusals;
use errands::Errands;
use limits::Limits;
use metrics::Metrics;
use row::Row;
use sessions::SessionBook;

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
    errands: Errands,
    /// What the door refused, for the journal.
    refusals: DoorRefusals,
    demo_tokens: Tokens,
    grants: GrantBook,
    pairings: Mutex<Pairings>,
    limits: Mutex<Limits>,
    sessions: SessionBook,
    /// Where the configuration has it counted.
    metrics: Option<Metrics>,
    policy: Policy,
    now: fn() -> OffsetDateTime,
}

/// What configuration and policy of the machine say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The environment that the agent works in.
    pub environment: Environment,
    /// How long sessions last.
    pub session_limits: SessionLimits,
    /// When the code is typed for a signature in a session.
    pub signature_code: SignatureCode,
    /// Whether codes are typed at the keypad of a reader that has one.
    pub keypad: KeypadPolicy,
    /// Whether operations are counted and timed for who looks after the workstation.
    pub metrics: bool,
}

/// Whether codes are typed at the keypad of a reader that has one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeypadPolicy {
    /// They are, where reader and card agree on how.
    #[default]
    Auto,
    /// They are typed at the screen, whatever the reader has.
    Never,
}

impl Policy {
    /// The defaults, in this environment.
    #[must_use]
    pub fn of(environment: Environment) -> Self {
        Self {
            environment,
            session_limits: SessionLimits::DEFAULT,
            signature_code: SignatureCode::default(),
            keypad: KeypadPolicy::default(),
            metrics: false,
        }
    }
}

impl Operations {
    /// Operations over these cards and this way to the holder, told to this journal, for the
    /// programs that hold the demo's tokens or a grant, and the sites that have one, as the policy
    /// says.
    #[must_use]
    pub fn new(
        cards: Cards,
        prompt: Prompt,
        journal: Arc<Journal>,
        demo_tokens: Tokens,
        grants: GrantBook,
        policy: Policy,
        now: fn() -> OffsetDateTime,
    ) -> Self {
        Self(Arc::new(Parts {
            cards,
            prompt,
            journal,
            row: Row::default(),
            errands: Errands::default(),
            refusals: DoorRefusals::default(),
            demo_tokens,
            grants,
            pairings: Mutex::default(),
            limits: Mutex::default(),
            sessions: SessionBook::new(policy.session_limits),
            metrics: policy.metrics.then(Metrics::default),
            policy,
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

    /// A token that nobody can guess, for whoever lets somebody in.
    ///
    /// # Errors
    /// `internal` when the system gives no randomness.
    pub fn fresh_token() -> Result<Token, OperationError> {
        randomness::random().map(Token::from_random)
    }

    /// The time that answers are made for.
    #[must_use]
    pub fn now(&self) -> OffsetDateTime {
        (self.0.now)()
    }

    pub(crate) fn environment(&self) -> Environment {
        self.0.policy.environment
    }

    pub(crate) fn grant_book(&self) -> &GrantBook {
        &self.0.grants
    }

    pub(crate) fn pairings(&self) -> MutexGuard<'_, Pairings> {
        let pairings = self.0.pairings.lock();
        pairings.unwrap_or_else(PoisonError::into_inner)
    }
}
