//! The head of the chain, kept apart: without it nobody could see that the last lines were cut off.

use std::fmt::Debug;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use platform::private_files::{
    PrivateFileError, ensure_private_folder, open_private_for_reading, open_private_for_writing,
    sync_folder, write_all_at,
};

use crate::chain::{Head, LineHash};

/// A place for the head of a chain.
///
/// The journal writes it after each line that is on the disk, and never before: it may lag
/// behind the chain, and an anchor that is ahead of its chain shows a cut.
pub trait AnchorStore: Debug + Send {
    /// The head that was written last; `None` when none ever was.
    ///
    /// # Errors
    /// [`AnchorError`] when there is one that cannot be read.
    fn read(&self) -> Result<Option<Head>, AnchorError>;

    /// Replaces the head. Whoever reads finds the old one or the new one, never a mixture.
    ///
    /// # Errors
    /// [`AnchorError`]; the old one may be gone or not.
    fn write(&mut self, head: Head) -> Result<(), AnchorError>;
}

/// Why an anchor cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AnchorError {
    /// The file cannot be used, or is not this user's alone.
    #[error("cannot use the journal's anchor")]
    File(#[from] PrivateFileError),
    /// It holds something else than a head.
    #[error("{} is not an anchor of a journal", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
}

/// An anchor in a private file (0600) of a private folder (0700).
///
/// It is written in place, in one piece that lies within one sector, and left to the system to
/// bring to the disk: after a power cut it lags, which is harmless.
#[derive(Debug)]
pub struct FileAnchor {
    path: PathBuf,
}

/// `<sequence number, 20 digits> <hash>` and a line feed.
const ANCHOR_LEN: usize = 20 + 1 + 64 + 1;

impl FileAnchor {
    /// The anchor in this file, which should lie in another folder than the journal.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self { path: path.into() }
    }

    fn failed(&self, step: &'static str) -> impl FnOnce(std::io::Error) -> AnchorError + use<'_> {
        move |source| {
            let path = self.path.clone();
            PrivateFileError::Io { step, path, source }.into()
        }
    }

    fn create(&self) -> Result<(), AnchorError> {
        let folder = self.path.parent().unwrap_or_else(|| Path::new("."));
        ensure_private_folder(folder)?;
        open_private_for_writing(&self.path)?;
        Ok(sync_folder(folder)?)
    }
}

impl AnchorStore for FileAnchor {
    fn read(&self) -> Result<Option<Head>, AnchorError> {
        let file = match open_private_for_reading(&self.path) {
            Err(PrivateFileError::Io { source, .. })
                if source.kind() == std::io::ErrorKind::NotFound =>
            {
                return Ok(None);
            }
            file => file?,
        };
        let mut text = String::new();
        let longer_than_ours = u64::try_from(ANCHOR_LEN + 1).unwrap_or(u64::MAX);
        let read = file.take(longer_than_ours).read_to_string(&mut text);
        match (read.ok(), parse(&text)) {
            // Created, and not written when the agent was killed.
            (Some(0), _) => Ok(None),
            (Some(_), Some(head)) => Ok(Some(head)),
            _ => Err(AnchorError::Damaged {
                path: self.path.clone(),
            }),
        }
    }

    fn write(&mut self, head: Head) -> Result<(), AnchorError> {
        if !self.path.exists() {
            self.create()?;
        }
        let file = open_private_for_writing(&self.path)?;
        let text = text_of(head);
        write_all_at(&file, text.as_bytes(), 0).map_err(self.failed("write"))?;
        // Whatever stood here before was no longer than an anchor, unless it was none.
        let len = file.metadata().map_err(self.failed("inspect"))?.len();
        if usize::try_from(len) != Ok(ANCHOR_LEN) {
            file.set_len(u64::try_from(ANCHOR_LEN).unwrap_or(u64::MAX))
                .map_err(self.failed("shorten"))?;
        }
        Ok(())
    }
}

fn text_of(head: Head) -> String {
    format!("{:020} {}\n", head.seq, head.hash)
}

fn parse(text: &str) -> Option<Head> {
    let (seq, hash) = text.strip_suffix('\n')?.split_once(' ')?;
    let head = Head {
        seq: seq.parse().ok()?,
        hash: hash.parse::<LineHash>().ok()?,
    };
    (text_of(head) == text).then_some(head)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    fn head(seq: u64) -> Head {
        let hash = "5a".repeat(32).parse().unwrap();
        Head { seq, hash }
    }

    #[test]
    fn the_head_written_last_is_read_and_the_file_is_its_users_alone() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("apart/head");
        let mut anchor = FileAnchor::new(&path);
        assert_eq!(anchor.read().unwrap(), None);
        for seq in [0, 7, u64::MAX] {
            anchor.write(head(seq)).unwrap();
            assert_eq!(anchor.read().unwrap(), Some(head(seq)));
        }
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
    }

    #[test]
    fn a_file_that_is_no_anchor_is_damaged_and_mended_by_the_next_head() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("head");
        let mut anchor = FileAnchor::new(&path);
        anchor.write(head(1)).unwrap();
        for content in ["7".into(), text_of(head(7)) + "x"] {
            fs::write(&path, &content).unwrap();
            assert!(
                matches!(anchor.read(), Err(AnchorError::Damaged { .. })),
                "{content}"
            );
            anchor.write(head(8)).unwrap();
            assert_eq!(anchor.read().unwrap(), Some(head(8)));
        }
        fs::write(&path, "").unwrap();
        assert_eq!(anchor.read().unwrap(), None);
    }

    #[test]
    fn a_link_or_a_file_open_to_others_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("head");
        let mut anchor = FileAnchor::new(&path);
        anchor.write(head(1)).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(anchor.read(), Err(AnchorError::File(_))));
        let link = root.path().join("link");
        symlink(&path, &link).unwrap();
        let mut anchor = FileAnchor::new(&link);
        assert!(matches!(anchor.read(), Err(AnchorError::File(_))));
        assert!(anchor.write(head(2)).is_err());
    }
}
