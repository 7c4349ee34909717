//! Commands: most ask the running agent; the journal and the trust stores are looked at where they are.

pub(crate) mod authenticate;
#[cfg(target_os = "linux")]
mod autostart;
mod card_lines;
pub(crate) mod cards;
pub(crate) mod certificates;
pub(crate) mod completions;
pub(crate) mod console;
pub(crate) mod diagnose;
pub(crate) mod grants;
pub(crate) mod install;
pub(crate) mod journal;
mod journal_lines;
pub(crate) mod manual_pages;
#[cfg(target_os = "linux")]
pub(crate) mod module_places;
pub(crate) mod native_messaging;
pub(crate) mod openapi;
pub(crate) mod pair;
pub(crate) mod pin;
pub(crate) mod pkcs11_host;
mod question_notice;
pub(crate) mod readers;
pub(crate) mod sessions;
pub(crate) mod sign;
mod signature_file;
pub(crate) mod status;
mod store_report;
pub(crate) mod uninstall;
pub(crate) mod updates;

use std::env;
use std::sync::OnceLock;
use std::time::Duration;

use daemon_client::{Client, ClientError};
use daemon_types::ErrorCode;
use daemon_wire::{AgentStatus, CardBody, CardList, DEFAULT_TIMEOUT_SECONDS, ReaderList};
use platform::paths::AgentPaths;
use texts::{CommandTexts, Language, foreign_text};

use crate::command_line::{AgentOptions, Common, WhichCard};
use crate::configuration::Configuration;
use crate::refusal::Refusal;

/// Has all that is said from now on be in this language, where the configuration names one.
pub(crate) fn speak(language: Option<Language>) {
    // Said once, before anything else is.
    let _ = CONFIGURED.set(language);
}

static CONFIGURED: OnceLock<Option<Language>> = OnceLock::new();

/// The language of the person at the terminal: what the configuration names, else the environment's.
pub(crate) fn language() -> Language {
    if let Some(Some(language)) = CONFIGURED.get() {
        return *language;
    }
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .filter_map(|name| env::var(name).ok())
        .find(|value| !value.is_empty());
    Language::of_environment(locale.as_deref())
}

fn connect(common: &Common) -> anyhow::Result<Client> {
    reach(common).map_err(|error| match error.downcast::<ClientError>() {
        Ok(error) => why_not(error, common),
        Err(error) => error,
    })
}

/// The same, for who finds out by itself why there is no agent.
fn reach(common: &Common) -> anyhow::Result<Client> {
    let paths = AgentPaths::find(common.state_dir.as_deref())?;
    let client = Client::connect(&paths, "cpxd")?;
    Ok(client.with_language(language().tag()))
}

/// An agent that the usual configuration keeps from starting writes that where nobody may look.
fn why_not(error: ClientError, common: &Common) -> anyhow::Error {
    let is_usual = common.state_dir.is_none();
    match (error, Configuration::load(&AgentOptions::default())) {
        (ClientError::AgentNotRunning { .. }, Err(wrong)) if is_usual => {
            Refusal::own("agent-not-running", |texts| {
                texts.agent_cannot_start(&format!("{wrong:#}"))
            })
            .into()
        }
        (error, _) => error.into(),
    }
}

/// The card that was named, or the only one there is.
fn choose_card(client: &Client, which: &WhichCard) -> anyhow::Result<CardBody> {
    if let Some(id) = &which.card {
        return named_card(client, id);
    }
    let CardList { cards } = client.read("/v1/cards")?;
    let mut cards = cards.into_iter();
    match (cards.next(), cards.next()) {
        (Some(card), None) => Ok(card),
        (Some(_), Some(_)) => {
            Err(Refusal::own("card-not-chosen", CommandTexts::more_than_one_card).into())
        }
        (None, _) => Err(no_card(client)?),
    }
}

/// The agent knows whether the card left or never was.
fn named_card(client: &Client, id: &str) -> anyhow::Result<CardBody> {
    let is_an_id = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if id.is_empty() || !id.bytes().all(is_an_id) {
        return Err(no_such_card(id));
    }
    match client.read(&format!("/v1/cards/{id}")) {
        Err(ClientError::Problem { code, .. }) if code == "not-found" => Err(no_such_card(id)),
        card => Ok(card?),
    }
}

fn no_such_card(id: &str) -> anyhow::Error {
    let id = foreign_text(id, LONGEST_ID, language());
    Refusal::own("not-found", |texts| texts.no_such_card(&id)).into()
}

/// Why there is no reader: no service, or none is connected.
fn no_reader(client: &Client) -> anyhow::Result<anyhow::Error> {
    let status: AgentStatus = client.read("/v1/status")?;
    let code = status.missing_service().unwrap_or(ErrorCode::NoReader);
    Ok(Refusal::of_code(code.as_str()).into())
}

/// Why there is no card: no reader, an unusable card, or none at all.
fn no_card(client: &Client) -> anyhow::Result<anyhow::Error> {
    let ReaderList { readers } = client.read("/v1/readers")?;
    if readers.is_empty() {
        return no_reader(client);
    }
    let problem = readers.iter().find_map(|reader| reader.problem.as_deref());
    let known = ErrorCode::ALL
        .iter()
        .map(|code| code.as_str())
        .find(|code| Some(*code) == problem);
    Ok(Refusal::of_code(known.unwrap_or("no-card")).into())
}

/// How long a call may take: the holder's time, and some for the card.
fn call_timeout(which: &WhichCard) -> Duration {
    let seconds = which.timeout.unwrap_or(DEFAULT_TIMEOUT_SECONDS);
    Duration::from_secs(u64::from(seconds) + 60)
}

/// Longest id that a message repeats, in characters.
const LONGEST_ID: usize = 80;
