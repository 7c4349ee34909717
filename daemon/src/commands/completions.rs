//! `cpxd completions`.

use std::io::{self, Write as _};

use anyhow::Context as _;
use clap::{Command, CommandFactory as _};

use crate::command_line::{CommandLine, CompletionsOptions};

pub(crate) fn print(options: &CompletionsOptions) -> anyhow::Result<()> {
    let mut command = public_commands();
    let name = command.get_name().to_owned();
    // Made in memory: the generator panics where its output is closed.
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut command, name, &mut script);
    io::stdout()
        .write_all(&script)
        .context("writing the completions")
}

/// The command line without what is hidden: not every generator leaves it out by itself.
fn public_commands() -> Command {
    let all = CommandLine::command();
    let shown = all.get_subcommands().filter(|one| !one.is_hide_set());
    Command::new("cpxd")
        .version(env!("CARGO_PKG_VERSION"))
        .args(all.get_arguments())
        .subcommands(shown.cloned())
}
