//! What the journal has of each use of the card, and that there is no use without it.

use std::fs;
use std::time::Duration;

use daemon_cards::AfterUse;
use daemon_journal::{Entry, FileAnchor, Operation, OutcomeResult, Query, newest, verify};
use daemon_types::{ErrorCode, Reason};

use super::{CHANGE, Desk, NONE, WRONG, said};

const RIGHT: &str = r#"{ pin = "1234", new_pin = "4321", consent = true }"#;

/// The outcomes so far, oldest first; fails unless each follows its own intent.
fn outcomes(desk: &Desk) -> Vec<OutcomeResult> {
    let query = Query {
        before: None,
        limit: 100,
        keep: |_: &Entry| true,
    };
    let mut lines = newest(&desk.folder.path().join("journal"), &query).unwrap();
    lines.reverse();
    let mut outcomes = Vec::new();
    for pair in lines.windows(2) {
        let [before, after] = pair else {
            unreachable!("windows of two")
        };
        if let Entry::Outcome { of, result } = &after.entry {
            assert!(matches!(before.entry, Entry::Intent { .. }), "{before:?}");
            assert_eq!(*of, before.seq);
            outcomes.push(result.clone());
        }
    }
    let anchor = FileAnchor::new(&desk.folder.path().join("anchor/head"));
    let report = verify(&desk.folder.path().join("journal"), &anchor).unwrap();
    assert!(report.is_whole(), "{report:?}");
    outcomes
}

#[tokio::test(flavor = "multi_thread")]
async fn each_presentation_of_a_code_is_an_intent_and_an_outcome() {
    let refused = r#"{ consent = false }"#;
    let desk = Desk::new(AfterUse::Reset, &[WRONG, refused, RIGHT]);
    let _ = (desk.change().await, desk.change().await);
    desk.change().await.unwrap();
    let expected = [
        ErrorCode::PinWrong.into(),
        ErrorCode::Cancelled.into(),
        OutcomeResult::ok(),
    ];
    assert_eq!(outcomes(&desk), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_journal_nobody_is_asked_and_no_code_reaches_the_card() {
    let desk = Desk::new(AfterUse::Reset, &[RIGHT]);
    let journal = desk.folder.path().join("journal");
    let aside = desk.folder.path().join("aside");
    let card = desk.card().await;
    fs::rename(&journal, &aside).unwrap();
    let unavailable = Some((ErrorCode::Internal, Some(Reason::JournalUnavailable)));
    assert_eq!(said(desk.change_on(&card).await), unavailable);
    assert_eq!(desk.codes_seen(), NONE);
    fs::rename(&aside, &journal).unwrap();
    // The one answer of the holder is still there.
    desk.change_on(&card).await.unwrap();
    assert_eq!(desk.codes_seen(), [CHANGE]);
    assert_eq!(outcomes(&desk), [OutcomeResult::ok()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_leaves_the_question_leaves_an_outcome() {
    let endless = r#"{ pin = "1234", new_pin = "4321", delay_ms = 600000 }"#;
    let desk = Desk::new(AfterUse::Reset, &[endless]);
    let card = desk.card().await;
    let is_asked = async {
        while desk.intents() == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = desk.change_on(&card) => unreachable!("the holder thinks"),
        () = is_asked => {}
    }
    let is_told = async {
        while outcomes(&desk).is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let only_bounds_a_hang = Duration::from_secs(60);
    tokio::time::timeout(only_bounds_a_hang, is_told)
        .await
        .unwrap();
    assert_eq!(outcomes(&desk), [OutcomeResult::caller_left()]);
}

impl Desk {
    fn intents(&self) -> usize {
        let query = Query {
            before: None,
            limit: 100,
            keep: |entry: &Entry| {
                matches!(
                    entry,
                    Entry::Intent {
                        operation: Operation::ChangePin,
                        ..
                    }
                )
            },
        };
        newest(&self.folder.path().join("journal"), &query)
            .unwrap()
            .len()
    }
}
