//! Clock, disk, proxies.

use std::env;

use daemon_journal::{Entry, Query, newest};
use diagnosis::facts::MachineFacts;
use platform::paths::AgentPaths;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::datetime;

use super::looks::{Look, Round};

pub(super) async fn facts(paths: &AgentPaths, looks: &Round<'_>) -> MachineFacts {
    let (journal, state) = (paths.journal_dir(), paths.state_dir().to_owned());
    let last_journal_line = looks.at(Look::Journal, move || {
        let query = Query {
            before: None,
            limit: LINES_LOOKED_AT,
            keep: |_: &Entry| true,
        };
        let lines = newest(&journal, &query).unwrap_or_default().into_iter();
        let times = lines.filter_map(|line| OffsetDateTime::parse(&line.time, &Rfc3339).ok());
        times.max()
    });
    let free = looks.at(Look::Disk, move || {
        platform::workstation::free_bytes(&state)
    });
    let (last_journal_line, free) = tokio::join!(last_journal_line, free);
    MachineFacts {
        released: RELEASED,
        last_journal_line: last_journal_line.flatten(),
        free_bytes: free.flatten(),
        proxy_variables: Some(set_variables(&PROXIES)),
        no_proxy: NO_PROXY.iter().find_map(|name| env::var(name).ok()),
    }
}

fn set_variables(names: &[&str]) -> Vec<String> {
    let is_set = |name: &&&str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let set = names.iter().filter(is_set);
    set.map(|name| (*name).to_owned()).collect()
}

/// No clock is right that shows an earlier time; each release moves it on.
const RELEASED: OffsetDateTime = datetime!(2026-11-01 00:00 UTC);
/// The last one is of this very start, and as wrong as the clock; those before it are not.
const LINES_LOOKED_AT: usize = 200;
const PROXIES: [&str; 4] = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
const NO_PROXY: [&str; 2] = ["no_proxy", "NO_PROXY"];
