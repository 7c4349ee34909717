//! A workstation with one reader: the agent's own cards and operations, and a card that is watched.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use card_apdu::{Atr, CardChannel as _, CommandApdu};
use card_emulator::pki::KeySet;
use card_emulator::{DemoCard, FaultPlan, ObservedCard, VirtualCard, VirtualReaders};
use card_profiles::{CardMemory, CodeStates, CpxCard, LastTry, Recognition, recognise};
use cpxd_tests::own_journal::OwnJournal;
use daemon_cards::nomenclature::Nomenclature;
use daemon_cards::{AfterUse, Cards, Settings, Subscription};
use daemon_core::Tokens;
use daemon_operations::{GrantBook, Operations, Policy};
use daemon_types::{CardId, Environment, Happening, ReaderCondition};
use prompt::{Prompt, ScriptedHolder};
use secrets::Pin;
use time::OffsetDateTime;

use crate::source::{OtherProgram, Source};

const READER: &str = "Virtual CPS reader 00";

/// The code of every card, and the one that the holder changes it to.
pub(crate) const PIN: &str = "1234";
pub(crate) const NEW_PIN: &str = "4321";

/// The workstation.
pub(crate) struct Desk {
    readers: VirtualReaders,
    pub(crate) plan: FaultPlan,
    pub(crate) other_program: Arc<OtherProgram>,
    pub(crate) cards: Cards,
    events: Subscription,
    codes: Arc<Codes>,
    journal: OwnJournal,
}

/// Codes that came to the card from the agent.
#[derive(Debug, Default)]
struct Codes {
    presented: Mutex<usize>,
    another_acts: AtomicBool,
}

impl Desk {
    pub(crate) fn new(call_time: Duration) -> Self {
        let readers = VirtualReaders::with_count(1);
        let other_program = Arc::<OtherProgram>::default();
        let source = Source {
            readers: readers.clone(),
            other_program: Arc::clone(&other_program),
            seen: None,
            stopped: Arc::default(),
        };
        let settings = Settings {
            id_salt: [7; 32],
            after_use: AfterUse::Reset,
            only_environment: None,
            call_time,
            nomenclature: Nomenclature::BUILT_IN,
            before_first_event: 0,
        };
        let cards = Cards::start(vec![Box::new(source)], settings, None).unwrap();
        Self {
            plan: readers.fault_plan(READER).unwrap(),
            readers,
            other_program,
            events: cards.subscribe(Some(0)),
            cards,
            codes: Arc::default(),
            journal: OwnJournal::new(),
        }
    }

    /// Operations whose holder types these codes.
    pub(crate) fn operations(&self, pin: &str) -> Operations {
        let script = format!(
            "pin = \"{pin}\"\nnew_pin = \"{NEW_PIN}\"\nunblock_code = \"12345678\"\nconsent = true"
        );
        Operations::new(
            self.cards.clone(),
            Prompt::scripted(ScriptedHolder::from_toml(&script).unwrap()),
            Arc::clone(&self.journal.journal),
            Tokens::default(),
            GrantBook::of_nobody(),
            Policy::of(Environment::Test),
            OffsetDateTime::now_utc,
        )
    }

    /// A card of this kind, watched.
    pub(crate) fn card(&self, kind: DemoCard) -> Box<dyn VirtualCard> {
        let card = kind.make(KeySet::First, OffsetDateTime::now_utc()).unwrap();
        let codes = Arc::clone(&self.codes);
        Box::new(ObservedCard::new(
            card,
            Box::new(move |command: &[u8], _: &[u8]| codes.see(command)),
        ))
    }

    /// Puts a card in.
    pub(crate) fn insert(&self, card: Box<dyn VirtualCard>) {
        self.readers.insert(READER, card).unwrap();
    }

    /// What becomes of the card that was put in: its name, or what its reader is shown as.
    pub(crate) async fn identified(&mut self) -> Result<CardId, ReaderCondition> {
        loop {
            match self.events.next().await.unwrap().happening {
                Happening::CardInserted { card: Some(id), .. } => {
                    // All that is read at an insertion is read before the next job is done.
                    if let Ok(card) = self.cards.find(&id) {
                        let _ = self.cards.read_codes(&card).await;
                    }
                    return Ok(id);
                }
                Happening::CardInserted { card: None, .. } => {
                    let shown = self.cards.readers()[0].condition.clone();
                    // Another card may be there since.
                    if shown != ReaderCondition::Card {
                        return Err(shown);
                    }
                }
                Happening::CardRemoved { .. } => return Err(ReaderCondition::Empty),
                _ => {}
            }
        }
    }

    /// Takes the card out, wherever it is, and waits until the agent knows.
    pub(crate) async fn take_out(&mut self) -> Box<dyn VirtualCard> {
        let pulled = self.readers.take_pulled(READER).unwrap();
        let inside = self.readers.remove(READER).unwrap();
        while self.cards.readers()[0].condition != ReaderCondition::Empty {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        self.events = self.cards.subscribe(None);
        pulled.or(inside).unwrap()
    }

    /// Puts another card in as soon as a fault has pulled the one in the reader.
    pub(crate) fn insert_when_pulled(
        &self,
        second: Box<dyn VirtualCard>,
    ) -> impl Future<Output = ()> + Send + 'static {
        let readers = self.readers.clone();
        async move {
            while readers.state().readers[0].card.is_some() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            let _ = readers.insert(READER, second);
        }
    }

    /// Whether another card was put in after the first.
    pub(crate) fn has_second_card(&self) -> bool {
        let state = self.readers.state().readers.remove(0);
        state.card.is_some_and(|card| card.insertion > 1)
    }

    /// Whether a fault pulled the card, whatever is in the reader now.
    pub(crate) fn was_pulled(&self) -> bool {
        let state = self.readers.state().readers.remove(0);
        state.card.is_none_or(|card| card.insertion > 1)
    }

    /// The agent's codes that came to the card since this was asked last.
    pub(crate) fn codes_presented(&self) -> usize {
        std::mem::take(&mut *self.codes.presented.lock().unwrap())
    }

    /// A deed of another program: what it does with the card.
    pub(crate) fn deed<T>(
        &self,
        work: impl FnOnce(&mut dyn CpxCard) -> T + Send + 'static,
    ) -> impl FnOnce() -> T + Send + 'static {
        let (readers, codes) = (self.readers.clone(), Arc::clone(&self.codes));
        move || {
            let mut connection = readers.connect(READER).unwrap();
            let atr = Atr::parse(connection.atr()).unwrap();
            let Recognition::Known(profile) = recognise(&atr) else {
                unreachable!("a card of ours");
            };
            let mut memory = CardMemory::default();
            codes.another_acts.store(true, Ordering::SeqCst);
            let done = work(&mut *profile.open(&mut connection, &mut memory));
            codes.another_acts.store(false, Ordering::SeqCst);
            done
        }
    }

    /// Another program resets the card.
    pub(crate) fn reset(&self) -> impl FnOnce() + Send + 'static {
        let readers = self.readers.clone();
        move || readers.connect(READER).unwrap().reset().unwrap()
    }

    /// Another program selects the CPS2ter view, where neither code nor key is found.
    pub(crate) fn select_other_view(&self) -> impl FnOnce() + Send + 'static {
        let readers = self.readers.clone();
        move || {
            let select = CommandApdu::new(0x00, 0xA4, 0x04, 0x0C).with_data(CPS2TER);
            let mut connection = readers.connect(READER).unwrap();
            let _ = connection.transmit(&select).unwrap();
        }
    }

    /// The counters of the card, asked by another program that then resets it.
    pub(crate) fn counters(&self) -> CodeStates {
        self.reset()();
        self.deed(|card| card.code_states().unwrap())()
    }

    /// Whether the card takes this code; presented by another program, that then resets it.
    pub(crate) fn takes(&self, pin: &str) -> bool {
        let pin = Pin::new(pin.as_bytes()).unwrap();
        let taken = self.deed(move |card| card.verify_pin(&pin, LastTry::Confirmed).is_ok())();
        self.reset()();
        taken
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.plan.release();
        self.other_program.let_go();
        self.cards.stop();
    }
}

impl Codes {
    /// Counts VERIFY with a code and CHANGE REFERENCE DATA that brings the old one along.
    fn see(&self, line: &[u8]) {
        if self.another_acts.load(Ordering::SeqCst) {
            return;
        }
        let presents = CommandApdu::parse(line).is_ok_and(|command| {
            matches!((command.ins(), command.p1()), (0x20, _) | (0x24, 0))
                && !command.data().is_empty()
        });
        *self.presented.lock().unwrap() += usize::from(presents);
    }
}

/// AID of the CPS2ter view.
const CPS2TER: [u8; 8] = [0x80, 0x25, 0x00, 0x00, 0x01, 0xFF, 0x00, 0x02];
