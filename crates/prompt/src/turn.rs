//! One question at a time: whoever wants to ask waits for the turn.

use std::sync::Arc;

use daemon_types::{CodesAsked, GrantQuestion, Question};
use platform::terminal::Terminal;
use texts::Language;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::{Instant, timeout_at};

use crate::scripted::ScriptedHolder;
use crate::terminal::TerminalHolder;
use crate::{Answer, PromptError};

/// How the holder is reached.
#[derive(Debug)]
pub(crate) enum Way {
    Scripted(ScriptedHolder),
    Terminal(TerminalHolder),
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
}

impl Turn {
    /// The next turn, in the order in which it was asked for.
    pub(crate) async fn of(
        way: &Arc<Mutex<Way>>,
        callers_terminal: Option<&CallersTerminal>,
        deadline: Instant,
    ) -> Result<Self, PromptError> {
        let (way, had_to_wait) = match Arc::clone(way).try_lock_owned() {
            Ok(way) => (way, false),
            Err(_) => {
                let next = timeout_at(deadline, Arc::clone(way).lock_owned()).await;
                (next.map_err(|_| PromptError::TimedOut)?, true)
            }
        };
        let at_the_caller = match (&*way, callers_terminal) {
            (Way::Nobody, None) => return Err(PromptError::Nobody),
            (Way::Scripted(_), _) | (Way::Terminal(_), None) => None,
            (Way::Terminal(_) | Way::Nobody, Some(terminal)) => Some(terminal.holder()?),
        };
        Ok(Self {
            way,
            at_the_caller,
            had_to_wait,
        })
    }

    /// Whether another question was open when this turn was asked for, so that what was known
    /// then may no longer hold.
    #[must_use]
    pub const fn had_to_wait(&self) -> bool {
        self.had_to_wait
    }

    /// Whether the holder is asked again after a wrong code. A person decides when to stop; a
    /// script's wrong code costs exactly one try.
    #[must_use]
    pub fn asks_again(&self) -> bool {
        !matches!(*self.way, Way::Scripted(_))
    }

    /// Puts `question` to the holder, and gives the turn back with the answer, so that the next
    /// question can wait for what this one leads to. Dropping the future withdraws the question;
    /// the turn then ends when the terminal is as it was before.
    ///
    /// # Errors
    /// [`PromptError`] when there is no consent, or no code, before `deadline`.
    pub async fn ask(
        mut self,
        question: &Question,
        deadline: Instant,
    ) -> Result<(Answer, Self), PromptError> {
        if let Way::Scripted(holder) = &mut *self.way {
            let answer = timeout_at(deadline, holder.answer(question)).await;
            return match answer {
                Ok(answer) => Ok((answer?, self)),
                Err(_) => Err(PromptError::TimedOut),
            };
        }
        crate::terminal::ask(self, question.clone(), deadline.into_std()).await
    }

    /// Shows that the reader waits for codes at its keypad, after a question whose codes are typed
    /// there was agreed to, until `closed` says that it does no more, or its time is up. The turn ends
    /// with it, also when the future is dropped.
    ///
    /// # Errors
    /// [`PromptError::CancelledAtKeypad`] as soon as the holder refuses, or what keeps them from seeing it.
    pub async fn show_keypad(
        mut self,
        asked: &CodesAsked,
        closed: impl Future<Output = ()>,
    ) -> Result<(), PromptError> {
        if let Way::Scripted(holder) = &mut *self.way {
            if holder.refuses_at_keypad() {
                return Err(PromptError::CancelledAtKeypad);
            }
            closed.await;
            return Ok(());
        }
        crate::terminal::show_keypad(self, *asked, closed).await
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
        crate::terminal::ask_for_grant(self, question.clone(), deadline.into_std()).await
    }

    /// The holder at the terminal, where there is one.
    pub(crate) fn terminal(&mut self) -> Result<&mut TerminalHolder, PromptError> {
        match (&mut self.at_the_caller, &mut *self.way) {
            (Some(holder), _) | (None, Way::Terminal(holder)) => Ok(holder),
            (None, Way::Scripted(_) | Way::Nobody) => Err(PromptError::Nobody),
        }
    }
}
