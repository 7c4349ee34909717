//! Agents in this process, one for each kind of holder: the real door of the user's socket, a virtual card behind it, and
//! all that is logged meanwhile.
#![expect(
    clippy::unwrap_used,
    reason = "a workstation that cannot be made is no finding"
)]

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};
use std::thread;
use std::time::Duration;

use card_emulator::pki::KeySet;
use card_emulator::{CardParameters, DemoCard, VirtualReaders};
use daemon_api::{Api, Doors, TlsIdentity, serve, user_listener};
use daemon_cards::nomenclature::Nomenclature;
use daemon_cards::{AfterUse, Cards, Settings};
use daemon_core::Tokens;
use daemon_journal::{FileAnchor, Journal, Limits};
use daemon_operations::{GrantBook, Operations, Policy};
use daemon_types::Environment;
use platform::instance::InstanceLock;
use platform::paths::AgentPaths;
use platform::socket;
use prompt::{Prompt, ScriptedHolder};
use secrets::SecretBytes;
use tempfile::TempDir;
use time::OffsetDateTime;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::level_filters::LevelFilter;

use crate::virtual_readers::VirtualSource;

/// An agent that runs.
pub(crate) struct Workstation {
    pub(crate) socket: PathBuf,
    /// The name of its card in the API.
    pub(crate) card: String,
    runtime: Runtime,
    served: JoinHandle<()>,
    stop: CancellationToken,
    cards: Cards,
    uses_left: u32,
    _lock: InstanceLock,
    _folder: TempDir,
}

/// What the holder does who is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Holder {
    /// Types the right code and says yes.
    Agrees,
    /// Says no.
    Refuses,
    /// Types another code, also for the last try.
    TypesAnotherCode,
    /// Leaves without an answer.
    GoesAway,
    /// Agrees, but later than the shortest time that a caller gives.
    IsLate,
}

impl Holder {
    /// Every kind.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 5] = [
        Self::Agrees,
        Self::Refuses,
        Self::TypesAnotherCode,
        Self::GoesAway,
        Self::IsLate,
    ];

    /// By a number below 128; who takes real time is rare.
    pub(crate) fn of_number(number: u8) -> Self {
        match (number, number % 4) {
            (127, _) => Self::IsLate,
            (_, 0) => Self::Agrees,
            (_, 1) => Self::Refuses,
            (_, 2) => Self::TypesAnotherCode,
            _ => Self::GoesAway,
        }
    }

    /// Whether anything that needs a code or a yes can be done.
    pub(crate) fn may_agree(self) -> bool {
        matches!(self, Self::Agrees | Self::IsLate)
    }

    fn script(self) -> String {
        let agrees = format!("pin = \"{CODE}\"\nnew_pin = \"{CODE}\"\nconsent = true\n");
        match self {
            Self::Agrees => agrees,
            Self::Refuses => "consent = false\n".to_owned(),
            Self::TypesAnotherCode => agrees.replace(CODE, OTHER_CODE),
            Self::GoesAway => "go_away = true\n".to_owned(),
            Self::IsLate => agrees + "delay_ms = 1200\n",
        }
    }

    /// For how many inputs a workstation lasts: limits of rate that earlier ones ran into, and a card that they blocked,
    /// are to keep no later one from the card.
    fn uses(self) -> u32 {
        match self {
            // Less than the quiet uses that one log-in has at once.
            Self::Agrees | Self::IsLate => 90,
            Self::Refuses | Self::GoesAway => 16,
            // Three tries, and a card that is blocked.
            Self::TypesAnotherCode => 4,
        }
    }
}

/// Gives a workstation of this process to one at a time.
pub(crate) fn with_workstation(holder: Holder, work: impl FnOnce(&Workstation)) {
    static CURRENT: Mutex<BTreeMap<Holder, Workstation>> = Mutex::new(BTreeMap::new());
    let mut current = CURRENT.lock().unwrap_or_else(PoisonError::into_inner);
    let fresh = current.remove(&holder).filter(|used| used.uses_left > 0);
    let mut workstation = fresh.unwrap_or_else(|| Workstation::start(holder));
    workstation.uses_left -= 1;
    work(&workstation);
    current.insert(holder, workstation);
}

impl Workstation {
    fn start(holder: Holder) -> Self {
        listen_to_the_log();
        let folder = tempfile::tempdir().unwrap();
        let paths = AgentPaths::resolve(Some(&folder.path().join("state"))).unwrap();
        let lock = InstanceLock::acquire(&paths.lock_file()).unwrap();
        let runtime = runtime();
        let cards = cards();
        let api = Api::new(
            operations(&cards, &paths, holder),
            env!("CARGO_PKG_VERSION"),
            watch::channel(None).1,
        );
        let bound = socket::bind(&paths, &lock).unwrap();
        let entered = runtime.enter();
        let doors = Doors {
            tcp: Vec::new(),
            socket: user_listener(bound).unwrap(),
            identity: TlsIdentity::load_or_make(&paths, OffsetDateTime::now_utc()).unwrap(),
            native_host: None,
        };
        drop(entered);
        let stop = CancellationToken::new();
        let serving = stop.clone();
        let served = runtime.spawn(async move { serve(&api, doors, serving).await });
        Self {
            socket: paths.socket_path(),
            card: name_of_the_card(&cards),
            runtime,
            served,
            stop,
            cards,
            uses_left: holder.uses(),
            _lock: lock,
            _folder: folder,
        }
    }
}

impl Drop for Workstation {
    fn drop(&mut self) {
        self.stop.cancel();
        let _ = self.runtime.block_on(&mut self.served);
        self.cards.stop();
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
}

fn cards() -> Cards {
    let readers = VirtualReaders::with_count(1);
    let reader = readers.state().readers.remove(0).name;
    let kind = DemoCard::Cps3;
    let parameters = CardParameters {
        pin: SecretBytes::copy_from(CODE.as_bytes()),
        ..kind.parameters(KeySet::First, OffsetDateTime::now_utc())
    };
    let card = kind.generation().make(&parameters, None).unwrap();
    readers.insert(&reader, card).unwrap();
    let settings = Settings {
        id_salt: [7; 32],
        after_use: AfterUse::Reset,
        only_environment: Some(Environment::Test),
        nomenclature: Nomenclature::BUILT_IN,
        before_first_event: 0,
        call_time: A_MINUTE,
    };
    Cards::start(vec![Box::new(VirtualSource::new(readers))], settings, None).unwrap()
}

fn operations(cards: &Cards, paths: &AgentPaths, holder: Holder) -> Operations {
    let now = OffsetDateTime::now_utc;
    let anchor = Box::new(FileAnchor::new(&paths.journal_anchor_file()));
    let journal = Journal::open(&paths.journal_dir(), anchor, Limits::default(), now()).unwrap();
    Operations::new(
        cards.clone(),
        Prompt::scripted(ScriptedHolder::from_toml(&holder.script()).unwrap()),
        Arc::new(journal),
        Tokens::default(),
        GrantBook::of_nobody(),
        Policy {
            metrics: true,
            ..Policy::of(Environment::Test)
        },
        now,
    )
}

fn name_of_the_card(cards: &Cards) -> String {
    for _ in 0..MOST_LOOKS {
        if let Some(card) = cards.cards().pop() {
            return card.card.summary.id.0;
        }
        thread::sleep(Duration::from_millis(5));
    }
    unreadable()
}

#[expect(clippy::panic, reason = "a virtual card is always read")]
fn unreadable() -> ! {
    panic!("no card is read")
}

/// Everything that was logged since this was called last.
pub(crate) fn take_log() -> String {
    String::from_utf8_lossy(&std::mem::take(&mut *log())).into_owned()
}

/// At every level, whatever an administrator may set.
fn listen_to_the_log() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing_subscriber::fmt()
            .with_max_level(LevelFilter::TRACE)
            .with_ansi(false)
            .with_writer(|| Log)
            .init();
    });
}

struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        log().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn log() -> MutexGuard<'static, Vec<u8>> {
    static WRITTEN: Mutex<Vec<u8>> = Mutex::new(Vec::new());
    WRITTEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The code of the card: long enough to be met nowhere by chance.
pub(crate) const CODE: &str = "73918264";
/// What a holder types who has forgotten it.
pub(crate) const OTHER_CODE: &str = "58203947";
const MOST_LOOKS: u32 = 2_000;
const A_MINUTE: Duration = Duration::from_secs(60);
