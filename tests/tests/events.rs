//! The log as administrators read it: the documented words, files that rotate, and nobody else who reads them.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    reason = "a log that cannot be read fails its test"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use cpxd_tests::agent::Agent;
use cpxd_tests::clock::beginning_at;
use cpxd_tests::programs::workspace_dir;
use cpxd_tests::scripted::text_file;
use cpxd_tests::waiting::until;
use serde_json::Value;

/// Level by word, as the document has it.
fn documented() -> BTreeMap<String, String> {
    let text = fs::read_to_string(workspace_dir().join("packaging/EVENTS.md")).unwrap();
    let rows = text.lines().filter_map(|line| {
        let cells: Vec<_> = line
            .strip_prefix("| `")?
            .split('|')
            .map(str::trim)
            .collect();
        let [word, level, meaning, what_to_do, ""] = cells.as_slice() else {
            return None;
        };
        assert!(!meaning.is_empty() && !what_to_do.is_empty(), "{line}");
        Some((word.trim_end_matches('`').to_owned(), (*level).to_owned()))
    });
    let mut events = BTreeMap::new();
    for (word, level) in rows {
        assert_eq!(events.insert(word.clone(), level), None, "{word} twice");
    }
    events
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir()
            && !["tests", "examples", "target"]
                .iter()
                .any(|other| name == *other)
        {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Every event that the agent's own code can log at a level for people: where, level, word.
fn logged() -> Vec<(String, String, Option<String>)> {
    let mut files = Vec::new();
    sources(&workspace_dir().join("daemon"), &mut files);
    sources(&workspace_dir().join("crates"), &mut files);
    // The tray is another program, with a log of its own.
    files.retain(|file| !file.starts_with(workspace_dir().join("crates/tray")));
    let mut events = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for level in ["error", "warn", "info"] {
            for call in text.split(&format!("tracing::{level}!(")).skip(1) {
                let word = call.trim_start().strip_prefix("event = \"");
                let word = word.and_then(|rest| rest.split('"').next());
                events.push((
                    file.display().to_string(),
                    level.to_owned(),
                    word.map(str::to_owned),
                ));
            }
            let other = format!("use tracing::{level}");
            assert!(
                !text.contains(&other),
                "{}: the search misses it",
                file.display()
            );
        }
    }
    events
}

#[test]
fn every_event_has_a_word_that_is_documented_with_its_level_and_no_other_is() {
    let documented = documented();
    let logged = logged();
    assert!(logged.len() > 50, "the search finds too few: {logged:?}");
    let mut used = BTreeSet::new();
    for (file, level, word) in logged {
        let word = word.unwrap_or_else(|| panic!("{file}: an event of level {level} has no word"));
        let expected = documented.get(&word);
        assert_eq!(expected, Some(&level), "{file}: {word}");
        used.insert(word);
    }
    let words: BTreeSet<_> = documented.into_keys().collect();
    assert_eq!(words, used, "documented, and logged by nobody");
}

/// An agent whose configuration says this; the file lives as long as what is returned with it.
fn agent_with(configuration: &str, clock: Option<&str>) -> (Agent, impl Sized + use<>) {
    let config = text_file(configuration);
    let environment = clock.map(beginning_at).unwrap_or_default();
    let path = config.path().to_str().unwrap();
    let agent = Agent::run_in(
        &environment,
        &["--config", path, "--reader-source", "virtual"],
    );
    (agent, config)
}

fn log_files(agent: &Agent) -> BTreeMap<String, String> {
    let entries = fs::read_dir(agent.state_dir().join("log"))
        .unwrap()
        .flatten();
    let read = entries.map(|entry| {
        let name = entry.file_name().into_string().unwrap();
        (name, fs::read_to_string(entry.path()).unwrap())
    });
    read.collect()
}

#[test]
fn a_log_in_json_has_the_words_where_programs_look_for_them() {
    let (mut agent, _config) = agent_with("log-format = \"json\"\n", None);
    agent.stop();
    let log = agent.log();
    let lines = log
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let words: Vec<_> = lines
        .filter_map(|line| line["fields"]["event"].as_str().map(str::to_owned))
        .collect();
    assert!(words.iter().any(|word| word == "agent-ready"), "{log}");
    assert_eq!(
        words.last().map(String::as_str),
        Some("agent-stopped"),
        "{log}"
    );
}

#[test]
fn a_log_in_a_file_is_one_for_each_day_for_its_user_alone_and_goes_after_two_weeks() {
    let (mut agent, _config) = agent_with("log-file = \"cpxd.log\"\n", Some("2026-12-01 12:00:00"));
    agent.stop();
    let files = log_files(&agent);
    let names: Vec<_> = files.keys().cloned().collect();
    assert_eq!(names, ["cpxd.2026-12-01.log"]);
    assert!(
        files["cpxd.2026-12-01.log"].contains("agent-ready"),
        "{files:?}"
    );
    assert!(!agent.log().contains("agent-ready"), "{}", agent.log());
    assert!(
        !files["cpxd.2026-12-01.log"].contains('\u{1b}'),
        "colours in a file"
    );
    let folder = agent.state_dir().join("log");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&folder.join("cpxd.2026-12-01.log")), 0o600);

    for day in 10..30 {
        fs::write(folder.join(format!("cpxd.2026-11-{day}.log")), "old").unwrap();
    }
    fs::write(folder.join("notes.txt"), "not ours").unwrap();
    agent.start_again();
    agent.stop();
    let files = log_files(&agent);
    assert!(files.contains_key("notes.txt"));
    assert!(
        files.contains_key("cpxd.2026-12-01.log"),
        "{:?}",
        files.keys()
    );
    assert_eq!(files.len(), 14 + 1, "{:?}", files.keys());
}

#[test]
fn the_file_of_a_day_grows_to_its_limit_says_so_and_takes_no_more() {
    const LIMIT: u64 = 16 * 1024 * 1024;
    let (mut agent, _config) = agent_with("log-file = \"cpxd.log\"\n", Some("2026-12-01 12:00:00"));
    agent.stop();
    let file = agent.state_dir().join("log/cpxd.2026-12-01.log");
    let nearly_full = fs::OpenOptions::new().write(true).open(&file).unwrap();
    nearly_full.set_len(LIMIT - 300).unwrap();
    for _ in 0..3 {
        agent.start_again();
        agent.stop();
    }
    let log = fs::read(&file).unwrap();
    assert!(u64::try_from(log.len()).unwrap() <= LIMIT);
    let log = String::from_utf8_lossy(&log);
    assert!(
        log.trim_end().ends_with("event=\"log-file-full\""),
        "the last line says it"
    );
    let said = log.matches("log-file-full").count();
    assert_eq!(said, 1, "once");
}

#[test]
fn a_log_whose_file_cannot_be_had_is_on_standard_error_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("nowhere");
    let configuration = format!("log-file = {:?}\n", nowhere.join("cpxd.log"));
    let (agent, _config) = agent_with(&configuration, None);
    let log = until("the log", || {
        Some(agent.log()).filter(|log| log.contains("agent-ready"))
    });
    for expected in [
        "log-file-unusable",
        nowhere.to_str().unwrap(),
        "agent-ready",
    ] {
        assert!(log.contains(expected), "{expected}: {log}");
    }
    assert_eq!(log.matches("No such file").count(), 1, "said once: {log}");
    assert!(!log.contains("Error reading"), "words of a library: {log}");
    assert!(
        !nowhere.exists(),
        "no folder is made outside the state folder"
    );
}
