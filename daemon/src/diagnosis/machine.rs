//! Clock, disk, proxies.

use std::env;
use std::path::Path;

use daemon_journal::{Entry, Query, newest};
use diagnosis::JOURNAL_LINES;
use diagnosis::facts::MachineFacts;
use platform::paths::AgentPaths;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::datetime;

use super::looks::{Look, Round};

pub(super) async fn facts(paths: &AgentPaths, looks: &Round<'_>) -> MachineFacts {
    let (journal, state) = (paths.journal_dir(), paths.state_dir().to_owned());
    let journal_times = looks.at(Look::Journal, move || times_before_this_run(&journal));
    let free = looks.at(Look::Disk, move || {
        platform::workstation::free_bytes(&state)
    });
    let (journal_times, free) = tokio::join!(journal_times, free);
    MachineFacts {
        released: RELEASED,
        journal_times: journal_times.flatten(),
        free_bytes: free.flatten(),
        proxy_variables: Some(set_variables(&PROXIES)),
        no_proxy: NO_PROXY.iter().find_map(|name| env::var(name).ok()),
    }
}

/// Where this process is an agent, its own lines are as wrong as the clock; those before it are not.
fn times_before_this_run(journal: &Path) -> Option<Vec<OffsetDateTime>> {
    let starts = Query {
        before: None,
        limit: 1,
        keep: |entry: &Entry| matches!(entry, Entry::AgentStarted { .. }),
    };
    let started = newest(journal, &starts).ok()?.into_iter().next();
    let own = started.filter(
        |line| matches!(line.entry, Entry::AgentStarted { pid, .. } if pid == std::process::id()),
    );
    let lines = Query {
        before: own.map(|line| line.seq),
        limit: JOURNAL_LINES,
        keep: |_: &Entry| true,
    };
    let lines = newest(journal, &lines).ok()?.into_iter().rev();
    let times = lines.map(|line| OffsetDateTime::parse(&line.time, &Rfc3339).ok());
    Some(times.flatten().collect())
}

fn set_variables(names: &[&str]) -> Vec<String> {
    let is_set = |name: &&&str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let set = names.iter().filter(is_set);
    set.map(|name| (*name).to_owned()).collect()
}

/// No clock is right that shows an earlier time: the day of the newest release in CHANGELOG.md, before the first one
/// a day on which there was nothing yet.
const RELEASED: OffsetDateTime = datetime!(2026-11-01 00:00 UTC);
const PROXIES: [&str; 4] = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
const NO_PROXY: [&str; 2] = ["no_proxy", "NO_PROXY"];

#[cfg(test)]
mod tests {
    use super::*;
    use time::Date;
    use time::macros::{date, format_description};

    /// The day of the newest release in a changelog: `## [1.2.3] - 2026-12-31`.
    fn newest_release(changelog: &str) -> Option<Date> {
        let headings = changelog
            .lines()
            .filter_map(|line| line.strip_prefix("## "));
        let releases = headings.filter(|heading| *heading != "[Unreleased]");
        let days = releases.map(|heading| {
            let (_, day) = heading.split_once("] - ").expect("a release has its day");
            let format = format_description!("[year]-[month]-[day]");
            Date::parse(day.trim(), format).expect("a release has its day")
        });
        days.max()
    }

    #[test]
    fn no_clock_is_right_that_shows_a_day_before_the_newest_release_of_the_changelog() {
        let changelog = include_str!("../../../CHANGELOG.md");
        assert!(changelog.contains("\n## [Unreleased]\n"));
        let first_day = date!(2026 - 11 - 01);
        let newest = newest_release(changelog).unwrap_or(first_day);
        assert_eq!(RELEASED.date(), newest, "RELEASED and CHANGELOG.md differ");
    }

    #[test]
    fn the_newest_release_is_found_in_a_changelog() {
        let none = "# Changelog\n\n## [Unreleased]\n\n### Added\n";
        assert_eq!(newest_release(none), None);
        let two = format!("{none}\n## [1.0.1] - 2027-02-03\n\n## [1.0.0] - 2026-12-31\n");
        assert_eq!(newest_release(&two), Some(date!(2027 - 02 - 03)));
    }
}
