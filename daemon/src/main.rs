//! `cpxd`: the one place that names concrete types, and the command line.

mod agent;
#[cfg(any(windows, test))]
mod backoff;
mod command_line;
mod commands;
mod configuration;
mod diagnosis;
mod exit_code;
mod grants;
mod greeting;
mod holder;
mod installation;
mod logging;
mod nomenclature;
mod refusal;
mod screen;
mod seen_cards;
#[cfg(windows)]
mod service;
#[cfg(target_os = "linux")]
mod session_start;
mod signals;
mod sources;
mod state_format;
mod support_bundle;
mod trust_record;
mod update_check;
mod virtual_cards;
mod virtual_keypad;

use std::process::ExitCode;

use clap::Parser as _;

use crate::command_line::{Command, CommandLine};

fn main() -> ExitCode {
    let CommandLine { command, common } = CommandLine::parse();
    let json = common.json;
    commands::speak(configuration::language(command.configuration()));
    let done = match command {
        Command::Run(options) => agent::run(&options, &common),
        Command::Demo(options) => agent::demo(&options, &common),
        Command::Journal(options) => commands::journal::run(&options, &common),
        Command::Openapi => commands::openapi::print(),
        Command::Completions(options) => commands::completions::print(&options),
        Command::ManualPages(options) => commands::manual_pages::write(&options),
        Command::Status => commands::status::print(&common),
        Command::Readers => commands::readers::print(&common),
        Command::Cards => commands::cards::print(&common),
        Command::Certificates(options) => commands::certificates::print(&options, &common),
        Command::Authenticate(options) => commands::authenticate::run(&options, &common),
        Command::Sign(options) => commands::sign::run(&options, &common),
        Command::Console(options) => commands::console::run(&options, &common),
        Command::Pin(options) => commands::pin::run(&options, &common),
        Command::Pair(options) => commands::pair::run(&options, &common),
        Command::Grants(options) => commands::grants::run(&options, &common),
        Command::Sessions(options) => commands::sessions::run(&options, &common),
        Command::Diagnose(options) => match commands::diagnose::run(&options, &common) {
            Ok(code) => return code,
            Err(error) => Err(error),
        },
        Command::Install(options) => commands::install::run(&options, &common),
        #[cfg(windows)]
        Command::Service => service::run(),
        Command::Pkcs11Host(options) => commands::pkcs11_host::run(&options),
        Command::Updates(options) => commands::updates::run(&options, &common),
        Command::Uninstall(options) => commands::uninstall::run(&options, &common),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => exit_code::explain(&error, json),
    }
}
