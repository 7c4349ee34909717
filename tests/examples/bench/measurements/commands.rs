//! Commands and bytes on the same card: the agent, then OpenSC.

use anyhow::{Context, Result, ensure};
use cpxd_tests::agent::Agent;
use cpxd_tests::calls::{authenticate_body, path_of};
use cpxd_tests::pcsc_stack::{AGREEING, PcscService, Reader, TEST_ENVIRONMENT};
use tempfile::TempDir;

use super::card_traffic::{CardTrace, Traffic};
use super::table::{Row, Table, Verdict};

/// What one program sent to the card.
struct Use {
    first_contact: Traffic,
    authentication: Traffic,
}

pub(super) fn measure() -> Result<Table> {
    let folder = tempfile::tempdir().context("a temporary folder")?;
    let service = PcscService::start();
    let agent = service.agent(TEST_ENVIRONMENT, AGREEING, &[]);
    let file = folder.path().join("card.trace");
    let card = service.plug(Reader::First, &["--trace", &file.to_string_lossy()]);
    let mut trace = CardTrace::of(&file);
    let (ours, keys) = use_the_agent(&agent, &mut trace)?;
    card.pull();
    let _ = agent.events_after(0).wait_for("card-removed");
    let file = folder.path().join("again.trace");
    let _card = service.plug(Reader::First, &["--trace", &file.to_string_lossy()]);
    let mut trace = CardTrace::of(&file);
    let (seen_before, checks) = trace.take()?.split_at_certificates();
    drop(agent);
    let theirs = use_opensc(&service, &folder, &mut trace)?;
    let title = "commands and bytes, counted by one virtual card behind pcscd and vpcd";
    let mut table = Table::new(title, "OpenSC");
    add_first_contact(&mut table, &ours.first_contact, &theirs.first_contact);
    table.push(Row {
        what: "    then the list of keys, ahead of its first use".to_owned(),
        ours: format!("{} commands, {} bytes", keys.commands(), keys.bytes()),
        ..Row::default()
    });
    add_seen_before(&mut table, &seen_before, &checks);
    add_authentication(&mut table, &ours.authentication, &theirs.authentication);
    Ok(table)
}

/// A card came to an agent that waits for one; once it is known, somebody authenticates.
fn use_the_agent(agent: &Agent, trace: &mut CardTrace) -> Result<(Use, Traffic)> {
    let (first_contact, keys) = trace.take()?.split_at_private_keys();
    let path = path_of(&agent.card(), "/authenticate");
    // Whoever lists the cards gets fresh counters, which are no part of what follows.
    trace.take()?;
    let answer = agent.call_socket(&path, &authenticate_body());
    ensure!(
        answer.status == 200,
        "cpxd does not authenticate: {}",
        answer.text
    );
    let used = Use {
        first_contact,
        authentication: trace.take()?,
    };
    Ok((used, keys))
}

/// The same by two tools, each a process that knows nothing yet, as for a user who starts them.
fn use_opensc(service: &PcscService, folder: &TempDir, trace: &mut CardTrace) -> Result<Use> {
    let file = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    trace.take()?;
    service.opensc("pkcs15-tool", &["--dump"]).success();
    let first_contact = trace.take()?;
    std::fs::write(file("digest-info"), DIGEST_INFO).context("writing what OpenSC signs")?;
    let arguments = [
        "--login",
        "--pin",
        "1234",
        "--sign",
        "--mechanism",
        "RSA-PKCS",
    ];
    let key_and_files = [
        "--id",
        AUTHENTICATION_KEY,
        "--input-file",
        &file("digest-info"),
        "--output-file",
        &file("signature"),
    ];
    let signed = service.opensc("pkcs11-tool", &[&arguments[..], &key_and_files].concat());
    signed.success();
    Ok(Use {
        first_contact,
        authentication: trace.take()?,
    })
}

fn add_first_contact(table: &mut Table, ours: &Traffic, theirs: &Traffic) {
    let with_reads = |traffic: &Traffic| {
        let reads = traffic.certificate_reads();
        let beside = traffic.commands() - reads.len();
        format!("{beside} + {} of certificates", reads.len())
    };
    let beside = ours.commands() - ours.certificate_reads().len();
    table.push(Row {
        what: "first contact: holder, PIN state, both certificates".to_owned(),
        ours: with_reads(ours),
        beside: format!("{} (pkcs15-tool --dump)", with_reads(theirs)),
        target: format!("{FIRST_CONTACT_COMMANDS} + those of certificates"),
        verdict: Verdict::of(beside <= FIRST_CONTACT_COMMANDS),
    });
    table.push(Row {
        what: "    bytes both ways".to_owned(),
        ours: bytes(ours),
        beside: format!("{}, {}", bytes(theirs), times(theirs, ours)),
        ..Row::default()
    });
    let content: usize = ours.certificate_reads().iter().sum();
    let comparable = ours.bytes() - content + OFFICIAL_CERTIFICATES;
    table.push(Row {
        what: "    the same, were its certificates of 820 bytes".to_owned(),
        ours: format!("{comparable}, {} % of", comparable * 100 / OFFICIAL_BYTES),
        beside: format!("{OFFICIAL_BYTES} of the official module"),
        target: "70 %".to_owned(),
        verdict: Verdict::of(comparable * 100 <= OFFICIAL_BYTES * 70),
    });
}

/// OpenSC reads every card anew, so the official module stands beside it.
fn add_seen_before(table: &mut Table, shown: &Traffic, checks: &Traffic) {
    table.push(Row {
        what: "card seen before: holder, PIN state, both certificates".to_owned(),
        ours: shown.commands().to_string(),
        beside: format!("{OFFICIAL_SEEN_BEFORE} of the official module"),
        target: SEEN_BEFORE_COMMANDS.to_string(),
        verdict: Verdict::of((1..=SEEN_BEFORE_COMMANDS).contains(&shown.commands())),
    });
    table.push(Row {
        what: "    bytes both ways".to_owned(),
        ours: bytes(shown),
        ..Row::default()
    });
    table.push(Row {
        what: "    then whether it changed, and the unblock code".to_owned(),
        ours: format!("{} commands, {} bytes", checks.commands(), checks.bytes()),
        ..Row::default()
    });
}

fn add_authentication(table: &mut Table, ours: &Traffic, theirs: &Traffic) {
    table.push(Row {
        what: "authentication with its code, card known".to_owned(),
        ours: ours.commands().to_string(),
        beside: format!("{} (pkcs11-tool --sign, card not known)", theirs.commands()),
        target: AUTHENTICATION_COMMANDS.to_string(),
        verdict: Verdict::of(ours.commands() <= AUTHENTICATION_COMMANDS),
    });
    table.push(Row {
        what: "    bytes both ways".to_owned(),
        ours: bytes(ours),
        beside: format!("{}, {}", bytes(theirs), times(theirs, ours)),
        ..Row::default()
    });
}

/// Bytes, and what a holder waits for them on the line of a real card.
fn bytes(traffic: &Traffic) -> String {
    let tenths = traffic.bytes() * MICROSECONDS_PER_BYTE / 100_000;
    format!(
        "{} ({}.{} s on a real line)",
        traffic.bytes(),
        tenths / 10,
        tenths % 10
    )
}

fn times(theirs: &Traffic, ours: &Traffic) -> String {
    let tenths = theirs.bytes() * 10 / ours.bytes().max(1);
    format!("{}.{} times ours", tenths / 10, tenths % 10)
}

/// The contract's budgets ("Speed and size").
const FIRST_CONTACT_COMMANDS: usize = 20;
const SEEN_BEFORE_COMMANDS: usize = 4;
const AUTHENTICATION_COMMANDS: usize = 6;
/// What the official module exchanges for first contact and two certificates, measured on another virtual CPS3.
const OFFICIAL_BYTES: usize = 1848 + 1826;
/// Commands of the official module at the next insertion, measured on the same.
const OFFICIAL_SEEN_BEFORE: usize = 12;
/// The content of those two certificates.
const OFFICIAL_CERTIFICATES: usize = 2 * 820;
/// A CPS3 has no TA1 in its ATR, so T=0 takes 372 clocks a bit, at 4 MHz.
const MICROSECONDS_PER_BYTE: usize = 1100;
/// Id of the key in the PrKDF of the virtual card.
const AUTHENTICATION_KEY: &str = "e828bd080f8025000001ff001002";
/// As long as a DigestInfo of SHA-256; what it says does not matter here.
const DIGEST_INFO: [u8; 51] = [0x5A; 51];
