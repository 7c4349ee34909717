//! Puts a question to the holder of a card, and brings the answer back.
//!
//! A [`Prompt`] has one way to the holder: the window, the terminal, a pinentry, a
//! [`ScriptedHolder`] for tests and demos, or nobody. It gives one [`Turn`] at
//! a time; the others wait, callers in turn, and the questions of each in the
//! order in which they came. A question lives as long as the future that asks it: when the caller goes away, the future
//! is dropped and the question leaves the screen.
//!
//! Codes are typed here and go back in an [`Answer`]; nothing of them is kept.

mod card_watch;
mod codes;
mod dialogue;
mod fair_lock;
mod outcome;
mod pinentry;
mod render;
mod render_grant;
mod render_keypad;
mod render_stakes;
#[cfg(unix)]
#[cfg(test)]
mod sample_programs;
#[cfg(test)]
mod sample_questions;
mod script;
mod scripted;
mod terminal;
mod turn;
mod window;
mod workstation_lock;

use std::error::Error;
use std::sync::Arc;

use daemon_types::{CallerKey, ErrorCode, OperationError, Reason};
use platform::terminal::QuietTerminal;
use secrets::{CodeFormatError, Pin, UnblockCode};
use texts::Language;
use tokio::sync::Mutex;
use tokio::time::Instant;

pub use card_watch::{CardLeft, CardWatch};
pub use dialogue::Dialogue;
use fair_lock::FairLock;
use pinentry::PinentryHolder;
pub use pinentry::{AssuanError, AssuanReply, PinentryProgram};
pub use script::ScriptError;
pub use scripted::ScriptedHolder;
use terminal::TerminalHolder;
use turn::Way;
pub use turn::{CallersTerminal, Turn};
use window::WindowHolder;
pub use window::WindowProgram;
pub use workstation_lock::WorkstationLock;

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
    /// The scripted holder has nothing for this question, and so says no.
    #[error(
        "the scripted holder has nothing to say to this question: its file, or the table of this question in it, lacks {0}"
    )]
    ScriptLacks(&'static str),
    /// One try is left, and the holder did not choose to risk it.
    #[error("the holder did not confirm the last try")]
    LastTryNotConfirmed,
    /// Nobody answered before the deadline.
    #[error("nobody answered in time")]
    TimedOut,
    /// The turn did not come before the deadline, so nobody saw the question.
    #[error("other questions came first until there was no time left")]
    NeverAsked,
    /// The card left its reader while its holder was asked.
    #[error("the card left while its holder was asked")]
    CardRemoved,
    /// The workstation is locked, or was while its holder was asked.
    #[error("the workstation is locked")]
    WorkstationLocked,
    /// The scripted holder answers for test cards alone, and lets nobody in to others.
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
    /// There is no way to a holder: the agent was started without a display and a terminal.
    #[error("there is nobody to ask")]
    Nobody,
    /// The holder said no, or the caller went away, while the reader waited for a code at its keypad.
    #[error("the holder refused while the reader waited for a code")]
    CancelledAtKeypad,
    /// The way to the holder failed.
    #[error("the window or terminal does not put the question")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
}

impl PromptError {
    /// What the caller is told.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Cancelled
            | Self::CancelledAtKeypad
            | Self::ScriptLacks(_)
            | Self::WorkstationLocked
            | Self::NotATestCard
            | Self::Nobody
            | Self::Unavailable(_) => ErrorCode::Cancelled,
            Self::LastTryNotConfirmed => ErrorCode::LastTryNotConfirmed,
            Self::TimedOut | Self::NeverAsked => ErrorCode::Timeout,
            Self::CardRemoved => ErrorCode::CardRemoved,
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
            Self::CancelledAtKeypad => Some(Reason::KeypadStillOpen),
            Self::NeverAsked => Some(Reason::NeverAsked),
            Self::WorkstationLocked => Some(Reason::WorkstationLocked),
            Self::ScriptLacks(_) => Some(Reason::ScriptLacksAnswer),
            Self::Cancelled
            | Self::LastTryNotConfirmed
            | Self::TimedOut
            | Self::CardRemoved
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
pub struct Prompt {
    way: Arc<Mutex<Way>>,
    turns: Arc<FairLock>,
    cards: Option<Arc<dyn CardWatch>>,
    lock: WorkstationLock,
    is_scripted: bool,
}

impl Prompt {
    /// Asks the holder that a script describes.
    #[must_use]
    pub fn scripted(holder: ScriptedHolder) -> Self {
        Self::by(Way::Scripted(holder))
    }

    /// Asks at the terminal from which this process was started; without one, asks nobody.
    #[must_use]
    pub fn terminal(language: Language) -> Self {
        platform::terminal::open_controlling_terminal().map_or_else(Self::nobody, |terminal| {
            Self::by(Way::Terminal(TerminalHolder::new(terminal, language)))
        })
    }

    /// Asks in a window, which this program shows.
    #[must_use]
    pub fn window(program: WindowProgram) -> Self {
        Self::by(Way::Window(Box::new(WindowHolder::new(program))))
    }

    /// Asks by a pinentry of the system.
    #[must_use]
    pub fn pinentry(program: PinentryProgram) -> Self {
        Self::by(Way::Pinentry(Box::new(PinentryHolder::new(program))))
    }

    /// Takes a question out of its window as soon as its card leaves.
    #[must_use]
    pub fn watching(mut self, cards: Arc<dyn CardWatch>) -> Self {
        self.cards = Some(cards);
        self
    }

    /// Asks nobody while this lock is on.
    #[must_use]
    pub fn behind(mut self, lock: WorkstationLock) -> Self {
        self.lock = lock;
        self
    }

    /// Has nobody to ask: there is never a turn.
    #[must_use]
    pub fn nobody() -> Self {
        Self::by(Way::Nobody)
    }

    fn by(way: Way) -> Self {
        Self {
            is_scripted: matches!(way, Way::Scripted(_)),
            way: Arc::new(Mutex::new(way)),
            turns: Arc::default(),
            cards: None,
            lock: WorkstationLock::default(),
        }
    }

    /// Waits for the turn of this caller to put a question: at their terminal where there is one,
    /// unless a script answers for the holder. Callers that wait have their turns one after the
    /// other, however many questions each has.
    ///
    /// # Errors
    /// [`PromptError::Nobody`], [`PromptError::NeverAsked`] when it does not come before `deadline`,
    /// or [`PromptError::WorkstationLocked`].
    pub async fn turn(
        &self,
        caller: &CallerKey,
        callers_terminal: Option<&CallersTerminal>,
        deadline: Instant,
    ) -> Result<Turn, PromptError> {
        Turn::of(self, caller, callers_terminal, deadline).await
    }

    /// Keeps the holder's terminal quiet between questions, for as long as the answer lives; `None`
    /// where the holder sits at none. Where a pinentry asks it is that of this process: which of them
    /// ask there, on a screen too, only they know.
    #[must_use]
    pub fn keep_terminal_quiet(&self) -> Option<QuietTerminal> {
        match &*self.way.try_lock().ok()? {
            Way::Terminal(holder) => holder.keep_quiet(),
            Way::Pinentry(_) => platform::terminal::open_controlling_terminal()?.keep_quiet(),
            Way::Scripted(_) | Way::Window(_) | Way::Nobody => None,
        }
    }

    /// Whether all questions come at the terminal of this process.
    #[must_use]
    pub fn asks_at_terminal(&self) -> bool {
        let way = self.way.try_lock();
        way.is_ok_and(|way| matches!(*way, Way::Terminal(_)))
    }

    /// Whether the holder is asked by a pinentry, which shows no reader that waits at its keypad.
    #[must_use]
    pub fn asks_by_pinentry(&self) -> bool {
        let way = self.way.try_lock();
        way.is_ok_and(|way| matches!(*way, Way::Pinentry(_)))
    }

    /// Whether the holder is asked in a window.
    #[must_use]
    pub fn shows_windows(&self) -> bool {
        let way = self.way.try_lock();
        way.is_ok_and(|way| matches!(*way, Way::Window(_)))
    }

    /// Whether every question will remain without an answer.
    #[must_use]
    pub fn asks_nobody(&self) -> bool {
        let way = self.way.try_lock();
        way.is_ok_and(|way| matches!(*way, Way::Nobody))
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

    async fn ask(prompt: &Prompt, deadline: Instant) -> Result<Answer, PromptError> {
        let turn = prompt.turn(&CallerKey::DemoToken, None, deadline).await?;
        let (answer, _turn) = turn.ask(&authentication(), deadline).await?;
        Ok(answer)
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
        let ask = || async {
            let answer = digits(ask(&prompt, in_a_minute()).await);
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
        let dropped = tokio::time::timeout(Duration::from_secs(1), ask(&prompt, in_a_minute()));
        assert!(dropped.await.is_err());
        assert_eq!(digits(ask(&prompt, in_a_minute()).await), b"1234");
    }

    #[tokio::test(start_paused = true)]
    async fn the_deadline_holds_for_the_answer_and_for_the_wait() {
        let prompt = prompt("pin = \"1234\"\ndelay_ms = 3000");
        let soon = Instant::now() + Duration::from_secs(1);
        let after_the_first = Instant::now() + Duration::from_secs(4);
        let (answered, waiting, slow) = tokio::join!(
            ask(&prompt, in_a_minute()),
            ask(&prompt, soon),
            ask(&prompt, after_the_first),
        );
        assert_eq!(digits(answered), b"1234");
        assert!(matches!(waiting, Err(PromptError::NeverAsked)));
        assert!(matches!(slow, Err(PromptError::TimedOut)));
    }

    #[tokio::test]
    async fn nobody_answers_nothing() {
        let answer = ask(&Prompt::nobody(), in_a_minute()).await;
        assert!(matches!(answer, Err(PromptError::Nobody)));
    }

    #[test]
    fn callers_learn_no_more_than_they_need() {
        let format = CodeFormatError::NotDigits;
        let broken = std::io::Error::other("broken");
        for (error, code) in [
            (PromptError::Cancelled, "cancelled"),
            (PromptError::CancelledAtKeypad, "cancelled"),
            (PromptError::WorkstationLocked, "cancelled"),
            (PromptError::NotATestCard, "cancelled"),
            (PromptError::ScriptLacks("`pin`"), "cancelled"),
            (PromptError::Nobody, "cancelled"),
            (PromptError::Unavailable(Box::new(broken)), "cancelled"),
            (PromptError::LastTryNotConfirmed, "last-try-not-confirmed"),
            (PromptError::TimedOut, "timeout"),
            (PromptError::NeverAsked, "timeout"),
            (PromptError::CardRemoved, "card-removed"),
            (PromptError::CodeFormat(format), "pin-length"),
            (PromptError::NewCodeFormat(format), "pin-length"),
            (PromptError::UnblockCodeFormat(format), "pin-length"),
        ] {
            assert_eq!(error.code().as_str(), code);
        }
        let reason = |error| OperationError::from(error).reason;
        assert_eq!(reason(PromptError::CodeFormat(format)), None);
        assert_eq!(
            reason(PromptError::WorkstationLocked),
            Some(Reason::WorkstationLocked)
        );
        assert_eq!(
            reason(PromptError::NewCodeFormat(format)),
            Some(Reason::NewPinRefused)
        );
        assert_eq!(
            reason(PromptError::UnblockCodeFormat(format)),
            Some(Reason::UnblockCodeLength)
        );
    }

    #[tokio::test]
    async fn a_script_is_not_asked_again_after_a_wrong_code() {
        let turn = prompt("")
            .turn(&CallerKey::DemoToken, None, in_a_minute())
            .await
            .unwrap();
        assert!(!turn.asks_again());
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_lasts_beyond_the_answer_and_the_next_one_knows_that_it_had_to_wait() {
        let prompt = prompt("pin = \"1234\"");
        let turn = prompt
            .turn(&CallerKey::DemoToken, None, in_a_minute())
            .await
            .unwrap();
        assert!(!turn.had_to_wait());
        let (_answer, dialogue) = turn.ask(&authentication(), in_a_minute()).await.unwrap();
        let soon = Instant::now() + Duration::from_secs(1);
        let too_early = prompt.turn(&CallerKey::DemoToken, None, soon).await;
        assert!(matches!(too_early, Err(PromptError::NeverAsked)));
        let (next, ()) = tokio::join!(
            prompt.turn(&CallerKey::DemoToken, None, in_a_minute()),
            async { drop(dialogue) }
        );
        assert!(next.unwrap().had_to_wait());
    }

    #[tokio::test]
    async fn an_answer_prints_nothing_of_its_code() {
        let answer = ask(&prompt("pin = \"73918264\""), in_a_minute()).await;
        let printed = format!("{answer:?}");
        assert!(printed.contains("[redacted]"), "{printed}");
        assert!(!printed.contains("7391"), "{printed}");
    }
}
