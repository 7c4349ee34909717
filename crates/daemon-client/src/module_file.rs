//! `pkcs11-module.toml`, by which a user has the PKCS#11 module of cpxd do other things than usual.

use std::path::PathBuf;
use std::{fs, io};

use platform::paths::config_files;
use serde::Deserialize;

/// What it says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct ModuleFile {
    /// Names of executables that are met as browsers; `*` at the end stands for anything.
    pub browsers: Vec<String>,
    /// Names of executables that are met as programs that log in.
    pub log_in: Vec<String>,
    /// The state folder of the agent that is asked; `None` for the user's usual one.
    pub state_dir: Option<PathBuf>,
}

impl ModuleFile {
    /// Where it is, beside the user's configuration of the agent; `None` for who has no home.
    #[must_use]
    pub fn place() -> Option<PathBuf> {
        Some(config_files().user?.with_file_name(FILE_NAME))
    }

    /// What that of this user says. One that is not there or cannot be understood says nothing: a browser must start
    /// all the same.
    ///
    /// # Errors
    /// When it cannot be read, though it may be there.
    pub fn read() -> io::Result<Self> {
        match Self::place().map(fs::read_to_string) {
            Some(Ok(text)) => Ok(Self::of(&text)),
            Some(Err(error)) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Some(Err(_)) | None => Ok(Self::default()),
        }
    }

    /// What this text says.
    #[must_use]
    pub fn of(text: &str) -> Self {
        toml::from_str(text).unwrap_or_default()
    }
}

const FILE_NAME: &str = "pkcs11-module.toml";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_cannot_be_understood_says_nothing_at_all() {
        let understood = ModuleFile::of("state-dir = \"/other\"\nlog-in = [\"a\"]");
        assert_eq!(understood.state_dir, Some(PathBuf::from("/other")));
        assert_eq!(understood.log_in, ["a"]);
        let broken = ModuleFile::of("state-dir = \"/other\"\nlog-in = \"a\"");
        assert_eq!(broken, ModuleFile::default());
    }
}
