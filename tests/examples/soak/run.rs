//! The run: clients, pulls, restarts, and what is left of the agent.
#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "the figures are what this program is for, and a machine without pcscd ends it"
)]

#[path = "footprint.rs"]
mod footprint;
#[path = "tally.rs"]
mod tally;

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use clap::Parser;
use cpxd_tests::agent::Agent;
use cpxd_tests::operations::{authenticate, sign};
use cpxd_tests::pcsc_stack::{AGREEING, PcscService, Reader, TEST_ENVIRONMENT, VirtualCardProgram};
use serde_json::Value;

use footprint::Footprint;
use tally::Tally;

/// Pull the card and restart pcscd again and again while clients sign
#[derive(Debug, Parser)]
#[command(name = "cargo xtask soak pulls")]
struct Arguments {
    /// How often the card is pulled and pushed
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..))]
    pulls: u32,
    /// How often pcscd is ended, by SIGTERM and SIGKILL in turn, and started again
    #[arg(long, value_name = "N", default_value_t = 50)]
    restarts: u32,
}

pub(crate) fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let mut stack = Stack::start();
    // Once around, so that everything which is made at its first use is there.
    stack.pull_and_push(&arguments, 1);
    let before = Footprint::of_resting(&stack.agent);
    let begun = Instant::now();
    stack.pull_and_push(&arguments, arguments.pulls);
    let lasted = begun.elapsed();
    let after = Footprint::no_more_than(&before, &stack.agent);
    let tries_left = stack.agent.tries_left();

    println!(
        "{} pulls, {} restarts of pcscd in {} s: {} requests",
        arguments.pulls,
        arguments.restarts,
        lasted.as_secs(),
        stack.tally.requests()
    );
    println!("{}", stack.tally);
    println!("cpxd before  {before}\ncpxd after   {after}");
    println!("tries left   {tries_left} of 3");
    let is_well = stack.tally.is_typed() && after.is_no_more_than(&before) && tries_left == 3;
    println!("{}", if is_well { "all well" } else { "NOT WELL" });
    if is_well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// pcscd with a card whose memory is a file, an agent, and what its clients were told.
struct Stack {
    agent: Agent,
    card_id: Value,
    card: Option<VirtualCardProgram>,
    card_arguments: [String; 2],
    service: PcscService,
    tally: Tally,
}

impl Stack {
    fn start() -> Self {
        let service = PcscService::start();
        let folder = service.file("").with_extension("card");
        let card_arguments = [
            "--state-file".to_owned(),
            folder.to_string_lossy().into_owned(),
        ];
        let agent = service.agent(TEST_ENVIRONMENT, AGREEING, &[]);
        let mut stack = Self {
            agent,
            card_id: Value::Null,
            card: None,
            card_arguments,
            service,
            tally: Tally::default(),
        };
        stack.push();
        stack.card_id = stack.agent.card();
        stack
    }

    fn push(&mut self) {
        let arguments = self.card_arguments.each_ref().map(String::as_str);
        let address = self.service.vpcd_address(Reader::First);
        self.card = Some(VirtualCardProgram::plug(&address, &arguments));
    }

    /// So many pulls under load, with the restarts spread among them.
    fn pull_and_push(&mut self, arguments: &Arguments, pulls: u32) {
        let is_over = AtomicBool::new(false);
        let Self {
            agent,
            card_id,
            card,
            card_arguments,
            service,
            tally,
        } = self;
        let (agent, card_id, tally) = (&*agent, &*card_id, &*tally);
        let card_arguments = card_arguments.each_ref().map(String::as_str);
        let address = service.vpcd_address(Reader::First);
        thread::scope(|scope| {
            for client in 0..CLIENTS {
                let is_over = &is_over;
                scope.spawn(move || {
                    while !is_over.load(Ordering::Relaxed) {
                        let answer = match client % 2 {
                            0 => authenticate(agent, card_id),
                            _ => sign(agent, card_id),
                        };
                        tally.count(&answer);
                    }
                });
            }
            // Whatever happens here, the clients end.
            let _over = Over(&is_over);
            let mut restarts = 0;
            for pull in 0..pulls {
                wait_for_success(tally);
                thread::sleep(Duration::from_millis(u64::from(pull * 37 % 200)));
                drop(card.take());
                thread::sleep(out_of_the_reader(pull));
                if is_time_to_restart(arguments, pull) {
                    end_service(service, restarts);
                    service.launch();
                    restarts += 1;
                }
                *card = Some(VirtualCardProgram::plug(&address, &card_arguments));
            }
            wait_for_success(tally);
        });
    }
}

/// Tells the clients that it is over.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Ends pcscd as an upgrade does, and the next time as a crash does.
fn end_service(service: &mut PcscService, restarts: u32) {
    match restarts % 2 {
        0 => service.stop(),
        _ => service.crash(),
    }
}

/// The restarts are spread evenly over the pulls.
fn is_time_to_restart(arguments: &Arguments, pull: u32) -> bool {
    let restarts_until =
        |pull: u32| u64::from(pull) * u64::from(arguments.restarts) / u64::from(arguments.pulls);
    restarts_until(pull + 1) > restarts_until(pull)
}

/// From no time at all to twice the 400 ms after which pcscd looks at a reader again: a card that is back
/// before is one that pcscd may never have missed.
fn out_of_the_reader(pull: u32) -> Duration {
    Duration::from_millis(u64::from(pull) * 211 % 800)
}

/// Until every client could use the card that was put in last.
fn wait_for_success(tally: &Tally) {
    let enough = tally.successes() + u64::from(CLIENTS);
    let patience = Instant::now() + Duration::from_secs(60);
    while tally.successes() < enough {
        assert!(
            Instant::now() < patience,
            "no operation works any more:\n{tally}"
        );
        thread::sleep(Duration::from_millis(5));
    }
}

const CLIENTS: u32 = 3;
