//! `cpxd journal`: read from its files, so that it can be looked at and verified when no agent runs.

use daemon_journal::{Entry, FileAnchor, Query, newest, verify};
use platform::paths::AgentPaths;
use serde_json::json;

use super::journal_lines::JournalLines;
use super::language;
use crate::command_line::{Common, JournalCommand, JournalOptions};
use crate::refusal::Refusal;
use crate::{screen, state_format};

pub(crate) fn run(options: &JournalOptions, common: &Common) -> anyhow::Result<()> {
    let paths = AgentPaths::find(common.state_dir.as_deref())?;
    state_format::check(&paths)?;
    match &options.command {
        None => list(&paths, options.last, common),
        Some(JournalCommand::Verify) => verify_all(&paths, common),
    }
}

fn list(paths: &AgentPaths, last: u32, common: &Common) -> anyhow::Result<()> {
    let query = Query {
        before: None,
        limit: usize::try_from(last)?,
        keep: |_: &Entry| true,
    };
    let entries = newest(&paths.journal_dir(), &query)?;
    if common.json {
        return screen::json(&json!({ "entries": entries }));
    }
    let lines = JournalLines::new(language());
    if entries.is_empty() {
        return screen::line(&lines.empty());
    }
    for entry in &entries {
        screen::line(&lines.entry(entry))?;
    }
    Ok(())
}

fn verify_all(paths: &AgentPaths, common: &Common) -> anyhow::Result<()> {
    let anchor = FileAnchor::new(&paths.journal_anchor_file());
    let report = verify(&paths.journal_dir(), &anchor)?;
    let lines = JournalLines::new(language());
    if report.is_whole() {
        return if common.json {
            screen::json(&report)
        } else {
            lines
                .report(&report)
                .iter()
                .try_for_each(|line| screen::line(line))
        };
    }
    if !common.json {
        for line in lines.faults(&report) {
            screen::line(&line)?;
        }
    }
    let facts = serde_json::to_value(&report)?;
    let broken = Refusal::own("journal-broken", |_| lines.broken(&report));
    Err(broken.with_field("report", facts).into())
}
