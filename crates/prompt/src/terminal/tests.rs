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
