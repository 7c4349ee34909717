//! One question at a time: whoever wants to ask waits for the turn.

use std::sync::Arc;

use daemon_types::{CallerKey, GrantQuestion, Question};
use platform::terminal::Terminal;
use texts::Language;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::{Instant, timeout_at};

use crate::dialogue::Dialogue;
use crate::fair_lock::{FairGuard, FairLock};
use crate::pinentry::PinentryHolder;
use crate::scripted::ScriptedHolder;
use crate::terminal::TerminalHolder;
use crate::window::{AnsweredWindow, WindowHolder};
use crate::{Answer, CardWatch, Prompt, PromptError, WorkstationLock};

/// How the holder is reached.
#[derive(Debug)]
pub(crate) enum Way {
    Scripted(ScriptedHolder),
    Terminal(TerminalHolder),
    Window(Box<WindowHolder>),
    Pinentry(Box<PinentryHolder>),
    Nobody,
}

/// The terminal of a caller, at which its holder wants to be asked.
#[derive(Debug)]
pub struct CallersTerminal {
    terminal: Terminal,
    language: Language,
}

impl CallersTerminal {
    /// Asks there, in this language.
    #[must_use]
    pub const fn new(terminal: Terminal, language: Language) -> Self {
        Self { terminal, language }
    }

    fn holder(&self) -> Result<TerminalHolder, PromptError> {
        let terminal = self.terminal.try_clone();
        let terminal = terminal.map_err(|error| PromptError::Unavailable(error.into()))?;
        Ok(TerminalHolder::new(terminal, self.language))
    }
}

/// The right to put the next question. Nobody else is asked while it lasts.
#[derive(Debug)]
pub struct Turn {
    way: OwnedMutexGuard<Way>,
    /// Who is asked in place of the holder at the agent's own terminal.
    at_the_caller: Option<TerminalHolder>,
    had_to_wait: bool,
    cards: Option<Arc<dyn CardWatch>>,
    lock: WorkstationLock,
    /// The window of the question before this one, in the same dialogue.
    before: Option<AnsweredWindow>,
    turns: Arc<FairLock>,
    /// Dropped last: the way is free when the next one has the turn.
    turn: FairGuard,
}

impl Turn {
    /// The next turn of this party, in the order in which it asked; none while the workstation is
    /// locked, unless a script answers, which sits at no screen.
    pub(crate) async fn of(
        prompt: &Prompt,
        party: &CallerKey,
        callers_terminal: Option<&CallersTerminal>,
        deadline: Instant,
    ) -> Result<Self, PromptError> {
        let next = Self::next(prompt, party, callers_terminal, deadline);
        if prompt.is_scripted {
            return next.await;
        }
        prompt.lock.unless_locked(next).await
    }

    async fn next(
        prompt: &Prompt,
        party: &CallerKey,
        callers_terminal: Option<&CallersTerminal>,
        deadline: Instant,
    ) -> Result<Self, PromptError> {
        let (turn, had_to_wait) = match prompt.turns.try_lock() {
            Some(turn) => (turn, false),
            None => {
                let next = timeout_at(deadline, prompt.turns.lock(party)).await;
                (next.map_err(|_| PromptError::NeverAsked)?, true)
            }
        };
        let way = Arc::clone(&prompt.way).lock_owned().await;
        let at_the_caller = match (&*way, callers_terminal) {
            (Way::Nobody, None) => return Err(PromptError::Nobody),
            (Way::Scripted(_), _) | (_, None) => None,
            (_, Some(terminal)) => Some(terminal.holder()?),
        };
        Ok(Self {
            way,
            at_the_caller,
            had_to_wait,
            cards: prompt.cards.clone(),
            lock: prompt.lock.clone(),
            before: None,
            turns: Arc::clone(&prompt.turns),
            turn,
        })
    }

    /// Whether another question was open when this turn was asked for, so that what was known
    /// then may no longer hold.
    #[must_use]
    pub const fn had_to_wait(&self) -> bool {
        self.had_to_wait
    }

    /// Whether a person is asked, who decides when to stop.
    pub(crate) fn asks_again(&self) -> bool {
        !matches!(*self.way, Way::Scripted(_))
    }

    /// Whether the holder can be shown that a reader waits at its keypad: a pinentry has no such
    /// picture.
    #[must_use]
    pub fn shows_keypads(&self) -> bool {
        self.at_the_caller.is_some() || !matches!(*self.way, Way::Pinentry(_))
    }

    /// Puts `question` to the holder, and gives the answer with the dialogue in which it was, so that
    /// the next question can wait for what this one leads to. Dropping the future withdraws the
    /// question; the turn then ends when the terminal is as it was before.
    ///
    /// # Errors
    /// [`PromptError`] when there is no consent, or no code, before `deadline`.
    pub async fn ask(
        mut self,
        question: &Question,
        deadline: Instant,
    ) -> Result<(Answer, Dialogue), PromptError> {
        let purpose = question.purpose.clone();
        if let Way::Scripted(holder) = &mut *self.way {
            let answer = timeout_at(deadline, holder.answer(question)).await;
            return match answer {
                Ok(answer) => Ok((answer?, Dialogue::new(self, purpose))),
                Err(_) => Err(PromptError::TimedOut),
            };
        }
        let lock = self.lock.clone();
        let (answer, turn) = lock
            .unless_locked(self.ask_a_person(question, deadline))
            .await?;
        Ok((answer, Dialogue::new(turn, purpose)))
    }

    async fn ask_a_person(
        mut self,
        question: &Question,
        deadline: Instant,
    ) -> Result<(Answer, Self), PromptError> {
        let (cards, before) = (self.cards.clone(), self.before.take());
        if let Some(window) = self.window() {
            let asked = window.ask(question, before, deadline);
            let (answer, window) = unless_the_card_leaves(asked, question, cards).await?;
            self.before = Some(window);
            return Ok((answer, self));
        }
        if let Some(pinentry) = self.pinentry() {
            let asked = pinentry.ask(question, deadline);
            let answer = unless_the_card_leaves(asked, question, cards).await?;
            return Ok((answer, self));
        }
        crate::terminal::ask(self, question.clone(), deadline.into_std()).await
    }

    /// What tells of a lock of the workstation.
    pub(crate) fn lock(&self) -> WorkstationLock {
        self.lock.clone()
    }

    /// The holder whose answers stand in a script.
    pub(crate) fn script(&self) -> Option<&ScriptedHolder> {
        match &*self.way {
            Way::Scripted(holder) => Some(holder),
            Way::Terminal(_) | Way::Window(_) | Way::Pinentry(_) | Way::Nobody => None,
        }
    }

    /// Asks the holder whether somebody may call, and gives the turn back with their yes. Dropping
    /// the future withdraws the question, as for [`Turn::ask`].
    ///
    /// # Errors
    /// [`PromptError`] when there is no yes before `deadline`.
    pub async fn ask_for_grant(
        mut self,
        question: &GrantQuestion,
        deadline: Instant,
    ) -> Result<Self, PromptError> {
        if let Way::Scripted(holder) = &mut *self.way {
            return match timeout_at(deadline, holder.agree(question)).await {
                Ok(agreed) => agreed.map(|()| self),
                Err(_) => Err(PromptError::TimedOut),
            };
        }
        let lock = self.lock.clone();
        lock.unless_locked(self.ask_a_person_for_grant(question, deadline))
            .await
    }

    async fn ask_a_person_for_grant(
        mut self,
        question: &GrantQuestion,
        deadline: Instant,
    ) -> Result<Self, PromptError> {
        if let Some(window) = self.window() {
            window.agree(question, deadline).await?;
            return Ok(self);
        }
        if let Some(pinentry) = self.pinentry() {
            pinentry.agree(question, deadline).await?;
            return Ok(self);
        }
        crate::terminal::ask_for_grant(self, question.clone(), deadline.into_std()).await
    }

    /// The turn for the next question of the same dialogue, which nobody else was asked before.
    pub(crate) fn for_the_next_question(mut self, window: Option<AnsweredWindow>) -> Self {
        self.had_to_wait = false;
        self.after(window)
    }

    /// The turn for the next question of a dialogue that others came into.
    pub(crate) fn after(mut self, window: Option<AnsweredWindow>) -> Self {
        self.before = window;
        self
    }

    /// The window that waits for what comes of its answer.
    pub(crate) const fn take_window(&mut self) -> Option<AnsweredWindow> {
        self.before.take()
    }

    pub(crate) fn way(&self) -> &Arc<Mutex<Way>> {
        OwnedMutexGuard::mutex(&self.way)
    }

    pub(crate) const fn turns(&self) -> &Arc<FairLock> {
        &self.turns
    }

    /// The way to the holder, and the turn that lasts as long as it is needed.
    pub(crate) fn into_way(self) -> (OwnedMutexGuard<Way>, FairGuard) {
        (self.way, self.turn)
    }

    /// The holder in front of a window, unless they sit at a caller's terminal.
    pub(crate) fn window(&mut self) -> Option<&mut WindowHolder> {
        match (&self.at_the_caller, &mut *self.way) {
            (None, Way::Window(holder)) => Some(holder),
            _ => None,
        }
    }

    /// The holder in front of a pinentry, unless they sit at a caller's terminal.
    pub(crate) fn pinentry(&mut self) -> Option<&mut PinentryHolder> {
        match (&self.at_the_caller, &mut *self.way) {
            (None, Way::Pinentry(holder)) => Some(holder),
            _ => None,
        }
    }

    /// The holder at the terminal, where there is one.
    pub(crate) fn terminal(&mut self) -> Result<&mut TerminalHolder, PromptError> {
        match (&mut self.at_the_caller, &mut *self.way) {
            (Some(holder), _) | (None, Way::Terminal(holder)) => Ok(holder),
            (None, Way::Scripted(_) | Way::Window(_) | Way::Pinentry(_) | Way::Nobody) => {
                Err(PromptError::Nobody)
            }
        }
    }
}

/// A question about a card that is gone leaves the screen at once: a code must not be typed for it.
async fn unless_the_card_leaves<T>(
    asked: impl Future<Output = Result<T, PromptError>>,
    question: &Question,
    cards: Option<Arc<dyn CardWatch>>,
) -> Result<T, PromptError> {
    let Some(cards) = cards else {
        return asked.await;
    };
    tokio::select! {
        biased;
        () = cards.left(&question.card.id) => Err(PromptError::CardRemoved),
        answer = asked => answer,
    }
}
