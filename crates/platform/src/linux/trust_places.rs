//! Where Linux desktops keep trusted authorities.
//!
//! Seen at work with Chromium 156 and Firefox ESR 153 of Debian 12; the places of snaps and
//! flatpaks follow from the folders that these give a program as its home.

use std::path::PathBuf;

use crate::paths::UserFolders;
use crate::trust_stores::{ChromiumDatabases, MachineStoreKind};

/// Chromium reads `~/.pki/nssdb` if it is there, and else makes the other one.
pub(crate) fn chromium_databases(user: &UserFolders) -> ChromiumDatabases {
    let old = user.home.join(".pki/nssdb");
    let own = user.data.join("pki/nssdb");
    let snap = user.home.join("snap/chromium/current");
    let flatpak = user.home.join(".var/app/org.chromium.Chromium");
    ChromiumDatabases {
        read: vec![
            old.clone(),
            own.clone(),
            snap.join(".pki/nssdb"),
            snap.join(".local/share/pki/nssdb"),
            flatpak.join(".pki/nssdb"),
            flatpak.join("data/pki/nssdb"),
        ],
        own: vec![old, own.clone()],
        made_when_none: Some(own),
    }
}

/// The folders that may hold a `profiles.ini`.
pub(crate) fn firefox_folders(user: &UserFolders) -> Vec<PathBuf> {
    let snap = user.home.join("snap/firefox/common");
    let flatpak = user.home.join(".var/app/org.mozilla.firefox");
    vec![
        user.home.join(".mozilla/firefox"),
        user.config.join("mozilla/firefox"),
        snap.join(".mozilla/firefox"),
        snap.join(".config/mozilla/firefox"),
        flatpak.join(".mozilla/firefox"),
        flatpak.join("config/mozilla/firefox"),
    ]
}

/// Debian and Ubuntu; Fedora and its family; Arch; openSUSE.
pub(crate) const MACHINE_STORES: &[MachineStoreKind] = &[
    MachineStoreKind {
        folder: "usr/local/share/ca-certificates",
        extension: "crt",
        program: "update-ca-certificates",
        after_removal: &["--fresh"],
    },
    MachineStoreKind {
        folder: "etc/pki/ca-trust/source/anchors",
        extension: "pem",
        program: "update-ca-trust",
        after_removal: &[],
    },
    MachineStoreKind {
        folder: "etc/ca-certificates/trust-source/anchors",
        extension: "pem",
        program: "update-ca-trust",
        after_removal: &[],
    },
    MachineStoreKind {
        folder: "etc/pki/trust/anchors",
        extension: "pem",
        program: "update-ca-certificates",
        after_removal: &[],
    },
];
