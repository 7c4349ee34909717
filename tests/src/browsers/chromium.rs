//! Chromium: a process for each visit.

use crate::person::Person;

use super::{NAMES_OF_OTHERS, Visit};

/// The Chromium of a person.
#[derive(Debug)]
pub struct Chromium<'a>(&'a Person);

impl<'a> Chromium<'a> {
    /// That of this person, who has perhaps never started it.
    #[must_use]
    pub fn of(person: &'a Person) -> Self {
        Self(person)
    }

    /// Goes to a page and says what came of it.
    #[must_use]
    pub fn visit(&self, url: &str) -> Visit {
        let profile = self.0.home().join("chromium");
        let rules = NAMES_OF_OTHERS.map(|name| format!("MAP {name} 127.0.0.1"));
        let output = self
            .0
            .starts("timeout")
            .args(["--kill-after=5", SECONDS, "chromium"])
            .args(["--headless=new", "--no-sandbox", "--disable-gpu"])
            .args(["--no-first-run", "--disable-background-networking"])
            .args(["--disable-component-update", "--disable-sync"])
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg(format!("--host-resolver-rules={}", rules.join(",")))
            .args(["--dump-dom", url])
            .output()
            .expect("timeout starts");
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "chromium is installed (cargo xtask test installs it) and ends: {complaint}"
        );
        match complaint.split_once("Page load failed: net::") {
            Some((_, reason)) => {
                let reason = reason.lines().next().unwrap_or_default();
                Visit::Refused(reason.to_owned())
            }
            None => Visit::Shown(String::from_utf8_lossy(&output.stdout).into_owned()),
        }
    }
}

/// Long enough for a machine that is busy with all other tests.
const SECONDS: &str = "60";
