//! What a question shows is looked at when it comes up: after it waited for the one before it, and
//! before a last try.

use std::time::Duration;

use daemon_cards::AfterUse;
use daemon_operations::Operations;
use daemon_types::{
    AuthenticateRequest, ErrorCode, Happening, HashAlgorithm, Origin, SignatureAlgorithm,
};
use futures_util::FutureExt as _;
use tokio::time::Instant;

use super::{CHANGE, Desk, NONE, READER, VERIFY, WRONG, caller, said};

/// How many questions were put so far.
pub(crate) fn questions(operations: &Operations) -> usize {
    let mut events = operations.events(&caller(), Some(0)).unwrap();
    let mut questions = 0;
    while let Some(Some(event)) = events.next().now_or_never() {
        if matches!(event.happening, Happening::PromptOpened { .. }) {
            questions += 1;
        }
    }
    questions
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_waited_knows_what_the_one_before_it_cost() {
    let slow_and_wrong = r#"{ pin = "0000", new_pin = "4321", delay_ms = 200 }"#;
    let risks_nothing = r#"{ pin = "1234", new_pin = "4321" }"#;
    let desk = Desk::new(AfterUse::Reset, &[WRONG, slow_and_wrong, risks_nothing]);
    assert_eq!(said(desk.change().await), Some((ErrorCode::PinWrong, None)));
    let (one, other) = tokio::join!(desk.change(), desk.change());
    // Whichever comes second has one question, and that says that one try is left.
    let said = [said(one), said(other)];
    for code in [ErrorCode::PinWrong, ErrorCode::LastTryNotConfirmed] {
        assert!(said.contains(&Some((code, None))), "{said:?}");
    }
    assert_eq!(questions(&desk.operations), 3);
    assert_eq!(desk.codes_seen(), [CHANGE; 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_left_while_its_question_waited_is_asked_nothing() {
    let slow = r#"{ pin = "1234", new_pin = "4321", delay_ms = 3000 }"#;
    let desk = Desk::new(AfterUse::Reset, &[slow, slow]);
    let card = desk.card().await;
    let pull = async {
        while questions(&desk.operations) == 0 {
            tokio::task::yield_now().await;
        }
        assert!(desk.readers.remove(READER).is_ok());
    };
    let (first, second, ()) = tokio::join!(desk.change_on(&card), desk.change_on(&card), pull);
    assert_eq!(said(first), Some((ErrorCode::CardRemoved, None)));
    assert_eq!(said(second), Some((ErrorCode::CardRemoved, None)));
    assert_eq!(questions(&desk.operations), 1);
    assert_eq!(desk.codes_seen(), NONE);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_done_waits_for_no_turn() {
    let endless = r#"{ pin = "1234", new_pin = "4321", delay_ms = 600000 }"#;
    let desk = Desk::new(AfterUse::Reset, &[endless]);
    let card = desk.card().await;
    let question = desk.change_on(&card);
    tokio::select! {
        _ = question => unreachable!("the holder thinks"),
        refused = desk.unblock() => assert_eq!(said(refused).unwrap().0, ErrorCode::BadRequest),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_last_try_is_asked_for_of_a_card_that_has_more_again() {
    let risks_nothing = r#"{ pin = "1234" }"#;
    let desk = Desk::new(AfterUse::Reset, &[WRONG, WRONG, risks_nothing]);
    for _ in 0..2 {
        assert_eq!(said(desk.change().await), Some((ErrorCode::PinWrong, None)));
    }
    let card = desk.card().await;
    desk.verify_by_another_program();
    desk.codes_seen();
    // The way to the holder is free shortly after an answer; a wait for it would look again, too.
    tokio::time::sleep(Duration::from_millis(50)).await;
    let request = AuthenticateRequest {
        nonce: "qXUhQ6YBOxv1iJHSd3gEWc8yNmFzT2pLkR5eZ7wA0bMC".into(),
        origin: Origin::parse("https://service.example").unwrap(),
        algorithm: SignatureAlgorithm::RsaPkcs1(HashAlgorithm::Sha256),
        session: None,
    };
    let deadline = Instant::now() + Duration::from_secs(60);
    let (operations, caller) = (&desk.operations, caller());
    let token = operations.authenticate(&caller, &card, request, deadline);
    assert_eq!(said(token.await), None);
    assert_eq!(desk.codes_seen(), [VERIFY]);
}
