//! The run: clients, kills, and what each of them leaves.
#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "the figures are what this program is for, and a machine without pcscd ends it"
)]

#[path = "card_trace.rs"]
mod card_trace;
#[path = "clients.rs"]
mod clients;
#[path = "ledger.rs"]
mod ledger;
#[path = "remains.rs"]
mod remains;
#[path = "restarts.rs"]
mod restarts;

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};
use std::thread;
use std::time::{Duration, Instant};

use clap::Parser;
use cpxd_tests::agent::Agent;
use cpxd_tests::ended::Ended;
use cpxd_tests::pcsc_stack::{AGREEING, PcscService, Reader, TEST_ENVIRONMENT, VirtualCardProgram};

use card_trace::CardTrace;
use clients::{Client, Target};
use ledger::Ledger;
use remains::Remains;
use restarts::Restarts;

/// Kill the agent again and again while clients authenticate, sign, pair and revoke
#[derive(Debug, Parser)]
#[command(name = "cargo xtask soak kills")]
struct Arguments {
    /// How often the agent is killed
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    kills: u32,
}

pub(crate) fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let mut stack = Stack::start();
    let begun = Instant::now();
    let kills = stack.kill_again_and_again(arguments.kills);
    let lasted = begun.elapsed();
    // Nobody asks any more; the last agent goes as it should.
    let tries_left = stack.agent.tries_left();
    stack.agent.stop();

    let remains = Remains::of(&stack.agent);
    let verdict = stack.ledger.compare(&remains.lines);
    let verified = Ended::from(stack.agent.cli(&["journal", "verify"]));
    println!("{kills} kills in {} s", lasted.as_secs());
    println!("{}", stack.ledger);
    println!("{verdict}\n{}", stack.trace);
    println!("{}", stack.restarts);
    println!(
        "journal      {} files, {} entries",
        remains.files,
        remains.lines.len()
    );
    print!("{}", verified.output);
    println!("tries left   {tries_left} of 3");
    let is_well = verdict.is_complete()
        && stack.ledger.has_all_kinds()
        && stack.ledger.is_typed()
        && verified.code == Some(0)
        && remains.files > 1
        && tries_left == 3;
    println!("{}", if is_well { "all well" } else { "NOT WELL" });
    if is_well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// pcscd and a card, which stay, an agent, which does not, and what its clients were told.
struct Stack {
    agent: Agent,
    target: Target,
    ledger: Ledger,
    restarts: Restarts,
    trace: CardTrace,
    _card: VirtualCardProgram,
    _service: PcscService,
}

impl Stack {
    fn start() -> Self {
        let service = PcscService::start();
        let trace = service.file("");
        let card_arguments = ["--trace", &trace.to_string_lossy()];
        let address = service.vpcd_address(Reader::First);
        let card = VirtualCardProgram::plug(&address, &card_arguments);
        let mut agent = service.agent(TEST_ENVIRONMENT, AGREEING, &[]);
        let target = Target::of(&agent);
        agent.stop();
        remains::fill_the_first_file(&agent);
        agent.start_again();
        Self {
            agent,
            target,
            ledger: Ledger::default(),
            restarts: Restarts::default(),
            trace: CardTrace::of(&trace),
            _card: card,
            _service: service,
        }
    }

    /// So many kills under load; how many there were.
    fn kill_again_and_again(&mut self, kills: u32) -> u32 {
        let is_over = AtomicBool::new(false);
        let gate = RwLock::new(());
        let Self {
            agent,
            target,
            ledger,
            restarts,
            trace,
            ..
        } = self;
        let (ledger, target) = (&*ledger, &*target);
        thread::scope(|scope| {
            for client in Client::ALL {
                let (is_over, gate) = (&is_over, &gate);
                scope.spawn(move || {
                    while !is_over.load(Ordering::Relaxed) {
                        let open = gate.read().unwrap_or_else(PoisonError::into_inner);
                        client.ask(target, ledger);
                        drop(open);
                    }
                });
            }
            // Whatever happens here, the clients end.
            let _over = Over(&is_over);
            for kill in 0..kills {
                thread::sleep(time_to_live(kill));
                agent.stop_by("-KILL");
                // Whoever waited for an answer sees the end of the connection, and then waits here.
                let shut = gate.write().unwrap_or_else(PoisonError::into_inner);
                let remains = Remains::of(agent);
                ledger.compare_grants(&remains.grants);
                trace.compare(&remains.lines);
                restarts.measure(|| agent.start_again());
                drop(shut);
                if (kill + 1).is_multiple_of(100) {
                    println!("{} kills\n{ledger}", kill + 1);
                }
            }
            // The last agent lives until each client could do its work once more.
            let enough = ledger.acknowledged() + 4;
            let patience = Instant::now() + Duration::from_secs(60);
            while ledger.acknowledged() < enough {
                assert!(Instant::now() < patience, "nothing works any more");
                thread::sleep(Duration::from_millis(10));
            }
            kills
        })
    }
}

/// Tells the clients that it is over.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// From the first moment of an agent, in which nobody was answered yet, to one in which some were.
fn time_to_live(kill: u32) -> Duration {
    Duration::from_millis(u64::from(kill) * 197 % 601)
}
