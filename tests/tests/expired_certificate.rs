//! A card out of its dates: listed as what it is, and neither its holder nor its chip is bothered.
#![expect(
    clippy::unwrap_used,
    reason = "a card that cannot be made fails its test"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use card_apdu::{Atr, CardChannel, Protocol, ReaderFault, WireBytes};
use card_emulator::pki::KeySet;
use card_emulator::{CardParameters, Cps3Card, VirtualConnection, VirtualReaders};
use cpxd_tests::own_journal::OwnJournal;
use daemon_cards::nomenclature::Nomenclature;
use daemon_cards::{
    AfterUse, CardConnection, CardTransaction, Cards, ConnectCard, Presence, ReaderSource,
    ReaderState, Settings, SourceFault, StopSource, WayToCard,
};
use daemon_core::Tokens;
use daemon_operations::{GrantBook, Operations, Policy};
use daemon_types::{
    AuthenticateRequest, Caller, CertificateStatus, DigestToSign, Environment, ErrorCode,
    HashAlgorithm, Origin, PresentCard, SignRequest, SignatureAlgorithm, SocketProgram,
};
use prompt::{Prompt, ScriptedHolder};
use time::{Duration as Days, OffsetDateTime};
use tokio::time::Instant;

/// The agent's cards and operations over three virtual cards, with a count of what the chips do.
struct Desk {
    operations: Operations,
    commands: Arc<AtomicUsize>,
    _journal: OwnJournal,
}

/// Days from now at which the certificates of a card begin and end.
const EXPIRED: (i64, i64) = (-400, -1);
const NOT_YET_VALID: (i64, i64) = (1, 400);
const VALID: (i64, i64) = (-1, 1);
const RS256: SignatureAlgorithm = SignatureAlgorithm::RsaPkcs1(HashAlgorithm::Sha256);

impl Desk {
    fn new() -> Self {
        let cards = [EXPIRED, NOT_YET_VALID, VALID];
        let key_sets = [KeySet::First, KeySet::Second, KeySet::Third];
        let readers = VirtualReaders::with_count(cards.len());
        let names = readers
            .state()
            .readers
            .into_iter()
            .map(|reader| reader.name);
        for ((name, (begin, end)), key_set) in names.zip(cards).zip(key_sets) {
            let now = OffsetDateTime::now_utc();
            let mut parameters = CardParameters::demo_card(key_set, now);
            parameters.not_before = now + Days::days(begin);
            parameters.not_after = now + Days::days(end);
            let card = Cps3Card::new(&parameters).unwrap();
            readers.insert(&name, Box::new(card)).unwrap();
        }
        let commands = Arc::new(AtomicUsize::new(0));
        let source = CountingSource {
            readers,
            seen: None,
            commands: Arc::clone(&commands),
        };
        let settings = Settings {
            id_salt: [7; 32],
            after_use: AfterUse::Reset,
            only_environment: None,
            call_time: Duration::from_secs(60),
            nomenclature: Nomenclature::BUILT_IN,
            before_first_event: 0,
        };
        let cards = Cards::start(vec![Box::new(source)], settings, None).unwrap();
        let one_answer = r#"answers = [ { pin = "1234", consent = true } ]"#;
        let prompt = Prompt::scripted(ScriptedHolder::from_toml(one_answer).unwrap());
        let now = OffsetDateTime::now_utc;
        let tokens = Tokens::default();
        let journal = OwnJournal::new();
        Self {
            operations: Operations::new(
                cards,
                prompt,
                Arc::clone(&journal.journal),
                tokens,
                GrantBook::of_nobody(),
                Policy::of(Environment::Test),
                now,
            ),
            commands,
            _journal: journal,
        }
    }

    /// The cards in the order expired, not yet valid, valid, once all are read.
    async fn cards(&self) -> [PresentCard; 3] {
        loop {
            let mut cards = self.operations.cards(&caller()).await.unwrap();
            cards.sort_by_key(|card| card.summary.validity().unwrap().0);
            if let Ok([expired, valid, not_yet_valid]) = <[_; 3]>::try_from(cards) {
                return [expired, not_yet_valid, valid];
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn authenticate(&self, card: &PresentCard) -> Result<(), ErrorCode> {
        let request = AuthenticateRequest {
            nonce: cpxd_tests::calls::nonce(),
            origin: Origin::parse(cpxd_tests::calls::ORIGIN).unwrap(),
            algorithm: RS256,
            session: None,
        };
        let (caller, id) = (caller(), &card.summary.id);
        let made = self
            .operations
            .authenticate(&caller, id, request, deadline());
        made.await.map(|_| ()).map_err(|error| error.code)
    }

    async fn sign(&self, card: &PresentCard) -> Result<(), ErrorCode> {
        let digest = DigestToSign {
            value: vec![7; 32],
            description: "Ordonnance".into(),
        };
        let request = SignRequest {
            algorithm: RS256,
            session: None,
            digests: vec![digest],
        };
        let (caller, id) = (caller(), &card.summary.id);
        let made = self.operations.sign(&caller, id, request, deadline());
        made.await.map(|_| ()).map_err(|error| error.code)
    }

    fn commands(&self) -> usize {
        self.commands.load(Ordering::SeqCst)
    }
}

fn caller() -> Caller {
    Caller::SocketProgram(SocketProgram {
        pid: None,
        executable: None,
    })
}

fn deadline() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

#[tokio::test]
async fn a_card_out_of_its_dates_neither_authenticates_nor_signs_and_hears_nothing_of_it() {
    let desk = Desk::new();
    let [expired, not_yet_valid, valid] = desk.cards().await;
    let before = desk.commands();
    for (card, code) in [
        (&expired, ErrorCode::CertificateExpired),
        (&not_yet_valid, ErrorCode::CertificateNotYetValid),
    ] {
        assert_eq!(desk.authenticate(card).await, Err(code));
        assert_eq!(desk.sign(card).await, Err(code));
    }
    assert_eq!(desk.commands(), before, "no command reached a card");
    assert_eq!(
        desk.authenticate(&valid).await,
        Ok(()),
        "the holder's only answer is still there"
    );
    assert!(desk.commands() > before);
}

#[tokio::test]
async fn a_card_out_of_its_dates_is_listed_as_what_it_is() {
    let desk = Desk::new();
    let now = OffsetDateTime::now_utc();
    let [expired, not_yet_valid, valid] = desk.cards().await;
    for (card, expected) in [
        (expired, CertificateStatus::Expired),
        (not_yet_valid, CertificateStatus::NotYetValid),
        (valid, CertificateStatus::Valid),
    ] {
        assert_eq!(card.summary.certificates.len(), 2);
        for certificate in &card.summary.certificates {
            assert_eq!(certificate.status_at(now), expected);
        }
        assert_eq!(card.summary.pin.tries_left, Some(3));
    }
}

/// The virtual readers as a source for the agent, with every command counted.
struct CountingSource {
    readers: VirtualReaders,
    seen: Option<u64>,
    commands: Arc<AtomicUsize>,
}

impl ReaderSource for CountingSource {
    fn name(&self) -> &'static str {
        "virtual"
    }

    fn wait_for_change(&mut self) -> Result<Vec<ReaderState>, SourceFault> {
        let state = match self.seen {
            None => self.readers.state(),
            Some(seen) => self.readers.wait_for_change(seen, None),
        };
        self.seen = Some(state.change);
        let readers = state.readers.into_iter().map(|reader| ReaderState {
            name: reader.name,
            presence: Presence::Card,
            card_changes: 1,
        });
        Ok(readers.collect())
    }

    fn connector(&self) -> Arc<dyn ConnectCard> {
        Arc::new(Connector(self.readers.clone(), Arc::clone(&self.commands)))
    }

    fn stopper(&self) -> Box<dyn StopSource> {
        Box::new(NeverStopped)
    }
}

struct NeverStopped;

impl StopSource for NeverStopped {
    fn stop(&self) {}
}

struct Connector(VirtualReaders, Arc<AtomicUsize>);

impl ConnectCard for Connector {
    fn connect(&self, reader: &str) -> Result<Box<dyn CardConnection>, ReaderFault> {
        let card = self.0.connect(reader)?;
        let atr = Atr::parse(card.atr()).map_err(|_| ReaderFault::Mute)?;
        let commands = Arc::clone(&self.1);
        Ok(Box::new(CountedConnection {
            card,
            atr,
            commands,
        }))
    }
}

struct CountedConnection {
    card: VirtualConnection,
    atr: Atr,
    commands: Arc<AtomicUsize>,
}

impl CardConnection for CountedConnection {
    fn atr(&self) -> Option<&Atr> {
        Some(&self.atr)
    }

    fn transaction(&mut self) -> Result<Box<dyn CardTransaction + '_>, ReaderFault> {
        Ok(Box::new(CountedTransaction(self)))
    }

    fn reconnect(&mut self) -> Result<(), ReaderFault> {
        self.card.reconnect()
    }
}

impl CardChannel for CountedConnection {
    fn protocol(&self) -> Protocol {
        self.card.protocol()
    }

    fn exchange(&mut self, command: &WireBytes) -> Result<Vec<u8>, ReaderFault> {
        self.commands.fetch_add(1, Ordering::SeqCst);
        self.card.exchange(command)
    }
}

struct CountedTransaction<'a>(&'a mut CountedConnection);

impl CardTransaction for CountedTransaction<'_> {
    fn way(&mut self) -> WayToCard<'_> {
        WayToCard::Channel(self.0)
    }

    fn end_with_reset(self: Box<Self>) -> Result<(), ReaderFault> {
        self.0.card.reset()
    }
}
