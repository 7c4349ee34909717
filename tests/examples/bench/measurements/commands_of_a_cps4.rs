//! Commands and bytes of a CPS4, which OpenSC does not know, beside those of the official module.

use anyhow::{Context, Result, ensure};
use cpxd_tests::agent::Agent;
use cpxd_tests::calls::{authenticate_body, path_of};
use cpxd_tests::pcsc_stack::{AGREEING, PcscService, Reader, TEST_ENVIRONMENT};

use super::card_traffic::{CardTrace, Traffic};
use super::table::{Row, Table, Verdict};

pub(super) fn measure() -> Result<Table> {
    let folder = tempfile::tempdir().context("a temporary folder")?;
    let service = PcscService::start();
    let agent = service.agent(TEST_ENVIRONMENT, AGREEING, &[]);
    let file = folder.path().join("card.trace");
    let arguments = ["--card", "cps4", "--trace", &file.to_string_lossy()];
    let _card = service.plug(Reader::First, &arguments);
    let mut trace = CardTrace::of(&file);
    let (first_contact, _) = trace.take()?.split_at_private_keys();
    let mut table = Table::new("the same of a CPS4", "the official module");
    add_first_contact(&mut table, &first_contact);
    for what in [
        "authentication with its code, card known",
        "    the next one, behind the reset",
    ] {
        add_authentication(&mut table, what, &agent, &mut trace)?;
    }
    Ok(table)
}

fn add_first_contact(table: &mut Table, ours: &Traffic) {
    let certificates = ours.certificate_reads();
    let beside = ours.commands() - certificates.len();
    table.push(Row {
        what: "first contact: holder, PIN state, both certificates".to_owned(),
        ours: format!("{beside} + {} of certificates", certificates.len()),
        beside: OFFICIAL_COMMANDS.to_owned(),
        target: format!("{FIRST_CONTACT_COMMANDS} + those of certificates"),
        verdict: Verdict::of(beside <= FIRST_CONTACT_COMMANDS),
    });
    let as_theirs = |bytes: usize| {
        let bytes = bytes - certificates.iter().sum::<usize>() + OFFICIAL_CERTIFICATES;
        (bytes, bytes * 100 / OFFICIAL_BYTES)
    };
    let (bytes, share) = as_theirs(ours.bytes());
    let (_, share_of_content) = as_theirs(ours.content());
    table.push(Row {
        what: "    bytes both ways, were its certificates of 820 bytes".to_owned(),
        ours: format!("{bytes}, {share} %, of which {share_of_content} % are the files themselves"),
        beside: format!("{OFFICIAL_BYTES}"),
        ..Row::default()
    });
}

fn add_authentication(
    table: &mut Table,
    what: &str,
    agent: &Agent,
    trace: &mut CardTrace,
) -> Result<()> {
    let path = path_of(&agent.card(), "/authenticate");
    // Whoever lists the cards gets fresh counters, which are no part of what follows.
    trace.take()?;
    let answer = agent.call_socket(&path, &authenticate_body());
    ensure!(answer.status == 200, "no token: {}", answer.text);
    let (ours, reopening) = trace.take()?.split_behind_key_use();
    table.push(Row {
        what: what.to_owned(),
        ours: format!(
            "{}, then {} while nobody waits",
            ours.commands(),
            reopening.commands()
        ),
        beside: "7, with its token info".to_owned(),
        target: AUTHENTICATION_COMMANDS.to_string(),
        verdict: Verdict::of(ours.commands() <= AUTHENTICATION_COMMANDS),
    });
    Ok(())
}

/// The contract's budgets ("Speed and size"). Of its 70 % of the official module's bytes nothing is judged here:
/// what the files hold is nearly that much already.
const FIRST_CONTACT_COMMANDS: usize = 20;
const AUTHENTICATION_COMMANDS: usize = 6;
/// What the official module exchanges for first contact and two certificates, measured on another virtual CPS4.
const OFFICIAL_COMMANDS: &str = "25 + 10 of certificates";
const OFFICIAL_BYTES: usize = 1205 + 1728;
/// The content of those two certificates.
const OFFICIAL_CERTIFICATES: usize = 2 * 820;
