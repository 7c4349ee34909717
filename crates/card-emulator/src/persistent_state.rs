//! What a card remembers without power, and the file that may hold it.

use std::path::{Path, PathBuf};

use secrets::SecretBytes;
use serde::{Deserialize, Serialize};

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

impl StateStore {
    /// A store that starts from `fresh` and forgets everything with the process.
    pub(crate) fn in_memory(fresh: PersistentState, card_number: String) -> Self {
        Self {
            state: fresh,
            card_number,
            file: None,
        }
    }

    /// A store that goes on from the file, or starts it from `fresh` when there is none.
    ///
    /// `fresh` is also what the counters in the file may not exceed.
    pub(crate) fn in_file(
        fresh: PersistentState,
        card_number: String,
        path: &Path,
    ) -> Result<Self, StateFileError> {
        let mut store = Self::in_memory(fresh, card_number);
        store.file = Some(path.to_owned());
        match std::fs::read(path) {
            Ok(json) => store.state = store.read_json(&json, path)?,
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

    fn read_json(&self, json: &[u8], path: &Path) -> Result<PersistentState, StateFileError> {
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
        content.into_state(&self.state)
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

    fn into_state(self, limits: &PersistentState) -> Result<PersistentState, StateFileError> {
        let out_of_range = |field| StateFileError::OutOfRange { field };
        let code = |hex_digits: &str, field| {
            let value = hex::decode(hex_digits).map_err(|_| out_of_range(field))?;
            if value.is_empty() || value.len() > MAXIMUM_CODE_LEN {
                return Err(out_of_range(field));
            }
            Ok(SecretBytes::from_vec(value))
        };
        let state = PersistentState {
            pin: StoredCode {
                value: code(&self.pin, "pin")?,
                tries_left: self.pin_tries_left,
            },
            unblock_code: StoredCode {
                value: code(&self.unblock_code, "unblockCode")?,
                tries_left: self.unblock_tries_left,
            },
            unblock_uses_left: self.unblock_uses_left,
            holder_data: hex::decode(&self.holder_data).map_err(|_| out_of_range("holderData"))?,
        };
        for (is_possible, field) in [
            (
                state.pin.tries_left <= limits.pin.tries_left,
                "pinTriesLeft",
            ),
            (
                state.unblock_code.tries_left <= limits.unblock_code.tries_left,
                "unblockTriesLeft",
            ),
            (
                state.unblock_uses_left <= limits.unblock_uses_left,
                "unblockUsesLeft",
            ),
            (
                state.holder_data.len() == limits.holder_data.len(),
                "holderData",
            ),
        ] {
            if !is_possible {
                return Err(out_of_range(field));
            }
        }
        Ok(state)
    }
}

const NOTICE: &str = "TEST: memory of a virtual card, with its codes; worthless outside of tests";
const MAXIMUM_CODE_LEN: usize = 8;
