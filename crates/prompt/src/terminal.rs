//! The holder at the terminal from which the agent was started.

mod codes;
mod keypad;

use std::time::{Duration, Instant};

use daemon_types::{GrantQuestion, Purpose, Question};
use platform::terminal::{CancelPipe, QuietTerminal, Terminal, TerminalError};
use secrets::{CodeFormatError, Pin};
use texts::{Language, PromptTexts};
use tokio::sync::oneshot;

use crate::outcome::{Failure, render_outcome};
use crate::render::render;
use crate::render_grant::render_grant;
use crate::render_keypad::render_not_taken;
use crate::{Answer, PromptError, Turn};
pub(crate) use keypad::show_keypad;

/// Longest wait for a terminal to take the last line of a question.
const FAREWELL: Duration = Duration::from_secs(1);

/// The answer of a holder who typed no code at the terminal.
const NOTHING_TYPED: Answer = Answer {
    code: None,
    unblock_code: None,
    new_code: None,
    last_try_confirmed: false,
};

/// How long the holder has: until the deadline, and as long as the caller waits.
#[derive(Clone, Copy)]
struct Wait<'a> {
    deadline: Instant,
    cancel: &'a CancelPipe,
}

/// A holder to be asked at a terminal.
#[derive(Debug)]
pub(crate) struct TerminalHolder {
    terminal: Terminal,
    texts: PromptTexts,
}

/// Puts a question about a card.
pub(crate) async fn ask(
    turn: Turn,
    question: Question,
    deadline: Instant,
) -> Result<(Answer, Turn), PromptError> {
    let dialogue =
        move |holder: &mut TerminalHolder, wait: Wait<'_>| holder.converse(&question, wait);
    during(turn, deadline, dialogue).await
}

/// Asks whether somebody may call.
pub(crate) async fn ask_for_grant(
    turn: Turn,
    question: GrantQuestion,
    deadline: Instant,
) -> Result<Turn, PromptError> {
    let dialogue = move |holder: &mut TerminalHolder, wait: Wait<'_>| holder.agree(&question, wait);
    let ((), turn) = during(turn, deadline, dialogue).await?;
    Ok(turn)
}

/// Leads a dialogue while the `turn` lasts. The turn ends with the dialogue, not with this
/// future: a question that was withdrawn leaves the terminal before the next one appears.
async fn during<T: Send + 'static>(
    mut turn: Turn,
    deadline: Instant,
    dialogue: impl FnOnce(&mut TerminalHolder, Wait<'_>) -> Result<T, PromptError> + Send + 'static,
) -> Result<(T, Turn), PromptError> {
    let (cancel, canceller) = CancelPipe::new().map_err(unavailable)?;
    let (reply, answer) = oneshot::channel();
    tokio::task::spawn_blocking(move || {
        let outcome = turn.terminal().and_then(|holder| {
            let cancel = &cancel;
            let outcome = dialogue(holder, Wait { deadline, cancel });
            holder.say_farewell(outcome.as_ref().err(), reply.is_closed());
            outcome
        });
        // Nobody waits for the answer to a question that was withdrawn.
        let _ = reply.send(outcome.map(|answer| (answer, turn)));
    });
    // When this future is dropped, `answer` goes first and `canceller` next: the dialogue ends, and
    // sees that nobody listens any more.
    let outcome = answer.await;
    drop(canceller);
    outcome.unwrap_or_else(|ended_early| Err(unavailable(ended_early)))
}

impl TerminalHolder {
    pub(crate) const fn new(terminal: Terminal, language: Language) -> Self {
        Self {
            terminal,
            texts: PromptTexts::new(language),
        }
    }

    pub(crate) fn keep_quiet(&self) -> Option<QuietTerminal> {
        self.terminal.keep_quiet()
    }

    /// The line that ends a question which was answered.
    pub(crate) fn tell_outcome(&mut self, purpose: &Purpose, failure: Option<&Failure>) {
        self.tell_the_end(&render_outcome(purpose, failure, self.texts));
    }

    fn converse(&mut self, question: &Question, wait: Wait<'_>) -> Result<Answer, PromptError> {
        let words = render(question, self.texts.language());
        self.tell(&words, wait)?;
        if question.codes.is_empty() {
            return self.consent(wait);
        }
        if let Some(reason) = question.codes.keypad.and_then(|entry| entry.not_taken) {
            self.tell(&render_not_taken(reason, self.texts), wait)?;
        }
        if question.codes.is_last_try() {
            self.confirm_last_try(wait)?;
        }
        if let Some(entry) = question.codes.keypad {
            if entry.again && !question.codes.is_last_try() {
                self.have_the_reader_ask_again(wait)?;
            }
            return Ok(Answer {
                last_try_confirmed: question.codes.is_last_try(),
                ..NOTHING_TYPED
            });
        }
        self.codes(question.codes, wait)
    }

    fn agree(&mut self, question: &GrantQuestion, wait: Wait<'_>) -> Result<(), PromptError> {
        let words = render_grant(question, self.texts.language());
        self.tell(&words, wait)?;
        self.yes(wait)?;
        self.tell(&self.texts.grant_given(), wait)
    }

    fn consent(&mut self, wait: Wait<'_>) -> Result<Answer, PromptError> {
        self.yes(wait)?;
        Ok(NOTHING_TYPED)
    }

    fn yes(&mut self, wait: Wait<'_>) -> Result<(), PromptError> {
        let question = format!("{} ", self.texts.agree());
        let (deadline, cancel) = (wait.deadline, wait.cancel);
        if self.terminal.confirm(&question, deadline, cancel)? {
            Ok(())
        } else {
            Err(PromptError::Cancelled)
        }
    }

    /// A whole word, so that no habit of the fingers confirms it.
    fn confirm_last_try(&mut self, wait: Wait<'_>) -> Result<(), PromptError> {
        let word = self.texts.last_try_word();
        let question = format!("{} ", self.texts.risk_last_try(&word));
        let typed = self
            .terminal
            .read_word(&question, wait.deadline, wait.cancel)?;
        if typed.eq_ignore_ascii_case(&word) {
            Ok(())
        } else {
            Err(PromptError::LastTryNotConfirmed)
        }
    }

    /// Enter alone: a reader that passed a question through by itself spends no second try.
    fn have_the_reader_ask_again(&mut self, wait: Wait<'_>) -> Result<(), PromptError> {
        let question = format!("{} ", self.texts.keypad_again());
        let (deadline, cancel) = (wait.deadline, wait.cancel);
        while !self
            .terminal
            .read_word(&question, deadline, cancel)?
            .is_empty()
        {}
        Ok(())
    }

    fn tell(&mut self, words: &str, wait: Wait<'_>) -> Result<(), PromptError> {
        Ok(self.terminal.tell(words, wait.deadline, wait.cancel)?)
    }

    /// Says how the question ended, unless it was answered.
    fn say_farewell(&mut self, failure: Option<&PromptError>, withdrawn: bool) {
        let line = match failure {
            Some(PromptError::Cancelled) if withdrawn => self.texts.withdrawn(),
            Some(PromptError::CancelledAtKeypad) if withdrawn => self.texts.keypad_withdrawn(),
            Some(PromptError::Cancelled | PromptError::LastTryNotConfirmed) => self.texts.refused(),
            Some(PromptError::TimedOut) => self.texts.timed_out(),
            _ => return,
        };
        self.tell_the_end(&line);
    }

    fn tell_the_end(&mut self, line: &str) {
        if let Ok((cancel, _canceller)) = CancelPipe::new() {
            // A terminal that takes no more words has nobody to say them to.
            let _ = self.terminal.tell(line, Instant::now() + FAREWELL, &cancel);
        }
    }
}

impl From<TerminalError> for PromptError {
    fn from(error: TerminalError) -> Self {
        match error {
            TerminalError::Cancelled => Self::Cancelled,
            TerminalError::TimedOut => Self::TimedOut,
            TerminalError::TooLong { maximum } => Self::CodeFormat(CodeFormatError::Length {
                minimum: Pin::MINIMUM_LEN,
                maximum,
            }),
            TerminalError::Closed | TerminalError::Background | TerminalError::Io { .. } => {
                unavailable(error)
            }
        }
    }
}

fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> PromptError {
    PromptError::Unavailable(Box::new(error))
}

#[cfg(test)]
mod tests;
