//! The format of all that an installation keeps in its state folder: one number for the folder, so that
//! every file has one, those included that have no place for a number of their own.

use std::io;
use std::path::{Path, PathBuf};

use platform::paths::AgentPaths;
use platform::private_files::{PrivateFileError, read_private, write_private};
use serde::{Deserialize, Serialize};

/// What brings a folder from one format to the next. It may be cut off at any moment and is then done
/// again, so it must be one that may be done twice; a folder with none of its files is no failure.
type Migration = fn(&AgentPaths) -> anyhow::Result<()>;

/// The migrations, first that from format 1. There is only one format yet.
const MIGRATIONS: &[Migration] = &[];

/// Why a state folder cannot be used by this version.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StateFormatError {
    /// A newer version wrote it, and only that one knows what it means.
    #[error("{} was written by a newer cpxd ({by}): install that one again", file.display())]
    Newer {
        file: PathBuf,
        /// The version that wrote it, or the format where nothing names the version.
        by: String,
    },
    /// It says nothing that can be understood.
    #[error("{} is damaged: put it back from a backup, or remove it if no newer cpxd ever ran here", file.display())]
    Damaged {
        file: PathBuf,
        #[source]
        source: serde_json::Error,
    },
    /// It cannot be read or written.
    #[error("cannot use the mark of the state folder's format")]
    File(#[from] PrivateFileError),
    /// A migration failed; what was there before it is as it was.
    #[error("what an older cpxd kept cannot be brought from format {from} to {}", from + 1)]
    Migration {
        from: u32,
        #[source]
        source: anyhow::Error,
    },
}

/// Refuses a folder that a newer version wrote; changes nothing.
///
/// # Errors
/// [`StateFormatError`] with the file and what to do.
pub(crate) fn check(paths: &AgentPaths) -> Result<(), StateFormatError> {
    found(&paths.format_file(), known_by(MIGRATIONS)).map(|_| ())
}

/// Brings the folder to the format of this version, under the lock of the agent; a newer one is refused
/// before anything was read or changed.
///
/// # Errors
/// [`StateFormatError`]; the folder then has the format that its mark says.
pub(crate) fn bring_up_to_date(paths: &AgentPaths) -> Result<(), StateFormatError> {
    migrate(paths, MIGRATIONS)
}

fn migrate(paths: &AgentPaths, migrations: &[Migration]) -> Result<(), StateFormatError> {
    let file = paths.format_file();
    let marked = found(&file, known_by(migrations))?;
    let mut format = marked.unwrap_or(FIRST);
    for migration in migrations.iter().skip(index_of(format)) {
        migration(paths).map_err(|source| StateFormatError::Migration {
            from: format,
            source,
        })?;
        format += 1;
        mark(&file, format)?;
    }
    if marked.is_none() {
        mark(&file, format)?;
    }
    Ok(())
}

/// The format that the mark says; `None` without a mark, which is a folder of the first format, or a new one.
fn found(file: &Path, known: u32) -> Result<Option<u32>, StateFormatError> {
    let bytes = match read_private(file) {
        Err(PrivateFileError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            return Ok(None);
        }
        bytes => bytes?,
    };
    let mark: Mark =
        serde_json::from_slice(&bytes).map_err(|source| StateFormatError::Damaged {
            file: file.into(),
            source,
        })?;
    if mark.format > known {
        return Err(StateFormatError::Newer {
            file: file.into(),
            by: mark.written_by,
        });
    }
    Ok(Some(mark.format))
}

fn mark(file: &Path, format: u32) -> Result<(), StateFormatError> {
    let mark = Mark {
        format,
        written_by: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let json = serde_json::to_vec(&mark).map_err(|source| StateFormatError::Damaged {
        file: file.into(),
        source,
    })?;
    Ok(write_private(file, &json)?)
}

/// Later formats may say more, and these two for ever.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mark {
    format: u32,
    written_by: String,
}

fn known_by(migrations: &[Migration]) -> u32 {
    FIRST.saturating_add(u32::try_from(migrations.len()).unwrap_or(u32::MAX))
}

fn index_of(format: u32) -> usize {
    usize::try_from(format.saturating_sub(FIRST)).unwrap_or(usize::MAX)
}

/// That of version 0.1.0, which left no mark.
const FIRST: u32 = 1;

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn folder() -> (tempfile::TempDir, AgentPaths) {
        let folder = tempfile::tempdir().unwrap();
        let paths = AgentPaths::resolve(Some(folder.path())).unwrap();
        (folder, paths)
    }

    /// A sample made by hand: no format has ever called them `visitors`.
    const SAMPLE: &str = r#"{"visitors":["https://service.example"]}"#;

    fn renames_visitors(paths: &AgentPaths) -> anyhow::Result<()> {
        let text = fs::read_to_string(paths.grants_file())?;
        fs::write(paths.grants_file(), text.replace("visitors", "sites"))?;
        Ok(())
    }

    fn closes_the_list(paths: &AgentPaths) -> anyhow::Result<()> {
        let text = fs::read_to_string(paths.grants_file())?;
        anyhow::ensure!(text.contains("sites"), "the step before it was left out");
        fs::write(
            paths.grants_file(),
            text.replace("]}", "],\"closed\":true}"),
        )?;
        Ok(())
    }

    fn fails(_: &AgentPaths) -> anyhow::Result<()> {
        anyhow::bail!("no space")
    }

    fn marked(paths: &AgentPaths) -> Option<u32> {
        found(&paths.format_file(), u32::MAX).unwrap()
    }

    #[test]
    fn a_new_folder_and_one_of_the_first_version_are_marked_with_the_first_format() {
        let (_folder, paths) = folder();
        bring_up_to_date(&paths).unwrap();
        assert_eq!(marked(&paths), Some(1));
        check(&paths).unwrap();
    }

    #[test]
    fn an_older_format_is_brought_up_step_by_step_and_each_step_is_done_once() {
        let (_folder, paths) = folder();
        fs::write(paths.grants_file(), SAMPLE).unwrap();
        let steps: [Migration; 2] = [renames_visitors, closes_the_list];
        migrate(&paths, &steps).unwrap();
        let expected = r#"{"sites":["https://service.example"],"closed":true}"#;
        assert_eq!(fs::read_to_string(paths.grants_file()).unwrap(), expected);
        assert_eq!(marked(&paths), Some(3));
        migrate(&paths, &[fails, fails]).unwrap();
        assert_eq!(marked(&paths), Some(3));
    }

    #[test]
    fn a_step_that_fails_is_told_and_done_at_the_next_start() {
        let (_folder, paths) = folder();
        fs::write(paths.grants_file(), SAMPLE).unwrap();
        let error = migrate(&paths, &[renames_visitors, fails]).unwrap_err();
        assert!(
            matches!(error, StateFormatError::Migration { from: 2, .. }),
            "{error}"
        );
        assert_eq!(marked(&paths), Some(2));
        migrate(&paths, &[fails, closes_the_list]).unwrap();
        assert_eq!(marked(&paths), Some(3));
    }

    #[test]
    fn a_newer_format_is_refused_and_left_as_it_is() {
        let (_folder, paths) = folder();
        let newer = r#"{"format":2,"writtenBy":"7.0.0","more":true}"#;
        write_private(&paths.format_file(), newer.as_bytes()).unwrap();
        for refused in [check(&paths), bring_up_to_date(&paths)] {
            assert!(
                matches!(refused, Err(StateFormatError::Newer { ref by, .. }) if by == "7.0.0"),
                "{refused:?}"
            );
        }
        assert_eq!(fs::read_to_string(paths.format_file()).unwrap(), newer);
    }

    #[test]
    fn a_damaged_mark_is_no_first_format() {
        let (_folder, paths) = folder();
        for damaged in ["", "{}", "1", r#"{"format":-1,"writtenBy":"0.1.0"}"#] {
            write_private(&paths.format_file(), damaged.as_bytes()).unwrap();
            let refused = bring_up_to_date(&paths);
            assert!(
                matches!(refused, Err(StateFormatError::Damaged { .. })),
                "{damaged}: {refused:?}"
            );
        }
    }
}
