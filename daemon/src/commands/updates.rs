//! `cpxd updates`: asks now whether a newer version is there, or judges the files of a release.

use std::fs;
use std::io;
use std::path::Path;

use platform::paths::AgentPaths;
use serde_json::json;
use texts::CommandTexts;
use time::OffsetDateTime;
use updates::{Manifest, ReleaseKey, UpdateError, check_files};

use super::language;
use crate::command_line::{AgentOptions, Common, UpdatesOptions};
use crate::configuration::Configuration;
use crate::refusal::{Refusal, unreadable};
use crate::update_check::{self, UpdateCheck};
use crate::{screen, state_format};

pub(crate) fn run(options: &UpdatesOptions, common: &Common) -> anyhow::Result<()> {
    match &options.files {
        Some(folder) => judge_files(folder, common).map_err(explained),
        None => ask(options, common),
    }
}

fn ask(options: &UpdatesOptions, common: &Common) -> anyhow::Result<()> {
    let configuration = Configuration::load(&AgentOptions {
        config: options.config.clone(),
        ..AgentOptions::default()
    })
    .map_err(|error| Refusal::of_configuration(&error))?;
    let Some(source) = configuration.update_source else {
        return Err(Refusal::own("updates-off", CommandTexts::updates_off).into());
    };
    let paths = AgentPaths::resolve(common.state_dir.as_deref())?;
    state_format::check(&paths)?;
    let looked = UpdateCheck::new(source, &paths)?.look(OffsetDateTime::now_utc());
    let newer = looked.map_err(explained)?;
    let running = update_check::running()?.to_string();
    if common.json {
        let newer = newer.map(|version| version.to_string());
        return screen::json(&json!({ "version": running, "newerVersion": newer }));
    }
    let texts = CommandTexts::new(language());
    screen::line(&match newer {
        Some(version) => texts.update_is_there(&version.to_string()),
        None => texts.update_is_none(&running),
    })
}

fn judge_files(folder: &Path, common: &Common) -> anyhow::Result<()> {
    // Else the files of a folder that is not there would be named as missing.
    fs::read_dir(folder).map_err(|source| file_unreadable(folder, source))?;
    let bytes = read(&folder.join(MANIFEST))?;
    let signature = String::from_utf8_lossy(&read(&folder.join(SIGNATURE))?).into_owned();
    let manifest = Manifest::verified(&bytes, &signature, &ReleaseKey::pinned()?)?;
    check_files(&manifest, folder, &[MANIFEST, SIGNATURE])?;
    let version = manifest.version.to_string();
    if common.json {
        return screen::json(&json!({ "release": version, "files": manifest.files.len() }));
    }
    screen::line(&CommandTexts::new(language()).release_is_whole(&version))
}

fn read(file: &Path) -> Result<Vec<u8>, UpdateError> {
    fs::read(file).map_err(|source| file_unreadable(file, source))
}

fn file_unreadable(file: &Path, source: io::Error) -> UpdateError {
    let file = file.display().to_string();
    UpdateError::FileUnreadable { file, source }
}

/// In the words of people, with the stable word for programs.
fn explained(error: anyhow::Error) -> anyhow::Error {
    let Some(update) = error.downcast_ref::<UpdateError>() else {
        return error;
    };
    let problem = format!("{error:#}");
    let refusal = if matches!(update, UpdateError::ClockWrong) {
        Refusal::own("update-refused", CommandTexts::update_clock_wrong)
    } else if let UpdateError::FileUnreadable { file, source } = update {
        // Nothing was said of a version that one could doubt.
        unreadable(Path::new(file), source)
    } else if update.is_no_answer() {
        Refusal::own("update-no-answer", |texts| texts.update_no_answer(&problem))
    } else {
        Refusal::own("update-refused", |texts| texts.update_refused(&problem))
    };
    refusal.with_field("reason", update.code().into()).into()
}

const MANIFEST: &str = "manifest.json";
const SIGNATURE: &str = "manifest.json.minisig";
