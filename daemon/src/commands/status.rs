//! `cpxd status`.

use daemon_wire::{AgentStatus, CardList, ReaderList};
use serde::Deserialize;
use serde_json::json;

use super::card_lines::Lines;
use super::{connect, language};
use crate::command_line::Common;
use crate::screen;

/// What the agent wrote about itself for local programs.
#[derive(Debug, Deserialize)]
struct Endpoint {
    url: String,
    pid: u32,
}

pub(crate) fn print(common: &Common) -> anyhow::Result<()> {
    let client = connect(common)?;
    let agent: AgentStatus = client.read("/v1/status")?;
    let ReaderList { readers } = client.read("/v1/readers")?;
    let CardList { cards } = client.read("/v1/cards")?;
    if common.json {
        return screen::json(&json!({ "agent": agent, "readers": readers, "cards": cards }));
    }
    let lines = Lines::new(language());
    let texts = lines.texts();
    let endpoint = endpoint(common)?;
    screen::line(&texts.agent_runs(&agent.version, &endpoint.url, endpoint.pid))?;
    if let Some(version) = &agent.newer_version {
        screen::line(&texts.update_is_there(version))?;
    }
    if let Some(missing) = agent.missing_service() {
        screen::line(&texts::error_detail(
            missing.as_str(),
            language(),
            &texts::ErrorFacts::default(),
        ))?;
    }
    screen::line(&texts.readers())?;
    if readers.is_empty() {
        screen::line(&format!("  {}", texts.no_reader()))?;
    }
    for reader in &readers {
        screen::line(&lines.reader(reader))?;
    }
    screen::line(&texts.cards())?;
    if cards.is_empty() {
        screen::line(&format!("  {}", texts.no_card()))?;
    }
    for line in cards.iter().flat_map(|card| lines.card(card)) {
        screen::line(&line)?;
    }
    Ok(())
}

fn endpoint(common: &Common) -> anyhow::Result<Endpoint> {
    let paths = platform::paths::AgentPaths::find(common.state_dir.as_deref())?;
    Ok(serde_json::from_slice(&paths.read_endpoint()?)?)
}
