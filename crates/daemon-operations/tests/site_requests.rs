//! How long the question of a site that wants to be let in stays before the holder.
#![expect(
    clippy::unwrap_used,
    reason = "an agent that cannot be made fails its test"
)]

use std::sync::Arc;
use std::time::Duration;

use daemon_cards::nomenclature::Nomenclature;
use daemon_cards::{AfterUse, Cards, Settings};
use daemon_core::Tokens;
use daemon_journal::{FileAnchor, Journal, Limits};
use daemon_operations::{GrantBook, Operations, Policy};
use daemon_types::{Caller, Environment, ErrorCode, Origin, Right, Rights, Site};
use prompt::{Prompt, ScriptedHolder};
use tempfile::TempDir;
use time::OffsetDateTime;
use tokio::time::Instant;

/// An agent without a card, whose holder thinks for an hour.
fn operations(folder: &TempDir) -> Operations {
    let settings = Settings {
        id_salt: [7; 32],
        after_use: AfterUse::Reset,
        only_environment: None,
        call_time: Duration::from_secs(60),
        nomenclature: Nomenclature::BUILT_IN,
        before_first_event: 0,
    };
    let anchor = Box::new(FileAnchor::new(&folder.path().join("anchor/head")));
    let path = folder.path().join("journal");
    let now = OffsetDateTime::now_utc;
    let journal = Journal::open(&path, anchor, Limits::default(), now()).unwrap();
    Operations::new(
        Cards::start(Vec::new(), settings, None).unwrap(),
        Prompt::scripted(ScriptedHolder::from_toml("delay_ms = 3600000").unwrap()),
        Arc::new(journal),
        Tokens::default(),
        GrantBook::of_nobody(),
        Policy::of(Environment::Test),
        now,
    )
}

#[tokio::test(start_paused = true)]
async fn a_site_keeps_the_holder_for_two_minutes_at_most_whatever_it_asks_for() {
    for (asked_for, had) in [(600, 120), (30, 30)] {
        let folder = tempfile::tempdir().unwrap();
        let operations = operations(&folder);
        let page = Caller::Page(operations.page(Site {
            origin: Origin::parse("https://service.example").unwrap(),
            top_origin: None,
        }));
        let begin = Instant::now();
        let deadline = begin + Duration::from_secs(asked_for);
        let rights = Rights::from_iter([Right::Identify]);
        let asked = operations.request_site_grant(&page, rights, deadline).await;
        assert_eq!(asked.unwrap_err().code, ErrorCode::Timeout);
        assert_eq!(begin.elapsed().as_secs(), had);
    }
}
