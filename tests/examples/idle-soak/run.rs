//! The run: the agents, the minutes, the figures.
#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "the figures are what this program is for, and a machine that lacks something ends it"
)]

#[path = "bus.rs"]
mod bus;
#[path = "listening.rs"]
mod listening;
#[path = "memory.rs"]
mod memory;
#[path = "wake_ups.rs"]
mod wake_ups;

use std::process::{Command, ExitCode};
use std::thread;
use std::time::Duration;

use clap::Parser;
use cpxd_tests::agent::Agent;
use cpxd_tests::operations::authenticate;
use cpxd_tests::pcsc_stack::{AGREEING, PcscService, Reader, TEST_ENVIRONMENT, VirtualCardProgram};
use cpxd_tests::programs::workspace_dir;

use bus::Bus;
use wake_ups::{Named, WakeUps};

/// Ask agents nothing for some minutes
#[derive(Debug, Parser)]
#[command(name = "cargo xtask soak idle")]
struct Arguments {
    /// For how many minutes
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    minutes: u32,
}

pub(crate) fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let mut is_well = listening::judge();
    let idle = [
        Idle::with_a_card(),
        Idle::with_empty_readers(),
        Idle::without_pcscd(),
    ];
    println!(
        "resting for {} s, then {} min of nothing",
        REST.as_secs(),
        arguments.minutes
    );
    thread::sleep(REST);
    let before: Vec<_> = idle
        .iter()
        .map(|idle| WakeUps::of(idle.agent.pid()))
        .collect();
    thread::sleep(Duration::from_secs(60) * arguments.minutes);
    for (idle, before) in idle.iter().zip(&before) {
        let after = WakeUps::of(idle.agent.pid());
        println!("\n{}: {}", idle.what, memory::of(idle.agent.pid()));
        is_well &= before.judge(&after, arguments.minutes, idle.named);
    }
    println!("\nthe unit's restrictions, by systemd-analyze security:");
    is_well &= judge_unit();
    println!("{}", if is_well { "all well" } else { "NOT WELL" });
    if is_well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Longer than threads without work are kept (10 s), and than a changed list of readers is looked at again.
const REST: Duration = Duration::from_secs(30);

/// An agent that nobody asks anything.
struct Idle {
    what: &'static str,
    named: &'static [Named],
    agent: Agent,
    _card: Option<VirtualCardProgram>,
    _service: PcscService,
    _bus: Bus,
}

impl Idle {
    /// It used its card once, looked for a newer version and has a bus, as in a session.
    fn with_a_card() -> Self {
        let (service, bus) = (PcscService::start(), Bus::start());
        let card = service.plug(Reader::First, &[]);
        let agent = agent_of(&service, &bus);
        let used = authenticate(&agent, &agent.card());
        assert_eq!(used.status, 200, "{}", used.text);
        Self {
            what: "a card in the reader",
            named: OF_PCSC_LITE,
            agent,
            _card: Some(card),
            _service: service,
            _bus: bus,
        }
    }

    fn with_empty_readers() -> Self {
        let (service, bus) = (PcscService::start(), Bus::start());
        Self {
            what: "empty readers",
            named: OF_PCSC_LITE,
            agent: agent_of(&service, &bus),
            _card: None,
            _service: service,
            _bus: bus,
        }
    }

    fn without_pcscd() -> Self {
        let (service, bus) = (PcscService::not_running(), Bus::start());
        Self {
            what: "no pcscd",
            named: LOOKING_FOR_PCSCD,
            agent: agent_of(&service, &bus),
            _card: None,
            _service: service,
            _bus: bus,
        }
    }
}

fn agent_of(service: &PcscService, bus: &Bus) -> Agent {
    let configuration = service.file(&format!("{TEST_ENVIRONMENT}\n{UPDATES}"));
    let holder = service.file(AGREEING);
    let [configuration, holder] = [configuration, holder].map(|file| {
        file.into_os_string()
            .into_string()
            .expect("a path in UTF-8")
    });
    let environment = [service.client_environment(), bus.environment()].concat();
    Agent::run_in(
        &environment,
        &[
            "--reader-source",
            "pcsc",
            "--config",
            &configuration,
            "--scripted-holder",
            &holder,
        ],
    )
}

/// The library ends an endless wait each minute, tells pcscd so and begins it again: three wake-ups each time.
const OF_PCSC_LITE: &[Named] = &[Named {
    thread: "watch-pcsc",
    in_a_minute: 4,
    why: "pcsc-lite begins its wait for readers again each minute (SCardGetStatusChange)",
}];

/// PC/SC does not say when its service is back.
const LOOKING_FOR_PCSCD: &[Named] = &[Named {
    thread: "watch-pcsc",
    in_a_minute: 13,
    why: "pcscd is looked for every five seconds",
}];

/// Nobody answers there, so that it is asked once, at the start, and a day later.
const UPDATES: &str = "update-url = \"https://127.0.0.1:1/\"";

fn judge_unit() -> bool {
    let judged = Command::new("systemd-analyze")
        .args(["security", "--user", "--offline=true", "--no-pager"])
        .arg(workspace_dir().join("packaging/linux/cpxd.service"))
        .env("XDG_RUNTIME_DIR", "/tmp")
        .output()
        .expect("systemd-analyze is installed (cargo xtask soak installs it)");
    let said = String::from_utf8_lossy(&judged.stdout).into_owned();
    let figure = said.lines().rfind(|line| line.contains("exposure level"));
    println!("{}", figure.unwrap_or(&said));
    figure.is_some()
}
