//! The hands at the keypad of the demo's reader: what they do stands in a file, a line each.

use std::fs::OpenOptions;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::thread;

use anyhow::Context as _;
use card_apdu::KeypadAbilities;
use card_emulator::{KeypadAct, VirtualReaders};

/// Gives every reader a keypad, and each what the lines of `file` say. A named pipe is read for as long
/// as the agent runs.
pub(crate) fn add_keypads(readers: &VirtualReaders, file: &Path) -> anyhow::Result<()> {
    let state = readers.state();
    let names: Vec<String> = state
        .readers
        .into_iter()
        .map(|reader| reader.name)
        .collect();
    for name in &names {
        readers.add_keypad(name, KEYPAD)?;
    }
    let is_pipe = is_named_pipe(file);
    // A pipe that is open for writing here, too, does not end with each of its writers.
    let opened = OpenOptions::new().read(true).write(is_pipe).open(file);
    let opened = opened.with_context(|| format!("opening the keypad {}", file.display()))?;
    let readers = readers.clone();
    let hands = move || {
        for line in BufReader::new(opened).lines().map_while(Result::ok) {
            let Some(act) = act_of(&line) else {
                tracing::warn!(
                    event = "demo-keypad-line",
                    "a line of the keypad says nothing that can be done there"
                );
                continue;
            };
            for name in &names {
                if let Err(error) = readers.at_keypad(name, act.clone()) {
                    tracing::warn!(
                        event = "demo-keypad-unreadable",
                        ?error,
                        "nothing is typed at a virtual keypad"
                    );
                }
            }
        }
    };
    let thread = thread::Builder::new().name("keypad".into()).spawn(hands);
    thread.context("starting the hands at the keypad").map(drop)
}

#[cfg(unix)]
fn is_named_pipe(file: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    file.metadata().is_ok_and(|data| data.file_type().is_fifo())
}

/// Named pipes are no files on this system.
#[cfg(windows)]
fn is_named_pipe(_file: &Path) -> bool {
    false
}

/// Codes with spaces between them, or a word.
fn act_of(line: &str) -> Option<KeypadAct> {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        [] => None,
        ["cancel"] => Some(KeypadAct::Cancel),
        ["time-out"] => Some(KeypadAct::LetTimeOut),
        ["refuse"] => Some(KeypadAct::Refuse),
        ["break-down"] => Some(KeypadAct::BreakDown),
        codes => {
            let are_digits = |code: &&str| code.bytes().all(|byte| byte.is_ascii_digit());
            codes
                .iter()
                .all(are_digits)
                .then(|| KeypadAct::type_codes(codes))
        }
    }
}

/// That of a reader with keys and a display.
const KEYPAD: KeypadAbilities = KeypadAbilities {
    verifies: true,
    modifies: true,
    has_display: true,
    ends_by_key: true,
    minimum_len: 4,
    maximum_len: 8,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_types_codes_or_names_what_else_is_done() {
        assert_eq!(act_of("1234"), Some(KeypadAct::type_codes(&["1234"])));
        let change = KeypadAct::type_codes(&["1234", "4321", "4321"]);
        assert_eq!(act_of(" 1234 4321  4321 "), Some(change));
        assert_eq!(act_of("cancel"), Some(KeypadAct::Cancel));
        assert_eq!(act_of("time-out"), Some(KeypadAct::LetTimeOut));
        for nothing in ["", "  ", "12a4", "cancel 1234", "type 1234"] {
            assert_eq!(act_of(nothing), None, "{nothing}");
        }
    }
}
