//! Cards seen before: what is kept of them, what that saves, and when it is not believed.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use card_emulator::{CardParameters, Cps3Card, Cps4Card, VirtualCard};
use daemon_cards::{CardInReader, EntryStore, HolderCodeError, LIFETIME, SeenCards, Settings};
use daemon_types::{CardSummary, CodeCondition, Environment, ErrorCode, Reason};
use secrets::SecretBytes;
use time::OffsetDateTime;
use time::macros::datetime;

use crate::bench::{
    Bench, FIRST, RIGHT, SECOND, SETTINGS, begin, code, first_card, key_use, risky_key_use,
    second_card,
};
use crate::test_source::{Act, Moment, is_signature};

/// Entries by name, which a test looks at and spoils.
#[derive(Clone, Default)]
struct Entries(Arc<Mutex<BTreeMap<String, Vec<u8>>>>);

impl Entries {
    fn all(&self) -> BTreeMap<String, Vec<u8>> {
        self.0.lock().unwrap().clone()
    }

    fn only(&self) -> (String, Vec<u8>) {
        let mut all = self.all();
        assert_eq!(all.len(), 1);
        all.pop_first().unwrap()
    }

    /// A new agent that has these entries, two empty readers, and this clock.
    fn bench(&self, now: fn() -> SystemTime) -> Bench {
        let seen_cards = SeenCards::new(Box::new(self.clone()), now);
        Bench::empty_with(SETTINGS, Some(seen_cards))
    }
}

impl EntryStore for Entries {
    fn read(&self, name: &str) -> Option<Vec<u8>> {
        self.0.lock().unwrap().get(name).cloned()
    }

    fn write(&self, name: &str, entry: &[u8]) {
        self.0.lock().unwrap().insert(name.into(), entry.into());
    }

    fn remove(&self, name: &str) {
        self.0.lock().unwrap().remove(name);
    }
}

const TODAY: OffsetDateTime = datetime!(2026-11-21 19:00 UTC);
const AFTER_RENEWAL: OffsetDateTime = datetime!(2029-10-01 08:00 UTC);

fn noon() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_795_000_000)
}

fn later(time: Duration) -> SystemTime {
    noon() + time
}

type Make = fn(OffsetDateTime) -> Box<dyn VirtualCard>;

/// Each kind of card with the number of commands after which it is shown.
const KINDS: [(&str, Make, usize); 3] = [
    ("CPS3", cps3, 4),
    ("CPS4", cps4, 4),
    ("CPS3 contactless", contactless, 2),
];

fn cps3(now: OffsetDateTime) -> Box<dyn VirtualCard> {
    Box::new(Cps3Card::new(&CardParameters::new(now)).unwrap())
}

fn cps4(now: OffsetDateTime) -> Box<dyn VirtualCard> {
    Box::new(Cps4Card::new(&CardParameters::new(now)).unwrap())
}

fn contactless(now: OffsetDateTime) -> Box<dyn VirtualCard> {
    Box::new(Cps3Card::contactless(&CardParameters::new(now)).unwrap())
}

/// What was kept of a card after its first insertion, and what it was shown as.
async fn first_contact(make: Make) -> (Entries, CardSummary) {
    let entries = Entries::default();
    let mut bench = entries.bench(noon);
    let card = bench.insert(FIRST, make(TODAY)).await;
    (entries, card.card.summary)
}

/// Commands of an insertion with all that the agent does by itself then, and of one look at the codes.
async fn commands_of_insertion(
    entries: &Entries,
    now: fn() -> SystemTime,
    card: Box<dyn VirtualCard>,
) -> usize {
    let mut bench = entries.bench(now);
    bench.control.readers.insert(FIRST, card).unwrap();
    let id = bench.card_seen().await.unwrap();
    let card = bench.cards.find(&id).unwrap();
    bench.all_done(&card).await;
    bench.control.commands()
}

async fn commands_of_full_reading(make: Make) -> usize {
    commands_of_insertion(&Entries::default(), noon, make(TODAY)).await
}

/// Inserts a card that was seen before and stops the agent where it has shown it and asks it more.
async fn shown_and_not_asked_more(
    bench: &mut Bench,
    card: Box<dyn VirtualCard>,
    shown_after: usize,
) -> CardInReader {
    bench.control.exchanges.close();
    let mut commands = 0;
    let is_next = move |_: &[u8]| {
        commands += 1;
        commands > shown_after
    };
    let control = Arc::clone(&bench.control);
    control.plan(is_next, Moment::BeforeTheCommand, Act::Pause);
    control.readers.insert(FIRST, card).unwrap();
    let id = bench.card_seen().await.unwrap();
    bench.cards.find(&id).unwrap()
}

fn ders(card: &CardSummary) -> Vec<&[u8]> {
    let certificates = card.certificates.iter();
    certificates
        .map(|certificate| certificate.der.as_slice())
        .collect()
}

#[tokio::test]
async fn a_card_seen_before_is_shown_after_at_most_four_commands() {
    for (kind, make, shown_after) in KINDS {
        let (entries, known) = first_contact(make).await;
        let mut bench = entries.bench(noon);
        let shown = shown_and_not_asked_more(&mut bench, make(TODAY), shown_after).await;
        let summary = &shown.card.summary;
        assert_eq!(summary.holder, known.holder, "{kind}");
        assert_eq!(summary.pin, known.pin, "{kind}");
        assert_eq!(ders(summary), ders(&known), "{kind}");
        bench.control.exchanges.open();
        bench.all_done(&shown).await;
        let summary = bench.cards.find(&known.id).unwrap().card.summary;
        assert_eq!(summary, known, "{kind}");
    }
}

#[tokio::test]
async fn all_that_is_asked_of_a_card_seen_before_is_far_less_than_at_its_first_insertion() {
    for (kind, make, _) in KINDS {
        let first = commands_of_full_reading(make).await;
        let (entries, _) = first_contact(make).await;
        let second = commands_of_insertion(&entries, noon, make(TODAY)).await;
        assert!(3 * second <= 2 * first, "{kind}: {second} after {first}");
    }
}

#[tokio::test]
async fn a_renewed_card_is_shown_as_it_is_and_work_for_what_it_was_never_reaches_it() {
    for (kind, make, shown_after) in KINDS {
        let (entries, old) = first_contact(make).await;
        let mut bench = entries.bench(noon);
        let renewed = make(AFTER_RENEWAL);
        let stale = shown_and_not_asked_more(&mut bench, renewed, shown_after).await;
        assert_eq!(ders(&stale.card.summary), ders(&old), "{kind}");
        let cards = bench.cards.clone();
        let mut work = Box::pin(cards.use_key(&stale, key_use(RIGHT, 1)));
        begin(&mut work).await;
        bench.control.exchanges.open();
        bench.card_left().await;
        assert_eq!(code(work.await), ErrorCode::CardRemoved, "{kind}");
        assert_eq!(bench.control.verifies(), 0);
        assert_eq!(bench.card_seen().await.as_ref(), Some(&old.id), "{kind}");
        let card = bench.cards.find(&old.id).unwrap();
        assert_ne!(ders(&card.card.summary), ders(&old), "{kind}");
        bench.all_done(&card).await;
        // What is kept now is the renewed card.
        let again = commands_of_insertion(&entries, noon, make(AFTER_RENEWAL)).await;
        assert!(again < commands_of_full_reading(make).await, "{kind}");
    }
}

#[tokio::test]
async fn a_signature_that_contradicts_a_kept_certificate_has_the_card_read_in_full() {
    let (entries, _) = first_contact(cps3).await;
    let mut bench = entries.bench(noon);
    let card = bench.insert(FIRST, cps3(TODAY)).await;
    let mut signs = false;
    let brings_signature = move |command: &[u8]| {
        signs |= is_signature(command);
        signs && command.get(1) == Some(&GET_RESPONSE)
    };
    let (moment, act) = (Moment::BeforeTheAnswer, Act::FlipABit);
    bench.control.plan(brings_signature, moment, act);
    let outcome = bench.use_key(&card, RIGHT).await;
    let Err(HolderCodeError::Operation(error)) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(error.reason, Some(Reason::SignatureWrong));
    bench.card_left().await;
    let id = bench.card_seen().await.unwrap();
    assert_eq!(id, card.card.summary.id);
    let again = bench.cards.find(&id).unwrap();
    bench.all_done(&again).await;
    assert!(bench.control.commands() > commands_of_full_reading(cps3).await);
    assert!(bench.use_key(&again, RIGHT).await.is_ok());
    entries.only();
}

const GET_RESPONSE: u8 = 0xC0;

#[tokio::test]
async fn an_entry_that_is_not_believed_costs_a_full_reading_and_is_replaced() {
    let (entries, _) = first_contact(cps3).await;
    let in_full = commands_of_full_reading(cps3).await;
    let (name, good) = entries.only();
    let mut flipped = good.clone();
    flipped[good.len() / 2] ^= 1;
    for bad in [flipped, good[..good.len() / 2].to_vec(), Vec::new()] {
        entries.write(&name, &bad);
        let commands = commands_of_insertion(&entries, noon, cps3(TODAY)).await;
        assert_eq!(commands, in_full);
        assert_eq!(entries.only(), (name.clone(), good.clone()));
    }
}

#[tokio::test]
async fn an_entry_of_another_card_under_this_ones_name_is_not_believed() {
    let entries = Entries::default();
    let mut bench = entries.bench(noon);
    bench.insert(FIRST, first_card()).await;
    let (name, _) = entries.only();
    let second = bench.insert(SECOND, second_card()).await;
    let mut all = entries.all();
    all.remove(&name);
    let (_, of_second) = all.pop_first().unwrap();
    entries.write(&name, &of_second);
    let mut bench = entries.bench(noon);
    let first = bench.insert(FIRST, first_card()).await;
    assert_ne!(first.card.summary.holder, second.card.summary.holder);
    assert_ne!(entries.all()[&name], of_second);
}

#[tokio::test]
async fn nothing_is_kept_of_a_card_that_is_not_shown() {
    let entries = Entries::default();
    let production_alone = Settings {
        only_environment: Some(Environment::Production),
        ..SETTINGS
    };
    let seen_cards = SeenCards::new(Box::new(entries.clone()), noon);
    let mut bench = Bench::empty_with(production_alone, Some(seen_cards));
    bench.control.readers.insert(FIRST, first_card()).unwrap();
    assert_eq!(bench.card_seen().await, None);
    // The worker comes to what is in its reader next when it is done with this card.
    bench.remove(FIRST).await;
    bench.control.readers.insert(FIRST, second_card()).unwrap();
    assert_eq!(bench.card_seen().await, None);
    assert!(entries.all().is_empty());
}

#[tokio::test]
async fn an_entry_expires_and_one_from_the_future_is_not_believed() {
    static AGE: AtomicU64 = AtomicU64::new(0);
    fn clock() -> SystemTime {
        later(Duration::from_secs(AGE.load(Ordering::Relaxed)))
    }
    let in_full = commands_of_full_reading(cps3).await;
    let (entries, _) = first_contact(cps3).await;
    AGE.store(LIFETIME.as_secs() - 1, Ordering::Relaxed);
    assert!(commands_of_insertion(&entries, clock, cps3(TODAY)).await < in_full);
    AGE.store(LIFETIME.as_secs(), Ordering::Relaxed);
    assert_eq!(
        commands_of_insertion(&entries, clock, cps3(TODAY)).await,
        in_full
    );
    // That reading is kept in turn, and the clock goes back behind it.
    assert!(commands_of_insertion(&entries, clock, cps3(TODAY)).await < in_full);
    AGE.store(0, Ordering::Relaxed);
    assert_eq!(
        commands_of_insertion(&entries, clock, cps3(TODAY)).await,
        in_full
    );
}

#[tokio::test]
async fn an_entry_holds_no_code_and_its_name_tells_nothing() {
    let parameters = CardParameters {
        pin: SecretBytes::copy_from(b"80917263"),
        pin_maximum_len: Some(8),
        unblock_code: SecretBytes::copy_from(b"51624738"),
        ..CardParameters::new(TODAY)
    };
    let entries = Entries::default();
    let mut bench = entries.bench(noon);
    let card = Box::new(Cps3Card::new(&parameters).unwrap());
    let card = bench.insert(FIRST, card).await;
    assert!(bench.use_key(&card, b"80917263").await.is_ok());
    bench.remove(FIRST).await;
    let (name, entry) = entries.only();
    let text = String::from_utf8(entry).unwrap();
    for secret in ["80917263", "51624738"] {
        assert!(!text.contains(secret) && !contents(&text).contains(secret));
    }
    let summary = card.card.summary;
    assert!(!name.contains(summary.number.get(2..).unwrap()));
    assert!(name.bytes().all(|byte| byte.is_ascii_hexdigit()));
}

/// All strings of an entry's JSON, out of their base64.
fn contents(entry: &str) -> String {
    let strings = entry.split('"');
    let decoded = strings.filter_map(|part| STANDARD.decode(part).ok());
    decoded
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .collect()
}

#[tokio::test]
async fn a_blocked_card_seen_before_is_shown_with_the_way_back() {
    let (entries, _) = first_contact(cps3).await;
    let parameters = CardParameters {
        pin_tries: 1,
        ..CardParameters::new(TODAY)
    };
    let mut bench = entries.bench(noon);
    let card = Box::new(Cps3Card::new(&parameters).unwrap());
    let inserted = bench.insert(FIRST, card).await;
    let wrong = risky_key_use(b"9999");
    assert!(bench.cards.use_key(&inserted, wrong).await.is_err());
    let card = bench.remove(FIRST).await;
    bench.control.readers.insert(FIRST, card).unwrap();
    let id = bench.card_seen().await.unwrap();
    let shown = bench.cards.find(&id).unwrap().card.summary;
    assert_eq!(shown.pin.condition, CodeCondition::Blocked);
    assert_eq!(shown.unblock_code.uses_left, Some(100));
}

#[tokio::test]
async fn a_card_pulled_while_it_is_checked_keeps_its_entry() {
    let (entries, _) = first_contact(cps3).await;
    let entry = entries.only();
    let mut bench = entries.bench(noon);
    let mut commands = 0;
    let is_fifth = move |_: &[u8]| {
        commands += 1;
        commands == 5
    };
    bench
        .control
        .plan(is_fifth, Moment::BeforeTheCommand, Act::TakeOut);
    bench.control.readers.insert(FIRST, cps3(TODAY)).unwrap();
    assert!(bench.card_seen().await.is_some());
    bench.card_left().await;
    // The worker comes to the next card when it is done with this one.
    bench.control.readers.insert(FIRST, second_card()).unwrap();
    while bench.card_seen().await.is_none() {}
    assert_eq!(entries.all()[&entry.0], entry.1);
}
