//! The manual pages, one for each command, from the same words as `--help`.

use std::fs;

use anyhow::Context as _;
use clap::CommandFactory as _;

use crate::command_line::{CommandLine, ManualPagesOptions};

/// Writes them as `cpxd.1`, `cpxd-sign.1`, `cpxd-pin-change.1` and so on; hidden commands have none.
pub(crate) fn write(options: &ManualPagesOptions) -> anyhow::Result<()> {
    let folder = &options.folder;
    fs::create_dir_all(folder)
        .with_context(|| format!("making the folder {}", folder.display()))?;
    let command = CommandLine::command().disable_help_subcommand(true);
    clap_mangen::generate_to(command, folder)
        .with_context(|| format!("writing manual pages to {}", folder.display()))
}
