//! Codes typed at the keypad of the reader: what reaches the card, what the caller is told, and that no
//! code was ever in a command of the agent.

use std::sync::atomic::Ordering;
use std::time::Duration;

use card_apdu::{KeypadAbilities, StatusWord};
use card_emulator::{DemoCard, KeypadAct, KeypadCounts};
use daemon_cards::AfterUse;
use daemon_operations::{KeypadPolicy, Policy};
use daemon_types::{
    AuthenticateRequest, CardId, CodeCondition, CodesOfCard, Environment, ErrorCode, Happening,
    HashAlgorithm, OperationError, Origin, Reason, SessionId, SignatureAlgorithm,
};
use tokio::time::Instant;

use super::sessions::program;
use super::{CHANGE, Desk, NONE, PIN, READER, VERIFY, caller, said, takes};

const KEYPAD: KeypadAbilities = KeypadAbilities {
    verifies: true,
    modifies: true,
    has_display: true,
    ends_by_key: true,
    minimum_len: 4,
    maximum_len: 8,
};
/// The holder looks at the screen, and types elsewhere.
const LOOKS: &str = "{}";
const RISKS: &str = "{ consent = true }";
const REFUSES: &str = "{ refuse_at_keypad = true }";

fn desk(answers: &[&str]) -> Desk {
    desk_with(DemoCard::Cps3, KEYPAD, KeypadPolicy::Auto, answers)
}

fn desk_with(
    card: DemoCard,
    keypad: KeypadAbilities,
    policy: KeypadPolicy,
    answers: &[&str],
) -> Desk {
    let policy = Policy {
        keypad: policy,
        ..Policy::of(Environment::Test)
    };
    let desk = Desk::without_card(policy, AfterUse::Reset, answers);
    desk.readers.add_keypad(READER, keypad).unwrap();
    desk.insert(card);
    desk
}

fn origin() -> Origin {
    Origin::parse("https://service.example").unwrap()
}

impl Desk {
    fn hands(&self, acts: &[KeypadAct]) {
        for act in acts {
            self.readers.at_keypad(READER, act.clone()).unwrap();
        }
    }

    fn keypad(&self) -> KeypadCounts {
        self.readers.keypad_counts(READER).unwrap()
    }

    fn codes_written(&self) -> usize {
        self.codes_written.load(Ordering::Relaxed)
    }

    async fn prove_identity(&self, session: Option<&SessionId>) -> Result<(), OperationError> {
        let card = self.card().await;
        let request = AuthenticateRequest {
            nonce: "qXUhQ6YBOxv1iJHSd3gEWc8yNmFzT2pLkR5eZ7wA0bMC".into(),
            origin: origin(),
            algorithm: SignatureAlgorithm::RsaPkcs1(HashAlgorithm::Sha256),
            session: session.cloned(),
        };
        let deadline = Instant::now() + Duration::from_secs(60);
        let program = program();
        let token = self
            .operations
            .authenticate(&program, &card, request, deadline);
        token.await.map(drop)
    }

    async fn change_before(
        &self,
        card: &CardId,
        deadline: Instant,
    ) -> Result<CodesOfCard, OperationError> {
        let caller = caller();
        let changed = self.operations.change_pin(&caller, card, None, deadline);
        changed.await
    }

    fn reader_has_keypad(&self) -> bool {
        let readers = self.operations.readers(&caller()).unwrap();
        readers.iter().all(|reader| reader.keypad)
    }

    /// Until the reader waits for somebody to type.
    async fn keypad_is_open(&self) {
        let readers = self.readers.clone();
        let waiting = tokio::task::spawn_blocking(move || readers.wait_for_open_keypad(READER));
        waiting.await.unwrap();
    }
}

fn types(codes: &[&str]) -> KeypadAct {
    KeypadAct::type_codes(codes)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_right_code_proves_who_they_are_and_is_in_no_command_of_the_agent() {
    for card in [DemoCard::Cps3, DemoCard::Cps4] {
        let desk = desk_with(card, KEYPAD, KeypadPolicy::Auto, &[LOOKS]);
        desk.hands(&[types(&["1234"])]);
        assert_eq!(said(desk.prove_identity(None).await), None);
        assert_eq!(desk.codes_seen(), [VERIFY]);
        assert_eq!((desk.keypad().codes_sent, desk.codes_written()), (1, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_code_is_asked_again_until_it_is_right_and_the_last_try_is_agreed_to_before() {
    let desk = desk(&[LOOKS, LOOKS, RISKS]);
    desk.hands(&[types(&["0000"]), types(&["0001"]), types(&["1234"])]);
    assert_eq!(said(desk.prove_identity(None).await), None);
    assert_eq!(desk.codes_seen(), [VERIFY; 3]);
    assert_eq!((desk.keypad().codes_sent, desk.codes_written()), (3, 0));
    assert_eq!(desk.state_for_others(PIN), StatusWord(0x63C3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_last_try_that_nobody_agreed_to_opens_no_keypad() {
    let desk = desk(&[LOOKS, LOOKS, LOOKS]);
    desk.hands(&[types(&["0000"]), types(&["0001"]), types(&["1234"])]);
    let refused = desk.prove_identity(None).await;
    assert_eq!(said(refused), Some((ErrorCode::LastTryNotConfirmed, None)));
    assert_eq!(desk.codes_seen(), [VERIFY; 2]);
    assert_eq!((desk.keypad().opened, desk.keypad().codes_sent), (2, 2));
    assert_eq!(desk.state_for_others(PIN), StatusWord(0x63C1));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cancel_key_and_a_time_out_spend_no_try() {
    for (act, code) in [
        (KeypadAct::Cancel, ErrorCode::Cancelled),
        (KeypadAct::LetTimeOut, ErrorCode::Timeout),
    ] {
        let desk = desk(&[LOOKS, LOOKS]);
        desk.hands(&[act.clone(), act]);
        assert_eq!(said(desk.prove_identity(None).await), Some((code, None)));
        let changed = desk.change().await;
        assert_eq!(said(changed), Some((code, None)));
        assert_eq!(desk.codes_seen(), NONE);
        assert_eq!((desk.keypad().opened, desk.keypad().codes_sent), (2, 0));
        assert_eq!(desk.state_for_others(PIN), StatusWord(0x63C3));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_of_another_length_is_asked_again_and_costs_nothing() {
    let desk = desk(&[LOOKS, LOOKS]);
    desk.hands(&[types(&["123"]), types(&["1234"])]);
    assert_eq!(said(desk.prove_identity(None).await), None);
    assert_eq!(desk.codes_seen(), [VERIFY]);
    assert_eq!(desk.keypad().codes_sent, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_takes_nothing_is_asked_three_times() {
    let desk = desk(&[LOOKS; 8]);
    desk.hands(&[types(&["123"]), types(&["123"]), types(&["123"])]);
    let refused = said(desk.prove_identity(None).await);
    assert_eq!(refused, Some((ErrorCode::PinLength, None)));
    assert_eq!((desk.keypad().opened, desk.keypad().codes_sent), (3, 0));
    let differ = types(&["1234", "4321", "4312"]);
    desk.hands(&[differ.clone(), differ.clone(), differ]);
    let refused = said(desk.change().await);
    assert_eq!(refused, Some((ErrorCode::Cancelled, None)));
    assert_eq!((desk.keypad().opened, desk.keypad().codes_sent), (6, 0));
    assert_eq!(desk.state_for_others(PIN), StatusWord(0x63C3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_pulled_while_the_reader_waits_is_told_at_once() {
    let desk = desk(&[LOOKS]);
    let pulling = async {
        desk.keypad_is_open().await;
        assert!(desk.readers.remove(READER).is_ok());
    };
    let (outcome, ()) = tokio::join!(desk.prove_identity(None), pulling);
    assert_eq!(said(outcome), Some((ErrorCode::CardRemoved, None)));
    assert_eq!(desk.codes_seen(), NONE);
    assert_eq!(desk.keypad().codes_sent, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_typed_for_a_caller_that_left_serves_nobody_and_the_next_question_waits() {
    let desk = desk(&[LOOKS, LOOKS]);
    tokio::select! {
        outcome = desk.prove_identity(None) => unreachable!("{outcome:?}"),
        () = desk.keypad_is_open() => {}
    }
    let busy = Some((ErrorCode::ReaderBusy, Some(Reason::KeypadStillOpen)));
    assert_eq!(said(desk.prove_identity(None).await), busy);
    desk.hands(&[types(&["1234"])]);
    while desk.codes_seen() != [VERIFY] {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    while desk.state_for_others(PIN) != StatusWord(0x63C3) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(desk.key_uses.load(Ordering::Relaxed), 0);
    desk.hands(&[types(&["1234"])]);
    while said(desk.prove_identity(None).await) == busy {}
    assert!(desk.key_uses.load(Ordering::Relaxed) > 0);
    assert_eq!(desk.codes_seen(), [VERIFY]);
    assert_eq!(desk.keypad().opened, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_no_at_the_screen_is_the_callers_answer_while_the_reader_still_waits() {
    let desk = desk(&[REFUSES]);
    let refused = desk.prove_identity(None).await;
    let expected = (ErrorCode::Cancelled, Some(Reason::KeypadStillOpen));
    assert_eq!(said(refused), Some(expected));
    assert_eq!(desk.codes_seen(), NONE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_typed_for_a_caller_that_left_opens_no_entry_for_a_new_one() {
    let answers = [LOOKS, LOOKS];
    let desk = desk_with(DemoCard::Cps4, KEYPAD, KeypadPolicy::Auto, &answers);
    tokio::select! {
        changed = desk.change() => unreachable!("{changed:?}"),
        () = desk.keypad_is_open() => {}
    }
    desk.hands(&[types(&["1234"]), types(&["1234"])]);
    let busy = Some((ErrorCode::ReaderBusy, Some(Reason::KeypadStillOpen)));
    let next = loop {
        let next = said(desk.prove_identity(None).await);
        if next != busy {
            break next;
        }
    };
    assert_eq!(next, None);
    assert_eq!(desk.codes_seen(), [VERIFY; 2]);
    assert_eq!((desk.keypad().opened, desk.keypad().codes_sent), (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_takes_the_old_code_and_the_new_one_twice() {
    for card in [DemoCard::Cps3, DemoCard::Cps4] {
        let desk = desk_with(card, KEYPAD, KeypadPolicy::Auto, &[LOOKS, LOOKS]);
        let (acts, commands) = if card == DemoCard::Cps4 {
            let one_by_one = vec![types(&["1234"]), types(&["4321", "4321"])];
            (one_by_one, vec![VERIFY, CHANGE])
        } else {
            (vec![types(&["1234", "4321", "4321"])], vec![CHANGE])
        };
        desk.hands(&acts);
        let codes = desk.change().await.unwrap();
        assert_eq!(codes.pin.tries_left, Some(3));
        assert_eq!(desk.codes_seen(), commands);
        desk.hands(&[types(&["4321"])]);
        assert_eq!(said(desk.prove_identity(None).await), None);
        assert_eq!(desk.codes_seen(), [VERIFY]);
        assert_eq!(desk.codes_written(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn new_codes_that_differ_are_asked_again_and_a_wrong_old_code_too() {
    let desk = desk(&[LOOKS, LOOKS, LOOKS]);
    desk.hands(&[
        types(&["1234", "4321", "4312"]),
        types(&["0000", "4321", "4321"]),
        types(&["1234", "4321", "4321"]),
    ]);
    assert!(desk.change().await.is_ok());
    assert_eq!(desk.codes_seen(), [CHANGE; 2]);
    assert_eq!((desk.keypad().opened, desk.keypad().codes_sent), (3, 2));
    let mut card = desk.readers.remove(READER).unwrap().unwrap();
    assert!(takes(&mut *card, b"4321"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_unblock_code_is_typed_at_the_screen_and_a_no_there_leaves_the_card_blocked() {
    for card in [DemoCard::Cps3, DemoCard::Cps4] {
        let unblocks = r#"{ unblock_code = "12345678", new_pin = "4321" }"#;
        let answers = [LOOKS, LOOKS, RISKS, "{ consent = false }", unblocks];
        let desk = desk_with(card, KEYPAD, KeypadPolicy::Auto, &answers);
        desk.hands(&[types(&["0000"]), types(&["0000"]), types(&["0000"])]);
        let blocked = desk.prove_identity(None).await;
        assert_eq!(said(blocked), Some((ErrorCode::PinBlocked, None)));
        assert_eq!(desk.codes_seen(), [VERIFY; 3]);
        let refused = desk.unblock().await;
        assert_eq!(said(refused), Some((ErrorCode::Cancelled, None)));
        assert_eq!(desk.codes_seen(), NONE);
        let codes = desk.unblock().await.unwrap();
        assert_eq!(codes.pin.condition, CodeCondition::Ready);
        assert_eq!((desk.keypad().opened, desk.keypad().codes_sent), (3, 3));
        assert_eq!(desk.codes_written(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reader_waits_for_half_a_minute_and_never_beyond_the_callers_time() {
    let desk = desk(&[LOOKS; 3]);
    let card = desk.card().await;
    for (left, codes, longest) in [(600, 1, 30), (12, 1, 12), (12, 3, 4)] {
        desk.hands(&[KeypadAct::Cancel]);
        let deadline = Instant::now() + Duration::from_secs(left);
        let program = program();
        let refused = if codes == 1 {
            let opened = desk.operations.open_session(&program, &card, deadline);
            said(opened.await)
        } else {
            said(desk.change_before(&card, deadline).await)
        };
        assert_eq!(refused, Some((ErrorCode::Cancelled, None)));
        let told = desk.keypad().last_time_out;
        let longest = Duration::from_secs(longest);
        assert!(
            told <= longest && told + Duration::from_secs(5) > longest,
            "{told:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_at_the_keypad_opens_and_closes_once() {
    let desk = desk(&[LOOKS]);
    let mut events = desk.operations.events(&caller(), None).unwrap();
    desk.hands(&[types(&["1234"])]);
    assert_eq!(said(desk.prove_identity(None).await), None);
    desk.readers.remove_reader(READER).unwrap();
    let mut prompts = Vec::new();
    loop {
        let happening = events.next().await.unwrap().happening;
        if matches!(happening, Happening::PromptOpened { .. }) {
            prompts.push("opened");
        } else if matches!(happening, Happening::PromptClosed { .. }) {
            prompts.push("closed");
        } else if matches!(happening, Happening::ReaderRemoved { .. }) {
            break;
        }
    }
    assert_eq!(prompts, ["opened", "closed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_opened_at_the_keypad_and_asks_nothing_more() {
    let desk = desk(&[LOOKS]);
    desk.hands(&[types(&["1234"])]);
    let card = desk.card().await;
    let deadline = Instant::now() + Duration::from_secs(60);
    let program = program();
    let session = desk.operations.open_session(&program, &card, deadline);
    let session = session.await.unwrap().id;
    for _ in 0..2 {
        assert_eq!(said(desk.prove_identity(Some(&session)).await), None);
    }
    assert_eq!(desk.codes_seen(), [VERIFY]);
    assert_eq!((desk.keypad().opened, desk.codes_written()), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_leaves_while_a_session_is_opened_at_the_keypad_leaves_no_code_behind() {
    let desk = desk(&[LOOKS]);
    let card = desk.card().await;
    let deadline = Instant::now() + Duration::from_secs(60);
    let program = program();
    tokio::select! {
        _ = desk.operations.open_session(&program, &card, deadline) => unreachable!(),
        () = desk.keypad_is_open() => {}
    }
    desk.hands(&[types(&["1234"])]);
    while desk.codes_seen() != [VERIFY] {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    while desk.state_for_others(PIN) != StatusWord(0x63C3) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_lies_about_its_keypad_has_the_code_typed_at_the_screen() {
    let desk = desk(&[LOOKS, r#"{ pin = "1234" }"#]);
    desk.card().await;
    assert!(desk.reader_has_keypad());
    desk.hands(&[KeypadAct::Refuse]);
    assert_eq!(said(desk.prove_identity(None).await), None);
    assert_eq!(desk.codes_seen(), [VERIFY]);
    assert_eq!((desk.keypad().codes_sent, desk.codes_written()), (0, 1));
    assert!(!desk.reader_has_keypad());
}

#[tokio::test(flavor = "multi_thread")]
async fn where_policy_or_reader_do_not_allow_it_the_code_is_typed_at_the_screen() {
    let short = KeypadAbilities {
        minimum_len: 5,
        ..KEYPAD
    };
    for (keypad, policy) in [(KEYPAD, KeypadPolicy::Never), (short, KeypadPolicy::Auto)] {
        let desk = desk_with(DemoCard::Cps3, keypad, policy, &[r#"{ pin = "1234" }"#]);
        assert_eq!(said(desk.prove_identity(None).await), None);
        assert_eq!((desk.keypad().opened, desk.codes_written()), (0, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_is_refused_at_the_keypad_again_and_again_asks_no_more_for_a_while() {
    let desk = desk(&[LOOKS; 4]);
    for _ in 0..3 {
        desk.hands(&[KeypadAct::Cancel]);
        let refused = said(desk.change().await);
        assert_eq!(refused, Some((ErrorCode::Cancelled, None)));
    }
    let limited = said(desk.change().await);
    assert_eq!(limited, Some((ErrorCode::RateLimited, None)));
    assert_eq!(desk.keypad().opened, 3);
}
