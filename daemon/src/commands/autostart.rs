//! What starts the agent and the tray with each session of this user: two units and an entry of the desktop.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use platform::private_files::PrivateFileError;
use platform::session_files::SessionFile;
use serde::Serialize;
use texts::InstallTexts;

use super::language;
use crate::refusal::Refusal;
use crate::screen;
use crate::session_start::{SERVICE, SOCKET, SessionStart, TRAY};

/// A file and how it is.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StartReport {
    file: String,
    state: StartState,
    /// The file of the package, or the program that is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
enum StartState {
    /// It is there as it would be written.
    InPlace,
    /// It is not there, or is another version's.
    NotInPlace,
    Added,
    Kept,
    Removed,
    /// The machine has it for all its users.
    Packaged,
    /// Somebody else wrote it.
    NotOurs,
    /// The program that it would start is not beside this one.
    ProgramMissing,
    Failed,
}

/// One of the files, as it is to be.
struct Wanted {
    file: SessionFile,
    text: String,
    wanted_by: Option<&'static str>,
    /// Its program, where that is not this one.
    program: Option<PathBuf>,
}

/// All of them; none for a user without a home folder.
fn wanted(start: &SessionStart<'_>, program: &Path) -> Vec<Wanted> {
    let tray = program.with_file_name("cpxd-tray");
    let files = [
        (SOCKET, start.socket(), Some("sockets.target"), None),
        (
            SERVICE,
            start.service(),
            Some("graphical-session.target"),
            None,
        ),
        (TRAY, start.tray(&tray.to_string_lossy()), None, Some(tray)),
    ];
    files
        .into_iter()
        .filter_map(|(name, text, wanted_by, program)| {
            Some(Wanted {
                file: SessionFile::of_this_user(name)?,
                text,
                wanted_by,
                program,
            })
        })
        .collect()
}

/// What is to be said of each file; `None` where no file can say the path of this program.
fn of_each(
    act: impl Fn(&SessionStart<'_>, &Wanted) -> Option<Result<StartState, PrivateFileError>>,
) -> anyhow::Result<Option<Vec<StartReport>>> {
    let program = this_program()?;
    let Some(start) = SessionStart::of(&program) else {
        return Ok(None);
    };
    let wanted = wanted(&start, &program);
    let reports = wanted.iter().filter_map(|wanted| {
        let state = act(&start, wanted)?;
        Some(StartReport::of(wanted, state))
    });
    Ok(Some(reports.collect()))
}

fn this_program() -> anyhow::Result<PathBuf> {
    std::env::current_exe().context("the place of this program is not known")
}

/// How each of them is now.
///
/// # Errors
/// When nobody knows where this program is.
pub(crate) fn states() -> anyhow::Result<Vec<StartReport>> {
    let states = of_each(|start, wanted| Some(wanted.state(start)))?;
    Ok(states.unwrap_or_default())
}

/// Writes what is not there yet.
///
/// # Errors
/// A [`Refusal`] where the path of this program cannot be written into them.
pub(crate) fn add() -> anyhow::Result<Vec<StartReport>> {
    let added = of_each(|start, wanted| {
        Some(wanted.state(start).and_then(|state| match state {
            StartState::InPlace => Ok(StartState::Kept),
            StartState::NotInPlace => {
                wanted.file.write(&wanted.text, wanted.wanted_by)?;
                Ok(StartState::Added)
            }
            StartState::Added
            | StartState::Kept
            | StartState::Removed
            | StartState::Packaged
            | StartState::NotOurs
            | StartState::ProgramMissing
            | StartState::Failed => Ok(state),
        }))
    })?;
    if let Some(added) = added {
        return Ok(added);
    }
    let program = this_program()?.display().to_string();
    let refusal = Refusal::own("program-path-unusable", |_| {
        InstallTexts::new(language()).start_path_unusable(&program)
    });
    Err(refusal.into())
}

/// Takes away what this installation wrote; says what that was.
///
/// # Errors
/// As for [`states`].
pub(crate) fn remove() -> anyhow::Result<Vec<StartReport>> {
    let removed = of_each(|start, wanted| match wanted.file.read() {
        Ok(Some(text)) if start.has_mark(&text) => {
            let removed = wanted.file.remove(wanted.wanted_by);
            Some(removed.map(|()| StartState::Removed))
        }
        Ok(_) => None,
        Err(error) => Some(Err(error)),
    })?;
    Ok(removed.unwrap_or_default())
}

impl Wanted {
    fn state(&self, start: &SessionStart<'_>) -> Result<StartState, PrivateFileError> {
        let there = self.file.read()?;
        let is_ours = there.as_deref().is_some_and(|text| start.has_mark(text));
        if there.is_some() && !is_ours {
            return Ok(StartState::NotOurs);
        }
        // One of ours, from before a package came, is in place and hides the package's.
        if there.as_deref() == Some(&self.text) && self.file.is_linked(self.wanted_by) {
            return Ok(StartState::InPlace);
        }
        Ok(if !is_ours && self.file.of_the_machine().is_some() {
            StartState::Packaged
        } else if self.program.iter().any(|program| !program.is_file()) {
            StartState::ProgramMissing
        } else {
            StartState::NotInPlace
        })
    }
}

/// Prints a heading and a line for each file.
pub(crate) fn print(heading: &str, reports: &[StartReport]) -> anyhow::Result<()> {
    screen::line(heading)?;
    reports.iter().try_for_each(StartReport::print)
}

impl StartReport {
    fn of(wanted: &Wanted, state: Result<StartState, PrivateFileError>) -> Self {
        let (state, problem) = match state {
            Ok(state) => (state, None),
            Err(error) => (
                StartState::Failed,
                Some(format!("{:#}", anyhow::Error::new(error))),
            ),
        };
        let of = match state {
            StartState::Packaged => wanted.file.of_the_machine(),
            StartState::ProgramMissing => wanted.program.clone(),
            StartState::InPlace
            | StartState::NotInPlace
            | StartState::Added
            | StartState::Kept
            | StartState::Removed
            | StartState::NotOurs
            | StartState::Failed => None,
        };
        Self {
            file: wanted.file.path().display().to_string(),
            state,
            of: of.map(|file| file.display().to_string()),
            problem,
        }
    }

    /// Whether somebody has to do something before the session starts what it should.
    pub(crate) fn is_failed(&self) -> bool {
        matches!(self.state, StartState::Failed | StartState::NotOurs)
    }

    /// Whether something was written.
    pub(crate) fn is_new(&self) -> bool {
        self.state == StartState::Added
    }

    fn print(&self) -> anyhow::Result<()> {
        let texts = InstallTexts::new(language());
        let of = self.of.as_deref().unwrap_or_default();
        let state = match self.state {
            StartState::InPlace => texts.start_in_place(),
            StartState::NotInPlace => texts.start_not_in_place(),
            StartState::Added => texts.state_added(),
            StartState::Kept => texts.start_kept(),
            StartState::Removed => texts.host_removed(),
            StartState::Packaged => texts.start_packaged(of),
            StartState::NotOurs => texts.start_not_ours(),
            StartState::ProgramMissing => texts.start_program_missing(of),
            StartState::Failed => texts.state_failed(self.problem.as_deref().unwrap_or_default()),
        };
        screen::line(&format!("  {}", texts.store_line(&self.file, &state)))
    }
}
