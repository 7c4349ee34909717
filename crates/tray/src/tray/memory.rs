//! What the tray keeps between its runs, in a private file of the user.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use platform::private_files::{read_private, write_private};
use serde::{Deserialize, Serialize};
use texts::Language;

/// What is kept: the language that was chosen, and on which day the end of a card was last told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Memory {
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    /// By the opaque names of cards: no name, no number.
    expiry_told: BTreeMap<String, String>,
}

/// The memory and its file.
#[derive(Debug)]
pub(crate) struct KeptMemory {
    pub(crate) memory: Memory,
    kept: Memory,
    file: PathBuf,
}

impl Memory {
    /// The language that was chosen; `None` is the system's.
    pub(crate) fn language(&self) -> Option<Language> {
        let tag = self.language.as_deref()?;
        Language::ALL
            .into_iter()
            .find(|language| language.tag() == tag)
    }

    pub(crate) fn choose(&mut self, language: Option<Language>) {
        self.language = language.map(|language| language.tag().to_owned());
    }

    /// Whether the end of this card has been told today.
    pub(crate) fn has_told_expiry(&self, card: &str, today: &str) -> bool {
        self.expiry_told.get(card).is_some_and(|day| day == today)
    }

    /// The end of this card has been told today. Other days are forgotten.
    pub(crate) fn tell_expiry(&mut self, card: &str, today: &str) {
        self.expiry_told.retain(|_, day| day == today);
        self.expiry_told.insert(card.to_owned(), today.to_owned());
    }
}

impl KeptMemory {
    /// What was kept; nothing where there is no file, or none that can be read.
    pub(crate) fn read(file: &Path) -> Self {
        let memory = if file.exists() {
            remembered(file)
        } else {
            Memory::default()
        };
        Self {
            kept: memory.clone(),
            memory,
            file: file.to_owned(),
        }
    }

    /// Brings what changed to the disk.
    pub(crate) fn keep(&mut self) {
        if self.memory == self.kept {
            return;
        }
        let json = serde_json::to_vec(&self.memory).unwrap_or_default();
        if let Err(error) = write_private(&self.file, &json) {
            tracing::warn!(%error, "what the tray was told is not kept");
        }
        self.kept = self.memory.clone();
    }
}

fn remembered(file: &Path) -> Memory {
    let bytes = match read_private(file) {
        Ok(bytes) => bytes,
        Err(error) => {
            tracing::warn!(%error, "what the tray kept cannot be read, it begins anew");
            return Memory::default();
        }
    };
    serde_json::from_slice(&bytes).unwrap_or_else(|error| {
        tracing::warn!(%error, "what the tray kept is damaged, it begins anew");
        Memory::default()
    })
}
