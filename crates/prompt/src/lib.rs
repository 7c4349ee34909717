//! Puts a question to the holder of a card, and brings the answer back.
//!
//! A [`Prompt`] has one way to the holder: the terminal, or a
//! [`ScriptedHolder`] for tests and demos, or nobody. It puts one question at
//! a time; the others wait in the order in which they came. A question lives
//! as long as the future that asks it: when the caller goes away, the future
//! is dropped and the question leaves the screen.
//!
//! Codes are typed here and go back in an [`Answer`]; nothing of them is kept.

mod render;
#[cfg(test)]
mod sample_questions;
mod script;
mod scripted;
mod terminal;

use std::error::Error;
use std::sync::Arc;

use daemon_types::{ErrorCode, OperationError, Question, Reason};
use secrets::{CodeFormatError, Pin, UnblockCode};
use texts::Language;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

pub use script::ScriptError;
pub use scripted::ScriptedHolder;
use terminal::TerminalHolder;

/// The holder agreed to what was asked.
#[derive(Debug)]
pub struct Answer {
    /// The code as it is, where the question asked for it.
    pub code: Option<Pin>,
    /// The unblock code, where the question asked for it.
    pub unblock_code: Option<UnblockCode>,
    /// The new code, where the question asked for one. Whether the card takes it, and whether it is
    /// new at all, is not for every way to the holder to say.
    pub new_code: Option<Pin>,
    /// The holder knows that a wrong code blocks the card now, and wants it sent.
    pub last_try_confirmed: bool,
}

/// Why there is no answer. None of these spends a try.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    /// The holder said no, or went away.
    #[error("the holder refused")]
    Cancelled,
    /// One try is left, and the holder did not choose to risk it.
    #[error("the holder did not confirm the last try")]
    LastTryNotConfirmed,
    /// Nobody answered before the deadline.
    #[error("nobody answered in time")]
    TimedOut,
    /// The scripted holder answers for test cards alone.
    #[error("the scripted holder does not answer for a card that is no test card")]
    NotATestCard,
    /// What the scripted holder has for a code cannot be one.
    #[error("what was typed is no code")]
    CodeFormat(#[from] CodeFormatError),
    /// What the scripted holder has for a new code cannot be one.
    #[error("what was typed is no new code")]
    NewCodeFormat(#[source] CodeFormatError),
    /// What the scripted holder has for an unblock code cannot be one.
    #[error("what was typed is no unblock code")]
    UnblockCodeFormat(#[source] CodeFormatError),
    /// There is no way to a holder: the agent was started without a terminal.
    #[error("there is nobody to ask")]
    Nobody,
    /// The way to the holder failed.
    #[error("the terminal does not put the question")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
}

impl PromptError {
    /// What the caller is told.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Cancelled | Self::NotATestCard | Self::Nobody | Self::Unavailable(_) => {
                ErrorCode::Cancelled
            }
            Self::LastTryNotConfirmed => ErrorCode::LastTryNotConfirmed,
            Self::TimedOut => ErrorCode::Timeout,
            Self::CodeFormat(_) | Self::NewCodeFormat(_) | Self::UnblockCodeFormat(_) => {
                ErrorCode::PinLength
            }
        }
    }

    /// What the code alone does not tell.
    #[must_use]
    pub const fn reason(&self) -> Option<Reason> {
        match self {
            Self::NewCodeFormat(_) => Some(Reason::NewPinRefused),
            Self::UnblockCodeFormat(_) => Some(Reason::UnblockCodeLength),
            Self::Cancelled
            | Self::LastTryNotConfirmed
            | Self::TimedOut
            | Self::NotATestCard
            | Self::CodeFormat(_)
            | Self::Nobody
            | Self::Unavailable(_) => None,
        }
    }
}

impl From<PromptError> for OperationError {
    fn from(error: PromptError) -> Self {
        let (code, reason) = (error.code(), error.reason());
        let operation_error = Self::new(code).caused_by(error);
        match reason {
            Some(reason) => operation_error.because(reason),
            None => operation_error,
        }
    }
}

/// The way to the holder.
#[derive(Debug)]
pub struct Prompt(Way);

#[derive(Debug)]
enum Way {
    Scripted(Mutex<ScriptedHolder>),
    Terminal(Arc<Mutex<TerminalHolder>>),
    Nobody,
}

impl Prompt {
    /// Asks the holder that a script describes.
    #[must_use]
    pub fn scripted(holder: ScriptedHolder) -> Self {
        Self(Way::Scripted(Mutex::new(holder)))
    }

    /// Asks at the terminal from which this process was started; without one, asks nobody.
    #[must_use]
    pub fn terminal(language: Language) -> Self {
        platform::terminal::open_controlling_terminal().map_or_else(Self::nobody, |terminal| {
            Self::at(TerminalHolder::new(terminal, language))
        })
    }

    /// Answers every question with [`PromptError::Nobody`].
    #[must_use]
    pub const fn nobody() -> Self {
        Self(Way::Nobody)
    }

    fn at(holder: TerminalHolder) -> Self {
        Self(Way::Terminal(Arc::new(Mutex::new(holder))))
    }

    /// Waits for its turn, calls `opened`, then puts `question` to the holder. Dropping the future withdraws the
    /// question; the next one comes up when the terminal is as it was before.
    ///
    /// # Errors
    /// [`PromptError`] when there is no consent, or no code, before `deadline`, the wait for the
    /// turn included.
    pub async fn ask(
        &self,
        question: &Question,
        deadline: Instant,
        opened: impl FnOnce(),
    ) -> Result<Answer, PromptError> {
        match &self.0 {
            Way::Scripted(holder) => {
                let answer = async {
                    let mut holder = holder.lock().await;
                    opened();
                    holder.answer(question).await
                };
                timeout_at(deadline, answer)
                    .await
                    .unwrap_or(Err(PromptError::TimedOut))
            }
            Way::Terminal(holder) => {
                let turn = timeout_at(deadline, Arc::clone(holder).lock_owned())
                    .await
                    .map_err(|_| PromptError::TimedOut)?;
                opened();
                terminal::ask(turn, question.clone(), deadline.into_std()).await
            }
            Way::Nobody => Err(PromptError::Nobody),
        }
    }

    /// Whether the holder is asked again after a wrong code. A person decides when to stop; a
    /// script's wrong code costs exactly one try.
    #[must_use]
    pub const fn asks_again(&self) -> bool {
        matches!(self.0, Way::Terminal(_))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::sample_questions::authentication;

    fn prompt(script: &str) -> Prompt {
        Prompt::scripted(ScriptedHolder::from_toml(script).unwrap())
    }

    fn in_a_minute() -> Instant {
        Instant::now() + Duration::from_secs(60)
    }

    fn digits(answer: Result<Answer, PromptError>) -> Vec<u8> {
        answer.unwrap().code.unwrap().digits().expose().to_vec()
    }

    #[tokio::test(start_paused = true)]
    async fn questions_wait_for_their_turn_in_the_order_in_which_they_came() {
        let prompt = prompt(
            r#"
            delay_ms = 1000
            answers = [ { pin = "1111" }, { pin = "2222" }, { pin = "3333" } ]
            "#,
        );
        let begin = Instant::now();
        let question = authentication();
        let ask = || async {
            let answer = digits(prompt.ask(&question, in_a_minute(), || {}).await);
            (answer, begin.elapsed().as_secs())
        };
        let (first, second, third) = tokio::join!(ask(), ask(), ask());
        assert_eq!(first, (b"1111".to_vec(), 1));
        assert_eq!(second, (b"2222".to_vec(), 2));
        assert_eq!(third, (b"3333".to_vec(), 3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_question_that_is_dropped_leaves_the_turn_to_the_next() {
        let prompt = prompt("pin = \"1234\"\ndelay_ms = 30000");
        let question = authentication();
        let dropped = tokio::time::timeout(
            Duration::from_secs(1),
            prompt.ask(&question, in_a_minute(), || {}),
        );
        assert!(dropped.await.is_err());
        assert_eq!(
            digits(prompt.ask(&question, in_a_minute(), || {}).await),
            b"1234"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn the_deadline_holds_for_the_answer_and_for_the_wait() {
        let prompt = prompt("pin = \"1234\"\ndelay_ms = 3000");
        let question = authentication();
        let soon = Instant::now() + Duration::from_secs(1);
        let (answered, waiting, slow) = tokio::join!(
            prompt.ask(&question, in_a_minute(), || {}),
            prompt.ask(&question, soon, || {}),
            async {
                let after_the_first = Instant::now() + Duration::from_secs(4);
                prompt.ask(&question, after_the_first, || {}).await
            },
        );
        assert_eq!(digits(answered), b"1234");
        assert!(matches!(waiting, Err(PromptError::TimedOut)));
        assert!(matches!(slow, Err(PromptError::TimedOut)));
    }

    #[tokio::test]
    async fn nobody_answers_nothing() {
        let answer = Prompt::nobody()
            .ask(&authentication(), in_a_minute(), || {})
            .await;
        assert!(matches!(answer, Err(PromptError::Nobody)));
    }

    #[test]
    fn callers_learn_no_more_than_they_need() {
        let format = CodeFormatError::NotDigits;
        let broken = std::io::Error::other("broken");
        for (error, code) in [
            (PromptError::Cancelled, "cancelled"),
            (PromptError::NotATestCard, "cancelled"),
            (PromptError::Nobody, "cancelled"),
            (PromptError::Unavailable(Box::new(broken)), "cancelled"),
            (PromptError::LastTryNotConfirmed, "last-try-not-confirmed"),
            (PromptError::TimedOut, "timeout"),
            (PromptError::CodeFormat(format), "pin-length"),
            (PromptError::NewCodeFormat(format), "pin-length"),
            (PromptError::UnblockCodeFormat(format), "pin-length"),
        ] {
            assert_eq!(error.code().as_str(), code);
        }
        let reason = |error| OperationError::from(error).reason;
        assert_eq!(reason(PromptError::CodeFormat(format)), None);
        assert_eq!(
            reason(PromptError::NewCodeFormat(format)),
            Some(Reason::NewPinRefused)
        );
        assert_eq!(
            reason(PromptError::UnblockCodeFormat(format)),
            Some(Reason::UnblockCodeLength)
        );
    }

    #[test]
    fn a_script_is_not_asked_again_after_a_wrong_code() {
        assert!(!prompt("").asks_again());
        assert!(!Prompt::nobody().asks_again());
    }

    #[tokio::test]
    async fn an_answer_prints_nothing_of_its_code() {
        let answer = prompt("pin = \"73918264\"")
            .ask(&authentication(), in_a_minute(), || {})
            .await;
        let printed = format!("{answer:?}");
        assert!(printed.contains("[redacted]"), "{printed}");
        assert!(!printed.contains("7391"), "{printed}");
    }
}
