//! The machine's policy as a file, where that may be believed.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::file::{ConfigurationFile, read_if_there};

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{}: everybody may write there, so it is no policy of this machine: take that away (as root: chmod o-w {})",
    .0.display(), .0.display()
)]
pub(super) struct WritableByEverybody(PathBuf);

/// The policy in this file; it configures nothing where there is none.
///
/// # Errors
/// [`WritableByEverybody`] for the file or its folder, and those of reading it.
pub(super) fn of_machine(file: &Path) -> anyhow::Result<ConfigurationFile> {
    if file.exists() {
        for place in [Some(file), file.parent()].into_iter().flatten() {
            check(place)?;
        }
    }
    read_if_there(file)
}

fn check(place: &Path) -> Result<(), WritableByEverybody> {
    // What cannot be looked at cannot be read either, which says so.
    let is_open = place
        .metadata()
        .is_ok_and(|found| found.permissions().mode() & BY_EVERYBODY != 0);
    if is_open {
        return Err(WritableByEverybody(place.to_owned()));
    }
    Ok(())
}

const BY_EVERYBODY: u32 = 0o002;

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};

    use super::*;

    #[test]
    fn a_policy_that_everybody_may_write_or_replace_is_refused_and_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cpxd.toml");
        assert_eq!(of_machine(&file).unwrap(), ConfigurationFile::default());
        fs::write(&file, "port = 1").unwrap();
        let with = |place: &Path, mode| {
            fs::set_permissions(place, Permissions::from_mode(mode)).unwrap();
            of_machine(&file)
        };
        assert_eq!(with(&file, 0o664).unwrap().port, Some(1));
        let error = with(&file, 0o666).unwrap_err().to_string();
        assert!(error.contains("cpxd.toml: everybody may write"), "{error}");
        assert_eq!(with(&file, 0o644).unwrap().port, Some(1));
        let error = with(folder.path(), 0o777).unwrap_err().to_string();
        let named = folder.path().display().to_string();
        assert!(error.starts_with(&format!("{named}: everybody")), "{error}");
        assert_eq!(with(folder.path(), 0o755).unwrap().port, Some(1));
    }
}
