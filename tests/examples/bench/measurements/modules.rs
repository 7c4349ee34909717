//! One program of PKCS#11 on one card, through our module, the official one and OpenSC's: commands to the card and
//! time of each step, side by side.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use cpxd_tests::official_module::official_module;
use cpxd_tests::own_module::ModuleHome;
use cpxd_tests::pcsc_stack::{AGREEING, PcscService, Reader, TEST_ENVIRONMENT};
use cpxd_tests::programs::own_module;
use tempfile::TempDir;

use super::card_traffic::CardTrace;
use super::module_client::{END, LOG_IN, SIGNATURES, STEPS};
use super::statistics::milliseconds;
use super::table::{Row, Table, Verdict};

/// What a step cost.
#[derive(Debug, Clone, Copy)]
struct Cost {
    commands: usize,
    time: Duration,
}

/// A table for each generation of cards. Without `CPXD_CRYPTOLIB_MODULE` nothing stands beside a CPS4.
pub(super) fn measure() -> Result<Vec<Table>> {
    let official = official_module();
    let opensc = PathBuf::from(OPENSC);
    let mut tables = Vec::new();
    for kind in ["cps3", "cps4"] {
        let ours = ours(kind)?;
        let mut others = Vec::new();
        if let Some(module) = &official {
            others.push(("official", theirs(kind, module)?));
        }
        // OpenSC 0.23 knows no CPS4.
        if kind == "cps3" {
            others.push(("OpenSC", theirs(kind, &opensc)?));
        }
        tables.push(table(kind, &ours, &others));
    }
    Ok(tables)
}

/// Through the agent, in the second program on the same card.
fn ours(kind: &str) -> Result<Vec<Cost>> {
    let folder = tempfile::tempdir()?;
    let service = PcscService::start();
    let agent = service.agent(TEST_ENVIRONMENT, AGREEING, &[]);
    let (_card, mut trace) = card(&service, kind, &folder, "card.trace");
    let _ = agent.card();
    let home = ModuleHome::of(&agent);
    let mut last = Vec::new();
    for _ in 0..2 {
        let mut program = client(&own_module());
        program.env("XDG_CONFIG_HOME", home.folder());
        trace.take()?;
        last = costs(&mut program, &mut trace)?;
    }
    Ok(last)
}

/// Through a module that drives the card itself, in its second process, which finds what the first one kept.
fn theirs(kind: &str, module: &Path) -> Result<Vec<Cost>> {
    let folder = tempfile::tempdir()?;
    let service = PcscService::start();
    let (_card, mut trace) = card(&service, kind, &folder, "card.trace");
    let mut last = Vec::new();
    for _ in 0..2 {
        let mut program = client(module);
        program
            .envs(service.client_environment())
            .env("XDG_CACHE_HOME", folder.path());
        trace.take()?;
        last = costs(&mut program, &mut trace)?;
    }
    Ok(last)
}

fn card(
    service: &PcscService,
    kind: &str,
    folder: &TempDir,
    name: &str,
) -> (cpxd_tests::pcsc_stack::VirtualCardProgram, CardTrace) {
    let file = folder.path().join(name);
    let arguments = ["--card", kind, "--trace", &file.to_string_lossy()];
    let card = service.plug(Reader::First, &arguments);
    (card, CardTrace::of(&file))
}

fn client(module: &Path) -> Command {
    let mut program = Command::new(std::env::current_exe().unwrap_or_default());
    program.arg("--client-of").arg(module);
    program
}

/// Tells the program to go on, again and again, and has the card say what each step asked of it.
fn costs(program: &mut Command, trace: &mut CardTrace) -> Result<Vec<Cost>> {
    let mut program = program
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("starting the client")?;
    let mut orders = program.stdin.take().context("no way to the client")?;
    let mut told = BufReader::new(program.stdout.take().context("no way from the client")?).lines();
    let mut costs = Vec::new();
    for step in STEPS {
        writeln!(orders, "go on")?;
        let time = told
            .next()
            .with_context(|| format!("the client ended at: {step}"))??;
        costs.push(Cost {
            commands: trace.take()?.commands(),
            time: Duration::from_micros(time.trim().parse()?),
        });
    }
    ensure!(program.wait()?.success(), "the client failed");
    Ok(costs)
}

fn table(kind: &str, ours: &[Cost], others: &[(&'static str, Vec<Cost>)]) -> Table {
    let title = format!(
        "the second program of PKCS#11 on a {}: commands to the card, and time ({SIGNATURES} signatures in \"sign again\")",
        kind.to_uppercase()
    );
    let mut table = Table::new(title, "others' modules");
    let say = |cost: &Cost| format!("{}, {}", cost.commands, milliseconds(cost.time));
    for (place, (step, cost)) in STEPS.iter().zip(ours).enumerate() {
        let beside = others.iter().filter_map(|(name, costs)| {
            let cost = costs.get(place)?;
            Some(format!("{name} {}", say(cost)))
        });
        let theirs = others.iter().filter_map(|(_, costs)| costs.get(place));
        let fewest = theirs.map(|cost| cost.commands).min();
        let (at_most, why) = allowance(kind, step);
        table.push(Row {
            what: (*step).to_owned(),
            ours: say(cost),
            beside: beside.collect::<Vec<_>>().join("; "),
            target: why.to_owned(),
            verdict: fewest.map_or(Verdict::NotJudged, |fewest| {
                Verdict::of(cost.commands <= fewest.max(at_most))
            }),
        });
    }
    let sum = |costs: &[Cost]| costs.iter().map(|cost| cost.commands).sum::<usize>();
    let fewest = others.iter().map(|(_, costs)| sum(costs)).min();
    let beside = others
        .iter()
        .map(|(name, costs)| format!("{name} {}", sum(costs)));
    table.push(Row {
        what: "commands of all".to_owned(),
        ours: sum(ours).to_string(),
        beside: beside.collect::<Vec<_>>().join("; "),
        target: "fewer than any".to_owned(),
        verdict: fewest.map_or(Verdict::NotJudged, |fewest| Verdict::of(sum(ours) < fewest)),
    });
    table
}

/// How many commands a step may send even where another module sends fewer, and what is asked of it.
///
/// What others leave out: a program that has selected another application meanwhile would have its code tried, a last try
/// would be spent without its holder's yes, and whoever comes next would find the code presented.
fn allowance(kind: &str, step: &str) -> (usize, &'static str) {
    match (kind, step) {
        (_, LOG_IN) => (3, "3: selection and counter stand before each code"),
        ("cps4", END) => (1, "1: a CPS4 is reset, and its applet opened for the next"),
        _ => (0, "not more than any"),
    }
}

const OPENSC: &str = "/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so";
