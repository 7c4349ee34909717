//! The measurements, one after the other, and their tables.
#![expect(
    clippy::print_stdout,
    reason = "the tables are what this program is for"
)]

mod card_traffic;
mod commands;
mod commands_of_a_cps4;
mod http_client;
mod memory;
mod module_client;
mod modules;
mod sessions;
mod starts;
mod statistics;
mod table;
mod times;
mod windows;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use cpxd_tests::programs::program;

use table::{Table, Verdict};

/// What the agent costs, beside OpenSC on the same virtual card
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench")]
struct Arguments {
    /// Signatures between the two looks at the agent's memory
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    signatures: u32,
    /// Calls from which median and 99th percentile are taken
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..))]
    calls: u32,
    /// Windows from which the time to the screen is taken
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    windows: u32,
    /// Be the program that loads this PKCS#11 module and goes on at each line that it is given
    #[arg(long, value_name = "MODULE", hide = true)]
    client_of: Option<PathBuf>,
}

pub(crate) fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let measured = match &arguments.client_of {
        Some(module) => module_client::run(module).map(|()| Verdict::NotJudged),
        None => measure(&arguments),
    };
    match measured {
        Ok(Verdict::Missed) => ExitCode::FAILURE,
        Ok(Verdict::Met | Verdict::NotJudged) => ExitCode::SUCCESS,
        Err(error) => {
            let _: std::io::Result<()> = writeln!(std::io::stderr(), "bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Missed when a budget of commands was.
fn measure(arguments: &Arguments) -> Result<Verdict> {
    // Whatever has to be built is built before a PC/SC service waits for its clients.
    let _built = program("cpxd");
    let commands = commands::measure()?;
    show(&commands);
    let commands_of_a_cps4 = commands_of_a_cps4::measure()?;
    show(&commands_of_a_cps4);
    let sessions = sessions::measure()?;
    show(&sessions);
    let modules = modules::measure()?;
    for table in &modules {
        show(table);
    }
    show(&times::measure(arguments.calls)?);
    show(&starts::measure()?);
    show(&memory::measure(arguments.signatures)?);
    show(&windows::measure(arguments.windows)?);
    let of_cards = commands.verdict().and(commands_of_a_cps4.verdict());
    let of_modules = modules.iter().map(Table::verdict);
    Ok(of_modules.fold(of_cards.and(sessions.verdict()), Verdict::and))
}

fn show(table: &Table) {
    println!("{table}");
}
