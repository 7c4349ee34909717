//! The command line of `cpxd`.

use std::path::{Path, PathBuf};

use card_emulator::DemoCard;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use daemon_types::{Right, SignatureAlgorithm};

use crate::configuration::ReaderSourceName;

/// The local agent for French health-professional smart cards (CPS, CPF, CPE, CPA).
#[derive(Debug, Parser)]
#[command(name = "cpxd", version, max_term_width = 100, after_help = EXIT_CODES)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// Options of every command.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// State folder of the agent (default: the user's own)
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) state_dir: Option<PathBuf>,
    /// Print JSON; a failure is a problem (RFC 9457) with its stable code
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

const EXIT_CODES: &str = "\
Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 no reader, 4 no card, 5 code wrong,
6 blocked, 7 cancelled, 8 agent not running, 9 configuration unusable. They are the same with --json;
status fails only when it gets no answer, diagnose (1) only when a check failed.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the agent of this user in the foreground
    Run(AgentOptions),
    /// Run the agent with virtual cards: nothing to install, no reader needed
    Demo(DemoOptions),
    /// Show agent, readers, cards, tries left and validity
    Status,
    /// Look for what is wrong with this workstation, and say what to do; works without an agent
    Diagnose(DiagnoseOptions),
    /// List the readers
    Readers,
    /// List the cards
    Cards,
    /// List the certificates of the cards
    Certificates(CertificatesOptions),
    /// Make an authentication token for a site
    Authenticate(AuthenticateOptions),
    /// Sign a file with the signature key
    Sign(SignOptions),
    /// Open “Mon poste”, the agent's own page, in the browser: what works, what does not, what to do
    Console(ConsoleOptions),
    /// The holder's codes
    Pin(PinOptions),
    /// Show who used the card for what, newest first; works without an agent
    Journal(JournalOptions),
    /// Pair a desktop program: the holder compares a code, the program gets a token
    Pair(PairOptions),
    /// List who may call, or take a grant back
    Grants(GrantsOptions),
    /// List the sessions in which a code need not be typed again, or end one
    Sessions(SessionsOptions),
    /// Show what can be put in place for this user, and put it there; works without an agent
    Install(InstallOptions),
    /// Take away what install put in place
    Uninstall(UninstallOptions),
    /// Ask whether a newer version is there, or judge the files of a release; installs nothing, needs no agent
    Updates(UpdatesOptions),
    /// What the service manager of Windows runs: one agent in the session of each user
    #[cfg(windows)]
    Service,
    /// Print the OpenAPI document
    Openapi,
    /// Print what completes these commands in a shell
    Completions(CompletionsOptions),
    /// Write the manual pages of these commands, for a package
    #[command(hide = true)]
    ManualPages(ManualPagesOptions),
    /// Serve the calls of a PKCS#11 module to the agent that started this; not for people
    #[command(hide = true)]
    Pkcs11Host(Pkcs11HostOptions),
}

impl Command {
    /// The user's configuration that was named in place of the usual one.
    pub(crate) fn configuration(&self) -> Option<&Path> {
        if let Self::Run(options) | Self::Demo(DemoOptions { agent: options, .. }) = self {
            options.config.as_deref()
        } else {
            None
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Pkcs11HostOptions {
    /// What it does
    #[arg(long, value_enum, default_value_t = Pkcs11HostWork::Serve)]
    pub(crate) work: Pkcs11HostWork,
    /// The module
    pub(crate) module: PathBuf,
}

/// What a host of a PKCS#11 module does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Pkcs11HostWork {
    /// Makes the calls that it is asked for.
    Serve,
    /// Tells of the readers, and waits in the module for what changes.
    Watch,
    /// Tells of the readers, and looks again and again for what changes.
    Look,
}

#[derive(Debug, Args)]
pub(crate) struct DiagnoseOptions {
    /// Configuration file, in place of this user's usual one
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Save what a helper needs in this file, without any code, name or number of a person
    #[arg(long, value_name = "FILE")]
    pub(crate) zip: Option<PathBuf>,
    /// Save it without asking
    #[arg(long, requires = "zip")]
    pub(crate) yes: bool,
}

/// Options of the agent.
#[derive(Debug, Default, Args)]
pub(crate) struct AgentOptions {
    /// Configuration file (default: the user's, then the machine's policy)
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// TCP port on loopback (default: 27900 to 27909, then any free one)
    #[arg(long, value_name = "N")]
    pub(crate) port: Option<u16>,
    /// Where readers come from: pcsc, virtual, pkcs11 (the official module) or pkcs11:PATH; may be repeated
    #[arg(long, value_name = "SOURCE")]
    pub(crate) reader_source: Vec<ReaderSourceName>,
    /// What is logged
    #[arg(long, value_name = "LEVEL")]
    pub(crate) log_level: Option<LogLevel>,
    /// How it is logged
    #[arg(long, value_name = "FORMAT")]
    pub(crate) log_format: Option<LogFormat>,
    /// End when standard input ends: a service that starts agents has them end with it; not for people
    #[arg(long, hide = true)]
    pub(crate) supervised: bool,
    /// A holder who is a file, for tests; answers for test cards alone
    #[arg(long, value_name = "FILE")]
    pub(crate) scripted_holder: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct DemoOptions {
    #[command(flatten)]
    pub(crate) agent: AgentOptions,
    /// No browser, no window; without --scripted-holder, a holder who types the test code and agrees
    #[arg(long)]
    pub(crate) headless: bool,
    /// A virtual card; may be repeated
    #[arg(long, value_name = "KIND", default_value = "cps3", value_parser = demo_card())]
    pub(crate) card: Vec<DemoCard>,
    /// The virtual readers have a keypad, where each line of this file or named pipe is typed
    #[arg(long, value_name = "FILE")]
    pub(crate) keypad: Option<PathBuf>,
}

/// Kinds of virtual cards, by the names that the emulator gives them.
fn demo_card() -> impl TypedValueParser<Value = DemoCard> {
    PossibleValuesParser::new(DemoCard::ALL.map(DemoCard::name))
        .try_map(|name| name.parse::<DemoCard>())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct CertificatesOptions {
    /// Only the certificates of this key
    #[arg(long)]
    pub(crate) role: Option<Role>,
    /// Print them in PEM
    #[arg(long)]
    pub(crate) pem: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Role {
    Authentication,
    Signature,
    Technical,
}

impl Role {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Authentication => "authentication",
            Self::Signature => "signature",
            Self::Technical => "technical",
        }
    }
}

/// Algorithms, by the names that the API gives them.
fn algorithm() -> impl TypedValueParser<Value = SignatureAlgorithm> {
    PossibleValuesParser::new(SignatureAlgorithm::ALL.map(SignatureAlgorithm::as_str))
        .try_map(|name| SignatureAlgorithm::of_name(&name).ok_or("it is no algorithm"))
}

#[derive(Debug, Args)]
pub(crate) struct AuthenticateOptions {
    /// The site, such as https://service.example
    #[arg(long, value_name = "URL")]
    pub(crate) origin: String,
    /// The site's nonce: base64, 44 to 128 characters
    #[arg(long, value_name = "N")]
    pub(crate) nonce: String,
    #[command(flatten)]
    pub(crate) which: WhichCard,
}

#[derive(Debug, Args)]
pub(crate) struct SignOptions {
    /// What to sign
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Where the signature goes (default: FILE.sig)
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// How to sign; what a card can do: cpxd certificates --json
    #[arg(long, value_name = "NAME", default_value = "RS256", value_parser = algorithm())]
    pub(crate) algorithm: SignatureAlgorithm,
    /// Replace the file that is there already
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) which: WhichCard,
}

/// Which card to use and how long the holder has.
#[derive(Debug, Args)]
pub(crate) struct WhichCard {
    /// Id of the card (needed when there is more than one)
    #[arg(long, value_name = "ID")]
    pub(crate) card: Option<String>,
    /// Seconds that the holder has to answer
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=600))]
    pub(crate) timeout: Option<u32>,
}

#[derive(Debug, Args)]
pub(crate) struct ConsoleOptions {
    /// Print its address, which is good once and for a minute, and open nothing
    #[arg(long)]
    pub(crate) print: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PinOptions {
    #[command(subcommand)]
    pub(crate) command: PinCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PinCommand {
    /// Show the tries left of both codes
    Status,
    /// Change the code; it is typed at the question that the agent asks
    Change(WhichCard),
    /// Unblock a blocked card with its 8-digit unblock code, and choose a new code
    Unblock(WhichCard),
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct JournalOptions {
    #[command(subcommand)]
    pub(crate) command: Option<JournalCommand>,
    /// How many entries
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) last: u32,
}

#[derive(Debug, Subcommand)]
pub(crate) enum JournalCommand {
    /// Look for entries that were changed, removed, inserted or put in another order
    Verify,
}

#[derive(Debug, Args)]
pub(crate) struct PairOptions {
    /// What the program is called
    #[arg(long, value_name = "NAME")]
    pub(crate) name: String,
    /// What it may do; may be repeated
    #[arg(long, required = true, value_name = "RIGHT", value_parser = right())]
    pub(crate) right: Vec<Right>,
    /// A site that it may authenticate for, such as https://service.example; may be repeated
    #[arg(long, value_name = "URL")]
    pub(crate) origin: Vec<String>,
    /// Write the token to this file, closed to others, and not to the screen
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
}

/// Rights, by the names that the API gives them.
fn right() -> impl TypedValueParser<Value = Right> {
    PossibleValuesParser::new(Right::ALL.map(Right::as_str))
        .try_map(|name| Right::of_name(&name).ok_or("it is no right"))
}

#[derive(Debug, Args)]
pub(crate) struct GrantsOptions {
    #[command(subcommand)]
    pub(crate) command: Option<GrantsCommand>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum GrantsCommand {
    /// Take a grant back; it is worth nothing from the next request on
    Revoke {
        /// Its id, as cpxd grants shows it
        #[arg(value_name = "ID")]
        id: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct UpdatesOptions {
    /// Configuration file, in place of this user's usual one
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Judge the files in this folder by its manifest.json and manifest.json.minisig, and ask nobody
    #[arg(long, value_name = "FOLDER", conflicts_with = "config")]
    pub(crate) files: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct SessionsOptions {
    #[command(subcommand)]
    pub(crate) command: Option<SessionsCommand>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SessionsCommand {
    /// End a session; the next use of its card needs the code
    End {
        /// Its id, as cpxd sessions shows it
        #[arg(value_name = "ID")]
        id: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct InstallOptions {
    /// Have browsers and the system trust this installation's own certification authority; one of these at a time
    #[arg(long)]
    pub(crate) trust: bool,
    /// Tell the browsers of this user of the native host, for the extension; one of these at a time
    #[arg(long, conflicts_with_all = ["trust", "store"])]
    pub(crate) native_messaging: bool,
    /// Have the sessions of this user start the agent and the tray, by units of systemd and an entry of the desktop; one of these at a time
    #[cfg(target_os = "linux")]
    #[arg(long, conflicts_with_all = ["trust", "store", "native_messaging"])]
    pub(crate) autostart: bool,
    /// Tell browsers and p11-kit of cpxd's own PKCS#11 module: log-in with the card without Cryptolib
    #[cfg(target_os = "linux")]
    #[arg(long, conflicts_with_all = ["trust", "store", "native_messaging", "autostart"])]
    pub(crate) pkcs11: bool,
    /// Only in these stores (default: all that there are); may be repeated
    #[arg(long, value_name = "STORE")]
    pub(crate) store: Vec<StoreName>,
}

#[derive(Debug, Args)]
pub(crate) struct UninstallOptions {
    /// Only from these stores (default: all that there are); may be repeated
    #[arg(long, value_name = "STORE")]
    pub(crate) store: Vec<StoreName>,
    /// Remove all that the agent keeps, too: keys, grants, journal, cards seen
    #[arg(long, conflicts_with = "store")]
    pub(crate) state: bool,
    /// Only have browsers and p11-kit forget cpxd's own PKCS#11 module
    #[cfg(target_os = "linux")]
    #[arg(long, conflicts_with_all = ["store", "state"])]
    pub(crate) pkcs11: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsOptions {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(crate) shell: Shell,
}

#[derive(Debug, Args)]
pub(crate) struct ManualPagesOptions {
    /// Folder that they go to
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
}

/// A kind of trust store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StoreName {
    Chromium,
    Firefox,
    System,
}

impl StoreName {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
            Self::System => "system",
        }
    }
}
