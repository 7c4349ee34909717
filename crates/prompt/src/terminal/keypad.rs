//! What a terminal shows while the codes are typed at the keypad of the reader.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use daemon_types::CodesAsked;

use super::{TerminalHolder, Wait, during};
use crate::render_keypad::render_keypad;
use crate::{PromptError, Turn};

/// Shows that the reader waits at its keypad, until `closed`, its time, or the holder's no.
pub(crate) async fn show_keypad(
    turn: Turn,
    asked: CodesAsked,
    closed: impl Future<Output = ()>,
) -> Result<(), PromptError> {
    let time = asked.keypad.map(|entry| entry.time).unwrap_or_default();
    let deadline = Instant::now() + time;
    let is_closed = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&is_closed);
    let dialogue = move |holder: &mut TerminalHolder, wait: Wait<'_>| {
        let shown = holder.wait_at_keypad(&asked, wait);
        match shown {
            Err(PromptError::TimedOut) => Ok(()),
            Err(PromptError::Cancelled) if seen.load(Ordering::Acquire) => Ok(()),
            Err(PromptError::Cancelled) => Err(PromptError::CancelledAtKeypad),
            Err(error) => Err(error),
            Ok(never) => match never {},
        }
    };
    tokio::select! {
        shown = during(turn, deadline, dialogue) => shown.map(drop),
        () = async { closed.await; is_closed.store(true, Ordering::Release) } => Ok(()),
    }
}

impl TerminalHolder {
    fn wait_at_keypad(
        &mut self,
        asked: &CodesAsked,
        wait: Wait<'_>,
    ) -> Result<Infallible, PromptError> {
        self.tell(&render_keypad(asked, self.texts), wait)?;
        let texts = self.texts;
        let line = move |seconds| texts.keypad_waits(seconds);
        Ok(self.terminal.count_down(line, wait.deadline, wait.cancel)?)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use daemon_types::{CallerKey, NotTaken, Question};
    use tokio::sync::oneshot;
    use tokio::time::Instant;

    use crate::sample_questions::{at_keypad, authentication, last_try, pin_change};
    use crate::terminal::tests::{Desk, WORD};
    use crate::{Answer, Dialogue, PromptError};

    const AGAIN: &str = "try again on the reader (Esc to refuse): ";
    const WAITS: &str = "s more (Esc to refuse)";

    impl Desk {
        /// Puts the question, which needs no key where no last try is at stake.
        async fn put(&self, question: &Question) -> Result<(Answer, Dialogue), PromptError> {
            let deadline = Instant::now() + Duration::from_secs(60);
            let turn = self
                .prompt
                .turn(&CallerKey::DemoToken, None, deadline)
                .await?;
            turn.ask(question, deadline).await
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn nothing_is_typed_here_and_the_time_left_is_shown_until_the_reader_has_the_code() {
        let desk = Desk::new();
        let question = at_keypad(authentication());
        let (answer, mut dialogue) = desk.put(&question).await.unwrap();
        assert!(answer.code.is_none() && !answer.last_try_confirmed);
        let (entered, closed) = oneshot::channel::<()>();
        let showing = tokio::spawn(async move {
            let closed = async { drop(closed.await) };
            dialogue.show_keypad(&question.codes, closed).await
        });
        let seen = desk.see(WAITS);
        assert!(seen.contains("https://service.example"), "{seen}");
        assert!(seen.contains("on the keypad of the reader"), "{seen}");
        assert!(
            seen.contains("The reader waits 29 s") || seen.contains("waits 30 s"),
            "{seen}"
        );
        desk.press("1234");
        desk.see("\u{7}\u{7}\u{7}\u{7}");
        assert!(!desk.echoes());
        drop(entered);
        assert!(showing.await.unwrap().is_ok());
        let next = desk.put(&at_keypad(pin_change())).await;
        assert!(next.is_ok());
        let seen = desk.see("to change the code");
        assert!(
            !seen.contains("no longer waits") && !seen.contains("1234"),
            "{seen}"
        );
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn after_an_entry_the_reader_is_asked_again_for_enter_alone() {
        for (keys, agreed) in [("1234\r", true), ("\u{1b}", false)] {
            let desk = Desk::new();
            let mut question = at_keypad(authentication());
            if let Some(entry) = &mut question.codes.keypad {
                entry.again = true;
                entry.not_taken = Some(NotTaken::Length);
            }
            let asking = desk.ask(question);
            let seen = desk.see(AGAIN);
            assert!(seen.contains("did not take a code"), "{seen}");
            assert!(!asking.is_finished());
            desk.press(keys);
            match asking.await.unwrap() {
                Ok(answer) => assert!(agreed && answer.code.is_none()),
                Err(PromptError::Cancelled) => assert!(!agreed),
                Err(error) => panic!("{error:?}"),
            }
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn escape_refuses_while_the_reader_waits() {
        let desk = Desk::new();
        let question = at_keypad(authentication());
        let (_, mut dialogue) = desk.put(&question).await.unwrap();
        let showing = tokio::spawn(async move {
            dialogue
                .show_keypad(&question.codes, std::future::pending())
                .await
        });
        desk.see(WAITS);
        desk.press("\u{1b}");
        let refused = showing.await.unwrap();
        assert!(matches!(refused, Err(PromptError::CancelledAtKeypad)));
        assert!(desk.echoes());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_caller_that_leaves_is_told_with_what_to_do_at_the_reader() {
        let desk = Desk::new();
        let question = at_keypad(authentication());
        let (_, mut dialogue) = desk.put(&question).await.unwrap();
        let showing = tokio::spawn(async move {
            dialogue
                .show_keypad(&question.codes, std::future::pending())
                .await
        });
        desk.see(WAITS);
        showing.abort();
        desk.see("If the reader still waits for a code, press its cancel key.\r\n");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_time_of_the_reader_ends_what_is_shown_and_refuses_nothing() {
        let desk = Desk::new();
        let mut question = at_keypad(authentication());
        if let Some(entry) = &mut question.codes.keypad {
            entry.time = Duration::from_millis(50);
        }
        let (_, mut dialogue) = desk.put(&question).await.unwrap();
        let shown = dialogue.show_keypad(&question.codes, std::future::pending());
        assert!(shown.await.is_ok());
        desk.see("waits 0 s more (Esc to refuse)\r\n");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_last_try_is_agreed_to_here_before_the_reader_is_asked() {
        for (keys, agreed) in [("yes\r", true), ("y\r", false)] {
            let desk = Desk::new();
            let question = at_keypad(last_try());
            let asking = desk.ask(question);
            let seen = desk.see(WORD);
            assert!(!seen.contains("keypad"), "{seen}");
            desk.press(keys);
            match asking.await.unwrap() {
                Ok(answer) => assert!(agreed && answer.last_try_confirmed && answer.code.is_none()),
                Err(PromptError::LastTryNotConfirmed) => assert!(!agreed),
                Err(error) => panic!("{error:?}"),
            }
        }
    }
}
