//! Where the holder is asked: in the window, at the terminal, or by a pinentry.

use std::env::{self, consts::EXE_SUFFIX};
use std::path::PathBuf;

use daemon_cards::Cards;
use daemon_types::{CardId, Happening};
use prompt::{CardLeft, CardWatch, PinentryProgram, Prompt, WindowProgram};

use crate::commands::language;
use crate::configuration::{Configuration, PromptName};

/// The way to the holder that the configuration names, or the best there is.
pub(crate) fn prompt_of(configuration: &Configuration) -> Prompt {
    match (configuration.prompt, &configuration.pinentry) {
        (PromptName::Pinentry, Some(path)) => Prompt::pinentry(PinentryProgram {
            path: path.clone(),
            language: language(),
        }),
        (name, _) => prompt_of_ours(name),
    }
}

fn prompt_of_ours(name: PromptName) -> Prompt {
    let window = match name {
        PromptName::Terminal | PromptName::Pinentry => None,
        PromptName::Auto => window_program().filter(|_| has_display()),
        PromptName::Window => window_program(),
    };
    match (window, name) {
        (Some(path), _) => Prompt::window(WindowProgram {
            path,
            language: language(),
            dark: None,
        }),
        (None, PromptName::Window | PromptName::Pinentry) => Prompt::nobody(),
        (None, PromptName::Auto | PromptName::Terminal) => Prompt::terminal(language()),
    }
}

/// The window's program beside this one. No variable and no path of search leads to it: what is
/// started here is typed a code into.
fn window_program() -> Option<PathBuf> {
    let program = env::current_exe()
        .ok()?
        .with_file_name(format!("{WINDOW}{EXE_SUFFIX}"));
    program.is_file().then_some(program)
}

/// Whether this session has a screen.
fn has_display() -> bool {
    // Each session of Windows has one; whether it can be reached, the window finds out.
    if cfg!(windows) {
        return true;
    }
    ["WAYLAND_DISPLAY", "DISPLAY"]
        .into_iter()
        .any(|name| env::var_os(name).is_some_and(|value| !value.is_empty()))
}

const WINDOW: &str = "cpxd-prompt-window";

/// The cards of the agent, as far as a question needs to know them.
#[derive(Debug)]
pub(crate) struct CardsInReaders(pub(crate) Cards);

impl CardWatch for CardsInReaders {
    fn left<'a>(&'a self, card: &'a CardId) -> CardLeft<'a> {
        Box::pin(async move {
            let mut events = self.0.subscribe(None);
            while self.0.find(card).is_ok() {
                // One that leaves and comes back is another stay, and its holder may be another.
                match events.next().await.map(|event| event.happening) {
                    Some(Happening::CardRemoved {
                        card: Some(gone), ..
                    }) if gone == *card => return,
                    Some(_) => {}
                    // The agent stops, and every question with it.
                    None => return std::future::pending().await,
                }
            }
        })
    }
}
