//! A Chromium that stays open, with or without an extension.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, getpgid, kill_process, kill_process_group};

use serde_json::json;

use super::NAMES_OF_OTHERS;
use crate::person::Person;

/// It ends when this is dropped.
#[derive(Debug)]
pub struct OpenChromium(Child);

impl OpenChromium {
    /// Has the Chromium of a person remember that a site may reach this machine.
    pub fn allow_loopback(person: &Person, origin: &str) {
        let profile = person.home().join(".config/chromium/Default");
        fs::create_dir_all(&profile).expect("a folder");
        let allowed = json!({ format!("{origin},*"): { "setting": 1 } });
        let exceptions = json!({ "loopback_network": allowed });
        let preferences =
            json!({ "profile": { "content_settings": { "exceptions": exceptions } } });
        fs::write(profile.join("Preferences"), preferences.to_string()).expect("a file");
    }

    /// That of a person, at a page.
    #[must_use]
    pub fn start(person: &Person, extension: Option<&Path>, more: &[&str], url: &str) -> Self {
        let log = fs::File::create(person.home().join("chromium.log")).expect("a log file");
        let rules = NAMES_OF_OTHERS.map(|name| format!("MAP {name} 127.0.0.1"));
        let mut chromium = person.starts("chromium");
        chromium
            .args(["--headless=new", "--no-sandbox", "--disable-gpu"])
            .args(["--no-first-run", "--disable-background-networking"])
            .args(["--disable-component-update", "--disable-sync"])
            .args(["--disable-popup-blocking", "--enable-logging=stderr"])
            .arg(format!(
                "--user-data-dir={}",
                person.home().join(".config/chromium").display()
            ))
            .arg(format!("--host-resolver-rules={}", rules.join(",")));
        if let Some(extension) = extension {
            chromium.arg(format!("--load-extension={}", extension.display()));
        }
        let process = chromium
            .args(more)
            .arg(url)
            .stdout(log.try_clone().expect("a log file"))
            .stderr(Stdio::from(log))
            .process_group(0)
            .spawn();
        Self(process.expect("chromium is installed (cargo xtask test installs it)"))
    }

    /// Kills the processes in which its extensions run, with their service workers.
    pub fn kill_extensions(&self) {
        let group = Pid::from_raw(i32::try_from(self.0.id()).unwrap_or_default());
        let mut killed = 0;
        for entry in fs::read_dir("/proc").expect("the processes").flatten() {
            let command = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let id = entry.file_name().to_string_lossy().parse().ok();
            let Some(process) = id.and_then(Pid::from_raw) else {
                continue;
            };
            let is_extension = String::from_utf8_lossy(&command).contains("--extension-process");
            if is_extension && getpgid(Some(process)).ok() == group {
                kill_process(process, Signal::KILL).expect("it ends");
                killed += 1;
            }
        }
        assert!(killed > 0, "no process of an extension");
    }
}

impl Drop for OpenChromium {
    fn drop(&mut self) {
        // Its children are in the group, too.
        if let Some(group) = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.0.wait();
    }
}
