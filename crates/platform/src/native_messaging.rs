//! Where the browsers of a user look for the programs that extensions may start (native messaging).
//!
//! A manifest there names a program and the extensions that may start it. Each family has its own
//! words for those, so what a manifest says is its writer's; here are the places.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::paths::UserFolders;
use crate::private_files::{PrivateFileError, failed, remove_if_there, write_private};
use crate::system;

/// Browsers that read the same manifests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrowserFamily {
    /// Chromium, Chrome, Edge, Brave, Vivaldi.
    Chromium,
    /// Firefox.
    Firefox,
}

/// A folder where a browser of this user looks for manifests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestFolder {
    family: BrowserFamily,
    folder: PathBuf,
    of_machine: Vec<PathBuf>,
    is_confined: bool,
}

/// A place of a system, and how one sees that its browser is there.
#[derive(Debug)]
pub(crate) struct ManifestPlace {
    pub(crate) family: BrowserFamily,
    pub(crate) folder: PathBuf,
    /// Where it looks for those of all users, which packages put there.
    pub(crate) of_machine: &'static [&'static str],
    /// A folder that this browser makes for itself.
    pub(crate) sign: PathBuf,
    /// Its programs, by one of which it is started.
    pub(crate) programs: &'static [&'static str],
    /// Whether it runs in a sandbox (snap, Flatpak), out of which it starts no program by a manifest.
    pub(crate) is_confined: bool,
}

impl ManifestFolder {
    /// Those of the browsers that there are.
    #[must_use]
    pub fn of_this_user() -> Vec<Self> {
        let Some(user) = UserFolders::of_this_process() else {
            return Vec::new();
        };
        let path = env::var_os("PATH").unwrap_or_default();
        let path: Vec<PathBuf> = env::split_paths(&path).collect();
        let is_program = |name: &&str| path.iter().any(|folder| folder.join(name).exists());
        system::manifest_places(&user)
            .into_iter()
            .filter(|place| place.sign.is_dir() || place.programs.iter().any(is_program))
            .map(|place| Self {
                family: place.family,
                folder: place.folder,
                of_machine: place.of_machine.iter().map(PathBuf::from).collect(),
                is_confined: place.is_confined,
            })
            .collect()
    }

    /// Whose folder it is.
    #[must_use]
    pub fn family(&self) -> BrowserFamily {
        self.family
    }

    /// Whether its browser runs in a sandbox, where a manifest alone does not help.
    #[must_use]
    pub fn is_confined(&self) -> bool {
        self.is_confined
    }

    /// The manifest of the program of this name.
    #[must_use]
    pub fn manifest(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.json"))
    }

    /// What the manifest says; `None` where there is none.
    ///
    /// # Errors
    /// [`PrivateFileError::Io`] when it cannot be read.
    pub fn read(&self, name: &str) -> Result<Option<String>, PrivateFileError> {
        read_if_there(&self.manifest(name))
    }

    /// The first manifest for all users of this machine, and what it says. The browser reads it where this folder has
    /// none.
    ///
    /// # Errors
    /// [`PrivateFileError::Io`] when it cannot be read.
    pub fn read_of_machine(
        &self,
        name: &str,
    ) -> Result<Option<(PathBuf, String)>, PrivateFileError> {
        for folder in &self.of_machine {
            let file = folder.join(format!("{name}.json"));
            if let Some(text) = read_if_there(&file)? {
                return Ok(Some((file, text)));
            }
        }
        Ok(None)
    }

    /// Puts a manifest there; says whether that changed anything.
    ///
    /// # Errors
    /// [`PrivateFileError::Io`] with the step that the system refused.
    pub fn write(&self, name: &str, text: &str) -> Result<bool, PrivateFileError> {
        if self
            .read(name)
            .is_ok_and(|there| there.as_deref() == Some(text))
        {
            return Ok(false);
        }
        let file = self.manifest(name);
        fs::create_dir_all(&self.folder).map_err(failed("make the folder", &self.folder))?;
        write_private(&file, text.as_bytes())?;
        Ok(true)
    }

    /// Takes a manifest away.
    ///
    /// # Errors
    /// [`PrivateFileError::Io`] when the system refuses; being absent is no failure.
    pub fn remove(&self, name: &str) -> Result<(), PrivateFileError> {
        remove_if_there(&self.manifest(name))
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.folder
    }
}

fn read_if_there(file: &Path) -> Result<Option<String>, PrivateFileError> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("read", file)(error)),
    }
}
