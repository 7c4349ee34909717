//! Which codes reach the card, and what they leave there, when a holder sets a new one.

#![expect(
    clippy::unwrap_used,
    clippy::unreachable,
    reason = "what cannot be prepared or asked fails its test"
)]

mod journal;
mod keypad;
mod sessions;
mod turns;
mod virtual_source;

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use card_apdu::{CardChannel, ChannelError, CommandApdu, ReaderFault, StatusWord};
use card_emulator::pki::KeySet;
use card_emulator::{
    DemoCard, Fault, FaultOrder, Moment, ObservedCard, VirtualCard, VirtualReaders, When,
};
use daemon_cards::nomenclature::Nomenclature;
use daemon_cards::{AfterUse, Cards, Settings};
use daemon_core::Tokens;
use daemon_journal::{FileAnchor, Journal, Limits};
use daemon_operations::{GrantBook, Operations, Policy};
use daemon_types::{
    Caller, CardId, CodeCondition, CodesOfCard, Environment, ErrorCode, OperationError, Reason,
    SocketProgram,
};
use prompt::{Prompt, ScriptedHolder};
use tempfile::TempDir;
use time::OffsetDateTime;
use tokio::time::Instant;

use virtual_source::VirtualSource;

const READER: &str = "Virtual CPS reader 00";

/// A workstation with one reader, a card in it, and a holder who is a script.
struct Desk {
    readers: VirtualReaders,
    operations: Operations,
    /// Commands that carried a code, as they came to the card.
    codes_seen: Arc<Mutex<Vec<u8>>>,
    /// Commands that carried a code and were written by the agent.
    codes_written: Arc<AtomicUsize>,
    /// Commands that used a key.
    key_uses: Arc<AtomicUsize>,
    /// Of the journal and its anchor.
    folder: TempDir,
}

impl Desk {
    fn new(after_use: AfterUse, answers: &[&str]) -> Self {
        Self::under(Policy::of(Environment::Test), after_use, answers)
    }

    fn under(policy: Policy, after_use: AfterUse, answers: &[&str]) -> Self {
        let desk = Self::without_card(policy, after_use, answers);
        desk.insert_card();
        desk
    }

    fn without_card(policy: Policy, after_use: AfterUse, answers: &[&str]) -> Self {
        Self::with_grants(GrantBook::of_nobody(), policy, after_use, answers)
    }

    fn with_grants(
        grants: GrantBook,
        policy: Policy,
        after_use: AfterUse,
        answers: &[&str],
    ) -> Self {
        let source = VirtualSource {
            readers: VirtualReaders::with_count(1),
            seen: None,
            codes_written: Arc::default(),
        };
        let folder = tempfile::tempdir().unwrap();
        let journal = journal(folder.path());
        Self {
            readers: source.readers.clone(),
            codes_written: Arc::clone(&source.codes_written),
            operations: operations(source, grants, policy, after_use, answers, journal),
            codes_seen: Arc::default(),
            key_uses: Arc::default(),
            folder,
        }
    }

    fn insert_card(&self) {
        self.insert(DemoCard::Cps3);
    }

    fn insert(&self, card: DemoCard) {
        let card = card.make(KeySet::First, OffsetDateTime::now_utc()).unwrap();
        let seen = Arc::clone(&self.codes_seen);
        let key_uses = Arc::clone(&self.key_uses);
        let observer = Box::new(move |command: &[u8], _: &[u8]| {
            let uses_key = matches!(command, [_, INTERNAL_AUTHENTICATE | PSO, ..]);
            key_uses.fetch_add(usize::from(uses_key), Ordering::Relaxed);
            if let [_, ins @ (VERIFY | CHANGE | RESET_RETRY), _, _, 1..=255, ..] = command {
                seen.lock().unwrap().push(*ins);
            }
        });
        let card = ObservedCard::new(card, observer);
        self.readers.insert(READER, Box::new(card)).unwrap();
    }

    /// The card, once the agent knows it.
    async fn card(&self) -> CardId {
        loop {
            let cards = self.operations.cards(&caller()).await.unwrap();
            if let Some(card) = cards.first() {
                return card.summary.id.clone();
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn change(&self) -> Result<CodesOfCard, OperationError> {
        let card = self.card().await;
        self.change_on(&card).await
    }

    async fn change_on(&self, card: &CardId) -> Result<CodesOfCard, OperationError> {
        let deadline = Instant::now() + Duration::from_secs(60);
        self.operations
            .change_pin(&caller(), card, None, deadline)
            .await
    }

    async fn unblock(&self) -> Result<CodesOfCard, OperationError> {
        let card = self.card().await;
        let deadline = Instant::now() + Duration::from_secs(60);
        self.operations
            .unblock_pin(&caller(), &card, None, deadline)
            .await
    }

    /// The commands with a code since the last look.
    fn codes_seen(&self) -> Vec<u8> {
        std::mem::take(&mut self.codes_seen.lock().unwrap())
    }

    /// What another program learns of a code by an empty VERIFY.
    fn state_for_others(&self, reference: u8) -> StatusWord {
        self.answer_to_others(&CommandApdu::new(0x00, VERIFY, 0x00, reference))
    }

    /// Another program presents the right code.
    fn verify_by_another_program(&self) {
        let verify = CommandApdu::new(0x00, VERIFY, 0x00, 0x01).with_secret_data(b"1234");
        assert!(self.answer_to_others(&verify).is_success());
    }

    /// Another program presents a wrong one.
    fn wrong_code_of_another_program(&self) {
        let verify = CommandApdu::new(0x00, VERIFY, 0x00, 0x01).with_secret_data(b"0000");
        assert_eq!(self.answer_to_others(&verify), StatusWord(0x63C2));
    }

    /// The answer to another program, which begins anew where the agent resets the card meanwhile.
    fn answer_to_others(&self, command: &CommandApdu) -> StatusWord {
        loop {
            match self.try_as_another_program(command) {
                Err(ChannelError::Reader(ReaderFault::Reset)) => {}
                answer => return answer.unwrap(),
            }
        }
    }

    fn try_as_another_program(&self, command: &CommandApdu) -> Result<StatusWord, ChannelError> {
        let mut card = self.readers.connect(READER)?;
        let select = CommandApdu::new(0x00, 0xA4, 0x04, 0x0C).with_data(APPLICATION);
        assert!(card.transmit(&select)?.sw().is_success());
        Ok(card.transmit(command)?.sw())
    }
}

fn operations(
    source: VirtualSource,
    grants: GrantBook,
    policy: Policy,
    after_use: AfterUse,
    answers: &[&str],
    journal: Arc<Journal>,
) -> Operations {
    let settings = Settings {
        id_salt: [7; 32],
        after_use,
        only_environment: None,
        call_time: Duration::from_secs(60),
        nomenclature: Nomenclature::BUILT_IN,
        before_first_event: 0,
    };
    let cards = Cards::start(vec![Box::new(source)], settings, None).unwrap();
    let script = format!("answers = [ {} ]", answers.join(", "));
    Operations::new(
        cards,
        Prompt::scripted(ScriptedHolder::from_toml(&script).unwrap()),
        journal,
        Tokens::default(),
        grants,
        policy,
        OffsetDateTime::now_utc,
    )
}

/// A journal with a file for each line, so that a fault of the disk is met at once.
fn journal(folder: &Path) -> Arc<Journal> {
    let limits = Limits {
        maximum_file_len: 1,
        maximum_files: 1000,
        ..Limits::default()
    };
    let anchor = Box::new(FileAnchor::new(&folder.join("anchor/head")));
    let now = OffsetDateTime::now_utc();
    Arc::new(Journal::open(&folder.join("journal"), anchor, limits, now).unwrap())
}

fn caller() -> Caller {
    Caller::SocketProgram(SocketProgram {
        pid: None,
        executable: None,
    })
}

fn said<T>(outcome: Result<T, OperationError>) -> Option<(ErrorCode, Option<Reason>)> {
    outcome.err().map(|error| (error.code, error.reason))
}

const WRONG: &str = r#"{ pin = "0000", new_pin = "4321", consent = true }"#;

#[tokio::test(flavor = "multi_thread")]
async fn each_code_that_was_typed_reaches_the_card_once_and_no_other_does() {
    let desk = Desk::new(
        AfterUse::Reset,
        &[
            WRONG,
            r#"{ pin = "1234", new_pin = "1234" }"#,
            r#"{ pin = "12345", new_pin = "4321" }"#,
            r#"{ pin = "1234", new_pin = "43210" }"#,
            r#"{ consent = false }"#,
            r#"{ pin = "1234", new_pin = "4321" }"#,
        ],
    );
    assert_eq!(said(desk.change().await), Some((ErrorCode::PinWrong, None)));
    assert_eq!(desk.codes_seen(), [CHANGE]);
    for refused in [
        (ErrorCode::BadRequest, Some(Reason::NewPinUnchanged)),
        (ErrorCode::PinLength, None),
        (ErrorCode::PinLength, Some(Reason::NewPinRefused)),
        (ErrorCode::Cancelled, None),
    ] {
        assert_eq!(said(desk.change().await), Some(refused));
        assert_eq!(desk.codes_seen(), NONE);
    }
    let codes = desk.change().await.unwrap();
    assert_eq!(codes.pin.tries_left, Some(3));
    assert_eq!(desk.codes_seen(), [CHANGE]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unblock_code_is_never_left_presented_for_other_programs() {
    for after_use in [AfterUse::Reset, AfterUse::Leave] {
        let desk = Desk::new(
            after_use,
            &[
                WRONG,
                WRONG,
                WRONG,
                r#"{ unblock_code = "12345678", new_pin = "4321" }"#,
            ],
        );
        for _ in 0..3 {
            assert!(desk.change().await.is_err());
        }
        assert_eq!(desk.codes_seen(), [CHANGE; 3]);
        let codes = desk.unblock().await.unwrap();
        assert_eq!(codes.pin.condition, CodeCondition::Ready);
        assert_eq!(codes.unblock_code.uses_left, Some(99));
        assert_eq!(desk.codes_seen(), [VERIFY, RESET_RETRY]);
        assert_eq!(desk.state_for_others(UNBLOCK_CODE), StatusWord(0x63CA));
        assert_eq!(desk.state_for_others(PIN), StatusWord(0x63C3));
    }
}

/// Whether a card that was taken out and powered again takes this code.
fn takes(card: &mut dyn VirtualCard, code: &[u8; 4]) -> bool {
    card.reset();
    let len = u8::try_from(APPLICATION.len()).unwrap();
    card.process(&[&[0x00, 0xA4, 0x04, 0x0C, len], APPLICATION].concat());
    card.process(&[&[0x00, VERIFY, 0x00, PIN, 4], &code[..]].concat()) == [0x90, 0x00]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_holder_is_told_of_a_new_code_is_true_whenever_the_card_is_pulled() {
    for moment in [Moment::Before, Moment::After] {
        let mut outcomes_unknown = 0;
        for command in 1.. {
            let answer = r#"{ pin = "1234", new_pin = "4321" }"#;
            let desk = Desk::new(AfterUse::Reset, &[answer]);
            let card = desk.card().await;
            desk.readers.fault_plan(READER).unwrap().arm(FaultOrder {
                when: When::Command(command),
                moment,
                fault: Fault::Removal,
            });
            let outcome = desk.change_on(&card).await;
            let Some(mut pulled) = desk.readers.take_pulled(READER).unwrap() else {
                assert!(outcome.is_ok(), "{outcome:?}");
                break;
            };
            let told = said(outcome);
            match told {
                None => assert!(takes(&mut *pulled, b"4321")),
                Some((ErrorCode::CardRemoved, None)) => assert!(takes(&mut *pulled, b"1234")),
                Some((ErrorCode::CardRemoved, Some(Reason::OutcomeUnknown))) => {
                    outcomes_unknown += 1;
                    let holds: &[u8; 4] = match moment {
                        Moment::Before => b"1234",
                        Moment::After => b"4321",
                    };
                    assert!(takes(&mut *pulled, holds));
                }
                Some(_) => unreachable!("{told:?} at command {command}"),
            }
        }
        assert_eq!(outcomes_unknown, 1, "only the command with the new code");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_left_is_told_apart_from_one_that_never_was() {
    let desk = Desk::new(AfterUse::Reset, &[WRONG]);
    let card = desk.card().await;
    assert!(desk.readers.remove(READER).is_ok());
    while said(desk.change_on(&card).await) != Some((ErrorCode::CardRemoved, None)) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let never_seen = CardId("0123456789abcdef".into());
    assert_eq!(
        said(desk.change_on(&never_seen).await),
        Some((ErrorCode::NotFound, None))
    );
    assert_eq!(desk.codes_seen(), NONE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_put_back_while_the_holder_types_gets_no_code() {
    let slow = r#"{ pin = "1234", new_pin = "4321", delay_ms = 3000 }"#;
    let desk = Desk::new(AfterUse::Reset, &[slow]);
    let card = desk.card().await;
    let swap = async {
        while turns::questions(&desk.operations) == 0 {
            tokio::task::yield_now().await;
        }
        assert!(desk.readers.remove(READER).is_ok());
        desk.insert_card();
    };
    let (outcome, ()) = tokio::join!(desk.change_on(&card), swap);
    assert_eq!(said(outcome), Some((ErrorCode::CardRemoved, None)));
    assert_eq!(desk.codes_seen(), NONE);
}

const NONE: [u8; 0] = [];
const VERIFY: u8 = 0x20;
const CHANGE: u8 = 0x24;
const RESET_RETRY: u8 = 0x2C;
const INTERNAL_AUTHENTICATE: u8 = 0x88;
const PSO: u8 = 0x2A;
/// References of the two codes on a CPS3.
const PIN: u8 = 0x01;
const UNBLOCK_CODE: u8 = 0x02;
/// AID of the application of a CPS3.
const APPLICATION: &[u8] = &[
    0xE8, 0x28, 0xBD, 0x08, 0x0F, 0x80, 0x25, 0x00, 0x00, 0x01, 0xFF, 0x00, 0x10,
];
