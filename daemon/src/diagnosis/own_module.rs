//! Which browsers of this user know cpxd's own PKCS#11 module, and which agent it asks.

use std::path::Path;

use daemon_client::{ModuleFile, ModuleFileError};
#[cfg(target_os = "linux")]
use diagnosis::facts::ModuleState;
use diagnosis::facts::{AskedInstead, ModuleFacts};
#[cfg(target_os = "linux")]
use platform::module_places::{ModulePlace, ModulePlaceKind};
use platform::paths::AgentPaths;

#[cfg(target_os = "linux")]
use super::browsers::{CHROMIUM, FIREFOX};
#[cfg(target_os = "linux")]
use crate::commands::module_places::{Registered, registered_in};

/// As their own lists of modules say; no program of NSS is asked.
#[cfg(target_os = "linux")]
pub(super) fn facts() -> Option<Vec<ModuleFacts>> {
    let places = ModulePlace::of_this_user().into_iter();
    let browsers = places.filter_map(|place| {
        let browser = match place.kind() {
            ModulePlaceKind::Chromium => CHROMIUM,
            ModulePlaceKind::Firefox => FIREFOX,
            ModulePlaceKind::P11Kit => return None,
        };
        Some(ModuleFacts {
            browser: browser.to_owned(),
            state: state_of(&place),
        })
    });
    Some(browsers.collect())
}

/// Nobody looks at browsers of other systems.
#[cfg(not(target_os = "linux"))]
pub(super) fn facts() -> Option<Vec<ModuleFacts>> {
    None
}

/// Whom the module asks, where it is not the agent of these paths.
pub(super) fn asked_instead(paths: &AgentPaths) -> Option<AskedInstead> {
    let is_this = |asked: Option<&Path>| {
        let asked = AgentPaths::find(asked);
        asked.is_ok_and(|asked| asked.state_dir() == paths.state_dir())
    };
    let file = ModuleFile::place().map(|file| file.display().to_string());
    let named = match ModuleFile::read() {
        Ok(said) => said.state_dir,
        Err(ModuleFileError::NotUnderstood { line }) => {
            let line = Some(line);
            return Some(AskedInstead::Nobody { file: file?, line });
        }
        Err(ModuleFileError::Unreadable(_)) => {
            let line = None;
            return Some(AskedInstead::Nobody { file: file?, line });
        }
    };
    if is_this(named.as_deref()) {
        return None;
    }
    let file = file?;
    Some(match named {
        Some(_) if is_this(None) => AskedInstead::Named { file },
        Some(_) | None => {
            let folder = paths.state_dir().display().to_string();
            AskedInstead::NotThis { file, folder }
        }
    })
}

#[cfg(target_os = "linux")]
fn state_of(place: &ModulePlace) -> ModuleState {
    if place.is_confined() {
        return ModuleState::Confined;
    }
    match registered_in(place) {
        Ok(Registered::Ours(library)) if library.is_file() => ModuleState::Registered,
        Ok(Registered::Ours(_)) => ModuleState::FileMissing,
        Ok(Registered::Foreign) => ModuleState::Foreign,
        Ok(Registered::Nothing) => ModuleState::NotRegistered,
        Err(_) => ModuleState::Unknown,
    }
}
