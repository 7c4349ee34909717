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
mod tests {
    use std::os::fd::{AsFd, OwnedFd};
    use std::sync::Arc;

    use daemon_types::CallerKey;
    use rustix::fs::{Mode, OFlags};
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use rustix::termios::{LocalModes, tcgetattr};
    use tokio::task::JoinHandle;
    use tokio::time::Instant as TokioInstant;

    use super::*;
    use crate::sample_questions::{
        authentication, last_try, last_unblock_try, pairing, pin_change, signature, unblocking,
        with_entry,
    };
    use crate::turn::Way;
    use crate::{Dialogue, Prompt};

    const CODE: &str = "digits (Esc to refuse): ";
    pub(super) const WORD: &str = "any other answer stops: ";
    const PRESENT_CODE: &str = "Your present code, 4 to 8 digits (Esc to refuse): ";
    const UNBLOCK_CODE: &str = "Your unblock code, 8 digits (Esc to refuse): ";
    const NEW_CODE: &str = "Your new code, 4 to 8 digits (Esc to refuse): ";
    const ONCE_MORE: &str = "Your new code once more (Esc to refuse): ";
    const AGREE: &str = "(yes or no): ";

    /// A pseudoterminal with the prompt at one end and the holder's hands and eyes at the other.
    pub(super) struct Desk {
        pub(super) prompt: Arc<Prompt>,
        holder: OwnedFd,
        /// Looks at the terminal's settings, and keeps it open after the prompt is gone.
        observer: OwnedFd,
    }

    impl Desk {
        pub(super) fn new() -> Self {
            let holder = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
            grantpt(&holder).unwrap();
            unlockpt(&holder).unwrap();
            let name = ptsname(&holder, Vec::new()).unwrap();
            let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
            let tty = rustix::fs::open(name, flags, Mode::empty()).unwrap();
            let observer = tty.try_clone().unwrap();
            let terminal = Terminal::over(tty).unwrap();
            let holder_at_it = TerminalHolder::new(terminal, Language::English);
            let prompt = Prompt::by(Way::Terminal(holder_at_it));
            Self {
                prompt: Arc::new(prompt),
                holder,
                observer,
            }
        }

        pub(super) fn ask(&self, question: Question) -> JoinHandle<Result<Answer, PromptError>> {
            self.ask_for(question, Duration::from_secs(60))
        }

        fn ask_for(
            &self,
            question: Question,
            time: Duration,
        ) -> JoinHandle<Result<Answer, PromptError>> {
            let prompt = Arc::clone(&self.prompt);
            tokio::spawn(async move { ask(&prompt, &question, TokioInstant::now() + time).await })
        }

        /// Reads what the screen shows until `end` appears.
        pub(super) fn see(&self, end: &str) -> String {
            let mut seen = Vec::new();
            let mut byte = [0];
            while !seen.ends_with(end.as_bytes()) {
                assert_eq!(rustix::io::read(&self.holder, &mut byte).unwrap(), 1);
                seen.extend_from_slice(&byte);
            }
            String::from_utf8(seen).unwrap()
        }

        pub(super) fn press(&self, keys: &str) {
            rustix::io::write(self.holder.as_fd(), keys.as_bytes()).unwrap();
        }

        pub(super) fn echoes(&self) -> bool {
            let modes = tcgetattr(&self.observer).unwrap().local_modes;
            modes.contains(LocalModes::ECHO | LocalModes::ICANON)
        }
    }

    async fn ask(
        prompt: &Prompt,
        question: &Question,
        deadline: TokioInstant,
    ) -> Result<Answer, PromptError> {
        let turn = prompt.turn(&CallerKey::DemoToken, None, deadline).await?;
        assert!(turn.asks_again());
        let (answer, _dialogue) = turn.ask(question, deadline).await?;
        Ok(answer)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_code_comes_back_and_never_shows() {
        let desk = Desk::new();
        let asking = desk.ask(authentication());
        let question = desk.see(CODE);
        assert!(question.contains("https://service.example"), "{question}");
        assert!(!desk.echoes());
        desk.press("73918264\r");
        let answer = asking.await.unwrap().unwrap();
        assert_eq!(answer.code.unwrap().digits().expose(), b"73918264");
        assert!(!answer.last_try_confirmed);
        assert_eq!(desk.see("\n"), "••••••••\r\n");
        assert!(desk.echoes());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_code_of_another_length_than_the_cards_is_asked_again() {
        let desk = Desk::new();
        let asking = desk.ask(with_entry(|entry| {
            entry.minimum_len = 6;
            entry.maximum_len = 6;
        }));
        for keys in ["\r", "12345\r", "1234567\r"] {
            desk.see("Your code, 6 digits (Esc to refuse): ");
            desk.press(keys);
            desk.see("Nothing was sent to it.\r\n");
        }
        desk.see("Your code, 6 digits (Esc to refuse): ");
        desk.press("123456\r");
        let answer = asking.await.unwrap().unwrap();
        assert_eq!(answer.code.unwrap().digits().expose(), b"123456");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_last_try_needs_the_whole_word() {
        for keys in ["y\r", "\r", "o\r", "1234\r", "no\r", "yesyes\r"] {
            let desk = Desk::new();
            let asking = desk.ask(last_try());
            let question = desk.see(WORD);
            assert!(question.contains("the card will be blocked"), "{question}");
            desk.press(keys);
            let answer = asking.await.unwrap();
            assert!(matches!(answer, Err(PromptError::LastTryNotConfirmed)));
            desk.see("Refused. Nothing was done.\r\n");
        }
        let desk = Desk::new();
        let asking = desk.ask(last_try());
        desk.see(WORD);
        desk.press("yes\r");
        desk.see(CODE);
        desk.press("1234\r");
        let answer = asking.await.unwrap().unwrap();
        assert!(answer.last_try_confirmed);
        assert_eq!(answer.code.unwrap().digits().expose(), b"1234");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_holder_is_told_what_became_of_the_answer() {
        let desk = Desk::new();
        let tell = async |question: Question, outcome| {
            let in_a_minute = TokioInstant::now() + Duration::from_secs(60);
            let turn = desk.prompt.turn(&CallerKey::DemoToken, None, in_a_minute);
            let turn = turn.await.unwrap();
            Dialogue::new(turn, question.purpose).tell_outcome(outcome);
            desk.see("\r\n")
        };
        let told = tell(authentication(), Ok(())).await;
        assert!(told.contains("https://service.example"));
        let told = tell(signature(&["a", "b"]), Ok(())).await;
        assert!(told.contains("2 documents"));
        assert!(
            tell(pin_change(), Ok(()))
                .await
                .contains("code was changed")
        );
        assert!(tell(unblocking(), Ok(())).await.contains("unblocked"));
        let blocked = daemon_types::ErrorCode::PinBlocked.into();
        let told = tell(authentication(), Err(&blocked)).await;
        assert!(told.contains("Card blocked"));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_change_takes_the_old_code_and_the_new_one_twice() {
        let desk = Desk::new();
        let asking = desk.ask(pin_change());
        for (prompt, keys) in [
            (PRESENT_CODE, "1234\r"),
            (NEW_CODE, "4321\r"),
            (ONCE_MORE, "4321\r"),
        ] {
            let seen = desk.see(prompt);
            assert!(!seen.contains("4321") && !desk.echoes(), "{seen}");
            desk.press(keys);
        }
        let answer = asking.await.unwrap().unwrap();
        assert_eq!(answer.code.unwrap().digits().expose(), b"1234");
        assert_eq!(answer.new_code.unwrap().digits().expose(), b"4321");
        assert!(answer.unblock_code.is_none() && !answer.last_try_confirmed);
        assert!(desk.echoes());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_new_code_that_will_not_do_is_asked_again_here() {
        let desk = Desk::new();
        let asking = desk.ask(pin_change());
        for (prompt, keys) in [
            (PRESENT_CODE, "1234\r"),
            (NEW_CODE, "1234\r"),
            ("The new code is the old one: choose another", ""),
            (NEW_CODE, "123\r"),
            ("has 4 to 8 digits and nothing else", ""),
            (NEW_CODE, "123456789\r"),
            ("has 4 to 8 digits and nothing else", ""),
            (NEW_CODE, "4321\r"),
            (ONCE_MORE, "4312\r"),
            ("typed in two different ways", ""),
            (NEW_CODE, "4321\r"),
            (ONCE_MORE, "43211\r"),
            ("typed in two different ways", ""),
            (NEW_CODE, "43210\r"),
            (ONCE_MORE, "43210\r"),
        ] {
            desk.see(prompt);
            desk.press(keys);
        }
        let answer = asking.await.unwrap().unwrap();
        assert_eq!(answer.code.unwrap().digits().expose(), b"1234");
        assert_eq!(answer.new_code.unwrap().digits().expose(), b"43210");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_unblocking_takes_eight_digits_and_a_new_code_twice() {
        let desk = Desk::new();
        let asking = desk.ask(unblocking());
        let question = desk.see(UNBLOCK_CODE);
        assert!(question.contains("on the letter"), "{question}");
        for (prompt, keys) in [
            ("", "1234567\r"),
            ("has exactly 8 digits", ""),
            (UNBLOCK_CODE, "123456789\r"),
            ("has exactly 8 digits", ""),
            (UNBLOCK_CODE, "12345678\r"),
            (NEW_CODE, "4321\r"),
            (ONCE_MORE, "4321\r"),
        ] {
            desk.see(prompt);
            desk.press(keys);
        }
        let answer = asking.await.unwrap().unwrap();
        let code = answer.unblock_code.unwrap();
        assert_eq!(code.digits().expose(), b"12345678");
        assert_eq!(answer.new_code.unwrap().digits().expose(), b"4321");
        assert!(answer.code.is_none() && !answer.last_try_confirmed);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_last_unblock_code_needs_the_whole_word_too() {
        let desk = Desk::new();
        let asking = desk.ask(last_unblock_try());
        let question = desk.see(WORD);
        assert!(question.contains("blocked for good"), "{question}");
        desk.press("y\r");
        let answer = asking.await.unwrap();
        assert!(matches!(answer, Err(PromptError::LastTryNotConfirmed)));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn escape_at_the_second_typing_changes_nothing() {
        let desk = Desk::new();
        let asking = desk.ask(pin_change());
        for (prompt, keys) in [
            (PRESENT_CODE, "1234\r"),
            (NEW_CODE, "4321\r"),
            (ONCE_MORE, "43\u{1b}"),
        ] {
            desk.see(prompt);
            desk.press(keys);
        }
        assert!(matches!(asking.await.unwrap(), Err(PromptError::Cancelled)));
        desk.see("Refused. Nothing was done.\r\n");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_signature_without_a_code_needs_a_yes() {
        for (keys, consent) in [("yes\r", true), ("no\r", false)] {
            let desk = Desk::new();
            let asking = desk.ask(signature(&["Ordonnance du 21/11/2026"]));
            let question = desk.see(AGREE);
            assert!(
                question.contains("1. Ordonnance du 21/11/2026"),
                "{question}"
            );
            desk.press(keys);
            let answer = asking.await.unwrap();
            match answer {
                Ok(answer) => assert!(consent && answer.code.is_none()),
                Err(PromptError::Cancelled) => assert!(!consent),
                Err(error) => panic!("{error:?}"),
            }
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn whoever_wants_to_be_let_in_needs_a_yes() {
        for (keys, agrees, farewell) in [
            ("yes\r", true, "Agreed. You can take it back"),
            ("no\r", false, "Refused. Nothing was done."),
        ] {
            let desk = Desk::new();
            let prompt = Arc::clone(&desk.prompt);
            let asking = tokio::spawn(async move {
                let deadline = TokioInstant::now() + Duration::from_secs(60);
                let turn = prompt.turn(&CallerKey::DemoToken, None, deadline).await?;
                turn.ask_for_grant(&pairing(), deadline).await.map(drop)
            });
            let question = desk.see(AGREE);
            assert!(question.contains("Code: 123ABC."), "{question}");
            desk.press(keys);
            desk.see(farewell);
            assert_eq!(asking.await.unwrap().is_ok(), agrees);
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn escape_refuses() {
        let desk = Desk::new();
        let asking = desk.ask(authentication());
        desk.see(CODE);
        desk.press("12\u{1b}");
        assert!(matches!(asking.await.unwrap(), Err(PromptError::Cancelled)));
        desk.see("Refused. Nothing was done.\r\n");
        assert!(desk.echoes());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_deadline_that_passes_is_said_at_both_ends() {
        let desk = Desk::new();
        let asking = desk.ask_for(authentication(), Duration::from_millis(50));
        assert!(matches!(asking.await.unwrap(), Err(PromptError::TimedOut)));
        desk.see("Time is up. Nothing was done.\r\n");
        assert!(desk.echoes());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_caller_that_goes_away_takes_its_question_along_and_the_next_one_comes_up() {
        let desk = Desk::new();
        let gone = desk.ask(authentication());
        desk.see(CODE);
        desk.press("12");
        let waiting = desk.ask(signature(&["Ordonnance"]));
        gone.abort();
        let seen = desk.see("The question was withdrawn. Nothing was done.\r\n");
        assert!(!seen.contains("Ordonnance"), "{seen}");
        let seen = desk.see(AGREE);
        assert!(seen.contains("Ordonnance"), "{seen}");
        desk.press("yes\r");
        assert!(waiting.await.unwrap().is_ok());
        assert!(desk.echoes());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn two_questions_at_once_come_one_after_the_other() {
        let desk = Desk::new();
        let first = desk.ask(authentication());
        desk.see(CODE);
        let second = desk.ask(signature(&["Ordonnance"]));
        desk.press("1234\r");
        assert!(first.await.unwrap().is_ok());
        let seen = desk.see("Ordonnance");
        assert!(seen.starts_with("••••\r\n"), "{seen}");
        desk.see(AGREE);
        desk.press("no\r");
        assert!(matches!(second.await.unwrap(), Err(PromptError::Cancelled)));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_terminal_that_is_closed_is_no_way_to_the_holder() {
        let Desk {
            prompt,
            holder,
            observer: _observer,
        } = Desk::new();
        drop(holder);
        let deadline = TokioInstant::now() + Duration::from_secs(60);
        let answer = ask(&prompt, &authentication(), deadline).await;
        assert!(
            matches!(answer, Err(PromptError::Unavailable(_))),
            "{answer:?}"
        );
    }
}
