//! How a program is met: as one that logs in, or as a browser, by the name of its executable.

use std::io;
use std::path::{Path, PathBuf};

use cryptoki_sys::CKR_HOST_MEMORY;
use daemon_client::{ModuleFile, ModuleFileError};

use crate::answer::Answer;

/// When the holder is asked for the code, and what a program is told about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// At `C_Login`: the token says that it wants one, and that the code is typed elsewhere.
    LogIn,
    /// At the first use of a key: a browser would put a box of its own before its `C_Login`, whose code nobody takes.
    Browser,
}

/// What holds for this process.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) manner: Manner,
    pub(crate) agent: WhichAgent,
}

/// Whom the module asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum WhichAgent {
    /// The user's usual one.
    Usual,
    /// The one with this state folder.
    Of(PathBuf),
    /// The file that may name it cannot be understood: nobody is asked, since another agent may have another card.
    Nobody,
}

impl Settings {
    /// What the file says of this process' executable and its agent. With one that cannot be understood a browser starts
    /// all the same, and has no card.
    ///
    /// # Errors
    /// `CKR_HOST_MEMORY` where no descriptor is left to read it by: what it says would not be known until the end of the
    /// process.
    pub(crate) fn of_this_process() -> Answer<Self> {
        let file = match ModuleFile::read() {
            Ok(file) => Some(file),
            Err(ModuleFileError::Unreadable(error)) if is_for_want_of_descriptors(&error) => {
                return Err(CKR_HOST_MEMORY);
            }
            Err(_) => None,
        };
        let executable = std::env::current_exe().unwrap_or_default();
        Ok(Self::of(file, &executable))
    }

    /// `None` for a file that cannot be read or understood.
    fn of(file: Option<ModuleFile>, executable: &Path) -> Self {
        let Some(file) = file else {
            return Self {
                manner: manner_of(&ModuleFile::default(), executable),
                agent: WhichAgent::Nobody,
            };
        };
        Self {
            manner: manner_of(&file, executable),
            agent: file.state_dir.map_or(WhichAgent::Usual, WhichAgent::Of),
        }
    }
}

fn manner_of(file: &ModuleFile, executable: &Path) -> Manner {
    let name = executable.file_name().unwrap_or_default();
    let name = name.to_string_lossy().to_lowercase();
    // A user writes what Windows shows, which hides this end.
    let name = name.strip_suffix(".exe").unwrap_or(&name);
    let is_one_of = |patterns: &[String]| patterns.iter().any(|pattern| fits(pattern, name));
    if is_one_of(&file.log_in) {
        Manner::LogIn
    } else if is_one_of(&file.browsers) || BROWSERS.iter().any(|pattern| fits(pattern, name)) {
        Manner::Browser
    } else {
        Manner::LogIn
    }
}

/// Whether a name in lower case, without `.exe`, is that of a pattern, which may end with `*`.
fn fits(pattern: &str, name: &str) -> bool {
    let pattern = pattern.to_lowercase();
    match pattern.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => name == pattern.strip_suffix(".exe").unwrap_or(&pattern),
    }
}

fn is_for_want_of_descriptors(error: &io::Error) -> bool {
    let code = error.raw_os_error();
    code.is_some_and(|code| NO_DESCRIPTOR_LEFT.contains(&code))
}

/// `ENFILE` and `EMFILE`.
#[cfg(unix)]
const NO_DESCRIPTOR_LEFT: [i32; 2] = [23, 24];
/// `ERROR_TOO_MANY_OPEN_FILES`.
#[cfg(not(unix))]
const NO_DESCRIPTOR_LEFT: [i32; 1] = [4];
/// Browsers, what is built on them, and the tools of their store (NSS), which log in to every token that asks for it
/// and would keep asking, by the names of their executables on Linux, macOS and Windows.
const BROWSERS: [&str; 15] = [
    "firefox*",
    "chrom*",
    "google-chrome*",
    "google chrome*",
    "msedge*",
    "microsoft edge*",
    "microsoft-edge*",
    "brave*",
    "vivaldi*",
    "opera*",
    "librewolf*",
    "thunderbird*",
    "certutil*",
    "modutil*",
    "pk12util*",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn manner_of(file: &str, executable: &str) -> Manner {
        Settings::of(ModuleFile::of(file).ok(), Path::new(executable)).manner
    }

    #[test]
    fn a_file_that_cannot_be_understood_names_no_agent_rather_than_another_one() {
        let agent_of = |file: Option<&str>| {
            let file = file.and_then(|file| ModuleFile::of(file).ok());
            Settings::of(file, Path::new("/usr/bin/java")).agent
        };
        assert_eq!(agent_of(Some("")), WhichAgent::Usual);
        let demo = PathBuf::from("/tmp/demo");
        assert_eq!(
            agent_of(Some("state-dir = \"/tmp/demo\"")),
            WhichAgent::Of(demo)
        );
        for odd in [
            Some("state-dir = \"/tmp/demo\"\nstate-dir = \"/tmp/demo\""),
            Some("state_dir = \"/tmp/demo\""),
            Some("state-dir ="),
            None,
        ] {
            assert_eq!(agent_of(odd), WhichAgent::Nobody, "{odd:?}");
        }
        let firefox = Settings::of(None, Path::new("/usr/lib/firefox"));
        assert_eq!(firefox.manner, Manner::Browser);
    }

    #[test]
    fn browsers_are_known_by_their_executables_and_all_others_log_in() {
        for browser in [
            "/usr/lib/firefox-esr/firefox-esr",
            "/usr/lib/chromium/chromium",
            "/opt/google/chrome/chrome",
            "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
            "/opt/microsoft/msedge/msedge",
            "/usr/bin/certutil",
            "C:/Program Files/Mozilla Firefox/firefox.exe",
            "C:/PROGRA~1/MOZILL~1/FIREFOX.EXE",
        ] {
            assert_eq!(manner_of("", browser), Manner::Browser, "{browser}");
        }
        for other in [
            "/usr/bin/pkcs11-tool",
            "/usr/bin/java",
            "C:/Program Files/Java/bin/javaw.exe",
            "",
        ] {
            assert_eq!(manner_of("", other), Manner::LogIn, "{other}");
        }
    }

    #[test]
    fn the_file_of_the_user_wins_over_what_is_known() {
        let file = "browsers = [\"Logiciel*\"]\nlog-in = [\"firefox-esr\"]";
        assert_eq!(manner_of(file, "/opt/logiciel-9"), Manner::Browser);
        assert_eq!(manner_of(file, "/usr/lib/firefox-esr"), Manner::LogIn);
        assert_eq!(manner_of(file, "/usr/lib/firefox"), Manner::Browser);
    }

    #[test]
    fn the_end_of_windows_programs_may_be_written_or_left_away() {
        for pattern in ["Logiciel", "logiciel.exe", "logi*"] {
            let file = format!("browsers = [\"{pattern}\"]");
            for executable in ["C:/Logiciel/Logiciel.exe", "/opt/logiciel"] {
                let manner = manner_of(&file, executable);
                assert_eq!(manner, Manner::Browser, "{pattern} {executable}");
            }
        }
    }
}
