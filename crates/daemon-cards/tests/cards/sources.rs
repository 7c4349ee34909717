//! Two sources of one kind: the first one's readers act, and the second one's where the first has none.

use std::sync::Arc;
use std::time::Duration;

use card_emulator::VirtualReaders;
use daemon_cards::{CardInReader, Cards, ReaderSource};
use daemon_types::{CardId, ErrorCode, Happening, ReaderId};

use crate::bench::{FIRST, RIGHT, SETTINGS, first_card, key_use, second_card};
use crate::test_source::{Control, PATIENCE, TestSource};

const OTHER: &str = "Virtual CPS reader of another name";

/// Two sources over the readers of one workstation, of which each keeps its own account.
struct Workstation {
    first: Arc<Control>,
    second: Arc<Control>,
    cards: Cards,
}

impl Workstation {
    /// Each has the same reader with the same card in it.
    fn new() -> Self {
        Self::with_readers(FIRST, FIRST)
    }

    /// Each has one reader with the same card in it.
    fn with_readers(first: &str, second: &str) -> Self {
        let [first, second] = [first, second].map(|name| {
            let readers = VirtualReaders::with_count(0);
            readers.add_reader(name).unwrap();
            readers.insert(name, first_card()).unwrap();
            Control::new(readers)
        });
        Self::of(first, second)
    }

    fn of(first: Arc<Control>, second: Arc<Control>) -> Self {
        let sources: Vec<Box<dyn ReaderSource>> = vec![
            Box::new(TestSource::behind_a_module(&first)),
            Box::new(TestSource::new(&second)),
        ];
        let cards = Cards::start(sources, SETTINGS, None).unwrap();
        Self {
            first,
            second,
            cards,
        }
    }

    async fn until<T>(&self, wanted: impl Fn(&Self) -> Option<T>) -> T {
        let shown = async {
            loop {
                match wanted(self) {
                    Some(shown) => return shown,
                    None => tokio::time::sleep(Duration::from_millis(2)).await,
                }
            }
        };
        let shown = tokio::time::timeout(PATIENCE, shown).await;
        shown.unwrap_or_else(|_| panic!("{:?}", self.cards.readers()))
    }

    /// The only card, once there is one in a reader that is not `before`.
    async fn card_in_another_reader(&self, before: Option<&ReaderId>) -> CardInReader {
        self.until(|station| match &*station.cards.cards() {
            [card] if Some(card.reader()) != before => Some(card.clone()),
            _ => None,
        })
        .await
    }

    async fn only_card(&self) -> CardInReader {
        self.card_in_another_reader(None).await
    }

    /// Uses the card, and says how often each source was asked to present a code for it.
    async fn codes_presented(&self, card: &CardInReader) -> (usize, usize) {
        self.first.count_from_here();
        self.second.count_from_here();
        let used = self.cards.use_key(card, key_use(RIGHT, 1)).await;
        assert!(used.is_ok(), "{used:?}");
        (self.first.verifies(), self.second.verifies())
    }

    /// Until so many cards can be used, whatever sources they are seen by.
    async fn cards_are_read(&self, wanted: usize) {
        let mut events = self.cards.subscribe(Some(0));
        let mut read = 0;
        while read < wanted {
            let event = tokio::time::timeout(PATIENCE, events.next()).await;
            let happening = event.expect("a card is read").unwrap().happening;
            read += usize::from(matches!(
                happening,
                Happening::CardInserted { card: Some(_), .. }
            ));
        }
    }

    fn names(&self) -> Vec<String> {
        let readers = self.cards.readers().into_iter();
        readers.map(|reader| reader.name).collect()
    }

    fn find(&self, id: &CardId) -> Result<CardInReader, ErrorCode> {
        self.cards.find(id).map_err(|error| error.code)
    }
}

#[tokio::test]
async fn a_reader_that_two_sources_list_is_shown_once_and_its_card_touched_through_the_first_alone()
{
    let station = Workstation::new();
    let card = station.only_card().await;
    station.second.has_told(1).await;
    assert_eq!(station.names(), [FIRST]);
    assert_eq!(station.codes_presented(&card).await, (1, 0));
    assert_eq!(station.second.connects(), 0);
    assert_eq!(station.cards.missing_service(), None);
}

#[tokio::test]
async fn a_reader_that_the_second_source_alone_lists_is_shown_beside_the_firsts() {
    let station = Workstation::new();
    station.second.readers.add_reader(OTHER).unwrap();
    station.second.readers.insert(OTHER, second_card()).unwrap();
    station
        .until(|station| (station.cards.cards().len() == 2).then_some(()))
        .await;
    assert_eq!(station.names(), [FIRST, OTHER]);
    assert_eq!(station.second.connects(), 1);
}

#[tokio::test]
async fn the_second_source_waits_until_the_first_has_said_what_it_has() {
    let readers = || {
        let readers = VirtualReaders::with_count(1);
        readers.insert(FIRST, first_card()).unwrap();
        Control::new(readers)
    };
    let (first, second) = (readers(), readers());
    first.listings.close();
    let station = Workstation::of(first, second);
    station.second.has_told(1).await;
    assert!(station.names().is_empty(), "{:?}", station.names());
    station.first.listings.open();
    let card = station.only_card().await;
    assert_eq!(station.codes_presented(&card).await, (1, 0));
    assert_eq!(station.second.connects(), 0);
}

#[tokio::test]
async fn a_first_source_without_its_service_leaves_the_reader_to_the_second_and_takes_it_back() {
    let station = Workstation::new();
    let firsts = station.only_card().await;
    station.first.lose_service();
    let seconds = station.card_in_another_reader(Some(firsts.reader())).await;
    assert_eq!(station.names(), [FIRST]);
    assert_eq!(seconds.card.summary, firsts.card.summary);
    assert_eq!(station.codes_presented(&seconds).await, (0, 1));
    let missing = station.cards.missing_service();
    assert_eq!(missing, Some(ErrorCode::ModuleFailed));
    station.first.restore_service();
    let again = station.card_in_another_reader(Some(seconds.reader())).await;
    assert_eq!(again.reader(), firsts.reader());
    assert_eq!(station.codes_presented(&again).await, (1, 0));
    assert_eq!(station.names(), [FIRST]);
    assert_eq!(station.cards.missing_service(), None);
}

#[tokio::test]
async fn each_source_says_by_its_own_code_that_its_service_is_missing() {
    let station = Workstation::new();
    station.only_card().await;
    let missing = |wanted| {
        move |station: &Workstation| (station.cards.missing_service() == Some(wanted)).then_some(())
    };
    station.second.lose_service();
    station.until(missing(ErrorCode::PcscUnavailable)).await;
    assert_eq!(station.names(), [FIRST]);
    station.first.lose_service();
    station.until(missing(ErrorCode::ModuleFailed)).await;
    assert!(station.names().is_empty(), "{:?}", station.names());
}

#[tokio::test]
async fn a_reader_that_the_first_source_lists_no_more_is_the_seconds() {
    let station = Workstation::new();
    let firsts = station.only_card().await;
    station.first.readers.remove_reader(FIRST).unwrap();
    let seconds = station.card_in_another_reader(Some(firsts.reader())).await;
    assert_eq!(station.codes_presented(&seconds).await, (0, 1));
    station.first.readers.add_reader(FIRST).unwrap();
    station.first.readers.insert(FIRST, first_card()).unwrap();
    let again = station.card_in_another_reader(Some(seconds.reader())).await;
    assert_eq!(station.codes_presented(&again).await, (1, 0));
    assert_eq!(station.names(), [FIRST]);
}

#[tokio::test]
async fn a_name_cut_by_a_slot_description_is_that_of_the_whole_reader() {
    let whole = "Virtual reader (00000000-1111-2222-3333-444444444444) [CCID Interface] 00 00";
    let (cut, _) = whole.split_at(64);
    let station = Workstation::with_readers(cut, whole);
    station.only_card().await;
    station.second.has_told(1).await;
    assert_eq!(station.names(), [cut]);
    assert_eq!(station.second.connects(), 0);
}

#[tokio::test]
async fn a_card_that_two_sources_see_in_readers_of_two_names_is_one_and_the_firsts() {
    let station = Workstation::with_readers(OTHER, FIRST);
    station.cards_are_read(2).await;
    let [firsts, seconds] = [OTHER, FIRST].map(|name| {
        let mut readers = station.cards.readers().into_iter();
        readers.find(|reader| reader.name == name).unwrap().id
    });
    let cards = station.cards.cards();
    let [card] = &*cards else {
        panic!("the card counts twice: {cards:?}");
    };
    assert_eq!((card.reader(), station.cards.readers().len()), (&firsts, 2));
    let id = card.card.summary.id.clone();
    assert_eq!(station.find(&id), Ok(card.clone()));
    assert_eq!(station.codes_presented(card).await, (1, 0));
    station.first.readers.remove(OTHER).unwrap();
    let card = station.card_in_another_reader(Some(&firsts)).await;
    assert_eq!(card.reader(), &seconds);
    assert_eq!(station.find(&id), Ok(card.clone()));
    assert_eq!(station.codes_presented(&card).await, (0, 1));
}

#[tokio::test]
async fn two_cards_with_one_number_in_readers_of_one_source_are_refused_whatever_another_sees() {
    let station = Workstation::new();
    let card = station.only_card().await;
    station.first.readers.add_reader(OTHER).unwrap();
    station.first.readers.insert(OTHER, first_card()).unwrap();
    station
        .until(|station| (station.cards.cards().len() == 2).then_some(()))
        .await;
    let found = station.find(&card.card.summary.id);
    assert_eq!(found, Err(ErrorCode::CardUnsupported));
}

#[tokio::test]
async fn a_watch_that_is_stopped_hands_no_reader_to_the_second_source() {
    let station = Workstation::new();
    station.only_card().await;
    station.second.has_told(1).await;
    station.first.stop();
    station
        .until(|station| station.names().is_empty().then_some(()))
        .await;
    assert_eq!(station.second.connects(), 0);
}
