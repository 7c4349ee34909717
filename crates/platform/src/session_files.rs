//! Files by which a session of this user starts programs: units of its systemd, entries of its desktop.
//!
//! Their places are those of systemd.unit(5), "User Unit Search Path", and of the Desktop Application Autostart
//! Specification 0.5. What they say is their writer's.

use std::env;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::paths::UserFolders;
use crate::private_files::{PrivateFileError, failed, remove_if_there, write_private};

/// A file of a name below the folders that are searched, such as `systemd/user/cpxd.service`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionFile {
    name: &'static str,
    file: PathBuf,
}

impl SessionFile {
    /// That of this user; `None` for one without a home folder.
    #[must_use]
    pub fn of_this_user(name: &'static str) -> Option<Self> {
        let file = UserFolders::of_this_process()?.config.join(name);
        Some(Self { name, file })
    }

    /// Where it is, or would be.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.file
    }

    /// The file of this name that the machine has for all its users.
    #[must_use]
    pub fn of_the_machine(&self) -> Option<PathBuf> {
        let listed = |variable, usual: &str| {
            let folders = env::var_os(variable).filter(|folders| !folders.is_empty());
            let folders = folders.unwrap_or_else(|| usual.into());
            env::split_paths(&folders).collect::<Vec<_>>()
        };
        let always = ["/etc", "/usr/local/lib", "/usr/lib"].map(PathBuf::from);
        listed("XDG_CONFIG_DIRS", "/etc/xdg")
            .into_iter()
            .chain(listed("XDG_DATA_DIRS", "/usr/local/share:/usr/share"))
            .chain(always)
            .map(|folder| folder.join(self.name))
            .find(|file| file.is_file())
    }

    /// What it says; `None` where there is none.
    ///
    /// # Errors
    /// [`PrivateFileError::Io`] when it cannot be read.
    pub fn read(&self) -> Result<Option<String>, PrivateFileError> {
        match fs::read_to_string(&self.file) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("read", &self.file)(error)),
        }
    }

    /// Writes it, and links it where it is wanted by (`sockets.target`), as `systemctl enable` does.
    ///
    /// # Errors
    /// [`PrivateFileError::Io`] with the step that the system refused.
    pub fn write(&self, text: &str, wanted_by: Option<&str>) -> Result<(), PrivateFileError> {
        make_parent(&self.file)?;
        write_private(&self.file, text.as_bytes())?;
        let Some((link, target)) = self.link(wanted_by) else {
            return Ok(());
        };
        make_parent(&link)?;
        remove_if_there(&link)?;
        symlink(target, &link).map_err(failed("make the link", &link))
    }

    /// Whether it is linked where it is wanted by.
    #[must_use]
    pub fn is_linked(&self, wanted_by: Option<&str>) -> bool {
        self.link(wanted_by).is_none_or(|(link, target)| {
            fs::read_link(link).is_ok_and(|found| found == target || found == self.file)
        })
    }

    /// Takes it away with its link.
    ///
    /// # Errors
    /// [`PrivateFileError::Io`] when the system refuses; being absent is no failure.
    pub fn remove(&self, wanted_by: Option<&str>) -> Result<(), PrivateFileError> {
        if let Some((link, _)) = self.link(wanted_by)
            && self.is_linked(wanted_by)
        {
            remove_if_there(&link)?;
        }
        remove_if_there(&self.file)
    }

    /// The link and what it leads to.
    fn link(&self, wanted_by: Option<&str>) -> Option<(PathBuf, PathBuf)> {
        let (folder, name) = (self.file.parent()?, self.file.file_name()?);
        let wants = folder.join(format!("{}.wants", wanted_by?));
        Some((wants.join(name), Path::new("..").join(name)))
    }
}

fn make_parent(path: &Path) -> Result<(), PrivateFileError> {
    let parent = path.parent().unwrap_or(path);
    fs::create_dir_all(parent).map_err(failed("make the folder", parent))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(root: &Path) -> SessionFile {
        SessionFile {
            name: "systemd/user/a.socket",
            file: root.join("systemd/user/a.socket"),
        }
    }

    #[test]
    fn a_unit_is_linked_where_it_is_wanted_and_goes_with_its_link() {
        let root = tempfile::tempdir().unwrap();
        let unit = unit(root.path());
        let wanted_by = Some("sockets.target");
        assert_eq!(unit.read().unwrap(), None);
        assert!(!unit.is_linked(wanted_by));
        for text in ["one", "two"] {
            unit.write(text, wanted_by).unwrap();
            assert_eq!(unit.read().unwrap().as_deref(), Some(text));
        }
        let link = root
            .path()
            .join("systemd/user/sockets.target.wants/a.socket");
        assert!(unit.is_linked(wanted_by));
        assert_eq!(fs::read_to_string(&link).unwrap(), "two");
        for _ in 0..2 {
            unit.remove(wanted_by).unwrap();
            assert!(!unit.path().exists() && !link.is_symlink());
        }
    }

    #[test]
    fn a_link_that_leads_elsewhere_is_not_taken_away() {
        let root = tempfile::tempdir().unwrap();
        let unit = unit(root.path());
        let link = root
            .path()
            .join("systemd/user/sockets.target.wants/a.socket");
        make_parent(&link).unwrap();
        symlink("/dev/null", &link).unwrap();
        unit.remove(Some("sockets.target")).unwrap();
        assert!(link.is_symlink());
    }
}
