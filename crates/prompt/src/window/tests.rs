//! A fake window, which is a shell script, says what a broken or hostile one could.

use std::fs;

use secrets::Pin;
use tempfile::TempDir;

use super::*;
use crate::sample_programs::write_program;
use crate::sample_questions::{at_keypad, authentication, pairing, pin_change, with_entry};

const SHOWN: &str = r"\001\201\000\000\000\000";
/// Code 1234, nothing else.
const ANSWER: &str = r"\001\202\000\000\000\010\000\0041234\000\000";
const YES: &str = r"\001\202\000\000\000\004\000\000\000\000";
const NO: &str = r"\001\203\000\000\000\001\000";
const NO_LAST_TRY: &str = r"\001\203\000\000\000\001\001";

/// Keeps what it is told.
const LISTENS: &str = r#"cat > "${0%/*}/heard""#;

struct Fake {
    folder: TempDir,
    holder: WindowHolder,
}

impl Fake {
    /// A window that writes these bytes and then does this.
    fn saying(bytes: &str, then: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("window");
        write_program(&path, &format!("#!/bin/sh\nprintf '{bytes}'\n{then}\n"));
        let program = WindowProgram {
            path,
            language: Language::English,
            dark: None,
        };
        Self {
            folder,
            holder: WindowHolder::new(program),
        }
    }

    async fn ask(&mut self, question: &Question) -> Result<(Answer, AnsweredWindow), PromptError> {
        self.ask_after(question, None).await
    }

    async fn ask_after(
        &mut self,
        question: &Question,
        before: Option<AnsweredWindow>,
    ) -> Result<(Answer, AnsweredWindow), PromptError> {
        let deadline = Instant::now() + Duration::from_secs(30);
        self.holder.ask(question, before, deadline).await
    }

    /// Until the window was told what ends with these bytes.
    async fn heard(&self, end: &[u8]) -> Vec<u8> {
        loop {
            let heard = fs::read(self.folder.path().join("heard")).unwrap_or_default();
            if heard.ends_with(end) {
                return heard;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

fn both(first: &str, second: &str) -> String {
    format!("{first}{second}")
}

fn id(window: &AnsweredWindow) -> Option<u32> {
    let window = window.0.lock().unwrap();
    window.as_ref().and_then(WindowProcess::id)
}

fn lives(process: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

async fn wait_for_its_end(process: u32) {
    while lives(process) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn the_code_comes_back_and_the_window_waits_for_what_comes_of_it() {
    let mut fake = Fake::saying(&both(SHOWN, ANSWER), "exec sleep 60");
    let (answer, window) = fake.ask(&authentication()).await.unwrap();
    assert_eq!(answer.code, Pin::new(b"1234").ok());
    let process = id(&window).unwrap();
    let purpose = authentication().purpose;
    let told = fake.holder.tell_outcome(Some(window), &purpose, None);
    told.await;
    assert!(matches!(fake.holder.last, Some(Last::Farewell(_))) && lives(process));
}

#[tokio::test]
async fn a_question_that_is_dropped_while_the_words_before_are_read_leaves_them_to_the_next_one() {
    let mut fake = Fake::saying(&both(SHOWN, ANSWER), "exec sleep 60");
    let (_, window) = fake.ask(&authentication()).await.unwrap();
    let process = id(&window).unwrap();
    let purpose = authentication().purpose;
    let told = fake.holder.tell_outcome(Some(window), &purpose, None);
    told.await;
    let question = authentication();
    tokio::select! {
        biased;
        asked = fake.ask(&question) => unreachable!("{asked:?}"),
        () = std::future::ready(()) => {}
    }
    assert!(matches!(fake.holder.last, Some(Last::Farewell(_))));
    let soon = Instant::now() + Duration::from_millis(50);
    // Whether the next one is answered so soon does not matter here.
    let _ = fake.holder.ask(&question, None, soon).await;
    wait_for_its_end(process).await;
}

#[tokio::test]
async fn a_wrong_code_is_asked_again_in_the_same_window() {
    let mut fake = Fake::saying(&format!("{SHOWN}{ANSWER}{ANSWER}"), "exec sleep 60");
    let (_, window) = fake.ask(&authentication()).await.unwrap();
    let first = id(&window);
    let again = with_entry(|entry| entry.previous_was_wrong = true);
    let (_, window) = fake.ask_after(&again, Some(window)).await.unwrap();
    assert_eq!(id(&window), first);
}

#[tokio::test]
async fn an_answered_window_goes_with_the_dialogue_that_it_was_shown_for() {
    let mut fake = Fake::saying(&both(SHOWN, ANSWER), "exec sleep 60");
    let (_, window) = fake.ask(&authentication()).await.unwrap();
    let process = id(&window).unwrap();
    drop(window);
    wait_for_its_end(process).await;
}

#[tokio::test]
async fn an_outcome_is_told_in_no_window_but_the_one_that_waits_for_it() {
    let mut fake = Fake::saying(&both(SHOWN, ANSWER), "exec sleep 60");
    let (_, first) = fake.ask(&authentication()).await.unwrap();
    let first_process = id(&first).unwrap();
    let (_, second) = fake.ask(&authentication()).await.unwrap();
    wait_for_its_end(first_process).await;
    let purpose = authentication().purpose;
    fake.holder.tell_outcome(Some(first), &purpose, None).await;
    assert!(matches!(fake.holder.last, Some(Last::Working(_))));
    assert!(lives(id(&second).unwrap()));
}

#[tokio::test]
async fn a_window_that_refuses_or_ends_is_a_no() {
    for (bytes, expected) in [
        (both(SHOWN, NO), "cancelled"),
        (both(SHOWN, NO_LAST_TRY), "last-try-not-confirmed"),
        (SHOWN.to_owned(), "cancelled"),
        (
            both(SHOWN, r"\001\202\000\000\000\010\000\00412"),
            "cancelled",
        ),
    ] {
        let answer = Fake::saying(&bytes, "exit 0").ask(&authentication()).await;
        assert_eq!(answer.unwrap_err().code().as_str(), expected, "{bytes}");
    }
    let answer = Fake::saying("", "exit 1").ask(&authentication()).await;
    assert!(matches!(answer, Err(PromptError::Unavailable(_))));
}

#[tokio::test]
async fn what_is_no_answer_to_the_question_is_none() {
    for bytes in [
        "GET / HTTP/1.1",
        r"\002\202\000\000\000\004\000\000\000\000",
        r"\001\202\377\377\377\377",
        r"\001\001\000\000\000\000",
        YES,
    ] {
        let answer = Fake::saying(bytes, "exec sleep 60")
            .ask(&authentication())
            .await;
        assert!(
            matches!(answer, Err(PromptError::Unavailable(_))),
            "{bytes}: {answer:?}"
        );
    }
    // One code where two are asked for.
    let answer = Fake::saying(ANSWER, "exec sleep 60")
        .ask(&pin_change())
        .await;
    assert!(matches!(answer, Err(PromptError::Unavailable(_))));
}

#[tokio::test]
async fn a_deadline_ends_the_window() {
    let mut fake = Fake::saying(SHOWN, "exec sleep 60");
    let soon = Instant::now() + Duration::from_millis(50);
    let answer = fake.holder.ask(&authentication(), None, soon).await;
    assert!(matches!(answer, Err(PromptError::TimedOut)));
}

#[tokio::test]
async fn a_yes_lets_a_program_in() {
    let deadline = Instant::now() + Duration::from_secs(30);
    let mut fake = Fake::saying(&both(SHOWN, YES), "exec sleep 60");
    fake.holder.agree(&pairing(), deadline).await.unwrap();
    let mut fake = Fake::saying(&both(SHOWN, NO), "exec sleep 60");
    let refused = fake.holder.agree(&pairing(), deadline).await;
    assert!(matches!(refused, Err(PromptError::Cancelled)));
}

#[tokio::test]
async fn a_program_that_is_not_there_is_no_way_to_the_holder() {
    let program = WindowProgram {
        path: "/nowhere/cpxd-prompt-window".into(),
        language: Language::French,
        dark: Some(true),
    };
    let deadline = Instant::now() + Duration::from_secs(30);
    let answer = WindowHolder::new(program)
        .ask(&authentication(), None, deadline)
        .await;
    assert!(matches!(answer, Err(PromptError::Unavailable(_))));
}

#[tokio::test]
async fn a_window_shows_that_the_reader_waits_until_the_code_is_typed_there() {
    let mut fake = Fake::saying(&both(SHOWN, YES), LISTENS);
    let (answer, window) = fake.ask(&at_keypad(authentication())).await.unwrap();
    assert!(answer.code.is_none() && !answer.last_try_confirmed);
    let closed = std::future::ready(());
    assert!(fake.holder.show_keypad(&window, closed).await.is_ok());
    fake.heard(b"\x01\x03\0\0\0\0").await;
    assert!(id(&window).is_some_and(lives));
}

#[tokio::test]
async fn a_no_in_the_window_is_one_while_the_reader_waits() {
    for (bytes, then) in [
        (format!("{SHOWN}{YES}{NO}"), "exec sleep 60"),
        (both(SHOWN, YES), "exit 0"),
    ] {
        let mut fake = Fake::saying(&bytes, then);
        let (_, window) = fake.ask(&at_keypad(authentication())).await.unwrap();
        let waiting = std::future::pending();
        let shown = fake.holder.show_keypad(&window, waiting).await;
        assert!(
            matches!(shown, Err(PromptError::CancelledAtKeypad)),
            "{shown:?}"
        );
    }
}

#[tokio::test]
async fn a_caller_that_leaves_while_the_reader_waits_is_told_with_what_to_do_there() {
    let mut fake = Fake::saying(&both(SHOWN, YES), LISTENS);
    let (_, window) = fake.ask(&at_keypad(authentication())).await.unwrap();
    tokio::select! {
        biased;
        shown = fake.holder.show_keypad(&window, std::future::pending()) => unreachable!("{shown:?}"),
        () = std::future::ready(()) => {}
    }
    assert!(matches!(fake.holder.last, Some(Last::Farewell(_))) && id(&window).is_none());
    fake.heard(b"press its cancel key.\"}").await;
}

#[tokio::test]
async fn a_code_from_a_window_that_was_to_show_a_keypad_is_no_answer() {
    let answer = Fake::saying(&both(SHOWN, ANSWER), "exec sleep 60")
        .ask(&at_keypad(authentication()))
        .await;
    assert!(matches!(answer, Err(PromptError::Unavailable(_))));
}
