//! Cards in readers, the agent that watches them, and what a test asks of both.

use std::sync::Arc;
use std::time::Duration;

use card_apdu::{CardChannel, CommandApdu, StatusWord};
use card_emulator::pki::KeySet;
use card_emulator::{CardParameters, Cps3Card, VirtualCard, VirtualReaders};
use daemon_cards::nomenclature::Nomenclature;
use daemon_cards::{
    AfterUse, CardInReader, Cards, CodeForKey, HolderCodeError, KeyUse, SeenCards, Settings,
    Subscription, TypedPin,
};
use daemon_types::{
    CardId, ErrorCode, Happening, HashAlgorithm, KeyRole, ReaderCondition, ReaderSummary,
    SignatureAlgorithm,
};
use secrets::Pin;
use time::macros::datetime;

use crate::test_source::{Control, PATIENCE, TestSource};

pub(crate) const FIRST: &str = "Virtual CPS reader 00";
pub(crate) const SECOND: &str = "Virtual CPS reader 01";
pub(crate) const SETTINGS: Settings = Settings {
    id_salt: [7; 32],
    after_use: AfterUse::Reset,
    only_environment: None,
    call_time: PATIENCE,
    nomenclature: Nomenclature::BUILT_IN,
    before_first_event: 0,
};
pub(crate) const RIGHT: &[u8] = b"1234";
pub(crate) const WRONG: &[u8] = b"4321";

pub(crate) struct Bench {
    pub(crate) control: Arc<Control>,
    pub(crate) cards: Cards,
    events: Subscription,
}

impl Bench {
    /// Two empty readers.
    pub(crate) fn empty(settings: Settings) -> Self {
        Self::empty_with(settings, None)
    }

    /// The same for an agent that remembers cards.
    pub(crate) fn empty_with(settings: Settings, seen_cards: Option<SeenCards>) -> Self {
        let control = Control::new(VirtualReaders::with_count(2));
        let source = Box::new(TestSource::new(&control));
        let cards = Cards::start(vec![source], settings, seen_cards).unwrap();
        let events = cards.subscribe(Some(0));
        Self {
            control,
            cards,
            events,
        }
    }

    /// A card in the first reader, of which all that is read at the insertion was read.
    pub(crate) async fn with_card(settings: Settings) -> (Self, CardInReader) {
        let mut bench = Self::empty(settings);
        let card = bench.insert(FIRST, first_card()).await;
        (bench, card)
    }

    /// Puts a card in and waits until the agent has done all that it does then.
    pub(crate) async fn insert(
        &mut self,
        reader: &str,
        card: Box<dyn VirtualCard>,
    ) -> CardInReader {
        self.control.readers.insert(reader, card).unwrap();
        let id = self.card_seen().await.expect("the card can be used");
        let card = self.present(&id);
        self.all_done(&card).await;
        self.control.count_from_here();
        self.present(&id)
    }

    /// Takes the card out and waits until the agent knows.
    pub(crate) async fn remove(&mut self, reader: &str) -> Box<dyn VirtualCard> {
        let card = self.control.readers.remove(reader).unwrap().unwrap();
        self.card_left().await;
        card
    }

    /// The card that was inserted next.
    pub(crate) async fn card_seen(&mut self) -> Option<CardId> {
        loop {
            if let Happening::CardInserted { card, .. } = self.next_event().await {
                return card;
            }
        }
    }

    /// The next card that can be used.
    pub(crate) async fn a_card_is_there(&mut self) -> CardId {
        loop {
            if let Some(id) = self.card_seen().await {
                return id;
            }
        }
    }

    pub(crate) async fn card_left(&mut self) {
        while !matches!(self.next_event().await, Happening::CardRemoved { .. }) {}
    }

    pub(crate) async fn next_event(&mut self) -> Happening {
        let event = tokio::time::timeout(PATIENCE, self.events.next()).await;
        event.expect("the event comes").unwrap().happening
    }

    /// What the agent shows of the first reader.
    pub(crate) fn first_condition(&self) -> ReaderCondition {
        self.first_reader().unwrap().condition
    }

    fn first_reader(&self) -> Option<ReaderSummary> {
        let mut readers = self.cards.readers().into_iter();
        readers.find(|reader| reader.name == FIRST)
    }

    /// Until the first reader is shown so.
    pub(crate) async fn first_is(&self, condition: ReaderCondition) {
        let shown = async {
            let is_so = |reader: ReaderSummary| reader.condition == condition;
            while !self.first_reader().is_some_and(is_so) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        let shown = tokio::time::timeout(PATIENCE, shown).await;
        assert!(shown.is_ok(), "{:?}", self.first_reader());
    }

    /// Until the worker has done what it was told before; jobs are done one after the other.
    pub(crate) async fn all_done(&self, card: &CardInReader) {
        let _ = self.cards.read_codes(card).await;
    }

    pub(crate) async fn use_key(
        &self,
        card: &CardInReader,
        pin: &[u8],
    ) -> Result<Vec<Vec<u8>>, HolderCodeError> {
        let used = self.cards.use_key(card, key_use(pin, 1));
        tokio::time::timeout(PATIENCE, used).await.unwrap()
    }

    /// Tries that are left, as the card says now.
    pub(crate) async fn tries_left(&self, card: &CardInReader) -> u8 {
        let card = self.cards.read_codes(card).await.unwrap();
        card.card.summary.pin.tries_left.unwrap()
    }

    fn present(&self, id: &CardId) -> CardInReader {
        let mut cards = self.cards.cards().into_iter();
        cards.find(|card| card.card.summary.id == *id).unwrap()
    }
}

/// Another program's connection to the card in a reader.
pub(crate) struct OtherProgram(card_emulator::VirtualConnection);

impl OtherProgram {
    pub(crate) fn on(bench: &Bench, reader: &str) -> Self {
        Self(bench.control.readers.connect(reader).unwrap())
    }

    pub(crate) fn verify(&mut self) {
        let command = CommandApdu::new(0, 0x20, 0, 1).with_secret_data(RIGHT);
        let response = self.0.transmit(&command).unwrap();
        assert_eq!(response.sw(), StatusWord::SUCCESS);
    }

    pub(crate) fn send(&mut self, command: &[u8]) {
        let command = CommandApdu::parse(command).unwrap();
        self.0.transmit(&command).unwrap();
    }

    pub(crate) fn reset(&mut self) {
        self.0.reset().unwrap();
    }

    /// What the card answers to VERIFY without data: 9000 once the code was presented.
    pub(crate) fn verify_state(&mut self) -> StatusWord {
        let question = CommandApdu::new(0, 0x20, 0, 1);
        self.0.transmit(&question).unwrap().sw()
    }
}

pub(crate) fn verify_state(bench: &Bench, reader: &str) -> StatusWord {
    OtherProgram::on(bench, reader).verify_state()
}

/// Nobody is verified, and all three tries are left.
pub(crate) const THREE_TRIES_LEFT: StatusWord = StatusWord(0x63C3);

pub(crate) fn key_use(pin: &[u8], digests: usize) -> KeyUse {
    KeyUse {
        role: KeyRole::Authentication,
        algorithm: SignatureAlgorithm::RsaPkcs1(HashAlgorithm::Sha256).into(),
        digests: vec![vec![0x5A; 32]; digests],
        code: CodeForKey::Typed(typed_pin(pin).into()),
    }
}

/// The same, also at the last try.
pub(crate) fn risky_key_use(pin: &[u8]) -> KeyUse {
    let pin = TypedPin {
        last_try_confirmed: true,
        ..typed_pin(pin)
    };
    KeyUse {
        code: CodeForKey::Typed(pin.into()),
        ..key_use(b"0000", 1)
    }
}

/// Until nothing more is told. Readers leave with their sources, before the end is told or after.
pub(crate) async fn end_of(mut events: Subscription) {
    while let Some(event) = events.next().await {
        let leaves = matches!(
            event.happening,
            Happening::CardRemoved { .. } | Happening::ReaderRemoved { .. }
        );
        assert!(leaves, "{event:?}");
    }
}

pub(crate) fn typed_pin(pin: &[u8]) -> TypedPin {
    TypedPin {
        pin: Pin::new(pin).unwrap(),
        last_try_confirmed: false,
    }
}

pub(crate) fn first_card() -> Box<dyn VirtualCard> {
    demo_card(KeySet::First)
}

pub(crate) fn second_card() -> Box<dyn VirtualCard> {
    demo_card(KeySet::Second)
}

fn demo_card(keys: KeySet) -> Box<dyn VirtualCard> {
    let now = datetime!(2026-11-21 19:00 UTC);
    Box::new(Cps3Card::new(&CardParameters::demo_card(keys, now)).unwrap())
}

/// The code of an outcome that is an operation's error.
pub(crate) fn code(outcome: Result<Vec<Vec<u8>>, HolderCodeError>) -> ErrorCode {
    match outcome {
        Err(HolderCodeError::Operation(error)) => error.code,
        other => panic!("{other:?}"),
    }
}

/// Lets a future begin; it must not be done yet.
pub(crate) async fn begin<F: Future + Unpin>(future: &mut F) {
    tokio::select! {
        biased;
        _ = future => panic!("it is done already"),
        () = std::future::ready(()) => {}
    }
}
