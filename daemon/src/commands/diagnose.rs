//! `cpxd diagnose`: what is wrong with this workstation. The agent says it, and where none answers this
//! command finds it out by itself.

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use card_pcsc::ReaderWatcher;
use daemon_cards::nomenclature::Nomenclature;
use daemon_cards::{Cards, ReaderSource, Settings};
use daemon_client::ClientError;
use daemon_types::ReaderCondition;
use daemon_wire::{AgentStatus, CardList, CheckBody, DiagnosticsBody};
use diagnosis::facts::{AgentFacts, AgentState, ConfigurationFact, ServiceFact};
use diagnosis::{CauseCode, State};
use platform::paths::AgentPaths;
use texts::DiagnoseTexts;

use super::{language, reach};
use crate::agent::{CALL_TIME, VERSION};
use crate::command_line::{Common, DiagnoseOptions};
use crate::configuration::Configuration;
use crate::diagnosis::looks::{Look, Looks, Round};
use crate::diagnosis::start;
use crate::diagnosis::{Subject, readers, uses_pcsc, words};
use crate::screen;
use crate::sources::PcscSource;
use crate::support_bundle::{self, Bundle};

/// Prints what was found; 1 where a check failed.
pub(crate) fn run(options: &DiagnoseOptions, common: &Common) -> anyhow::Result<ExitCode> {
    let found = found(options, common)?;
    if let Some(file) = &options.zip {
        offer_bundle(&found, file, options, common)?;
    }
    if common.json {
        screen::json(&found)?;
    } else {
        print(&found)?;
    }
    let has_failed = found.checks.iter().any(|check| is(check, State::Failed));
    Ok(ExitCode::from(u8::from(has_failed)))
}

fn offer_bundle(
    found: &DiagnosticsBody,
    file: &Path,
    options: &DiagnoseOptions,
    common: &Common,
) -> anyhow::Result<()> {
    let (configuration, _) = configuration(options);
    let paths = AgentPaths::find(common.state_dir.as_deref())?;
    let places = platform::paths::config_files();
    let named = options.config.clone().or(places.user);
    let cards = reach(common).and_then(|client| Ok(client.read("/v1/cards")?));
    let bundle = Bundle {
        found,
        paths: &paths,
        configuration: &configuration,
        configuration_files: named.into_iter().chain([places.machine]).collect(),
        cards: &cards.unwrap_or_else(|_| CardList { cards: Vec::new() }),
    };
    support_bundle::offer(&bundle, file, options.yes)
}

/// The configuration, or what holds without one that can be used.
fn configuration(options: &DiagnoseOptions) -> (Configuration, ConfigurationFact) {
    let (configuration, fact) = start::configuration_now(options.config.clone());
    (
        configuration.unwrap_or_else(Configuration::by_default),
        fact,
    )
}

/// By the agent, or without it.
fn found(options: &DiagnoseOptions, common: &Common) -> anyhow::Result<DiagnosticsBody> {
    let error = match by_agent(common) {
        Ok(found) => return Ok(found),
        Err(error) => error,
    };
    let agent = match error.downcast_ref::<ClientError>() {
        Some(ClientError::AgentNotRunning { .. }) => unanswered(AgentState::Absent),
        // It answers, and knows no diagnosis: it is older than this command.
        Some(ClientError::Problem { .. }) => AgentFacts {
            running_version: Some(running_version(common)?),
            ..unanswered(AgentState::Runs)
        },
        Some(_) => unanswered(AgentState::Silent),
        None => return Err(error),
    };
    without_agent(agent, options, common)
}

fn running_version(common: &Common) -> anyhow::Result<String> {
    let agent: AgentStatus = reach(common)?.read("/v1/status")?;
    Ok(agent.version)
}

fn by_agent(common: &Common) -> anyhow::Result<DiagnosticsBody> {
    let client = reach(common)?;
    let mut found: DiagnosticsBody = client.read("/v1/diagnostics")?;
    let agent: AgentStatus = client.read("/v1/status")?;
    if agent.version != VERSION {
        words::tell_version(&mut found, &agent.version, VERSION, language());
    }
    Ok(found)
}

/// Looks for itself. What hangs in the system is left behind.
fn without_agent(
    agent: AgentFacts,
    options: &DiagnoseOptions,
    common: &Common,
) -> anyhow::Result<DiagnosticsBody> {
    let (configuration, fact) = configuration(options);
    let paths = AgentPaths::find(common.state_dir.as_deref())?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .context("starting the runtime")?;
    let facts = runtime.block_on(async {
        let looks = Looks::default();
        let cards = look_at_cards(&configuration, &looks).await?;
        let subject = Subject::new(cards.clone(), paths.clone(), &configuration, looks);
        let agent =
            async |looks: &Round<'_>| with_obstacle(agent, paths, &configuration, looks).await;
        let mut facts = subject.find(agent).await;
        facts.configuration = fact;
        cards.stop();
        anyhow::Ok(facts)
    })?;
    runtime.shutdown_background();
    let found = diagnosis::diagnose(&facts);
    Ok(words::of(&found, facts.now, language()))
}

/// An agent that does not run, and what keeps it from starting.
async fn with_obstacle(
    agent: AgentFacts,
    paths: AgentPaths,
    configuration: &Configuration,
    looks: &Round<'_>,
) -> AgentFacts {
    if agent.state != AgentState::Absent {
        return agent;
    }
    let port = configuration.port;
    let find = move || start::obstacle(&paths, port);
    AgentFacts {
        obstacle: looks.at(Look::AgentStart, find).await.flatten(),
        ..agent
    }
}

/// What is known of an agent that says nothing about itself.
fn unanswered(state: AgentState) -> AgentFacts {
    AgentFacts {
        state,
        obstacle: None,
        running_version: None,
        installed_version: Some(VERSION.to_owned()),
        is_replaced: None,
        newer_version: None,
        wanted_port: None,
        port: None,
        port_holder: None,
    }
}

/// Reads the cards in the readers of PC/SC as an agent does, and waits for the slowest of them.
async fn look_at_cards(configuration: &Configuration, looks: &Looks) -> anyhow::Result<Cards> {
    let mut sources: Vec<Box<dyn ReaderSource>> = Vec::new();
    let has_readers =
        readers::service(uses_pcsc(configuration), &looks.round()).await == ServiceFact::Works;
    if has_readers {
        sources.push(Box::new(PcscSource::default()));
    }
    let settings = Settings {
        // Nobody is told the ids.
        id_salt: [0; 32],
        after_use: configuration.after_use,
        only_environment: None,
        call_time: CALL_TIME,
        nomenclature: Nomenclature::BUILT_IN,
        before_first_event: 0,
    };
    let cards = Cards::start(sources, settings, None);
    let cards = cards.context("starting the threads of the readers")?;
    if has_readers {
        let watched = cards.clone();
        let read = tokio::task::spawn_blocking(move || wait_for_cards(&watched));
        let _ = tokio::time::timeout(LONGEST_READING, read).await;
    }
    Ok(cards)
}

fn wait_for_cards(cards: &Cards) {
    let until = Instant::now() + LONGEST_READING;
    while Instant::now() < until && cards.missing_service().is_none() && !are_read(cards) {
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// Whether each reader is there, and each card that could be read is.
fn are_read(cards: &Cards) -> bool {
    let Ok(expected) = ReaderWatcher::new().wait_for_change() else {
        return true;
    };
    let readers = cards.readers();
    let with_card = readers
        .iter()
        .filter(|reader| reader.condition == ReaderCondition::Card);
    readers.len() >= expected.len() && with_card.count() == cards.cards().len()
}

fn print(found: &DiagnosticsBody) -> anyhow::Result<()> {
    let texts = DiagnoseTexts::new(language());
    // What hangs on a failed check says no more than that.
    let judged = |check: &&CheckBody| check.code != CauseCode::HangsOn.as_str();
    for check in found.checks.iter().filter(judged) {
        let state = texts::check_state(&check.state, language());
        screen::line(&texts.check(&state, &check.title, &check.cause))?;
        if let Some(remedy) = &check.remedy {
            screen::line(&format!("    {}", texts.remedy(remedy)))?;
        }
        for detail in &check.details {
            let detail = texts.detail(&detail.name, &detail.value);
            screen::line(&format!("    {detail}"))?;
        }
    }
    let psc = &found.pro_sante_connect;
    screen::line("")?;
    screen::line(&psc.reason)?;
    screen::line(&psc.other_way)?;
    screen::line("")?;
    let failed = found.checks.iter().find(|check| is(check, State::Failed));
    match failed {
        Some(check) => screen::line(&texts.first(&check.title)),
        None => screen::line(&texts.all_well()),
    }
}

fn is(check: &CheckBody, state: State) -> bool {
    check.state == state.as_str()
}

/// A slow card takes three seconds.
const LONGEST_READING: Duration = Duration::from_secs(8);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
