//! What the official module shows of a card, row by row, with ours beside: the same, or a difference with its reason.
//!
//! `docs/pkcs11-beside-cryptolib.md` is written from what our module shows here (`UPDATE_EXPECT=1`) and from what the
//! official one showed (`official.txt`, which it is held to where `CPXD_CRYPTOLIB_MODULE` names it). A difference
//! without a reason fails the test.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a module that does not answer fails its test"
)]

mod differences;
mod shown;

use std::path::Path;

use cpxd_tests::cryptoki_calls::{Cryptoki, in_a_process_of_its_own, lead_to, use_agent};
use cpxd_tests::official_module::official_module;
use cpxd_tests::pcsc_stack::{AGREEING, PcscService, Reader, TEST_ENVIRONMENT};
use cpxd_tests::programs::own_module;
use cpxd_tests::waiting::until;
use expect_test::expect_file;

use differences::reason_for;
use shown::{Row, rows};

#[test]
fn whatever_is_not_as_in_the_official_module_has_a_reason() {
    in_a_process_of_its_own(
        "whatever_is_not_as_in_the_official_module_has_a_reason",
        || {
            let own = everything(&own_module(), true, &["cps3", "cps4"]);
            let official = recorded(include_str!("official.txt"));
            expect_file!["../../../docs/pkcs11-beside-cryptolib.md"]
                .assert_eq(&document(&official, &own));
        },
    );
}

#[test]
fn the_official_module_shows_of_a_cps3_what_was_recorded() {
    let test = "the_official_module_shows_of_a_cps3_what_was_recorded";
    shows_what_was_recorded(test, "cps3");
}

#[test]
fn the_official_module_shows_of_a_cps4_what_was_recorded() {
    let test = "the_official_module_shows_of_a_cps4_what_was_recorded";
    shows_what_was_recorded(test, "cps4");
}

fn shows_what_was_recorded(test: &str, kind: &str) {
    if let Some(module) = official_module() {
        in_a_process_of_its_own(test, || {
            let mut known = recorded(include_str!("official.txt"));
            known.retain(|row| row.card == kind);
            let shown = everything(&module, false, &[kind]);
            assert_eq!(shown.len(), known.len());
            for (shown, known) in shown.iter().zip(&known) {
                assert_eq!(shown, known);
            }
        });
    }
}

/// What a module shows of these cards, one after the other in one reader.
fn everything(module: &Path, is_own: bool, kinds: &[&str]) -> Vec<Row> {
    let service = PcscService::start();
    lead_to(&service.client_environment());
    let agent = is_own.then(|| service.agent(TEST_ENVIRONMENT, AGREEING, &[]));
    let module = Cryptoki::load_from(module);
    if let Some(agent) = &agent {
        use_agent(agent);
    }
    let mut shown = Vec::new();
    for kind in kinds {
        let card = service.plug(Reader::First, &["--card", kind]);
        if let Some(agent) = &agent {
            let _ = agent.card();
        }
        assert_eq!(module.initialise(), Ok(()));
        let slot = until("a slot with the card", || {
            module.slots().ok()?.first().copied()
        });
        shown.extend(rows(&module, slot, kind));
        assert_eq!(module.finalise(), Ok(()));
        card.pull();
        if let Some(agent) = &agent {
            until("an empty reader", || {
                let cards = agent.read_socket("/v1/cards").body;
                cards["cards"].as_array()?.is_empty().then_some(())
            });
        }
    }
    shown
}

fn recorded(text: &str) -> Vec<Row> {
    text.lines()
        .map(|line| {
            let mut parts = line.splitn(3, '\t').map(str::to_owned);
            let mut part = || parts.next().unwrap();
            Row {
                card: part(),
                what: part(),
                value: part(),
            }
        })
        .collect()
}

fn document(official: &[Row], own: &[Row]) -> String {
    let mut text = HEAD.to_owned();
    for (kind, title) in [("cps3", "CPS3"), ("cps4", "CPS4")] {
        text += &format!(
            "\n## {title}\n\n| what | official module | cpxd | why |\n| --- | --- | --- | --- |\n"
        );
        let of_kind = |rows: &[Row]| -> Vec<Row> {
            let rows = rows.iter().filter(|row| row.card == kind);
            rows.cloned().collect()
        };
        text += &table(&of_kind(official), &of_kind(own));
    }
    text
}

fn table(official: &[Row], own: &[Row]) -> String {
    let value_in = |rows: &[Row], what: &str| {
        let row = rows.iter().find(|row| row.what == what);
        row.map_or_else(|| ABSENT.to_owned(), |row| row.value.clone())
    };
    let only_own = own
        .iter()
        .filter(|row| !official.iter().any(|other| other.what == row.what));
    let whats = official.iter().chain(only_own).map(|row| &row.what);
    let mut unexplained = Vec::new();
    let mut text = String::new();
    for what in whats {
        let (theirs, ours) = (value_in(official, what), value_in(own, what));
        if theirs == ours {
            text += &format!("| {what} | {theirs} | the same | |\n");
        } else if let Some(reason) = reason_for(what) {
            text += &format!("| {what} | {theirs} | {ours} | {reason} |\n");
        } else {
            unexplained.push(format!("{what}\n    {theirs}\n    {ours}"));
        }
    }
    assert!(
        unexplained.is_empty(),
        "nobody says why:\n{}",
        unexplained.join("\n")
    );
    text
}

const ABSENT: &str = "–";
const HEAD: &str = "\
# What programs see: the official module, and ours

A virtual card of each generation in one reader, and what a program reads of it through Cryptolib CPS 5.2.2 for Linux
(recorded) and through cpxd's own module: names, flags, mechanisms, objects and their attributes, before and after the log-in
of a program that is no browser. Return codes are in [the acceptance list](pkcs11-acceptance.md). Written by
`tests/tests/own_module_beside_the_official` (`UPDATE_EXPECT=1`), which fails where a difference has no reason, and, where
`CPXD_CRYPTOLIB_MODULE` names the official module, where that shows something else.
";
