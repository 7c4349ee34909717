//! Which NSS databases the browsers of a user read.

use std::fs;
use std::path::{Path, PathBuf};

use configparser::ini::{Ini, IniDefault};

use crate::paths::UserFolders;
use crate::system;

/// Where Chromium and its family may have databases on a system.
#[derive(Debug, Default)]
pub(crate) struct ChromiumDatabases {
    /// Every place that some browser of the family reads.
    pub(crate) read: Vec<PathBuf>,
    /// Those of browsers that are installed as programs of the system.
    pub(crate) own: Vec<PathBuf>,
    /// The one that such a browser makes when it finds none of its own.
    pub(crate) made_when_none: Option<PathBuf>,
}

/// The databases of Chromium and its family: all that are there. Where there is none and such a
/// browser is, the one that it makes at its first visit.
pub(crate) fn chromium_databases(user: &UserFolders, programs: &[PathBuf]) -> Vec<PathBuf> {
    let places = system::chromium_databases(user);
    let mut databases: Vec<PathBuf> = places.read.into_iter().filter(|at| at.is_dir()).collect();
    if let Some(fresh) = places.made_when_none
        && !databases
            .iter()
            .any(|database| places.own.contains(database))
        && is_there(user, programs)
    {
        databases.push(fresh);
    }
    databases
}

fn is_there(user: &UserFolders, programs: &[PathBuf]) -> bool {
    let has = |folder: &Path, names: &[&str]| names.iter().any(|name| folder.join(name).exists());
    has(&user.config, &CHROMIUM_CONFIGURATIONS)
        || programs
            .iter()
            .any(|folder| has(folder, &CHROMIUM_PROGRAMS))
}

const CHROMIUM_PROGRAMS: [&str; 7] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "microsoft-edge",
    "brave-browser",
    "vivaldi",
];
const CHROMIUM_CONFIGURATIONS: [&str; 5] = [
    "chromium",
    "google-chrome",
    "microsoft-edge",
    "BraveSoftware",
    "vivaldi",
];

/// The profiles that Firefox lists in `profiles.ini` and that are there.
pub(crate) fn firefox_profiles(user: &UserFolders) -> Vec<PathBuf> {
    let mut profiles = Vec::new();
    for folder in system::firefox_folders(user) {
        for profile in profiles_listed_in(&folder) {
            if profile.is_dir() && !profiles.contains(&profile) {
                profiles.push(profile);
            }
        }
    }
    profiles
}

/// A list that cannot be read or parsed is one that Firefox does not use either.
fn profiles_listed_in(folder: &Path) -> Vec<PathBuf> {
    let mut list = Ini::new_from_defaults(as_firefox_writes());
    let read = fs::read_to_string(folder.join("profiles.ini"));
    if !read.is_ok_and(|text| list.read(text).is_ok()) {
        return Vec::new();
    }
    let mut profiles: Vec<PathBuf> = list
        .get_map_ref()
        .iter()
        .filter(|(section, _)| section.starts_with("Profile"))
        .filter_map(|(_, profile)| profile.get("Path")?.as_deref())
        // A relative path is one below this folder; joining leaves an absolute one as it is.
        .map(|path| folder.join(path))
        .collect();
    profiles.sort();
    profiles
}

/// Names mind their case, and no sign inside a path begins anything.
fn as_firefox_writes() -> IniDefault {
    let mut format = IniDefault::default();
    format.case_sensitive = true;
    format.delimiters = vec!['='];
    format.inline_comment_symbols = Some(Vec::new());
    format
}
