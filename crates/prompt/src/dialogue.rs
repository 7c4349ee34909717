//! From the holder's answer to what came of it: perhaps another question, then the outcome.

use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use daemon_types::{CallerKey, CodesAsked, OperationError, Purpose};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::fair_lock::FairLock;
use crate::outcome::Failure;
use crate::turn::Way;
use crate::window::AnsweredWindow;
use crate::{CallersTerminal, Prompt, PromptError, Turn};

/// How long others wait for a card to say whether the code was right, so that a person who typed a
/// wrong one is asked again before anybody else.
const PATIENCE: Duration = Duration::from_secs(6);

/// A question that was answered, and is not at its end. Dropping it takes its window off the screen.
#[derive(Debug)]
pub struct Dialogue {
    /// Nobody else is asked while it is kept.
    kept: Option<Turn>,
    window: Option<AnsweredWindow>,
    /// An answer at a caller's terminal has its end there.
    answered_by_pinentry: bool,
    asks_again: bool,
    purpose: Purpose,
    way: Arc<Mutex<Way>>,
    turns: Arc<FairLock>,
}

impl Dialogue {
    pub(crate) fn new(mut turn: Turn, purpose: Purpose) -> Self {
        Self {
            window: turn.take_window(),
            answered_by_pinentry: turn.pinentry().is_some(),
            asks_again: turn.asks_again(),
            purpose,
            way: Arc::clone(turn.way()),
            turns: Arc::clone(turn.turns()),
            kept: Some(turn),
        }
    }

    /// Whether the holder is asked again after a wrong code. A person decides when to stop; a
    /// script's wrong code costs exactly one try.
    #[must_use]
    pub const fn asks_again(&self) -> bool {
        self.asks_again
    }

    /// Does what the answer was for. Others have their turn as soon as the code is on its way to the
    /// card, so that their question, which looks at the card first, comes after the code; where a
    /// person may be asked again, a moment later.
    pub async fn during<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        let begun = std::future::poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await;
        if let Poll::Ready(done) = begun {
            return done;
        }
        if self.asks_again
            && let Ok(done) = timeout(PATIENCE, &mut work).await
        {
            return done;
        }
        self.kept = None;
        work.await
    }

    /// Shows that the reader waits for codes at its keypad, after a question whose codes are typed
    /// there was agreed to, until `closed` says that it does no more, or its time is up. Nobody else is
    /// asked meanwhile; at a terminal others have their turn after it.
    ///
    /// # Errors
    /// [`PromptError::CancelledAtKeypad`] as soon as the holder refuses, or what keeps them from seeing it.
    pub async fn show_keypad(
        &mut self,
        asked: &CodesAsked,
        closed: impl Future<Output = ()>,
    ) -> Result<(), PromptError> {
        if let Some(holder) = self.kept.as_ref().and_then(Turn::script) {
            if holder.refuses_at_keypad() {
                return Err(PromptError::CancelledAtKeypad);
            }
            closed.await;
            return Ok(());
        }
        match self.kept.as_ref().map(Turn::lock) {
            Some(lock) => {
                let shown = self.show_keypad_to_a_person(asked, closed);
                lock.unless_locked(shown).await
            }
            None => {
                closed.await;
                Ok(())
            }
        }
    }

    async fn show_keypad_to_a_person(
        &mut self,
        asked: &CodesAsked,
        closed: impl Future<Output = ()>,
    ) -> Result<(), PromptError> {
        let holder = self.kept.as_mut().and_then(Turn::window);
        if let (Some(holder), Some(window)) = (holder, &self.window) {
            return holder.show_keypad(window, closed).await;
        }
        match self.kept.take() {
            Some(turn) => crate::terminal::show_keypad(turn, *asked, closed).await,
            None => {
                closed.await;
                Ok(())
            }
        }
    }

    /// The turn for the next question of the same dialogue.
    ///
    /// # Errors
    /// As [`Prompt::turn`], where others have their turn meanwhile.
    pub async fn next_turn(
        mut self,
        prompt: &Prompt,
        caller: &CallerKey,
        callers_terminal: Option<&CallersTerminal>,
        deadline: Instant,
    ) -> Result<Turn, PromptError> {
        if let Some(turn) = self.kept.take() {
            return Ok(turn.for_the_next_question(self.window));
        }
        let turn = prompt.turn(caller, callers_terminal, deadline).await?;
        Ok(turn.after(self.window))
    }

    /// Tells the holder what became of their answer, as soon as the window or terminal is free; a
    /// script needs no telling.
    pub fn tell_outcome(self, outcome: Result<(), &OperationError>) {
        let failure = outcome.err().map(Failure::of);
        tokio::spawn(async move {
            let (mut way, turn) = match self.kept {
                Some(turn) => turn.into_way(),
                None => {
                    let turn = self.turns.lock_first().await;
                    (self.way.lock_owned().await, turn)
                }
            };
            if let Way::Window(holder) = &mut *way {
                let telling = holder.tell_outcome(self.window, &self.purpose, failure.as_ref());
                return telling.await;
            }
            if let Way::Pinentry(holder) = &mut *way {
                if self.answered_by_pinentry {
                    holder.tell_outcome(&self.purpose, failure.as_ref()).await;
                }
                return;
            }
            let telling = tokio::task::spawn_blocking(move || {
                let _until_it_is_told = turn;
                if let Way::Terminal(holder) = &mut *way {
                    holder.tell_outcome(&self.purpose, failure.as_ref());
                }
            });
            // The words may be lost with the terminal; the outcome is not.
            let _ = telling.await;
        });
    }
}
