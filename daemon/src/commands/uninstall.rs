//! `cpxd uninstall`: takes away what `cpxd install` put in place, and with `--state` what the
//! agent keeps.

use std::fs;

use daemon_api::TrustedAuthority;
use platform::instance::{InstanceError, InstanceLock};
use platform::paths::AgentPaths;
use platform::state_removal::{is_state_folder, remove_state};
use platform::trust_stores::{TrustAnchor, TrustStore, TrustStoreError};
use serde::Serialize;
use serde_json::json;
use texts::InstallTexts;

#[cfg(target_os = "linux")]
use super::autostart;
#[cfg(target_os = "linux")]
use super::module_places::{self, ModuleReport};
use super::store_report::{
    StoreReport, StoreState, chosen_stores, incomplete, remind_of_open_browsers,
};
use super::{language, native_messaging};
use crate::command_line::{Common, UninstallOptions};
use crate::refusal::Refusal;
use crate::{screen, state_format, trust_record};

pub(crate) fn run(options: &UninstallOptions, common: &Common) -> anyhow::Result<()> {
    #[cfg(target_os = "linux")]
    if options.pkcs11 {
        return forget_the_module_alone(common);
    }
    let paths = AgentPaths::find(common.state_dir.as_deref())?;
    // Asked first, so that a running agent keeps all that it has, or nothing.
    let lock = if options.state && is_state_folder(&paths) {
        Some(lock(&paths)?)
    } else {
        None
    };
    if lock.is_some() {
        state_format::check(&paths)?;
    }
    let reports = take_trust_away(options, &paths, common)?;
    let hosts = if options.store.is_empty() {
        native_messaging::forget()?
    } else {
        Vec::new()
    };
    #[cfg(target_os = "linux")]
    let starts = if options.store.is_empty() {
        autostart::remove()?
    } else {
        Vec::new()
    };
    #[cfg(target_os = "linux")]
    let modules = if options.store.is_empty() {
        forget_the_module(common)?
    } else {
        Vec::new()
    };
    let outcome = match lock {
        Some(lock) => StateFolder::after_removal(remove_state(&paths, lock)?),
        None => StateFolder::untouched(&paths),
    };
    if common.json {
        let folder = paths.state_dir().display().to_string();
        #[cfg_attr(
            not(target_os = "linux"),
            expect(unused_mut, reason = "there are no such files elsewhere")
        )]
        let mut done = json!({
            "stores": reports,
            "nativeMessaging": hosts,
            "stateFolder": {
                "path": folder, "removed": outcome == StateFolder::Removed, "outcome": outcome,
            },
        });
        #[cfg(target_os = "linux")]
        if let Some(members) = done.as_object_mut() {
            members.insert("autostart".to_owned(), json!(starts));
            members.insert("pkcs11".to_owned(), json!(modules));
        }
        return screen::json(&done);
    }
    if !hosts.is_empty() {
        native_messaging::print(&InstallTexts::new(language()).where_hosts_leave(), &hosts)?;
    }
    #[cfg(target_os = "linux")]
    if !starts.is_empty() {
        autostart::print(&InstallTexts::new(language()).where_start_leaves(), &starts)?;
    }
    print_state_folder(outcome, options.state, &paths)
}

/// What became of the state folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
enum StateFolder {
    Removed,
    /// What the agent kept is removed; other files are there, and so is the folder.
    HasMore,
    /// It is as it was.
    Kept,
    /// Nothing says that what is there is an agent's; it is as it was.
    NotAnAgents,
    /// There was none.
    Absent,
}

impl StateFolder {
    fn after_removal(is_gone: bool) -> Self {
        if is_gone {
            Self::Removed
        } else {
            Self::HasMore
        }
    }

    fn untouched(paths: &AgentPaths) -> Self {
        if is_state_folder(paths) {
            Self::Kept
        } else if fs::symlink_metadata(paths.state_dir()).is_ok() {
            Self::NotAnAgents
        } else {
            Self::Absent
        }
    }
}

/// The mirror of `cpxd install --pkcs11`.
#[cfg(target_os = "linux")]
fn forget_the_module_alone(common: &Common) -> anyhow::Result<()> {
    let reports = forget_the_module(common)?;
    if common.json {
        return screen::json(&json!({ "pkcs11": reports }));
    }
    let texts = InstallTexts::new(language());
    if reports.is_empty() {
        return screen::line(&texts.no_module_known());
    }
    screen::line(&texts.restart_browsers())
}

/// Programs that still knew the module would look for it in vain.
#[cfg(target_os = "linux")]
fn forget_the_module(common: &Common) -> anyhow::Result<Vec<ModuleReport>> {
    let texts = InstallTexts::new(language());
    let reports = module_places::forget();
    if !reports.is_empty() && !common.json {
        module_places::print(&texts.where_modules_leave(), &reports)?;
    }
    if reports.iter().any(ModuleReport::is_failed) {
        let refusal = Refusal::own("uninstall-incomplete", |_| texts.modules_stay());
        return Err(refusal.with_field("pkcs11", json!(reports)).into());
    }
    Ok(reports)
}

fn take_trust_away(
    options: &UninstallOptions,
    paths: &AgentPaths,
    common: &Common,
) -> anyhow::Result<Vec<StoreReport>> {
    let texts = InstallTexts::new(language());
    let anchors = known_authorities(paths)?;
    if anchors.is_empty() {
        if !common.json {
            screen::line(&texts.no_authority())?;
        }
        return Ok(Vec::new());
    }
    let stores = chosen_stores(&options.store);
    let ca_file = paths.ca_file();
    if !common.json {
        screen::line(&texts.where_it_leaves())?;
    }
    let mut reports = Vec::new();
    for store in &stores {
        let outcome = remove_all(store, &anchors);
        let report = StoreReport::of(store, outcome, &ca_file, removed);
        if !common.json {
            report.print()?;
        }
        reports.push(report);
    }
    let is_short = |state| matches!(state, StoreState::Failed | StoreState::NeedsAdministrator);
    if let Some(refusal) = incomplete(&reports, is_short)? {
        return Err(refusal.into());
    }
    if options.store.is_empty() {
        trust_record::forget(paths)?;
    }
    if !common.json {
        remind_of_open_browsers(&reports)?;
    }
    Ok(reports)
}

/// Those on the list, and the one that there is now, which a person may have put somewhere by hand.
fn known_authorities(paths: &AgentPaths) -> anyhow::Result<Vec<TrustAnchor>> {
    let mut anchors = trust_record::read(paths)?;
    let current = match TrustedAuthority::read(paths) {
        Ok(authority) => authority.map(|authority| authority.pem),
        // One that is no use to the agent is still to be taken away.
        Err(_) => fs::read_to_string(paths.ca_file()).ok(),
    };
    if let Some(current) = current.as_deref().and_then(TrustAnchor::from_pem)
        && !anchors.contains(&current)
    {
        anchors.push(current);
    }
    Ok(anchors)
}

fn remove_all(store: &TrustStore, anchors: &[TrustAnchor]) -> Result<bool, TrustStoreError> {
    let mut any = false;
    for anchor in anchors {
        any |= store.remove(anchor)?;
    }
    Ok(any)
}

fn removed(was_there: bool) -> StoreState {
    if was_there {
        StoreState::Removed
    } else {
        StoreState::Absent
    }
}

fn lock(paths: &AgentPaths) -> anyhow::Result<InstanceLock> {
    match InstanceLock::acquire(&paths.lock_file()) {
        Err(InstanceError::AlreadyRunning { pid }) => {
            let pid = pid.map_or_else(|| "?".to_owned(), |pid| pid.to_string());
            let texts = InstallTexts::new(language());
            Err(Refusal::own("agent-already-running", |_| texts.running(&pid)).into())
        }
        lock => Ok(lock?),
    }
}

/// A folder of nobody's is worth a word where somebody wanted it removed.
fn print_state_folder(
    outcome: StateFolder,
    is_wanted: bool,
    paths: &AgentPaths,
) -> anyhow::Result<()> {
    let texts = InstallTexts::new(language());
    let folder = paths.state_dir().display().to_string();
    match outcome {
        StateFolder::Removed => screen::line(&texts.state_dir_removed(&folder)),
        StateFolder::HasMore => screen::line(&texts.state_dir_has_more(&folder)),
        StateFolder::Kept => screen::line(&texts.state_dir_kept(&folder)),
        StateFolder::NotAnAgents if is_wanted => {
            screen::line(&texts.state_dir_not_an_agents(&folder))
        }
        StateFolder::Absent if is_wanted => screen::line(&texts.state_dir_absent(&folder)),
        StateFolder::NotAnAgents | StateFolder::Absent => Ok(()),
    }
}
