//! The files of a support bundle.

use std::env::consts::{ARCH, OS};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use card_pcsc::{Presence, ReaderState, ReaderWatcher};
use daemon_journal::{Entry, FileAnchor, Query, newest, verify};
use serde_json::{Map, Value, json};
use texts::DiagnoseTexts;

use super::{Bundle, Redaction};
use crate::agent::VERSION;
use crate::commands::language;
use crate::logging::{LogFile, newest_file};

/// One file of a bundle.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    pub(crate) name: &'static str,
    pub(crate) text: String,
    /// What it is, for who is asked whether to save it.
    pub(crate) what: String,
}

/// All of them.
pub(super) fn of(bundle: &Bundle<'_>, redaction: &Redaction) -> anyhow::Result<Vec<Piece>> {
    let texts = DiagnoseTexts::new(language());
    let checks = redaction.as_json(bundle.found)?;
    let configuration = redaction.as_json(configuration(&bundle.configuration_files))?;
    let readers = redaction.as_json(readers())?;
    let piece = |name, text, what| Piece { name, text, what };
    Ok(vec![
        piece("versions.txt", versions(), texts.zip_versions()),
        piece("checks.json", checks, texts.zip_checks()),
        piece("log.txt", redaction.apply(&log(bundle)), texts.zip_log()),
        piece("journal.json", journal(bundle)?, texts.zip_journal()),
        piece("readers.json", readers, texts.zip_readers()),
        piece(
            "configuration.json",
            configuration,
            texts.zip_configuration(),
        ),
    ])
}

/// Where the sites are told that this user has to do with: what was configured, who was let in, who asked.
pub(super) fn texts_with_sites(bundle: &Bundle<'_>) -> Vec<String> {
    let asked = Query {
        before: None,
        limit: LINES_OF_JOURNAL,
        keep: |_: &Entry| true,
    };
    let lines = newest(&bundle.paths.journal_dir(), &asked).unwrap_or_default();
    let lines = lines.iter().map(serde_json::to_string);
    let files = bundle.configuration_files.iter().map(PathBuf::as_path);
    let grants = bundle.paths.grants_file();
    let files = files.chain([grants.as_path()]).map(fs::read_to_string);
    lines.flatten().chain(files.flatten()).collect()
}

fn versions() -> String {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = release
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="))
        .unwrap_or_default();
    format!("cpxd {VERSION}\n{OS} {ARCH} {}\n", name.trim_matches('"'))
}

/// The end of the newest file, where the log is kept in files.
fn log(bundle: &Bundle<'_>) -> String {
    let Some(file) = &bundle.configuration.log_file else {
        return "The log is on standard error, where whoever starts cpxd keeps it.\n".to_owned();
    };
    let place: PathBuf = match file {
        LogFile::InStateFolder(name) => bundle.paths.log_dir().join(name),
        LogFile::At(path) => path.clone(),
    };
    let text = newest_file(&place).and_then(|file| fs::read(file).ok());
    let text = text.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let text = text.unwrap_or_default();
    // A trace holds what cards answer, in which words and numbers of a person are bytes.
    let lines: Vec<&str> = text.lines().filter(|line| !line.contains(TRACE)).collect();
    let begin = lines.len().saturating_sub(LINES_OF_LOG);
    let mut tail = lines.get(begin..).unwrap_or_default().join("\n");
    tail.push('\n');
    tail
}

/// Its head and whether it is whole; no line of it.
fn journal(bundle: &Bundle<'_>) -> anyhow::Result<String> {
    let anchor = FileAnchor::new(&bundle.paths.journal_anchor_file());
    let told = match verify(&bundle.paths.journal_dir(), &anchor) {
        Ok(report) => json!({
            "files": report.files,
            "entries": report.entries,
            "retiredThrough": report.retired_through,
            "lastHash": report.head.map(|head| head.hash.to_string()),
            "isWhole": report.is_whole(),
            "faults": u64::try_from(report.faults.len())? + report.more_faults,
        }),
        Err(_) => json!({ "isThere": false }),
    };
    Ok(serde_json::to_string_pretty(&told)?)
}

/// What PC/SC lists, whatever the agent has its readers from. An answer to reset is that of a kind of card.
fn readers() -> Value {
    let (tell, told) = mpsc::channel();
    // A service that hangs is left behind.
    let _ = thread::Builder::new().spawn(move || tell.send(ReaderWatcher::new().wait_for_change()));
    match told.recv_timeout(DEADLINE) {
        Ok(Ok(readers)) => readers.iter().map(reader).collect(),
        Ok(Err(error)) => json!({ "problem": error.to_string() }),
        Err(_) => json!({ "problem": "no answer in time" }),
    }
}

fn reader(reader: &ReaderState) -> Value {
    let (state, atr) = match &reader.presence {
        Presence::Empty => ("empty", None),
        Presence::Card { atr } => ("card", atr.as_ref()),
        Presence::Mute => ("mute", None),
        Presence::Unreachable => ("unreachable", None),
    };
    // In pairs, so that nobody takes it for a number of a person.
    let atr = atr.map(|atr| {
        let pairs = atr.as_bytes().iter().map(|byte| format!("{byte:02X}"));
        pairs.collect::<Vec<_>>().join(" ")
    });
    json!({ "name": reader.name, "state": state, "atr": atr })
}

/// The files as they were written, without the addresses in them.
fn configuration(files: &[PathBuf]) -> Value {
    files.iter().map(|file| configuration_file(file)).collect()
}

fn configuration_file(file: &Path) -> Value {
    let shown = file.display().to_string();
    let Ok(text) = fs::read_to_string(file) else {
        return json!({ "file": shown, "isThere": false });
    };
    let Ok(table) = text.parse::<toml::Table>() else {
        return json!({ "file": shown, "isReadable": false });
    };
    let shown_value = |(key, value): (String, toml::Value)| {
        let shown = match (key.as_str(), value) {
            ("allowed-origins", toml::Value::Array(origins)) => json!({ "count": origins.len() }),
            ("update-url" | "allowed-origins", _) => json!("(set)"),
            (_, value) => serde_json::to_value(value).unwrap_or_default(),
        };
        (key, shown)
    };
    let values: Map<String, Value> = table.into_iter().map(shown_value).collect();
    json!({ "file": shown, "values": values })
}

const LINES_OF_LOG: usize = 500;
/// More than a log tells of.
const LINES_OF_JOURNAL: usize = 2000;
/// The level, in a log of lines as in one of JSON.
const TRACE: &str = "TRACE";
const DEADLINE: Duration = Duration::from_secs(4);
