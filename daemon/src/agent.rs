//! The agent put together: the one place where every concrete part is named.

use std::fs;
use std::io::{self, IsTerminal as _};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use card_emulator::{DemoCard, VirtualReaders};
use daemon_api::{Api, Doors, TlsIdentity, serve, user_listener};
use daemon_cards::{Cards, ReaderSource, Settings};
use daemon_core::Tokens;
use daemon_journal::{Entry, FileAnchor, Journal, Limits};
use daemon_operations::{KeypadPolicy, Operations, Policy};
use daemon_types::{Environment, SessionEnd};
use platform::instance::InstanceLock;
use platform::lock::LockNews;
use platform::paths::AgentPaths;
use platform::service_manager::ServiceNews;
use platform::terminal::QuietTerminal;
use platform::{core_dumps, default_browser, open_files};

use prompt::{Prompt, ScriptedHolder, WorkstationLock};
use secrets::Pin;
use serde_json::json;
use texts::CommandTexts;
use time::OffsetDateTime;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

use crate::command_line::{AgentOptions, Common, DemoOptions, LogLevel};
use crate::commands::install::{Trust, trust_once};
use crate::commands::language;
use crate::configuration::{Configuration, ReaderSourceName};
use crate::diagnosis::looks::Looks;
use crate::diagnosis::{Examiner, Subject};
use crate::grants::grant_book;
use crate::greeting::Greeting;
use crate::holder::{CardsInReaders, prompt_of};
use crate::logging::LogFile;
use crate::refusal::Refusal;
use crate::seen_cards::seen_cards;
use crate::signals::{silence_after_each_pause, stop_on_signal, stop_with_input};
use crate::sources::{PcscSource, Pkcs11Source, VirtualSource};
use crate::update_check::UpdateCheck;
use crate::virtual_cards::{DEMO_PIN, insert_demo_cards};
use crate::virtual_keypad::add_keypads;
use crate::{installation, logging, nomenclature, screen, state_format};

/// `cpxd run`.
pub(crate) fn run(options: &AgentOptions, common: &Common) -> anyhow::Result<()> {
    let mut configuration = configured(options)?;
    if options.supervised {
        // Nobody reads the standard error of an agent that a service started.
        let usual = LogFile::InStateFolder(USUAL_LOG.into());
        configuration.log_file.get_or_insert(usual);
    }
    let paths = AgentPaths::resolve(common.state_dir.as_deref())?;
    let prompt = match &options.scripted_holder {
        Some(file) => Prompt::scripted(scripted_holder(file)?),
        None => prompt_of(&configuration),
    };
    Agent {
        paths,
        configuration,
        prompt,
        cards: vec![DemoCard::Cps3],
        keypad: None,
        is_demo: false,
        shows_console: false,
        is_supervised: options.supervised,
    }
    .run()
}

/// `cpxd demo`: virtual cards, the test environment, a state folder of its own.
pub(crate) fn demo(options: &DemoOptions, common: &Common) -> anyhow::Result<()> {
    let mut configuration = configured(&options.agent)?;
    if configuration.environment == Some(Environment::Production) {
        screen::remark(&CommandTexts::new(language()).demo_takes_test_cards_alone());
    }
    configuration.environment = Some(Environment::Test);
    // Who tries the product has not installed it.
    configuration.update_source = None;
    configuration.trust_ca = false;
    if options.agent.reader_source.is_empty() {
        configuration.reader_sources = vec![ReaderSourceName::Virtual];
    }
    let state_dir = match &common.state_dir {
        Some(dir) => dir.clone(),
        None => AgentPaths::resolve(None)?.state_dir().join("demo"),
    };
    let prompt = match &options.agent.scripted_holder {
        Some(file) => Prompt::scripted(scripted_holder(file)?),
        None if options.headless => Prompt::scripted(ScriptedHolder::agreeing_with(
            &Pin::new(DEMO_PIN).context("the demo's code")?,
        )),
        None => prompt_of(&configuration),
    };
    Agent {
        paths: AgentPaths::resolve(Some(&state_dir))?,
        configuration,
        prompt,
        cards: options.card.clone(),
        keypad: options.keypad.clone(),
        is_demo: true,
        shows_console: !options.headless
            && io::stderr().is_terminal()
            && default_browser::is_visible(),
        is_supervised: options.agent.supervised,
    }
    .run()
}

/// The configuration. A service learns by the exit code alone why its agent ended, so an agent of one
/// says itself what is wrong, where administrators look.
fn configured(options: &AgentOptions) -> anyhow::Result<Configuration> {
    Configuration::load(options).map_err(|error| {
        let refusal = Refusal::of_configuration(&error);
        #[cfg(windows)]
        if options.supervised {
            platform::event_log::write(
                platform::event_log::EventLevel::Error,
                crate::service::CONFIGURATION_UNUSABLE,
                &refusal.to_string(),
            );
        }
        refusal.into()
    })
}

fn scripted_holder(file: &PathBuf) -> anyhow::Result<ScriptedHolder> {
    let text = fs::read_to_string(file)
        .with_context(|| format!("reading the scripted holder {}", file.display()))?;
    ScriptedHolder::from_toml(&text)
        .with_context(|| format!("in the scripted holder {}", file.display()))
}

struct Agent {
    paths: AgentPaths,
    configuration: Configuration,
    prompt: Prompt,
    cards: Vec<DemoCard>,
    /// What is typed at the keypad of the virtual readers, where they have one.
    keypad: Option<PathBuf>,
    is_demo: bool,
    /// Whether it opens the console's page for whoever started it.
    shows_console: bool,
    /// Whether it ends with its standard input.
    is_supervised: bool,
}

impl Agent {
    fn run(self) -> anyhow::Result<()> {
        core_dumps::forbid().context("forbidding core dumps")?;
        let quiet = self.prompt.keep_terminal_quiet().map(Arc::new);
        logging::start(
            self.log_level(self.prompt.asks_at_terminal()),
            self.configuration.log_format,
            self.configuration.log_file.as_ref(),
            &self.paths,
        )?;
        if let Err(error) = open_files::allow_enough() {
            tracing::debug!(%error, "the limit of open files stays as it was");
        }
        let lock = InstanceLock::acquire(&self.paths.lock_file())?;
        state_format::bring_up_to_date(&self.paths)?;
        // The terminal stays quiet until the runtime has ended, and with it the last question.
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(WORKER_THREADS)
            .enable_all()
            .build()
            .context("starting the runtime")?
            .block_on(self.serve(&lock, quiet.as_ref()))
    }

    /// Between questions at a terminal, only what needs a person is worth a line.
    fn log_level(&self, asks_here: bool) -> LogLevel {
        let named = self.configuration.log_level;
        named.unwrap_or(if asks_here && io::stderr().is_terminal() {
            LogLevel::Warn
        } else {
            LogLevel::Info
        })
    }

    async fn serve(
        self,
        lock: &InstanceLock,
        quiet: Option<&Arc<QuietTerminal>>,
    ) -> anyhow::Result<()> {
        let now = OffsetDateTime::now_utc;
        let cards = self.start_cards(now)?;
        let tokens = if self.is_demo {
            installation::demo_tokens(&self.paths)?
        } else {
            Tokens::default()
        };
        let environment = self.configuration.environment;
        let environment = environment.unwrap_or(Environment::Production);
        let grants = grant_book(
            &self.paths,
            environment,
            self.configuration.allowed_sites.clone(),
        )?;
        let identity = TlsIdentity::load_or_make(&self.paths, now())?;
        let tcp = listen_on_loopback(self.configuration.port).await?;
        let url = url_of(&tcp)?;
        let port = port_of(&tcp)?;
        let socket = platform::socket::bind(&self.paths, lock)?;
        let doors = Doors {
            tcp,
            socket: user_listener(socket)?,
            identity,
            native_host: installation::native_host(),
        };
        if let Some(asked) = self.configuration.overruled_port {
            tracing::warn!(
                event = "port-overruled",
                asked,
                port,
                "the machine's policy names another port than the user or --port"
            );
        }
        if self.prompt.asks_nobody() {
            tracing::warn!(
                event = "nobody-asked",
                "there is no display with the window's program and no terminal: every question will be refused (cancelled); start the agent at a terminal, or test cards with --scripted-holder"
            );
        }
        if self.prompt.asks_by_pinentry() && self.configuration.keypad == KeypadPolicy::Auto {
            tracing::warn!(
                event = "pinentry-before-keypad",
                "a pinentry asks: it takes the codes even where the reader has a keypad; keypad = \"never\" says that this is meant"
            );
        }
        let sources = &self.configuration.reader_sources;
        let greeting = Greeting {
            texts: CommandTexts::new(language()),
            url: &url,
            state_dir: self.paths.state_dir(),
            has_virtual_codes: sources.contains(&ReaderSourceName::Virtual)
                && self
                    .cards
                    .iter()
                    .any(|card| *card != DemoCard::Cps3Contactless),
            asks_here: self.prompt.asks_at_terminal(),
            shows_windows: self.prompt.shows_windows(),
        };
        let greeting = if self.is_demo {
            Some(greeting.of_demo())
        } else {
            greeting.of_run()
        };
        let journal = self.open_journal(now())?;
        let newer_version = self.newer_version()?;
        let examiner = self.examiner(&cards, newer_version.clone(), port);
        let operations = Operations::new(
            cards.clone(),
            self.prompt
                .watching(Arc::new(CardsInReaders(cards.clone())))
                .behind(watched_lock()),
            Arc::clone(&journal),
            tokens,
            grants,
            Policy {
                environment,
                session_limits: self.configuration.session_limits,
                signature_code: self.configuration.signature_code,
                keypad: self.configuration.keypad,
                metrics: self.configuration.metrics,
            },
            now,
        );
        watch_sessions(&operations);
        let api = Api::new(operations.clone(), VERSION, newer_version)
            .examined_by(examiner)
            .speaking(self.configuration.language.unwrap_or_default());
        // Before anybody finds it: whoever does may stop it.
        let stop = stop_on_signal()?;
        if self.is_supervised {
            stop_with_input(stop.clone())?;
        }
        publish_endpoint(&self.paths, &url)?;
        if let Some(greeting) = greeting {
            screen::remark(&greeting);
        }
        let readers_from = sources.iter().map(ToString::to_string);
        let readers_from = readers_from.collect::<Vec<_>>().join(" ");
        tracing::info!(
            event = "agent-ready",
            url,
            version = VERSION,
            readers_from,
            "the agent is ready"
        );
        if self.configuration.trust_ca {
            trust_in_background(self.paths.clone())?;
        }
        tell_service_manager(ServiceNews::Ready);
        if let Some(quiet) = quiet {
            silence_after_each_pause(Arc::clone(quiet))?;
        }
        let stopping = end_what_lasts(operations.clone(), cards.clone(), stop.clone());
        let stopping = tokio::spawn(stopping);
        if self.shows_console {
            tokio::spawn(show_console(api.clone()));
        }
        serve(&api, doors, stop).await;
        stopping.await?;
        // A code that was still on its way when the sessions ended.
        operations.shut_sessions().await;
        cards.stop();
        self.paths.withdraw_endpoint()?;
        platform::socket::unbind(&self.paths, lock)?;
        operations.tell_last_refusals().await;
        write_beside(&journal, now(), Entry::AgentStopped);
        tracing::info!(event = "agent-stopped", "the agent has stopped");
        Ok(())
    }

    /// The journal, which says first what runs and by which settings. A full disk is no reason not
    /// to start: it refuses the use of the cards, and the rest can be looked at.
    fn open_journal(&self, now: OffsetDateTime) -> anyhow::Result<Arc<Journal>> {
        let anchor = Box::new(FileAnchor::new(&self.paths.journal_anchor_file()));
        let folder = self.paths.journal_dir();
        let journal = Journal::open(&folder, anchor, Limits::default(), now)
            .context("opening the journal")?;
        let version = VERSION.to_owned();
        let pid = std::process::id();
        let settings = self.configuration.settings();
        let started = Entry::AgentStarted {
            version,
            pid,
            settings,
        };
        write_beside(&journal, now, started);
        Ok(Arc::new(journal))
    }

    /// The version that is newer than this one, as soon as one is known.
    fn newer_version(&self) -> anyhow::Result<watch::Receiver<Option<String>>> {
        let (tell, newer) = watch::channel(None);
        if let Some(source) = self.configuration.update_source.clone() {
            tokio::spawn(UpdateCheck::new(source, &self.paths)?.go_on(tell));
        }
        Ok(newer)
    }

    /// Whoever looks for what is wrong with the workstation.
    fn examiner(
        &self,
        cards: &Cards,
        newer_version: watch::Receiver<Option<String>>,
        port: u16,
    ) -> Arc<Examiner> {
        let wanted = self.configuration.port.unwrap_or(FIRST_PORT);
        let ports = (Some(wanted).filter(|port| *port != 0), port);
        let subject = Subject::new(
            cards.clone(),
            self.paths.clone(),
            &self.configuration,
            Looks::default(),
        );
        Arc::new(Examiner::new(subject, VERSION, newer_version, ports))
    }

    fn start_cards(&self, now: fn() -> OffsetDateTime) -> anyhow::Result<Cards> {
        let mut sources: Vec<Box<dyn ReaderSource>> = Vec::new();
        for name in in_order_of_precedence(&self.configuration.reader_sources) {
            match name {
                ReaderSourceName::Pkcs11(module) => {
                    sources.push(Box::new(Pkcs11Source::new(module.as_deref())?));
                }
                ReaderSourceName::Pcsc => sources.push(Box::new(PcscSource::default())),
                ReaderSourceName::Virtual => {
                    let readers: VirtualReaders = insert_demo_cards(&self.cards, now())?;
                    if let Some(file) = &self.keypad {
                        add_keypads(&readers, file)?;
                    }
                    sources.push(Box::new(VirtualSource::new(readers)));
                }
            }
        }
        let settings = Settings {
            id_salt: installation::id_salt(&self.paths)?,
            after_use: self.configuration.after_use,
            only_environment: self.is_demo.then_some(Environment::Test),
            call_time: CALL_TIME,
            nomenclature: nomenclature::of_this_agent(&self.configuration.nomenclature_folders),
            // Milliseconds: no agent tells a thousand events a second for long.
            before_first_event: u64::try_from(now().unix_timestamp_nanos() / 1_000_000)
                .unwrap_or_default(),
        };
        let seen_cards = seen_cards(&self.paths, self.configuration.remember_cards)?;
        Cards::start(sources, settings, seen_cards).context("starting the threads of the readers")
    }
}

/// A module that was configured acts in its readers, whatever else would.
fn in_order_of_precedence(sources: &[ReaderSourceName]) -> Vec<&ReaderSourceName> {
    let mut sources: Vec<_> = sources.iter().collect();
    sources.sort_by_key(|source| !matches!(source, ReaderSourceName::Pkcs11(_)));
    sources
}

/// Writes what the agent does anyway, whether the journal takes it or not.
fn write_beside(journal: &Journal, now: OffsetDateTime, entry: Entry) {
    if let Err(error) = journal.append(now, entry) {
        tracing::error!(
            event = "journal-refuses",
            ?error,
            "the journal takes no entry"
        );
    }
}

/// The port asked for, or the first free one of ours, or any; on IPv4 and, where it exists, IPv6.
async fn listen_on_loopback(port: Option<u16>) -> anyhow::Result<Vec<TcpListener>> {
    let ports = match port {
        Some(port) => vec![port],
        None => (FIRST_PORT..=LAST_PORT).chain([0]).collect(),
    };
    let mut last_error = None;
    for port in ports {
        match TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await {
            Ok(listener) => {
                let port = listener.local_addr()?.port();
                let over_ipv6 = TcpListener::bind(SocketAddr::from((Ipv6Addr::LOCALHOST, port)));
                return Ok([Some(listener), over_ipv6.await.ok()]
                    .into_iter()
                    .flatten()
                    .collect());
            }
            Err(error) => last_error = Some((port, error)),
        }
    }
    match last_error {
        Some((port, error)) => Err(error)
            .with_context(|| CommandTexts::new(language()).port_is_taken(&port.to_string())),
        None => anyhow::bail!("there is no port to listen on"),
    }
}

fn url_of(listeners: &[TcpListener]) -> anyhow::Result<String> {
    Ok(format!("https://127.0.0.1:{}", port_of(listeners)?))
}

fn port_of(listeners: &[TcpListener]) -> anyhow::Result<u16> {
    let first = listeners.first().context("there is no listener")?;
    Ok(first.local_addr()?.port())
}

fn publish_endpoint(paths: &AgentPaths, url: &str) -> anyhow::Result<()> {
    let endpoint = json!({
        "url": url,
        "caFile": paths.ca_file(),
        "socket": paths.socket_path(),
        "pid": std::process::id(),
        "version": VERSION,
    });
    Ok(paths.publish_endpoint(&serde_json::to_vec_pretty(&endpoint)?)?)
}

/// Ends sessions when their time or their card is over, and when the machine slept.
fn watch_sessions(operations: &Operations) {
    let watching = operations.clone();
    tokio::spawn(async move { watching.watch_sessions().await });
    let (runtime, operations) = (Handle::current(), operations.clone());
    let slept = move || runtime.block_on(operations.end_all_sessions(SessionEnd::Sleep));
    if let Err(error) = platform::sleep::watch(slept) {
        tracing::warn!(event = "sleep-unknown", %error, "this system does not tell when it slept: no session ends by that");
    }
}

/// The lock of the workstation, as the system tells it.
fn watched_lock() -> WorkstationLock {
    let lock = WorkstationLock::default();
    let teller = lock.clone();
    let told = move |news| {
        tracing::debug!(?news, "the lock of the workstation");
        match news {
            LockNews::Asked => teller.close_questions(),
            LockNews::Locked => teller.lock(),
            LockNews::Unlocked => teller.unlock(),
        }
    };
    if let Err(error) = platform::lock::watch(told) {
        tracing::debug!(%error, "this system does not tell of locks: no question ends by one");
    }
    lock
}

/// A thread that nobody waits for: the system may ask the user first, and stopping must not wait for that.
fn trust_in_background(paths: AgentPaths) -> anyhow::Result<()> {
    let trust = move || match trust_once(&paths) {
        Ok(Trust::AsBefore) => {}
        Ok(Trust::Everywhere) => {
            tracing::info!(event = "authority-trusted", "browsers trust this agent");
        }
        Ok(Trust::Short(stores)) => {
            tracing::warn!(event = "authority-not-trusted", %stores, "stores do not trust this agent; cpxd install --trust tries again");
        }
        Err(error) => {
            tracing::warn!(event = "authority-not-trusted", error = %format!("{error:#}"), "no store was asked to trust this agent");
        }
    };
    std::thread::Builder::new()
        .name("trust".into())
        .spawn(trust)
        .context("starting the thread of the trust stores")?;
    Ok(())
}

/// Whoever tries the product sees it at once; where no browser opens, the greeting says how.
async fn show_console(api: Api) {
    match api.open_console().await {
        Ok(opened) => {
            let shown = spawn_blocking(move || default_browser::open(&opened.url));
            if let Ok(Err(error)) = shown.await {
                tracing::debug!(%error, "no browser was opened");
            }
        }
        Err(error) => tracing::debug!(?error, "the console was not opened"),
    }
}

fn tell_service_manager(news: ServiceNews) {
    if let Err(error) = platform::service_manager::tell(news) {
        tracing::warn!(event = "service-manager-not-told", %error, ?news, "the service manager was not told");
    }
}

/// Ends sessions and event streams as soon as the agent is told to stop, so that the door can close.
async fn end_what_lasts(operations: Operations, cards: Cards, stop: CancellationToken) {
    stop.cancelled().await;
    tell_service_manager(ServiceNews::Stopping);
    operations.shut_sessions().await;
    cards.end_subscriptions();
}

pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The log of an agent that a service started, where no other is named.
const USUAL_LOG: &str = "cpxd.log";
const FIRST_PORT: u16 = 27900;
const LAST_PORT: u16 = 27909;
/// Twice what the slowest command of a card takes, the wait of a reader included.
pub(crate) const CALL_TIME: Duration = Duration::from_secs(10);
/// The agent waits far more than it works.
const WORKER_THREADS: usize = 2;
