//! A process with another clock than this machine, by libfaketime.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

/// The variables that let a process begin at this time (`2026-12-01 12:00:00`, UTC). What it waits
/// for takes as long as ever, and files have their true times.
#[must_use]
pub fn beginning_at(time: &str) -> Vec<(&'static str, OsString)> {
    vec![
        ("LD_PRELOAD", library().into()),
        ("FAKETIME", format!("@{time}").into()),
        ("TZ", "UTC".into()),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
        ("DONT_FAKE_MONOTONIC", "1".into()),
        ("NO_FAKE_STAT", "1".into()),
    ]
}

fn library() -> PathBuf {
    let folders = fs::read_dir("/usr/lib").expect("/usr/lib");
    let found = folders.flatten().find_map(|folder| {
        let library = folder.path().join("faketime/libfaketimeMT.so.1");
        library.is_file().then_some(library)
    });
    found.expect("libfaketime is installed (cargo xtask test installs it)")
}
