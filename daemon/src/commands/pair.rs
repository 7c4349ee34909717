//! `cpxd pair`: what a desktop program does to be paired, from a shell.

use std::path::Path;
use std::time::Duration;

use anyhow::ensure;
use daemon_types::Right;
use daemon_wire::{OpenedPairingBody, PairedBody, PairingBody, PairingSecretBody};
use platform::private_files::write_private;
use texts::CommandTexts;

use super::{connect, language};
use crate::command_line::{Common, PairOptions};
use crate::screen;

pub(crate) fn run(options: &PairOptions, common: &Common) -> anyhow::Result<()> {
    if let Some(file) = &options.token_file {
        check_can_be_written(file)?;
    }
    let client = connect(common)?;
    let texts = CommandTexts::new(language());
    let rights = options.right.iter().copied().map(Right::as_str);
    let body = PairingBody {
        name: options.name.clone(),
        rights: rights.map(str::to_owned).collect(),
        origins: options.origin.clone(),
    };
    let opened: OpenedPairingBody = client.call("/v1/pairings", &body, PAIRING_TIME)?;
    screen::remark(&texts.pairing_code(&opened.code));
    let path = format!("/v1/pairings/{}/token", opened.id);
    let body = PairingSecretBody {
        secret: opened.secret,
    };
    let paired: PairedBody = client.call(&path, &body, PAIRING_TIME)?;
    let grant = paired.grant.id.as_deref().unwrap_or_default();
    match &options.token_file {
        Some(file) => {
            write_private(file, paired.token.as_bytes())?;
            if common.json {
                return screen::json(&paired.grant);
            }
            screen::line(&texts.paired_to_file(grant, &file.display().to_string()))
        }
        None if common.json => screen::json(&paired),
        None => {
            screen::remark(&texts.paired(grant));
            screen::line(&paired.token)
        }
    }
}

/// Asks nobody for a token that could not be kept.
fn check_can_be_written(file: &Path) -> anyhow::Result<()> {
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    ensure!(
        folder.is_dir(),
        "there is no folder {} for the token: create it first",
        folder.display()
    );
    ensure!(
        !file.exists(),
        "{} is there already: name another file, or remove it first",
        file.display()
    );
    Ok(())
}

/// Longer than a pairing waits, so that the agent's own answer comes first.
const PAIRING_TIME: Duration = Duration::from_secs(6 * 60);
