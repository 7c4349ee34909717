//! Which browsers of this user know cpxd's own PKCS#11 module.

use diagnosis::facts::ModuleFacts;
#[cfg(target_os = "linux")]
use diagnosis::facts::ModuleState;
#[cfg(target_os = "linux")]
use platform::module_places::{ModulePlace, ModulePlaceKind};

#[cfg(target_os = "linux")]
use super::browsers::{CHROMIUM, FIREFOX};
#[cfg(target_os = "linux")]
use crate::commands::module_places::library_in;

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

#[cfg(target_os = "linux")]
fn state_of(place: &ModulePlace) -> ModuleState {
    if place.is_confined() {
        return ModuleState::Confined;
    }
    match library_in(place) {
        Ok(Some(library)) if library.is_file() => ModuleState::Registered,
        Ok(Some(_)) => ModuleState::FileMissing,
        Ok(None) => ModuleState::NotRegistered,
        Err(_) => ModuleState::Unknown,
    }
}
