//! What is wrong with this workstation: the facts are found here, `diagnosis` judges them, `texts` has
//! the words.
//!
//! Whatever does not answer in time is unknown ([`looks`]); no code is asked for, and no command goes to
//! a card but the one that reads its counters.

mod browsers;
mod cards;
mod cryptolib;
pub(crate) mod looks;
mod machine;
mod own_module;
pub(crate) mod readers;
pub(crate) mod start;
pub(crate) mod words;

use std::path::PathBuf;
use std::pin::Pin;

use daemon_api::Examine;
use daemon_cards::Cards;
use daemon_types::Environment;
use daemon_wire::DiagnosticsBody;
use diagnosis::facts::{AgentFacts, ConfigurationFact, Facts};
use platform::paths::AgentPaths;
use texts::Language;
use time::OffsetDateTime;
use tokio::sync::{Mutex, watch};

use crate::configuration::{Configuration, ReaderSourceName};
use looks::{Look, Looks, Round};

/// What is looked at, beside the computer itself.
#[derive(Debug)]
pub(crate) struct Subject {
    pub(crate) cards: Cards,
    pub(crate) paths: AgentPaths,
    pub(crate) environment: Environment,
    pub(crate) uses_pcsc: bool,
    named_file: Option<PathBuf>,
    looks: Looks,
}

impl Subject {
    pub(crate) fn new(
        cards: Cards,
        paths: AgentPaths,
        configuration: &Configuration,
        looks: Looks,
    ) -> Self {
        let environment = configuration.environment;
        Self {
            cards,
            paths,
            environment: environment.unwrap_or(Environment::Production),
            uses_pcsc: uses_pcsc(configuration),
            named_file: configuration.named_file.clone(),
            looks,
        }
    }

    /// Finds out everything, the agent by this.
    pub(crate) async fn find(&self, agent: impl AsyncFnOnce(&Round<'_>) -> AgentFacts) -> Facts {
        let now = OffsetDateTime::now_utc();
        let looks = self.looks.round();
        let cards = cards::with_fresh_counters(&self.cards).await;
        let named = self.named_file.clone();
        let configuration_now = move || start::configuration_now(named).1;
        let (
            agent,
            configuration,
            service,
            usb_readers,
            reader_programs,
            machine,
            browsers,
            cryptolib,
        ) = tokio::join!(
            agent(&looks),
            looks.at(Look::Configuration, configuration_now),
            readers::service(self.uses_pcsc, &looks),
            looks.at(
                Look::UsbReaders,
                platform::workstation::usb_smart_card_readers
            ),
            looks.at(
                Look::ReaderPrograms,
                platform::workstation::smart_card_programs
            ),
            machine::facts(&self.paths, &looks),
            browsers::facts(&self.paths, &looks),
            looks.at(Look::Cryptolib, cryptolib::found),
        );
        let cryptolib = cryptolib.unwrap_or_default();
        Facts {
            now,
            environment: self.environment,
            configuration: configuration.unwrap_or(ConfigurationFact::Usable),
            state_dir: unusual(&self.paths),
            agent,
            machine,
            service,
            readers: Some(readers::facts(&self.cards)),
            usb_readers: usb_readers.flatten(),
            reader_programs: reader_programs.flatten(),
            cards: cards::facts(&cards, &cryptolib.authorities, now),
            cryptolib: cryptolib.facts(&cards),
            browsers,
            unanswered: looks.unanswered(),
        }
    }
}

/// The state folder, where commands have to be told which.
fn unusual(paths: &AgentPaths) -> Option<String> {
    let usual = AgentPaths::find(None).ok();
    let is_usual = usual.is_some_and(|usual| usual.state_dir() == paths.state_dir());
    (!is_usual).then(|| paths.state_dir().display().to_string())
}

/// Whether the agent would have readers from PC/SC.
pub(crate) fn uses_pcsc(configuration: &Configuration) -> bool {
    let mut sources = configuration.reader_sources.iter();
    sources.any(|source| *source == ReaderSourceName::Pcsc)
}

/// What a running agent examines.
#[derive(Debug)]
pub(crate) struct Examiner {
    subject: Subject,
    version: &'static str,
    newer_version: watch::Receiver<Option<String>>,
    wanted_port: Option<u16>,
    port: u16,
    /// One at a time: whoever asks again and again costs the computer no more than one look.
    turn: Mutex<()>,
}

impl Examiner {
    pub(crate) fn new(
        subject: Subject,
        version: &'static str,
        newer_version: watch::Receiver<Option<String>>,
        (wanted_port, port): (Option<u16>, u16),
    ) -> Self {
        Self {
            subject,
            version,
            newer_version,
            wanted_port,
            port,
            turn: Mutex::default(),
        }
    }

    async fn agent(&self, looks: &Round<'_>) -> AgentFacts {
        let newer_version = self.newer_version.borrow().clone();
        let taken = self.wanted_port.filter(|wanted| *wanted != self.port);
        let port_holder = match taken {
            Some(port) => {
                let find = move || platform::workstation::program_at_port(port);
                looks.at(Look::PortHolder, find).await
            }
            None => None,
        };
        AgentFacts {
            state: diagnosis::facts::AgentState::Runs,
            obstacle: None,
            running_version: Some(self.version.to_owned()),
            installed_version: None,
            is_replaced: platform::workstation::is_program_replaced(),
            newer_version,
            wanted_port: self.wanted_port,
            port: Some(self.port),
            port_holder: port_holder.flatten(),
        }
    }
}

impl Examine for Examiner {
    fn examine(
        &self,
        language: Language,
    ) -> Pin<Box<dyn Future<Output = DiagnosticsBody> + Send + '_>> {
        Box::pin(async move {
            let _turn = self.turn.lock().await;
            let agent = async |looks: &Round<'_>| self.agent(looks).await;
            let facts = self.subject.find(agent).await;
            words::of(&diagnosis::diagnose(&facts), facts.now, language)
        })
    }
}
