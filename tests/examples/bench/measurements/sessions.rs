//! What one more authentication costs in a session, on both generations, beside the official module.

use anyhow::{Context, Result, ensure};
use cpxd_tests::calls::{authenticate_body, path_of};
use cpxd_tests::door::{in_session, open_session, pair, with_token};
use cpxd_tests::pcsc_stack::{PcscService, Reader, TEST_ENVIRONMENT};

use super::card_traffic::CardTrace;
use super::table::{Row, Table, Verdict};

pub(super) fn measure() -> Result<Table> {
    let mut table = Table::new(
        "an authentication in a session",
        "the official module, logged in",
    );
    for (kind, official) in [("cps3", OFFICIAL_ON_CPS3), ("cps4", OFFICIAL_ON_CPS4)] {
        let commands = commands(kind)?;
        table.push(Row {
            what: format!("commands on a {}", kind.to_uppercase()),
            ours: commands.to_string(),
            beside: official.to_string(),
            target: COMMANDS_IN_A_SESSION.to_string(),
            verdict: Verdict::of((1..=COMMANDS_IN_A_SESSION).contains(&commands)),
        });
    }
    Ok(table)
}

/// Commands of the second authentication in a session.
fn commands(kind: &str) -> Result<usize> {
    let folder = tempfile::tempdir().context("a temporary folder")?;
    let service = PcscService::start();
    let holder = "pin = \"1234\"\nconsent = true";
    let agent = service.agent(TEST_ENVIRONMENT, holder, &[]);
    let file = folder.path().join("card.trace");
    let arguments = ["--card", kind, "--trace", &file.to_string_lossy()];
    let _card = service.plug(Reader::First, &arguments);
    let card = agent.card();
    let rights = ["identify", "authenticate"];
    let (token, _) = pair(&agent, &rights, &["https://service.example"]);
    let session = open_session(&agent, &token, &card);
    ensure!(session.status == 200, "no session: {}", session.text);
    let mut trace = CardTrace::of(&file);
    let body = in_session(authenticate_body(), &session.body);
    let mut commands = 0;
    for _ in 0..2 {
        trace.take()?;
        let path = path_of(&card, "/authenticate");
        let answer = with_token(&agent, &token, &path, &body);
        ensure!(answer.status == 200, "no token: {}", answer.text);
        commands = trace.take()?.commands();
    }
    Ok(commands)
}

/// The contract's budget ("Speed and size").
const COMMANDS_IN_A_SESSION: usize = 3;
/// What the official module sends for a signature once it is logged in, measured on other virtual cards.
const OFFICIAL_ON_CPS3: usize = 5;
const OFFICIAL_ON_CPS4: usize = 4;
