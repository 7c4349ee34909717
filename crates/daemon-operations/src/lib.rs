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
mod holder;
mod journalled;
mod key_work;
mod look;
mod sign;

pub use look::Overview;
pub use prompt::CallersTerminal;

use std::sync::Arc;

use daemon_cards::Cards;
use daemon_core::{Tokens, authorise};
use daemon_journal::Journal;
use daemon_types::{Caller, Environment, ErrorCode, OperationError, Right};
use prompt::Prompt;
use time::OffsetDateTime;
use tokio::sync::Semaphore;

/// All operations of the agent; clones share the same cards and prompt.
#[derive(Clone, Debug)]
pub struct Operations(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    cards: Cards,
    prompt: Prompt,
    journal: Arc<Journal>,
    /// Places in the row of questions; whoever finds none is told to come back.
    questions: Semaphore,
    tokens: Tokens,
    environment: Environment,
    now: fn() -> OffsetDateTime,
}

impl Operations {
    /// Operations over these cards and this way to the holder, told to this journal, for the
    /// programs that hold these tokens, in one environment.
    #[must_use]
    pub fn new(
        cards: Cards,
        prompt: Prompt,
        journal: Arc<Journal>,
        tokens: Tokens,
        environment: Environment,
        now: fn() -> OffsetDateTime,
    ) -> Self {
        Self(Arc::new(Parts {
            cards,
            prompt,
            journal,
            questions: Semaphore::new(MAXIMUM_QUESTIONS),
            tokens,
            environment,
            now,
        }))
    }

    /// The program that a presented token belongs to.
    ///
    /// # Errors
    /// `token-invalid`.
    pub fn caller_with_token(&self, token: &str) -> Result<Caller, ErrorCode> {
        let program = self.0.tokens.program(token).cloned();
        program
            .map(Caller::PairedProgram)
            .ok_or(ErrorCode::TokenInvalid)
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
}

/// Questions that may wait for the holder: nobody answers more in a row.
const MAXIMUM_QUESTIONS: usize = 8;
