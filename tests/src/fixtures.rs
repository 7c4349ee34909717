//! Every dialogue of `apdu-fixtures/` that the virtual card can hold, recorded through the real profiles.
//!
//! The example `record-fixtures` writes them to disk, a test records them again and compares. Codes, digests,
//! signatures and deciphered texts become placeholders as they pass. What no card of ours can be made to
//! answer is written by hand and not recorded here.

mod codes;
mod disturbances;
mod keys;
mod reading;
mod stage;
mod step_names;

use std::path::{Path, PathBuf};

use crate::programs::workspace_dir;

/// A recorded dialogue.
#[derive(Debug)]
pub struct Fixture {
    /// File name in the folder of its card family.
    pub file_name: String,
    /// Text of the `.apdu` file.
    pub text: String,
}

impl Fixture {
    /// Where it stands in the repository.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        folder().join(&self.file_name)
    }

    /// The dialogue, and all that is said about it but when and how it was recorded.
    #[must_use]
    pub fn without_source(text: &str) -> String {
        let lines = text.lines().filter(|line| !line.starts_with("@source"));
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// Records everything anew, on cards made for the purpose.
#[must_use]
pub fn record_all() -> Vec<Fixture> {
    [
        reading::record(),
        codes::record(),
        keys::record(),
        disturbances::record(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Folder of the fixtures of the CPS3.
#[must_use]
pub fn folder() -> &'static Path {
    static FOLDER: std::sync::OnceLock<PathBuf> = std::sync::OnceLock::new();
    FOLDER.get_or_init(|| workspace_dir().join("apdu-fixtures/cps3"))
}
