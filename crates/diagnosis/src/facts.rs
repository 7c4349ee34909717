//! What was found out about a workstation; `None` where nobody could.

use daemon_types::{CodeState, Environment, Generation, ReaderCondition, UnblockCodeState};
use time::OffsetDateTime;

use crate::Check;

/// All of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// The time by the clock of this computer.
    pub now: OffsetDateTime,
    /// The environment that the agent works in.
    pub environment: Environment,
    /// The configuration.
    pub configuration: ConfigurationFact,
    /// The state folder that is meant, where it is not this user's usual one.
    pub state_dir: Option<String>,
    /// The agent.
    pub agent: AgentFacts,
    /// The computer.
    pub machine: MachineFacts,
    /// The PC/SC service.
    pub service: ServiceFact,
    /// The readers that are seen.
    pub readers: Option<Vec<ReaderFacts>>,
    /// Devices on USB that say they are readers, by name.
    pub usb_readers: Option<Vec<String>>,
    /// Other programs that use the PC/SC service, or are known to.
    pub reader_programs: Option<Vec<String>>,
    /// The cards that can be read.
    pub cards: Vec<CardFacts>,
    /// Cryptolib CPS.
    pub cryptolib: CryptolibFacts,
    /// The browsers.
    pub browsers: BrowserFacts,
    /// The checks whose question the system did not answer in time, now or when it was asked before.
    pub unanswered: Vec<Check>,
}

/// Whether an agent can be configured by what its files say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigurationFact {
    /// It can.
    Usable,
    /// A line of a file says what is no setting.
    Unusable {
        /// The file.
        file: String,
        /// The line, from 1 on.
        line: u32,
        /// What is wrong with it, in the words of the parser.
        problem: String,
    },
    /// A file cannot be read, or a setting cannot be followed.
    Refused {
        /// What is wrong, with the file or the key.
        problem: String,
    },
}

/// What keeps an agent from starting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// This user may not write where its state belongs.
    StateUnwritable {
        /// The folder.
        folder: String,
    },
    /// A newer version wrote its state.
    StateNewer {
        /// That version.
        version: String,
    },
    /// Another program has the port that is configured.
    PortHeld {
        /// The port.
        port: u16,
        /// Who has it, where that is known.
        program: Option<String>,
    },
}

/// Whether an agent answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgentState {
    /// It does.
    Runs,
    /// Nobody listens at its socket.
    Absent,
    /// Somebody listens there and gives no answer that is understood in time.
    Silent,
}

/// The agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentFacts {
    /// Whether it answers.
    pub state: AgentState,
    /// What keeps it from starting, where it does not run.
    pub obstacle: Option<Obstacle>,
    /// Version of the agent that runs.
    pub running_version: Option<String>,
    /// Version of the program that is installed.
    pub installed_version: Option<String>,
    /// Whether its program was replaced since it started.
    pub is_replaced: Option<bool>,
    /// A newer version that its makers announced.
    pub newer_version: Option<String>,
    /// The port that it asked for first; `None` where any would do.
    pub wanted_port: Option<u16>,
    /// The port that it has.
    pub port: Option<u16>,
    /// Who has the wanted one, where it is not the agent.
    pub port_holder: Option<String>,
}

/// The computer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineFacts {
    /// A time before which this version did not exist.
    pub released: OffsetDateTime,
    /// The times of the journal's last lines before this run of the agent, in the order of the lines; at most
    /// [`JOURNAL_LINES`](crate::JOURNAL_LINES) of them count.
    pub journal_times: Option<Vec<OffsetDateTime>>,
    /// What is free for this user where the state folder lies, in bytes.
    pub free_bytes: Option<u64>,
    /// The proxies that the environment names, by variable.
    pub proxy_variables: Option<Vec<String>>,
    /// What the environment says is reached without them (`no_proxy`).
    pub no_proxy: Option<String>,
}

/// The PC/SC service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceFact {
    /// It answers.
    Works,
    /// The agent has its readers from elsewhere.
    NotUsed,
    /// It is not installed.
    NotInstalled,
    /// It is stopped.
    NotRunning,
    /// The system does not let this user to it.
    AccessDenied,
    /// It answers that this user may not use it (polkit).
    Refused,
    /// It does not answer in time.
    Silent,
    /// Nobody could find out.
    Unknown,
}

/// A reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReaderFacts {
    /// The name that the system gives it.
    pub name: String,
    /// What it holds.
    pub condition: ReaderCondition,
}

/// A card that can be read. Nothing of its holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardFacts {
    /// Production or test.
    pub environment: Environment,
    /// Generation of the chip.
    pub generation: Option<Generation>,
    /// State of the holder's code.
    pub pin: CodeState,
    /// State of the unblock code.
    pub unblock_code: UnblockCodeState,
    /// Its certificates.
    pub certificates: Vec<CertificateFacts>,
    /// Whether the holder is in a national register, as Pro Santé Connect asks.
    pub is_registered: Option<bool>,
}

/// A certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertificateFacts {
    /// First moment of validity.
    pub not_before: OffsetDateTime,
    /// Last moment of validity.
    pub not_after: OffsetDateTime,
    /// Whether it comes from a known authority.
    pub chain: ChainFact,
}

/// Whether a certificate comes from a known authority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainFact {
    /// Each signature up to a known root was verified.
    Proven,
    /// No authority is at hand to compare with.
    NotProven,
    /// An authority bears the right name, and did not sign it.
    Refused,
}

/// Cryptolib CPS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CryptolibFacts {
    /// Whether its module is there.
    pub is_there: Option<bool>,
    /// Its version: major, minor, patch.
    pub version: Option<[u32; 3]>,
    /// Whether it is there for programs of 32 bits alone.
    pub is_only_32_bits: Option<bool>,
    /// Folder of what it remembers of cards.
    pub cache: Option<CacheFacts>,
}

/// What Cryptolib remembers of cards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheFacts {
    /// Its folder.
    pub folder: String,
    /// Whether it remembers another certificate of a card that is in a reader.
    pub is_stale: bool,
}

/// The browsers of this user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrowserFacts {
    /// Those that are there, and what they know of the native host.
    pub native_hosts: Option<Vec<NativeHostFacts>>,
    /// Whether the agent has made its authority.
    pub has_authority: Option<bool>,
    /// The places where authorities are trusted.
    pub stores: Option<Vec<StoreFacts>>,
    /// Whether an administrator lets pages call programs of this computer.
    pub loopback_by_policy: Option<bool>,
    /// The places of modules that they have, and whether cpxd's own PKCS#11 module is there.
    pub own_module: Option<Vec<ModuleFacts>>,
    /// Whom that module asks, where it is not the agent that is diagnosed.
    pub asked_instead: Option<AskedInstead>,
}

/// Whom cpxd's own module asks instead of this agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AskedInstead {
    /// The usual one of the user is diagnosed, and their file of the module names another one.
    Named {
        /// That file. Not the folder that it names, whose name may be a person's.
        file: String,
    },
    /// Another one than the usual is diagnosed, and that file does not name it.
    NotThis {
        /// That file, whether it is there or not.
        file: String,
        /// The state folder that it would have to name.
        folder: String,
    },
    /// Their file of the module cannot be read or understood, so that it asks nobody.
    Nobody {
        /// That file.
        file: String,
        /// The line that cannot be understood, from 1 on, where the file can be read.
        line: Option<u32>,
    },
}

impl BrowserFacts {
    /// Whether one of them, at least, uses cpxd's own module, and this agent by it.
    pub(crate) fn have_own_module(&self) -> bool {
        let mut places = self.own_module.iter().flatten();
        self.asked_instead.is_none() && places.any(|place| place.state == ModuleState::Registered)
    }

    /// Whether there are some, each in a sandbox that lets no module in.
    pub(crate) fn are_all_confined(&self) -> bool {
        let is_confined = |place: &ModuleFacts| place.state == ModuleState::Confined;
        let places = self.own_module.as_deref().unwrap_or_default();
        !places.is_empty() && places.iter().all(is_confined)
    }
}

/// A browser, or one of its profiles, and cpxd's own PKCS#11 module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleFacts {
    /// The browser. Not its profile, whose name may be a person's.
    pub browser: String,
    /// What it knows.
    pub state: ModuleState,
}

/// What a browser knows of cpxd's own PKCS#11 module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModuleState {
    /// The module is registered there.
    Registered,
    /// It is not.
    NotRegistered,
    /// It is registered, and its file is gone.
    FileMissing,
    /// The browser runs in a sandbox and can load no module from outside.
    Confined,
    /// Somebody else's module has the name there.
    Foreign,
    /// Nobody could find out.
    Unknown,
}

/// A browser and the native host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NativeHostFacts {
    /// The browser.
    pub browser: String,
    /// What it knows.
    pub state: NativeHostState,
}

/// What a browser knows of the native host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NativeHostState {
    /// It knows it.
    Told,
    /// It does not.
    NotTold,
    /// It runs in a sandbox and can start no program.
    Confined,
    /// Nobody could find out.
    Unknown,
}

/// A place where authorities are trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreFacts {
    /// Whose it is, or where.
    pub name: String,
    /// Whether it trusts the agent's authority.
    pub is_trusting: Option<bool>,
}
