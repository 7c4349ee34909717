//! "Mon poste" as a person sees it: its page in a real browser, on a real agent.

mod diagnoses;
pub mod states;

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use texts::Language;

use crate::agent::Agent;
use crate::browsers::DrivenChromium;
use crate::person::Person;
use crate::waiting::until;
use states::State;

/// Each language in each theme and width, in pixels.
pub const LOOKS: [(&str, &str, u32); 8] = [
    ("fr", "light", 1100),
    ("fr", "dark", 1100),
    ("fr", "light", 360),
    ("fr", "dark", 360),
    ("en", "light", 1100),
    ("en", "dark", 1100),
    ("en", "light", 360),
    ("en", "dark", 360),
];

/// A person with a browser, at the page.
#[derive(Debug)]
pub struct ConsoleDesk {
    /// The browser; it ends first.
    pub chromium: DrivenChromium,
    stage: Arc<Stage>,
    _person: Person,
}

/// What is told to the page in place of the agent, where anything is.
#[derive(Debug, Default)]
struct Stage {
    shown: Mutex<Option<(State, Language)>>,
    /// How often it was asked for what it reads last, and for the diagnosis.
    rounds: [AtomicUsize; 2],
}

/// The page's address with a fresh code, as `cpxd console --print` says it.
#[must_use]
pub fn address(agent: &Agent) -> String {
    let printed = agent.cli(&["console", "--print"]);
    assert!(printed.status.success(), "{printed:?}");
    String::from_utf8_lossy(&printed.stdout).trim().to_owned()
}

impl ConsoleDesk {
    /// Somebody who opens the page of this agent, in this language.
    #[must_use]
    pub fn at(agent: &Agent, language: &str) -> Self {
        let mut desk = Self::waiting(language);
        desk.chromium.visit(&address(agent));
        desk
    }

    /// The same before the page is opened.
    #[must_use]
    pub fn waiting(language: &str) -> Self {
        let person = Person::new();
        Self {
            chromium: DrivenChromium::start(&person, language),
            stage: Arc::default(),
            _person: person,
        }
    }

    /// Clicks, and waits until the page has told a screen reader these words, whatever it tells next.
    pub fn clicks_and_hears(&mut self, selector: &str, words: &str) {
        let listen = "window.heard = []; \
            new MutationObserver(() => window.heard.push(news.textContent)) \
                .observe(news, { childList: true, characterData: true, subtree: true })";
        self.chromium
            .value(&format!("void (() => {{ {listen} }})()"));
        self.chromium.click(selector);
        let patience = Instant::now() + Duration::from_secs(60);
        let mut heard = Value::Null;
        while Instant::now() < patience {
            heard = self.chromium.value("window.heard");
            if heard.to_string().contains(words) {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!("{words:?} was never heard, but: {heard}");
    }

    /// The page is told of states that no machine here can have: what the agent answers about itself is
    /// replaced in the browser. Its page, its policy, its token and its events are the agent's.
    #[must_use]
    pub fn on_a_stage(agent: &Agent, language: &str, first: &State) -> Self {
        let mut desk = Self::waiting(language);
        desk.put(first, language_of(language));
        let stage = Arc::clone(&desk.stage);
        desk.chromium.stand_in(move |path| {
            let path = path.split('?').next().unwrap_or_default();
            for (count, last) in stage.rounds.iter().zip(["/v1/journal", "/v1/diagnostics"]) {
                count.fetch_add(usize::from(path == last), Ordering::SeqCst);
            }
            let shown = stage.shown.lock().unwrap_or_else(PoisonError::into_inner);
            let (state, language) = shown.as_ref()?;
            let (status, body) = state.answer(path, *language)?;
            Some((status, "application/json", body.to_string()))
        });
        desk.chromium.visit(&address(agent));
        desk.wait_for_a_round();
        desk
    }

    /// Shows another state.
    pub fn show(&mut self, state: &State) {
        let language = self.shown().as_ref().map(|(_, language)| *language);
        self.put(state, language.unwrap_or_default());
        self.wait_for_a_round();
    }

    fn put(&self, state: &State, language: Language) {
        *self.shown() = Some((state.clone(), language));
    }

    fn shown(&self) -> MutexGuard<'_, Option<(State, Language)>> {
        let shown = self.stage.shown.lock();
        shown.unwrap_or_else(PoisonError::into_inner)
    }

    /// Until the page has read everything anew and drawn it.
    fn wait_for_a_round(&mut self) {
        let rounds = |stage: &Stage| {
            let counts = stage.rounds.iter();
            let counts = counts.map(|count| count.load(Ordering::SeqCst));
            counts.collect::<Vec<_>>()
        };
        let before = rounds(&self.stage);
        // One round may have begun before the change: the second one is about it.
        for round in 1..=2 {
            until("a round of reading", || {
                self.chromium
                    .value("document.querySelector('[data-do=reload][data-key=reload]')?.click()");
                thread::sleep(Duration::from_millis(100));
                let mut both = rounds(&self.stage).into_iter().zip(&before);
                both.all(|(now, before)| now >= before + round)
                    .then_some(())
            });
        }
        let frames = "new Promise((done) => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(done)), 150))";
        self.chromium.value(frames);
    }

    /// Has the page speak this language.
    pub fn speak(&mut self, language: &str) {
        let is_staged = match self.shown().as_mut() {
            Some((_, spoken)) => {
                *spoken = language_of(language);
                true
            }
            None => false,
        };
        self.chromium
            .click(&format!("[data-do=speak][data-id={language}]"));
        self.chromium
            .wait_until(&format!("document.documentElement.lang === {language:?}"));
        if is_staged {
            self.wait_for_a_round();
        }
    }
}

fn language_of(tag: &str) -> Language {
    match tag {
        "en" => Language::English,
        _ => Language::French,
    }
}

/// A browser of this user that only notes what it is given: an `xdg-open` that comes first.
#[derive(Debug)]
pub struct NotingBrowser(TempDir);

impl NotingBrowser {
    /// One that was given nothing yet.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "each one is another browser")]
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let program = folder.path().join("xdg-open");
        let script = "#!/bin/sh\nprintf %s \"$1\" > \"${0%/*}/opened\"\n";
        fs::write(&program, script).expect("a program");
        let executable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(&program, executable).expect("a program");
        Self(folder)
    }

    /// The `PATH` in which it is found.
    #[must_use]
    pub fn path(&self) -> OsString {
        let others = std::env::var("PATH").expect("a PATH");
        format!("{}:{others}", self.0.path().display()).into()
    }

    /// The address that it was given, if it was.
    #[must_use]
    pub fn shows(&self) -> Option<String> {
        let noted = fs::read_to_string(self.0.path().join("opened")).ok();
        noted.filter(|url| !url.is_empty())
    }

    /// The address that it is given in the end.
    #[must_use]
    pub fn opens(&self) -> String {
        until("an address in the browser", || self.shows())
    }
}
