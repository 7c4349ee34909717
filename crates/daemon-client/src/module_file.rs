//! `pkcs11-module.toml`, by which a user has the PKCS#11 module of cpxd do other things than usual.

use std::path::PathBuf;
use std::{fs, io};

use platform::paths::config_files;
use serde::Deserialize;

/// What it says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
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

    /// What that of this user says. One that is not there says nothing.
    ///
    /// # Errors
    /// When it cannot be read, though it may be there, or not be understood (`InvalidData`).
    pub fn read() -> io::Result<Self> {
        match Self::place().map(fs::read_to_string) {
            Some(Ok(text)) => Self::of(&text),
            None => Ok(Self::default()),
            Some(Err(error)) if is_absence(&error) => Ok(Self::default()),
            Some(Err(error)) => Err(error),
        }
    }

    /// What this text says.
    ///
    /// # Errors
    /// `InvalidData` where it is no TOML, or says something that nobody knows.
    pub fn of(text: &str) -> io::Result<Self> {
        toml::from_str(text).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }
}

fn is_absence(error: &io::Error) -> bool {
    let kinds = [io::ErrorKind::NotFound, io::ErrorKind::NotADirectory];
    kinds.contains(&error.kind())
}

const FILE_NAME: &str = "pkcs11-module.toml";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_understood_as_a_whole_or_not_at_all() {
        let understood = ModuleFile::of("state-dir = \"/other\"\nlog-in = [\"a\"]").unwrap();
        assert_eq!(understood.state_dir, Some(PathBuf::from("/other")));
        assert_eq!(understood.log_in, ["a"]);
        for odd in [
            "state-dir = \"/other\"\nlog-in = \"a\"",
            "state_dir = \"/other\"",
        ] {
            let error = ModuleFile::of(odd).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{odd}");
        }
    }
}
