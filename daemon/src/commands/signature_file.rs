//! The file that a signature goes to: found writable before the holder is asked, written whole or
//! not at all, and never over another file unless that was asked for.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use platform::peer::FileId;
use tempfile::NamedTempFile;
use texts::CommandTexts;

use crate::refusal::{Refusal, unwritable};

/// A place for a signature.
pub(crate) struct SignatureFile {
    path: PathBuf,
    replaces: bool,
}

impl SignatureFile {
    /// The place beside a document.
    ///
    /// # Errors
    /// When the document is a device or a pipe, beside which nobody expects a file.
    pub(crate) fn beside(document: &Path) -> anyhow::Result<PathBuf> {
        if !fs::metadata(document).is_ok_and(|found| found.is_file()) {
            let document = document.display().to_string();
            return Err(not_there(|texts| texts.no_place_beside(&document)));
        }
        let mut name = document.as_os_str().to_owned();
        name.push(".sig");
        Ok(name.into())
    }

    /// Makes sure that a signature of `document` can be written to `path`; nothing is left there.
    ///
    /// # Errors
    /// When something is there that must not be replaced, or the folder takes no file.
    pub(crate) fn check(path: PathBuf, document: &Path, replaces: bool) -> anyhow::Result<Self> {
        let file = Self { path, replaces };
        file.check_what_is_there(document)?;
        // A file that waited here for the answer would outlive a command that is interrupted.
        file.fresh()
            .map_err(|error| unwritable(&file.path, &error))?;
        Ok(file)
    }

    /// Writes the signature.
    ///
    /// # Errors
    /// When it cannot be written, or something has come to its place meanwhile.
    pub(crate) fn write(&self, signature: &[u8]) -> anyhow::Result<&Path> {
        let failed = |error: io::Error| unwritable(&self.path, &error);
        let mut fresh = self.fresh().map_err(failed)?;
        fresh.write_all(signature).map_err(failed)?;
        let kept = if self.replaces {
            fresh.persist(&self.path)
        } else {
            fresh.persist_noclobber(&self.path)
        };
        match kept {
            Ok(_) => Ok(&self.path),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
                Err(self.is_there())
            }
            Err(error) => Err(failed(error.error).into()),
        }
    }

    fn check_what_is_there(&self, document: &Path) -> anyhow::Result<()> {
        let Ok(found) = fs::symlink_metadata(&self.path) else {
            return Ok(());
        };
        let shown = self.path.display().to_string();
        let is_the_document = !found.is_symlink()
            && FileId::of(document)
                .is_some_and(|document| FileId::of(&self.path) == Some(document));
        if is_the_document {
            return Err(not_there(|texts| texts.file_is_the_document(&shown)));
        }
        if found.is_file() && self.replaces {
            return Ok(());
        }
        if found.is_file() {
            return Err(self.is_there());
        }
        Err(not_there(|texts| texts.no_regular_file(&shown)))
    }

    /// A file of its own in the same folder, with the rights of any new file of this person.
    fn fresh(&self) -> io::Result<NamedTempFile> {
        let folder = match self.path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let mut fresh = tempfile::Builder::new();
        fresh.prefix(".cpxd-");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            fresh.permissions(fs::Permissions::from_mode(0o666));
        }
        fresh.tempfile_in(folder)
    }

    fn is_there(&self) -> anyhow::Error {
        let shown = self.path.display().to_string();
        Refusal::own("file-exists", |texts| texts.file_exists(&shown)).into()
    }
}

fn not_there(sentence: impl FnOnce(CommandTexts) -> String) -> anyhow::Error {
    Refusal::own("file-unwritable", sentence).into()
}
