//! What a card remembers without power, and the file that may hold it.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use secrets::SecretBytes;
use serde::{Deserialize, Serialize};

use crate::codes::CodeLimits;
use crate::parameters::CardParameters;

/// The memory of a card that survives a reset: its codes, their counters, and what holders may write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PersistentState {
    pub(crate) pin: StoredCode,
    pub(crate) unblock_code: StoredCode,
    /// How many more times the unblock code may unblock.
    pub(crate) unblock_uses_left: u16,
    /// Content of CPS_DATA.
    pub(crate) holder_data: Vec<u8>,
}

/// A code and the tries that are left to present it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredCode {
    pub(crate) value: SecretBytes,
    pub(crate) tries_left: u8,
}

/// Where a card keeps its [`PersistentState`]: in memory, or in a file as well.
#[derive(Debug)]
pub(crate) struct StateStore {
    state: PersistentState,
    card_number: String,
    file: Option<PathBuf>,
}

/// Why the state file of a virtual card cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateFileError {
    /// The file cannot be read.
    #[error("reading the state file {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file cannot be written.
    #[error("writing the state file {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not the JSON that this program writes.
    #[error("the state file {} is not the state of a virtual card", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where it stopped to make sense.
        source: serde_json::Error,
    },
    /// The file belongs to a card with another number.
    #[error("the state file is of card {found}, not of card {expected}")]
    OtherCard {
        /// Number in the file.
        found: String,
        /// Number of the card that was to be made.
        expected: String,
    },
    /// A counter or length in the file is one that this card cannot have.
    #[error("the state file has a value that the card cannot have: {field}")]
    OutOfRange {
        /// Which value.
        field: &'static str,
    },
}

impl PersistentState {
    /// The memory of a card that was never used.
    fn fresh(card: &CardParameters) -> Self {
        let code = |value: &SecretBytes, tries_left| StoredCode {
            value: value.clone(),
            tries_left,
        };
        Self {
            pin: code(&card.pin, card.pin_tries),
            unblock_code: code(&card.unblock_code, card.unblock_tries),
            unblock_uses_left: card.unblock_uses,
            holder_data: vec![0; HOLDER_DATA_LEN],
        }
    }
}

impl StateStore {
    /// The memory of this card: what the file says when there is one, else that of a new card.
    pub(crate) fn of_card(
        card: &CardParameters,
        file: Option<&Path>,
    ) -> Result<Self, StateFileError> {
        let fresh = PersistentState::fresh(card);
        let number = card.number.to_string();
        match file {
            None => Ok(Self::in_memory(fresh, number)),
            Some(file) => Self::in_file(fresh, number, &CodeLimits::of(card).pin_len, file),
        }
    }

    /// A store that starts from `fresh` and forgets everything with the process.
    fn in_memory(fresh: PersistentState, card_number: String) -> Self {
        Self {
            state: fresh,
            card_number,
            file: None,
        }
    }

    /// A store that goes on from the file, or starts it from `fresh` when there is none.
    ///
    /// `fresh` is also what the counters in the file may not exceed, `pin_len` what the card takes.
    fn in_file(
        fresh: PersistentState,
        card_number: String,
        pin_len: &RangeInclusive<usize>,
        path: &Path,
    ) -> Result<Self, StateFileError> {
        let mut store = Self::in_memory(fresh, card_number);
        store.file = Some(path.to_owned());
        match std::fs::read(path) {
            Ok(json) => store.state = store.read_json(&json, pin_len, path)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                store.write(&store.state)?;
            }
            Err(source) => {
                let path = path.to_owned();
                return Err(StateFileError::Read { path, source });
            }
        }
        Ok(store)
    }

    pub(crate) fn state(&self) -> &PersistentState {
        &self.state
    }

    /// Makes `next` the state, on disk first: what cannot be written did not happen.
    pub(crate) fn replace(&mut self, next: PersistentState) -> Result<(), StateFileError> {
        if next != self.state {
            self.write(&next)?;
            self.state = next;
        }
        Ok(())
    }

    fn read_json(
        &self,
        json: &[u8],
        pin_len: &RangeInclusive<usize>,
        path: &Path,
    ) -> Result<PersistentState, StateFileError> {
        let malformed = |source| StateFileError::Malformed {
            path: path.to_owned(),
            source,
        };
        let content: FileContent = serde_json::from_slice(json).map_err(malformed)?;
        if content.card_number != self.card_number {
            return Err(StateFileError::OtherCard {
                found: content.card_number,
                expected: self.card_number.clone(),
            });
        }
        let state = content.into_state()?;
        check(&state, &self.state, pin_len)?;
        Ok(state)
    }

    /// Writes beside the file and renames, so that a crash leaves the old state or the new one.
    fn write(&self, state: &PersistentState) -> Result<(), StateFileError> {
        let Some(path) = &self.file else {
            return Ok(());
        };
        let content = FileContent::of_state(state, &self.card_number);
        let beside = path.with_extension("new");
        serde_json::to_vec_pretty(&content)
            .map_err(std::io::Error::from)
            .and_then(|json| std::fs::write(&beside, json))
            .and_then(|()| std::fs::rename(&beside, path))
            .map_err(|source| {
                let path = path.clone();
                StateFileError::Write { path, source }
            })
    }
}

/// The file as it stands on disk; codes and data in hex.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct FileContent {
    notice: String,
    card_number: String,
    pin: String,
    pin_tries_left: u8,
    unblock_code: String,
    unblock_tries_left: u8,
    unblock_uses_left: u16,
    holder_data: String,
}

impl FileContent {
    fn of_state(state: &PersistentState, card_number: &str) -> Self {
        Self {
            notice: NOTICE.to_owned(),
            card_number: card_number.to_owned(),
            pin: hex::encode(state.pin.value.expose()),
            pin_tries_left: state.pin.tries_left,
            unblock_code: hex::encode(state.unblock_code.value.expose()),
            unblock_tries_left: state.unblock_code.tries_left,
            unblock_uses_left: state.unblock_uses_left,
            holder_data: hex::encode(&state.holder_data),
        }
    }

    fn into_state(self) -> Result<PersistentState, StateFileError> {
        let bytes = |digits: &str, field| {
            hex::decode(digits).map_err(|_| StateFileError::OutOfRange { field })
        };
        Ok(PersistentState {
            pin: StoredCode {
                value: SecretBytes::from_vec(bytes(&self.pin, "pin")?),
                tries_left: self.pin_tries_left,
            },
            unblock_code: StoredCode {
                value: SecretBytes::from_vec(bytes(&self.unblock_code, "unblockCode")?),
                tries_left: self.unblock_tries_left,
            },
            unblock_uses_left: self.unblock_uses_left,
            holder_data: bytes(&self.holder_data, "holderData")?,
        })
    }
}

/// The file may have been edited by hand: nothing in it may exceed what a fresh card has.
fn check(
    state: &PersistentState,
    fresh: &PersistentState,
    pin_len: &RangeInclusive<usize>,
) -> Result<(), StateFileError> {
    let (code, unblock_code) = (&state.pin, &state.unblock_code);
    for (field, is_possible) in [
        ("pin", pin_len.contains(&code.value.len())),
        ("pinTriesLeft", code.tries_left <= fresh.pin.tries_left),
        (
            "unblockCode",
            unblock_code.value.len() == fresh.unblock_code.value.len(),
        ),
        (
            "unblockTriesLeft",
            unblock_code.tries_left <= fresh.unblock_code.tries_left,
        ),
        (
            "unblockUsesLeft",
            state.unblock_uses_left <= fresh.unblock_uses_left,
        ),
        (
            "holderData",
            state.holder_data.len() == fresh.holder_data.len(),
        ),
    ] {
        if !is_possible {
            return Err(StateFileError::OutOfRange { field });
        }
    }
    Ok(())
}

/// CPS_DATA: empty when the card is new, and some kilobytes on a real card.
pub(crate) const HOLDER_DATA_LEN: usize = 512;

const NOTICE: &str = "TEST: memory of a virtual card, with its codes; worthless outside of tests";

#[cfg(test)]
mod tests {
    use super::*;

    fn fresh() -> PersistentState {
        let code = |digits: &[u8], tries_left| StoredCode {
            value: SecretBytes::copy_from(digits),
            tries_left,
        };
        PersistentState {
            pin: code(b"1234", 3),
            unblock_code: code(b"12345678", 10),
            unblock_uses_left: 100,
            holder_data: vec![0; 16],
        }
    }

    fn open(path: &Path) -> Result<StateStore, StateFileError> {
        StateStore::in_file(fresh(), "9999123456".to_owned(), &(4..=8), path)
    }

    #[test]
    fn what_was_replaced_is_there_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("card.json");
        let mut store = open(&path).unwrap();
        let mut next = fresh();
        next.pin.tries_left = 1;
        next.unblock_uses_left = 99;
        next.holder_data = vec![7; 16];
        store.replace(next.clone()).unwrap();
        assert_eq!(open(&path).unwrap().state(), &next);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("TEST"), "{text}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_state_that_cannot_be_written_did_not_happen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("card.json");
        let mut store = open(&path).unwrap();
        std::fs::create_dir(folder.path().join("card.new")).unwrap();
        let mut next = fresh();
        next.pin.tries_left = 0;
        let error = store.replace(next).unwrap_err();
        assert!(matches!(error, StateFileError::Write { .. }));
        assert_eq!(store.state(), &fresh());
    }

    #[test]
    fn the_file_of_another_card_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("card.json");
        open(&path).unwrap();
        let other = StateStore::in_file(fresh(), "9999123457".to_owned(), &(4..=8), &path);
        assert!(matches!(other, Err(StateFileError::OtherCard { .. })));
    }

    #[test]
    fn a_damaged_file_is_refused_and_says_where() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("card.json");
        open(&path).unwrap();
        let good = std::fs::read_to_string(&path).unwrap();
        for (from, to, expected) in [
            ("\"pinTriesLeft\": 3", "\"pinTriesLeft\": 4", "pinTriesLeft"),
            ("\"pin\": \"31323334\"", "\"pin\": \"313233\"", "pin"),
            ("\"pin\": \"31323334\"", "\"pin\": \"zz\"", "pin"),
            ("3132333435363738", "31", "unblockCode"),
            (": 10,", ": 11,", "unblockTriesLeft"),
            (": 100,", ": 101,", "unblockUsesLeft"),
            (&"00".repeat(16), "00", "holderData"),
        ] {
            assert!(good.contains(from), "{from}");
            std::fs::write(&path, good.replace(from, to)).unwrap();
            match open(&path) {
                Err(StateFileError::OutOfRange { field }) => assert_eq!(field, expected),
                other => panic!("{expected}: {other:?}"),
            }
        }
        for text in ["", "{}", "null", &good.replace("pin", "PIN")] {
            std::fs::write(&path, text).unwrap();
            assert!(matches!(open(&path), Err(StateFileError::Malformed { .. })));
        }
    }
}
