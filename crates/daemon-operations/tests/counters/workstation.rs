//! A workstation on which a sequence of steps is played, and what must hold after each of them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use card_apdu::{Atr, CardChannel, CommandApdu};
use card_emulator::pki::KeySet;
use card_emulator::{CardParameters, DemoCard, Generation, VirtualConnection, VirtualReaders};
use card_profiles::{CardMemory, LastTry, Recognition, recognise};
use daemon_cards::nomenclature::Nomenclature;
use daemon_cards::{AfterUse, Cards, Settings, Subscription};
use daemon_core::Tokens;
use daemon_journal::{FileAnchor, Journal, Limits};
use daemon_operations::{GrantBook, Operations, Policy};
use daemon_types::{
    CardId, CardSummary, CodeCondition, Environment, ErrorCode, Happening, OperationError, Reason,
};
use futures_util::FutureExt as _;
use prompt::{Prompt, ScriptedHolder};
use secrets::{Pin, SecretBytes};
use serde_json::Value;
use tempfile::TempDir;
use time::OffsetDateTime;
use tokio::runtime::Runtime;
use tokio::time::Instant;

use crate::callers::{caller, request, use_session};
use crate::model::{
    Act, Call, Counters, Disturbance, NEW_PINS, NewPin, PIN_TRIES, Reply, Setting, Step, Typed,
    UNBLOCK_CODE, WRONG_PIN, Work,
};
use crate::shared_reader::{Gate, SharedReader};
use crate::witness::{CodeCommand, Instruction, Place, Record};

type Outcome = Result<(), (ErrorCode, Option<Reason>)>;

pub(crate) struct Workstation {
    setting: Setting,
    runtime: Runtime,
    readers: VirtualReaders,
    gate: Gate,
    record: Arc<Mutex<Record>>,
    cards: Cards,
    numbers: [String; 2],
    /// Which card bears which name, as far as it was listed.
    ids: HashMap<CardId, usize>,
    journal: Arc<Journal>,
    folder: TempDir,
}

impl Drop for Workstation {
    fn drop(&mut self) {
        self.cards.stop();
    }
}

impl Workstation {
    pub(crate) fn new(setting: Setting) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let parameters = [
            parameters(setting, KeySet::First, "1234"),
            parameters(setting, KeySet::Second, "5678"),
        ];
        let counters = Counters {
            pin_tries: PIN_TRIES,
            unblock_tries: setting.unblock_tries,
            unblock_tries_maximum: setting.unblock_tries,
            unblock_uses: setting.unblock_uses,
        };
        let record = Arc::new(Mutex::new(Record {
            current: 0,
            counters: [counters; 2],
            is_presented: [false; 2],
            another_acts: false,
            was_exchanged_unseen: false,
            ours: Vec::new(),
        }));
        let make = |card: usize| {
            let memory = memory_file(&folder, card);
            let made = setting.generation.make(&parameters[card], Some(&memory));
            made.unwrap()
        };
        let place = Place {
            cards: [make(0), make(1)],
            record: Arc::clone(&record),
        };
        let readers = VirtualReaders::with_count(1);
        let gate = Gate::default();
        let source = SharedReader::new(readers.clone(), gate.clone());
        let settings = Settings {
            id_salt: [7; 32],
            after_use: setting.after_use,
            only_environment: None,
            nomenclature: Nomenclature::BUILT_IN,
            before_first_event: 0,
            call_time: A_MINUTE,
        };
        let mut workstation = Self {
            setting,
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .build()
                .unwrap(),
            readers,
            gate,
            record,
            cards: Cards::start(vec![Box::new(source)], settings, None).unwrap(),
            numbers: parameters.map(|parameters| parameters.number.to_string()),
            ids: HashMap::new(),
            journal: journal(folder.path()),
            folder,
        };
        workstation.readers.insert(READER, Box::new(place)).unwrap();
        workstation.wait_for_the_card();
        workstation
    }

    /// Plays one step and looks at all that must hold whatever happened.
    pub(crate) fn play(&mut self, step: &Step) {
        match step {
            Step::Call(call) => self.play_call(call),
            Step::Act(act) => {
                self.act(*act);
                self.bring_the_card_back();
            }
            Step::Look => self.look(),
        }
        self.check_memory();
    }

    fn play_call(&mut self, call: &Call) {
        if call.looks {
            self.look();
        }
        let before = self.counters();
        let was_presented = self.is_presented();
        let typed = self.typed(call);
        self.record().ours.clear();
        let mut events = self.cards.subscribe(None);
        let plan = self.readers.fault_plan(READER).unwrap();
        if let Disturbance::Fault(order) = &call.disturbance {
            plan.arm(order.clone());
        }
        let outcome = self.run(call, &typed);
        plan.disarm();
        let questions = self.questions(&mut events);
        self.bring_the_card_back();
        let ours = std::mem::take(&mut self.record().ours);
        check_codes(&ours, &questions, call, &typed);
        if call.is_predictable() {
            let expected = call.expected(before);
            assert_eq!(outcome, Some(expected.outcome), "{call:?} on {before:?}");
            assert_eq!(presentations(&ours), expected.presentations, "{call:?}");
            if self.setting.after_use == AfterUse::Reset && !was_presented {
                assert!(!self.is_presented(), "the code stays presented: {call:?}");
            }
        }
    }

    /// What comes of the call; nothing when its caller left.
    fn run(&self, call: &Call, typed: &TypedCodes) -> Option<Outcome> {
        let operations = self.operations(&script(call, typed));
        let mut events = self.cards.subscribe(None);
        self.runtime.block_on(async {
            let mut work = Box::pin(self.ask(&operations, call));
            // The holder does nothing until this task waits again, so that all this comes in time.
            let early = tokio::select! {
                biased;
                outcome = &mut work => Some(outcome),
                () = next_question(&mut events) => None,
            };
            if early.is_some() {
                return early;
            }
            match call.disturbance {
                Disturbance::CallerLeaves => return None,
                Disturbance::WhileTheHolderThinks(act) => self.act(act),
                Disturbance::InATransaction(act) => {
                    self.gate.take();
                    let early = tokio::time::timeout(A_MOMENT, &mut work).await;
                    self.act_in_transaction(act);
                    self.gate.free();
                    if let Ok(outcome) = early {
                        return Some(outcome);
                    }
                }
                Disturbance::CallerLeavesInATransaction => {
                    self.gate.take();
                    let early = tokio::time::timeout(A_MOMENT, &mut work).await;
                    drop(work);
                    self.gate.free();
                    return early.ok();
                }
                Disturbance::None | Disturbance::Fault(_) => {}
            }
            Some(work.await)
        })
    }

    async fn ask(&self, operations: &Operations, call: &Call) -> Outcome {
        let id = self.id_of_the_card();
        let time = match call.reply {
            Reply::WalksAway => A_MOMENT,
            Reply::Types { .. } | Reply::SaysNo => A_MINUTE,
        };
        let deadline = Instant::now() + time;
        let caller = caller();
        let said = |error: OperationError| (error.code, error.reason);
        match call.work {
            Work::Authenticate => {
                let token = operations.authenticate(&caller, &id, request(None), deadline);
                token.await.map(drop).map_err(said)
            }
            Work::Session => {
                let used = use_session(operations, &id, deadline).await;
                used.map_err(said)
            }
            Work::Change(_) => {
                let changed = operations.change_pin(&caller, &id, None, deadline);
                changed.await.map(drop).map_err(said)
            }
            Work::Unblock(_) => {
                let unblocked = operations.unblock_pin(&caller, &id, None, deadline);
                unblocked.await.map(drop).map_err(said)
            }
        }
    }

    /// What others do, as soon as the card is free.
    fn act(&self, act: Act) {
        self.gate.take();
        self.act_in_transaction(act);
        self.gate.free();
    }

    fn act_in_transaction(&self, act: Act) {
        self.record().another_acts = true;
        match act {
            Act::PresentRightPin => self.present(&self.pin_of_the_card()),
            Act::PresentWrongPin => self.present(WRONG_PIN),
            Act::ChangePin => self.change_pin(),
            Act::Reset => self.connect().reset().unwrap(),
            Act::SelectTheOtherView => {
                let select = CommandApdu::new(0x00, 0xA4, 0x04, 0x00).with_data(CPS2TER);
                let _ = self.connect().transmit(&select).unwrap();
            }
            Act::Reinsert => self.reinsert(|_| {}),
            Act::Swap => self.reinsert(|record| record.current = 1 - record.current),
            Act::SwapUnseen => {
                {
                    let mut record = self.record();
                    record.current = 1 - record.current;
                    record.was_exchanged_unseen = true;
                }
                self.connect().reset().unwrap();
            }
        }
        self.record().another_acts = false;
    }

    fn reinsert(&self, exchange: impl FnOnce(&mut Record)) {
        let place = self.readers.remove(READER).unwrap().unwrap();
        exchange(&mut self.record());
        self.readers.insert(READER, place).unwrap();
    }

    fn present(&self, pin: &str) {
        self.with_card_of_another(|card| {
            let _ = card.verify_pin(&Pin::new(pin.as_bytes()).unwrap(), LastTry::Confirmed);
        });
    }

    fn change_pin(&self) {
        let old = self.pin_of_the_card();
        let new = another_pin(&old);
        self.with_card_of_another(|card| {
            let [old, new] = [&*old, new].map(|pin| Pin::new(pin.as_bytes()).unwrap());
            let _ = card.change_pin(&old, &new, LastTry::Confirmed);
        });
    }

    fn with_card_of_another(&self, act: impl FnOnce(&mut dyn card_profiles::CpxCard)) {
        let mut connection = self.connect();
        let Recognition::Known(profile) = recognise(&Atr::parse(connection.atr()).unwrap()) else {
            unreachable!("a card of ours is known");
        };
        let mut memory = CardMemory::default();
        act(&mut *profile.open(&mut connection, &mut memory));
    }

    fn connect(&self) -> VirtualConnection {
        self.readers.connect(READER).unwrap()
    }

    /// Puts back what a fault pulled, and makes known what was exchanged unseen.
    fn bring_the_card_back(&mut self) {
        if let Some(pulled) = self.readers.take_pulled(READER).unwrap() {
            self.readers.insert(READER, pulled).unwrap();
        }
        if std::mem::take(&mut self.record().was_exchanged_unseen) {
            self.act(Act::Reinsert);
        }
        self.wait_for_the_card();
    }

    /// Until the agent lists the card that is in the reader, and its worker has done all that it was
    /// told before, whoever still waits for that.
    fn wait_for_the_card(&mut self) {
        let patience = std::time::Instant::now() + A_MINUTE;
        while self.id_of_the_card_that_answers().is_none() {
            assert!(std::time::Instant::now() < patience, "no card answers");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn id_of_the_card_that_answers(&mut self) -> Option<CardId> {
        let current = self.record().current;
        let mut listed = self.cards.cards().into_iter();
        let card = listed.find(|listed| listed.card.summary.number == self.numbers[current])?;
        self.runtime.block_on(self.cards.read_codes(&card)).ok()?;
        let id = card.card.summary.id;
        self.ids.insert(id.clone(), current);
        Some(id)
    }

    /// What the API tells of the card now.
    fn summary(&self) -> Result<CardSummary, OperationError> {
        let id = self.id_of_the_card();
        let operations = self.operations("");
        let caller = caller();
        let card = self.runtime.block_on(operations.card(&caller, &id));
        card.map(|card| card.summary)
    }

    /// The counters that the API tells are those of the card.
    fn look(&self) {
        let summary = self.summary().unwrap();
        let counters = self.counters();
        // A CPS4 tells no number while the code is presented.
        let is_mute = self.setting.generation == Generation::Cps4 && self.is_presented();
        let told = summary.pin.tries_left;
        assert_eq!(
            told,
            (!is_mute).then_some(counters.pin_tries),
            "{summary:?}"
        );
        let condition = match counters {
            Counters { pin_tries: 1.., .. } => CodeCondition::Ready,
            _ if counters.unblock_code_is_usable() => CodeCondition::Blocked,
            _ => CodeCondition::DefinitivelyBlocked,
        };
        assert_eq!(summary.pin.condition, condition);
        let unblock_code = summary.unblock_code;
        assert_eq!(unblock_code.tries_left, Some(counters.unblock_tries));
        if self.setting.generation == Generation::Cps3 {
            assert_eq!(unblock_code.uses_left, Some(counters.unblock_uses));
        }
        let is_usable = unblock_code.condition == CodeCondition::Ready;
        assert_eq!(is_usable, counters.unblock_code_is_usable());
    }

    /// No try is lost but by the codes that were seen on their way to the card.
    fn check_memory(&self) {
        let record = self.record();
        for (card, counted) in record.counters.iter().enumerate() {
            let memory = self.memory(card);
            let number = |name: &str| memory[name].as_u64().unwrap();
            assert_eq!(number("pinTriesLeft"), u64::from(counted.pin_tries));
            assert_eq!(number("unblockTriesLeft"), u64::from(counted.unblock_tries));
            assert_eq!(number("unblockUsesLeft"), u64::from(counted.unblock_uses));
        }
    }

    /// The cards of the questions that were put, in their order.
    fn questions(&self, events: &mut Subscription) -> Vec<usize> {
        let mut questions = Vec::new();
        while let Some(Some(event)) = events.next().now_or_never() {
            if let Happening::PromptOpened { card } = event.happening {
                questions.push(self.ids[&card]);
            }
        }
        questions
    }

    fn typed(&self, call: &Call) -> TypedCodes {
        let right = self.pin_of_the_card();
        let code = match call.reply {
            Reply::Types { code, .. } => code,
            Reply::SaysNo | Reply::WalksAway => Typed::Right,
        };
        let code = match (call.work, code) {
            (Work::Unblock(_), Typed::Right) => UNBLOCK_CODE.to_owned(),
            (Work::Unblock(_), Typed::Wrong) => "00000000".to_owned(),
            (Work::Unblock(_), Typed::TooShort) => "1234567".to_owned(),
            (Work::Unblock(_), Typed::TooLong) => "123456789".to_owned(),
            (_, Typed::Right) => right.clone(),
            (_, Typed::Wrong) => WRONG_PIN.to_owned(),
            (_, Typed::TooShort) => "123".to_owned(),
            (_, Typed::TooLong) => "12345".to_owned(),
        };
        let new = match call.work {
            Work::Change(NewPin::Old) => code.clone(),
            Work::Unblock(NewPin::Old) => right,
            Work::Change(NewPin::TooShort) | Work::Unblock(NewPin::TooShort) => "432".to_owned(),
            Work::Authenticate
            | Work::Session
            | Work::Change(NewPin::Good)
            | Work::Unblock(NewPin::Good) => another_pin(&right).to_owned(),
        };
        TypedCodes { code, new }
    }

    fn operations(&self, script: &str) -> Operations {
        Operations::new(
            self.cards.clone(),
            Prompt::scripted(ScriptedHolder::from_toml(script).unwrap()),
            Arc::clone(&self.journal),
            Tokens::default(),
            GrantBook::of_nobody(),
            Policy::of(Environment::Test),
            OffsetDateTime::now_utc,
        )
    }

    fn id_of_the_card(&self) -> CardId {
        let current = self.record().current;
        let mut ids = self.ids.iter();
        let (id, _) = ids.find(|(_, card)| **card == current).unwrap();
        id.clone()
    }

    fn counters(&self) -> Counters {
        let record = self.record();
        record.counters[record.current]
    }

    fn is_presented(&self) -> bool {
        let record = self.record();
        record.is_presented[record.current]
    }

    fn pin_of_the_card(&self) -> String {
        let memory = self.memory(self.record().current);
        let digits = hex::decode(memory["pin"].as_str().unwrap()).unwrap();
        String::from_utf8(digits).unwrap()
    }

    fn memory(&self, card: usize) -> Value {
        let memory = std::fs::read(memory_file(&self.folder, card)).unwrap();
        serde_json::from_slice(&memory).unwrap()
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap()
    }
}

/// What the holder types.
struct TypedCodes {
    code: String,
    new: String,
}

/// Each code reached a card at most once for each time that it was typed, and no other card than
/// the one of the question; the last try was not spent without the holder's word.
#[track_caller]
fn check_codes(ours: &[CodeCommand], questions: &[usize], call: &Call, typed: &TypedCodes) {
    for instruction in [
        Instruction::PresentPin,
        Instruction::PresentUnblockCode,
        Instruction::SetPin,
        Instruction::ResetRetryCounter,
    ] {
        let sent = ours.iter().filter(|code| code.instruction == instruction);
        assert!(sent.count() <= questions.len(), "{ours:?} for {call:?}");
    }
    for sent in ours {
        assert_eq!(Some(&sent.card), questions.last(), "{ours:?} for {call:?}");
        let is_typed = |code: &str| contains(&sent.data, code.as_bytes());
        match sent.instruction {
            Instruction::PresentPin | Instruction::PresentUnblockCode => {
                assert!(is_typed(&typed.code), "{sent:?} for {call:?}");
                assert!(
                    !sent.was_last_try || call.risks_last_try(),
                    "the last try was spent without a word: {call:?}"
                );
            }
            Instruction::SetPin => assert!(is_typed(&typed.new), "{sent:?} for {call:?}"),
            Instruction::ResetRetryCounter => {}
        }
    }
}

fn presentations(ours: &[CodeCommand]) -> usize {
    let is_presentation = |sent: &&CodeCommand| {
        matches!(
            sent.instruction,
            Instruction::PresentPin | Instruction::PresentUnblockCode
        )
    };
    ours.iter().filter(is_presentation).count()
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

async fn next_question(events: &mut Subscription) {
    while let Some(event) = events.next().await {
        if matches!(event.happening, Happening::PromptOpened { .. }) {
            return;
        }
    }
}

/// The holder of one call, who thinks for an instant so that others can act meanwhile.
fn script(call: &Call, typed: &TypedCodes) -> String {
    let TypedCodes { code, new } = typed;
    let code = match call.work {
        Work::Unblock(_) => format!("unblock_code = {code:?}"),
        Work::Authenticate | Work::Session | Work::Change(_) => format!("pin = {code:?}"),
    };
    let (consent, delay) = match call.reply {
        Reply::Types {
            risks_last_try: true,
            ..
        } => ("consent = true", 1),
        Reply::Types { .. } => ("", 1),
        Reply::SaysNo => ("consent = false", 1),
        Reply::WalksAway => ("", 60_000),
    };
    format!("{code}\nnew_pin = {new:?}\n{consent}\ndelay_ms = {delay}")
}

fn another_pin(pin: &str) -> &'static str {
    let mut others = NEW_PINS.into_iter();
    others.find(|new| *new != pin).unwrap()
}

fn parameters(setting: Setting, key_set: KeySet, pin: &str) -> CardParameters {
    let kind = match setting.generation {
        Generation::Cps4 => DemoCard::Cps4,
        Generation::Cps3 | Generation::Cps3Contactless => DemoCard::Cps3,
    };
    CardParameters {
        pin: SecretBytes::copy_from(pin.as_bytes()),
        pin_tries: PIN_TRIES,
        unblock_tries: setting.unblock_tries,
        unblock_uses: setting.unblock_uses,
        ..kind.parameters(key_set, OffsetDateTime::now_utc())
    }
}

fn memory_file(folder: &TempDir, card: usize) -> PathBuf {
    folder.path().join(format!("card-{card}.json"))
}

const READER: &str = "Virtual CPS reader 00";
/// SELECT of the application that speaks the commands of the card's ancestor.
const CPS2TER: &[u8] = &[0x80, 0x25, 0x00, 0x00, 0x01, 0xFF, 0x00, 0x02];
const A_MOMENT: Duration = Duration::from_millis(10);
const A_MINUTE: Duration = Duration::from_secs(60);

fn journal(folder: &Path) -> Arc<Journal> {
    let anchor = Box::new(FileAnchor::new(&folder.join("anchor/head")));
    let folder = folder.join("journal");
    let now = OffsetDateTime::now_utc();
    Arc::new(Journal::open(&folder, anchor, Limits::default(), now).unwrap())
}
