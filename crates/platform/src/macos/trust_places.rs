//! Where macOS keeps trusted authorities that a program may change: the profiles of Firefox.
//!
//! Chromium reads the keychain there, which comes with the packages for that system.

use std::path::PathBuf;

use crate::paths::UserFolders;
use crate::trust_stores::{ChromiumDatabases, MachineStoreKind};

pub(crate) fn chromium_databases(_user: &UserFolders) -> ChromiumDatabases {
    ChromiumDatabases::default()
}

/// The folder that may hold a `profiles.ini`.
pub(crate) fn firefox_folders(user: &UserFolders) -> Vec<PathBuf> {
    vec![user.home.join("Library/Application Support/Firefox")]
}

pub(crate) const MACHINE_STORES: &[MachineStoreKind] = &[];
