//! Where this installation keeps who was let in.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use daemon_core::{Grants, GrantsFileError};
use daemon_operations::{GrantBook, GrantStore};
use daemon_types::{AllowedSite, Environment};
use platform::paths::AgentPaths;
use platform::private_files::{PrivateFileError, read_private, write_private};

use crate::state_format::StateFormatError;

/// The grants as they were kept. A file that cannot be trusted grants nothing: it is put aside, for
/// whoever wants to look at it, and the holder is asked anew. One of another version is no damage, and
/// stays where it is.
///
/// Each environment has its own: who was let in to test cards, by a holder who was told that it is
/// worth nothing, is not let in to real ones.
///
/// # Errors
/// When another version wrote the file, or a damaged one cannot be put aside and would be lost at the next grant.
pub(crate) fn grant_book(
    paths: &AgentPaths,
    environment: Environment,
    allowed: Vec<AllowedSite>,
) -> anyhow::Result<GrantBook> {
    let file = file_of(paths, environment);
    let grants = match kept(&file) {
        Ok(grants) => grants,
        Err(error) => {
            if let Some(GrantsFileError::Version(version)) = error.downcast_ref() {
                let by = format!("format {version}");
                return Err(StateFormatError::Newer { file, by }.into());
            }
            let aside = put_aside(&file)?;
            let aside = aside.display().to_string();
            tracing::warn!(
                event = "grants-put-aside", error = %format!("{error:#}"),
                aside,
                "nobody is granted anything: the grants cannot be used and were put aside"
            );
            Grants::default()
        }
    };
    Ok(GrantBook::new(grants, Box::new(File(file)), allowed))
}

fn file_of(paths: &AgentPaths, environment: Environment) -> PathBuf {
    match environment {
        Environment::Production => paths.grants_file(),
        Environment::Test => paths.test_grants_file(),
    }
}

fn kept(file: &Path) -> anyhow::Result<Grants> {
    match read_private(file) {
        Ok(json) => Ok(Grants::from_json(&json)?),
        Err(PrivateFileError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            Ok(Grants::default())
        }
        Err(error) => Err(error.into()),
    }
}

/// Renames `file` to the first free name after it.
fn put_aside(file: &Path) -> anyhow::Result<PathBuf> {
    let mut number = 1_u32;
    let aside = loop {
        let name = file.with_extension(format!("json.unusable-{number}"));
        if std::fs::symlink_metadata(&name).is_err() {
            break name;
        }
        number += 1;
    };
    let renamed = std::fs::rename(file, &aside);
    renamed.with_context(|| format!("putting {} aside", file.display()))?;
    Ok(aside)
}

struct File(PathBuf);

impl GrantStore for File {
    fn keep(&self, json: &[u8]) -> Result<(), Box<dyn Error + Send + Sync>> {
        Ok(write_private(&self.0, json)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_let_in_to_test_cards_is_looked_up_for_them_alone() {
        let folder = tempfile::tempdir().unwrap();
        let paths = AgentPaths::resolve(Some(folder.path())).unwrap();
        let files = [Environment::Production, Environment::Test].map(|of| file_of(&paths, of));
        std::fs::write(&files[1], "damaged").unwrap();
        let book = |environment| grant_book(&paths, environment, Vec::new());
        book(Environment::Production).unwrap();
        assert!(files[1].exists(), "looked at for test cards alone");
        book(Environment::Test).unwrap();
        assert!(!files[1].exists(), "put aside");
    }

    #[test]
    fn no_file_is_lost_when_it_is_put_aside() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("grants.json");
        let mut names = Vec::new();
        for text in ["one", "two"] {
            std::fs::write(&file, text).unwrap();
            let aside = put_aside(&file).unwrap();
            assert_eq!(std::fs::read_to_string(&aside).unwrap(), text);
            names.push(aside);
        }
        assert_ne!(names[0], names[1]);
        assert_eq!(kept(&file).unwrap(), Grants::default());
        assert_eq!(std::fs::read_to_string(&names[0]).unwrap(), "one");
    }
}
