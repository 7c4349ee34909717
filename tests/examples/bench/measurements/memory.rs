//! Resident memory of the agent on a real PC/SC reader, before and after many signatures.

use std::time::Duration;

use anyhow::{Context, Result};
use cpxd_tests::agent::Agent;
use cpxd_tests::calls::{authenticate_body, path_of};
use cpxd_tests::pcsc_stack::{AGREEING, PcscService, Reader, TEST_ENVIRONMENT};

use super::http_client::HttpClient;
use super::statistics::{Durations, milliseconds};
use super::table::{Row, Table, Verdict};

pub(super) fn measure(signatures: u32) -> Result<Table> {
    let service = PcscService::start();
    let agent = service.agent(TEST_ENVIRONMENT, AGREEING, &[]);
    let _card = service.plug(Reader::First, &[]);
    let path = path_of(&agent.card(), "/authenticate");
    let mut client = HttpClient::over_socket(&agent.endpoint())?;
    client.call(&path, &authenticate_body())?;
    let idle = resident_kilobytes(&agent)?;
    let mut calls = Durations::default();
    for _ in 0..signatures {
        calls.time(|| client.call(&path, &authenticate_body()))?;
    }
    let after = resident_kilobytes(&agent)?;
    let title =
        format!("resident memory of cpxd run, {signatures} signatures through pcscd and vpcd");
    let mut table = Table::new(title, "");
    table.push(Row {
        what: "idle, card known".to_owned(),
        ours: megabytes(idle),
        target: format!("under {}", megabytes(IDLE_KILOBYTES)),
        verdict: Verdict::of(idle < IDLE_KILOBYTES),
        ..Row::default()
    });
    table.push(Row {
        what: format!("after {signatures} signatures"),
        ours: megabytes(after),
        target: format!("at most {}", megabytes(idle * 11 / 10)),
        verdict: Verdict::of(after <= idle * 11 / 10),
        ..Row::default()
    });
    table.push(Row {
        what: "whole call through PC/SC, median".to_owned(),
        ours: milliseconds(calls.median()),
        ..Row::default()
    });
    Ok(table)
}

/// VmRSS, once the agent has had time to end what it does after a call.
pub(super) fn resident_kilobytes(agent: &Agent) -> Result<u64> {
    std::thread::sleep(Duration::from_secs(1));
    let status = std::fs::read_to_string(format!("/proc/{}/status", agent.pid()))
        .context("reading the agent's state")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.context("no VmRSS")?.parse().context("VmRSS")
}

pub(super) fn megabytes(kilobytes: u64) -> String {
    let tenths = kilobytes * 10 / 1024;
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

const IDLE_KILOBYTES: u64 = 20 * 1024;
