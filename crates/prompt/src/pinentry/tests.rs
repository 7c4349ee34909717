//! A fake pinentry, which is a shell script, says yes and 1234 to everything, and keeps what it is told.

use std::fs;

use daemon_types::{CallerKey, ErrorCode, OperationError};
use tempfile::TempDir;

use super::*;
use crate::sample_programs::write_program;
use crate::sample_questions::{authentication, pairing};
use crate::{Dialogue, Prompt};

struct Fake {
    folder: TempDir,
}

impl Fake {
    /// One that does this when it is told `MESSAGE`, before it says that this was read.
    fn reading_by(message: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let fake = Self { folder };
        write_program(&fake.path(), &SCRIPT.replace("READING", message));
        fake
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("pinentry")
    }

    fn program(&self) -> PinentryProgram {
        PinentryProgram {
            path: self.path(),
            language: Language::English,
        }
    }

    /// How often it was told this command.
    fn heard(&self, command: &str) -> usize {
        let heard = fs::read_to_string(self.folder.path().join("heard")).unwrap_or_default();
        heard.lines().filter(|line| *line == command).count()
    }

    async fn wait_until_heard(&self, command: &str, times: usize) {
        let heard = async {
            while self.heard(command) < times {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, heard).await.expect(command);
    }
}

#[tokio::test]
async fn a_question_that_is_dropped_while_the_words_before_are_read_leaves_them_to_the_next_one() {
    let fake = Fake::reading_by("exec sleep 60");
    let mut holder = PinentryHolder::new(fake.program());
    let question = authentication();
    let deadline = Instant::now() + PATIENCE;
    holder.ask(&question, deadline).await.unwrap();
    holder
        .tell_outcome(&question.purpose, Some(&failure()))
        .await;
    fake.wait_until_heard("MESSAGE", 1).await;
    tokio::select! {
        biased;
        asked = holder.ask(&question, deadline) => unreachable!("{asked:?}"),
        () = std::future::ready(()) => {}
    }
    assert!(holder.farewell.is_some());
    holder.ask(&question, deadline).await.unwrap();
}

#[tokio::test]
async fn each_of_two_dialogues_for_the_same_purpose_is_told_its_own_outcome() {
    let fake = Fake::reading_by(":");
    let prompt = Prompt::pinentry(fake.program());
    let mut first = answered(&prompt).await;
    // Others have their turn when the card is slow.
    tokio::time::pause();
    first.during(tokio::time::sleep(PATIENCE)).await;
    tokio::time::resume();
    let second = answered(&prompt).await;
    for dialogue in [second, first] {
        dialogue.tell_outcome(Err(&OperationError::new(ErrorCode::CardRemoved)));
    }
    fake.wait_until_heard("MESSAGE", 2).await;
}

#[tokio::test]
async fn a_yes_that_comes_before_anybody_can_have_read_is_asked_again_and_the_third_one_is_a_no() {
    let fake = Fake::reading_by(":");
    let mut holder = PinentryHolder::new(fake.program());
    // No time passes while this thread is there, however slow the machine is.
    tokio::time::pause();
    let (end, ended) = std::sync::mpsc::channel::<()>();
    let stopped_clock = tokio::task::spawn_blocking(move || ended.recv());
    let deadline = Instant::now() + PATIENCE;
    let agreed = holder.agree(&pairing(), deadline).await;
    drop(end);
    let _ = stopped_clock.await;
    assert!(matches!(agreed, Err(PromptError::Cancelled)), "{agreed:?}");
    assert_eq!(fake.heard("CONFIRM"), 3);
}

async fn answered(prompt: &Prompt) -> Dialogue {
    let deadline = Instant::now() + PATIENCE;
    let turn = prompt.turn(&CallerKey::DemoToken, None, deadline).await;
    let asked = turn.unwrap().ask(&authentication(), deadline).await;
    let (_answer, dialogue) = asked.unwrap();
    dialogue
}

fn failure() -> Failure {
    Failure::of(&OperationError::new(ErrorCode::CardRemoved))
}

/// Longer than anything takes here, and shorter than words of an outcome stay.
const PATIENCE: Duration = Duration::from_secs(30);

const SCRIPT: &str = r#"#!/bin/sh
echo OK
while read -r line; do
    echo "$line" >> "${0%/*}/heard"
    case "$line" in
    GETPIN) echo "D 1234" ;;
    MESSAGE) READING ;;
    esac
    echo OK
done
"#;
