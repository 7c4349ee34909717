//! `pkcs11-module.toml`, by which a user has the PKCS#11 module of cpxd do other things than usual.

use std::ops::Range;
use std::path::PathBuf;
use std::{fs, io};

use platform::paths::config_files;
use serde::Deserialize;
use toml::Spanned;

/// What it says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModuleFile {
    /// Names of executables that are met as browsers; `*` at the end stands for anything.
    pub browsers: Vec<String>,
    /// Names of executables that are met as programs that log in.
    pub log_in: Vec<String>,
    /// The state folder of the agent that is asked; `None` for the user's usual one.
    pub state_dir: Option<PathBuf>,
}

/// Why a file says nothing.
#[derive(Debug, thiserror::Error)]
pub enum ModuleFileError {
    /// It may be there, and cannot be read.
    #[error("the file cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// It is no TOML, or says something that nobody knows.
    #[error("line {line} cannot be understood")]
    NotUnderstood {
        /// The line that is wrong, from 1 on.
        line: u32,
    },
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
    /// When it cannot be read, though it may be there, or not be understood.
    pub fn read() -> Result<Self, ModuleFileError> {
        match Self::place().map(fs::read) {
            Some(Ok(bytes)) => Self::of(in_utf8(&bytes)?),
            None => Ok(Self::default()),
            Some(Err(error)) if is_absence(&error) => Ok(Self::default()),
            Some(Err(error)) => Err(error.into()),
        }
    }

    /// What this text says.
    ///
    /// # Errors
    /// [`NotUnderstood`](ModuleFileError::NotUnderstood); so is a state folder by a path that is another one in each
    /// program.
    pub fn of(text: &str) -> Result<Self, ModuleFileError> {
        let said: Said =
            toml::from_str(text).map_err(|error| not_understood(text, error.span()))?;
        if let Some(folder) = &said.state_dir
            && !folder.get_ref().is_absolute()
        {
            return Err(not_understood(text, Some(folder.span())));
        }
        Ok(Self {
            browsers: said.browsers,
            log_in: said.log_in,
            state_dir: said.state_dir.map(Spanned::into_inner),
        })
    }
}

/// As it is written.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
struct Said {
    browsers: Vec<String>,
    log_in: Vec<String>,
    state_dir: Option<Spanned<PathBuf>>,
}

fn in_utf8(bytes: &[u8]) -> Result<&str, ModuleFileError> {
    str::from_utf8(bytes).map_err(|error| {
        let good = bytes.get(..error.valid_up_to()).unwrap_or_default();
        not_understood(
            &String::from_utf8_lossy(good),
            Some(good.len()..bytes.len()),
        )
    })
}

fn not_understood(text: &str, place: Option<Range<usize>>) -> ModuleFileError {
    let before = place.and_then(|place| text.get(..place.start));
    let before = before.unwrap_or_default().matches('\n').count();
    // What ends too early is wrong behind its last line.
    let line = (before + 1).min(text.lines().count().max(1));
    ModuleFileError::NotUnderstood {
        line: u32::try_from(line).unwrap_or(u32::MAX),
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

    /// A path that is whole on this system.
    const OTHER: &str = if cfg!(windows) { "C:/other" } else { "/other" };

    #[test]
    fn a_text_is_understood_as_a_whole_or_not_at_all() {
        let text = format!("state-dir = \"{OTHER}\"\nlog-in = [\"a\"]");
        let understood = ModuleFile::of(&text).unwrap();
        assert_eq!(understood.state_dir, Some(PathBuf::from(OTHER)));
        assert_eq!(understood.log_in, ["a"]);
        for (odd, wrong) in [
            ("\nbrowsers = []\nlog-in = \"a\"", 3),
            ("state_dir = \"/other\"", 1),
            ("# mine\nstate-dir = \"other\"", 2),
            ("state-dir = \"~/other\"", 1),
            ("browsers = [", 1),
            ("browsers = [\n", 1),
        ] {
            let error = ModuleFile::of(odd).unwrap_err();
            let ModuleFileError::NotUnderstood { line } = error else {
                panic!("{odd}: {error}")
            };
            assert_eq!(line, wrong, "{odd}");
        }
        let latin = in_utf8(b"browsers = []\nlog-in = [\"caf\xe9\"]").unwrap_err();
        assert_eq!(latin.to_string(), "line 2 cannot be understood");
    }
}
