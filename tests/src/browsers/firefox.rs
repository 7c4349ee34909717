//! Firefox ESR: a process for many visits, driven by its Marionette.

use std::fs;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::json;

use super::marionette::{Answer, Marionette};
use super::{NAMES_OF_OTHERS, Visit};
use crate::person::Person;
use crate::waiting::until;
use crate::web_site::trust_in;

/// A running Firefox; it ends when this is dropped.
#[derive(Debug)]
pub struct Firefox {
    process: Child,
    marionette: Marionette,
}

impl Firefox {
    /// Has Firefox make a profile for this person, where it makes them.
    pub fn make_profile(person: &Person) {
        let made = person
            .starts("timeout")
            .args(["--kill-after=5", "60", "firefox-esr"])
            .args(["--headless", "-CreateProfile", "test"])
            .output()
            .expect("timeout starts");
        assert!(
            made.status.success(),
            "firefox-esr is installed (cargo xtask test installs it): {made:?}"
        );
        let mut preferences = fs::File::create(profile_of(person).join("user.js")).expect("a file");
        preferences
            .write_all(preferences_for_tests().as_bytes())
            .expect("the preferences");
    }

    /// Has the Firefox of a person who has a profile trust an authority.
    pub fn trust(person: &Person, authority: &Path) {
        trust_in(&profile_of(person), authority);
    }

    /// Gives a preference to the Firefox of a person who has a profile.
    pub fn prefer(person: &Person, name: &str, value: &serde_json::Value) {
        let preferences = profile_of(person).join("user.js");
        let file = fs::OpenOptions::new().append(true).open(preferences);
        let written = writeln!(file.expect("a file"), "user_pref(\"{name}\", {value});");
        written.expect("the preference");
    }

    /// Remembers, for the page that is shown, what a person answered to its wish to reach this machine.
    pub fn answer_for_loopback(&mut self, is_allowed: bool) {
        let state = if is_allowed { "granted" } else { "denied" };
        let answer = json!({ "descriptor": { "name": "loopback-network" }, "state": state });
        let answered = self.marionette.call("WebDriver:SetPermission", answer);
        assert!(answered.is_ok(), "{answered:?}");
    }

    /// Installs an extension, unsigned as it is, until the browser ends.
    pub fn install(&mut self, extension: &Path) {
        let arguments = json!({ "path": extension, "temporary": true });
        let installed = self.marionette.call("Addon:Install", arguments);
        assert!(installed.is_ok(), "{installed:?}");
    }

    /// The Firefox of a person who has a profile, started.
    #[must_use]
    pub fn start(person: &Person) -> Self {
        let profile = profile_of(person);
        let port_file = profile.join("MarionetteActivePort");
        let _ = fs::remove_file(&port_file);
        let log = fs::File::create(person.home().join("firefox.log")).expect("a log file");
        let mut process = person
            .starts("firefox-esr")
            .args(["--headless", "--marionette"])
            .args(["--remote-allow-system-access", "--profile"])
            .arg(&profile)
            .stdout(log.try_clone().expect("a log file"))
            .stderr(Stdio::from(log))
            .process_group(0)
            .spawn()
            .expect("firefox-esr is installed (cargo xtask test installs it)");
        let port = until("the port of Firefox", || {
            assert!(
                process.try_wait().expect("its state").is_none(),
                "Firefox ended: {}",
                fs::read_to_string(person.home().join("firefox.log")).unwrap_or_default()
            );
            fs::read_to_string(&port_file).ok()?.trim().parse().ok()
        });
        let mut marionette = Marionette::connect(port);
        let started = marionette.call("WebDriver:NewSession", json!({}));
        assert!(started.is_ok(), "{started:?}");
        Self {
            process,
            marionette,
        }
    }

    /// Goes to a page and says what came of it.
    pub fn visit(&mut self, url: &str) -> Visit {
        match self
            .marionette
            .call("WebDriver:Navigate", json!({ "url": url }))
        {
            Answer::Ok(_) => Visit::Shown(self.text("WebDriver:GetPageSource", json!({}))),
            Answer::Error(kind) if kind == "insecure certificate" => {
                let reason = "return document.getFailedCertSecurityInfo().errorCodeString";
                let script = json!({ "script": reason, "args": [] });
                Visit::Refused(self.text("WebDriver:ExecuteScript", script))
            }
            Answer::Error(kind) => panic!("Firefox did not visit {url}: {kind}"),
        }
    }

    /// How long Firefox waits for a page before it says that none came.
    pub fn wait_for_pages(&mut self, time: Duration) {
        let limit = u64::try_from(time.as_millis()).expect("milliseconds");
        let set = self
            .marionette
            .call("WebDriver:SetTimeouts", json!({ "pageLoad": limit }));
        assert!(set.is_ok(), "{set:?}");
    }

    /// Goes to a page that does not come, for whatever reason; says how the browser names it.
    pub fn visit_in_vain(&mut self, url: &str) -> String {
        match self.tries(url) {
            Ok(page) => panic!("{url} came: {page}"),
            Err(kind) => kind,
        }
    }

    /// Goes to a page that may come or not; the page, or how the browser names the reason.
    ///
    /// # Errors
    /// It did not come.
    pub fn tries(&mut self, url: &str) -> Result<String, String> {
        let visited = self
            .marionette
            .call("WebDriver:Navigate", json!({ "url": url }));
        match visited {
            Answer::Ok(_) => Ok(self.text("WebDriver:GetPageSource", json!({}))),
            Answer::Error(kind) => Err(kind),
        }
    }

    /// Opens a page of the browser's own or of an extension, where a driver may not navigate, and turns to it.
    pub fn open_inner_page(&mut self, url: &str) {
        let mut call = |command, arguments| {
            let answer = self.marionette.call(command, arguments);
            assert!(answer.is_ok(), "{command}: {answer:?}");
            answer
        };
        call("Marionette:SetContext", json!({ "value": "chrome" }));
        let script = "gBrowser.selectedTab = gBrowser.addTrustedTab(arguments[0])";
        call(
            "WebDriver:ExecuteScript",
            json!({ "script": script, "args": [url] }),
        );
        call("Marionette:SetContext", json!({ "value": "content" }));
        let handles = call("WebDriver:GetWindowHandles", json!({}));
        let Answer::Ok(handles) = handles else {
            panic!("no windows")
        };
        let last = handles.as_array().and_then(|handles| handles.last());
        call("WebDriver:SwitchToWindow", json!({ "handle": last }));
    }

    /// Clicks what this CSS selector finds first.
    pub fn click(&mut self, selector: &str) {
        let find = json!({ "using": "css selector", "value": selector });
        let Answer::Ok(found) = self.marionette.call("WebDriver:FindElement", find) else {
            panic!("no {selector}")
        };
        let element = found["value"].as_object().and_then(|id| id.values().next());
        let clicked = self
            .marionette
            .call("WebDriver:ElementClick", json!({ "id": element }));
        assert!(clicked.is_ok(), "{clicked:?}");
    }

    /// The page that is shown, as it is now; none where it is just coming.
    pub fn source(&mut self) -> Option<String> {
        let answer = self.marionette.call("WebDriver:GetPageSource", json!({}));
        let Answer::Ok(result) = answer else {
            return None;
        };
        result["value"].as_str().map(str::to_owned)
    }

    fn text(&mut self, command: &str, arguments: serde_json::Value) -> String {
        match self.marionette.call(command, arguments) {
            Answer::Ok(result) => result["value"].as_str().unwrap_or_default().to_owned(),
            Answer::Error(kind) => panic!("{command}: {kind}"),
        }
    }
}

impl Drop for Firefox {
    fn drop(&mut self) {
        // Its children are in the group, too.
        if let Some(group) = i32::try_from(self.process.id())
            .ok()
            .and_then(Pid::from_raw)
        {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.process.wait();
    }
}

/// The one profile of a person.
fn profile_of(person: &Person) -> PathBuf {
    let places = [".config/mozilla/firefox", ".mozilla/firefox"].map(|at| person.home().join(at));
    let profiles = places.iter().filter_map(|place| fs::read_dir(place).ok());
    profiles
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .find(|path| is_profile(path))
        .expect("the profile that Firefox made")
}

fn is_profile(path: &Path) -> bool {
    path.is_dir()
        && path
            .extension()
            .is_some_and(|extension| extension == "test")
}

/// No proxy, no look at the network, and the names of others on this machine.
fn preferences_for_tests() -> String {
    let names = NAMES_OF_OTHERS.join(",");
    [
        ("marionette.port", json!(0)),
        ("network.proxy.type", json!(0)),
        ("network.dns.localDomains", json!(names)),
        ("dom.disable_open_during_load", json!(false)),
        ("network.captive-portal-service.enabled", json!(false)),
        ("network.connectivity-service.enabled", json!(false)),
        ("app.normandy.enabled", json!(false)),
        ("browser.safebrowsing.malware.enabled", json!(false)),
        ("browser.safebrowsing.phishing.enabled", json!(false)),
        ("datareporting.policy.dataSubmissionEnabled", json!(false)),
        (
            "services.settings.server",
            json!("data:,#remote-settings-dummy/v1"),
        ),
        ("extensions.update.enabled", json!(false)),
    ]
    .map(|(name, value)| format!("user_pref(\"{name}\", {value});\n"))
    .concat()
}
