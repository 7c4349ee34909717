//! Where the programs of a user look for PKCS#11 modules: the NSS databases of browsers, and the files of p11-kit.
//!
//! NSS databases are changed by NSS's own program `modutil`. A file of p11-kit names one module
//! (pkcs11.conf(5)).

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::paths::UserFolders;
use crate::private_files::{failed, remove_if_there, write_private};
use crate::trust_stores::{NssDatabase, TrustStoreError, chromium_databases, firefox_profiles};

/// Whose place it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModulePlaceKind {
    /// Chromium and the browsers of its family.
    Chromium,
    /// A profile of Firefox.
    Firefox,
    /// All programs that use p11-kit.
    P11Kit,
}

/// A place where a module can be registered under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModulePlace {
    kind: ModulePlaceKind,
    register: Register,
    is_confined: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Register {
    Nss(NssDatabase),
    P11Kit(PathBuf),
}

impl ModulePlace {
    /// Those that there are for this user.
    #[must_use]
    pub fn of_this_user() -> Vec<Self> {
        let path = env::var_os("PATH").unwrap_or_default();
        let programs: Vec<PathBuf> = env::split_paths(&path).collect();
        let Some(user) = UserFolders::of_this_process() else {
            return Vec::new();
        };
        let nss = |kind, folder: PathBuf| Self {
            kind,
            is_confined: is_in_a_sandbox(&folder, &user),
            register: Register::Nss(NssDatabase::new(folder)),
        };
        let chromium = chromium_databases(&user, &programs).into_iter();
        let firefox = firefox_profiles(&user).into_iter();
        let mut places: Vec<Self> = chromium
            .map(|folder| nss(ModulePlaceKind::Chromium, folder))
            .chain(firefox.map(|folder| nss(ModulePlaceKind::Firefox, folder)))
            .collect();
        if SIGNS_OF_P11_KIT.iter().any(|sign| Path::new(sign).is_dir()) {
            places.push(Self {
                kind: ModulePlaceKind::P11Kit,
                register: Register::P11Kit(user.config.join("pkcs11/modules")),
                is_confined: false,
            });
        }
        places
    }

    /// Whose it is.
    #[must_use]
    pub fn kind(&self) -> ModulePlaceKind {
        self.kind
    }

    /// Its folder.
    #[must_use]
    pub fn place(&self) -> &Path {
        match &self.register {
            Register::Nss(database) => database.folder(),
            Register::P11Kit(folder) => folder,
        }
    }

    /// Whether its programs run in a sandbox (snap, Flatpak), where they reach no library outside.
    #[must_use]
    pub fn is_confined(&self) -> bool {
        self.is_confined
    }

    /// The library of the module of this name; `None` where there is no such module.
    ///
    /// # Errors
    /// [`TrustStoreError`] when the place cannot be looked at.
    pub fn library(&self, name: &str) -> Result<Option<PathBuf>, TrustStoreError> {
        let (file, begins) = match &self.register {
            Register::Nss(database) => return database.module(name),
            Register::P11Kit(folder) => (file_of(folder, name), "module:"),
        };
        Ok(read(&file)?.and_then(|text| {
            let module = text.lines().find_map(|line| line.strip_prefix(begins))?;
            Some(PathBuf::from(module.trim()))
        }))
    }

    /// Whether what is registered under this name is neither this library nor that of another installation: a file
    /// of p11-kit without our mark, a module of NSS whose library has another name.
    ///
    /// # Errors
    /// [`TrustStoreError`] when the place cannot be looked at.
    pub fn is_foreign(&self, name: &str, library: &Path) -> Result<bool, TrustStoreError> {
        Ok(match &self.register {
            Register::Nss(database) => database
                .module(name)?
                .is_some_and(|known| known.file_name() != library.file_name()),
            Register::P11Kit(folder) => {
                read(&file_of(folder, name))?.is_some_and(|text| !text.starts_with(MARK))
            }
        })
    }

    /// Registers the library as a module of this name, in the place of that of another installation; says whether
    /// that is new. Where it fails, what was there before is there still.
    ///
    /// # Errors
    /// [`TrustStoreError::NotOurModule`] for what somebody else registered under this name, another
    /// [`TrustStoreError`] when it may not be there.
    pub fn add(&self, name: &str, library: &Path) -> Result<bool, TrustStoreError> {
        if self.library(name)?.as_deref() == Some(library) {
            return Ok(false);
        }
        if self.is_foreign(name, library)? {
            return Err(self.not_ours());
        }
        match &self.register {
            Register::Nss(database) => database.add_module(name, library)?,
            Register::P11Kit(folder) => {
                fs::create_dir_all(folder).map_err(failed("make the folder", folder))?;
                let text = format!("{MARK}\nmodule: {}\n", library.display());
                write_private(&file_of(folder, name), text.as_bytes())?;
            }
        }
        if self.library(name)?.as_deref() == Some(library) {
            return Ok(true);
        }
        let place = self.place().to_owned();
        Err(TrustStoreError::Unchanged { place })
    }

    /// Takes the module of this name and library away; being absent is no failure.
    ///
    /// # Errors
    /// [`TrustStoreError::NotOurModule`] for what somebody else registered under this name, another
    /// [`TrustStoreError`] when it may still be there.
    pub fn remove(&self, name: &str, library: &Path) -> Result<(), TrustStoreError> {
        if self.is_foreign(name, library)? {
            return Err(self.not_ours());
        }
        match &self.register {
            Register::Nss(database) => database.remove_module(name),
            Register::P11Kit(folder) => Ok(remove_if_there(&file_of(folder, name))?),
        }
    }

    fn not_ours(&self) -> TrustStoreError {
        let place = self.place().to_owned();
        TrustStoreError::NotOurModule { place }
    }
}

fn file_of(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.module"))
}

fn read(file: &Path) -> Result<Option<String>, TrustStoreError> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("read", file)(error).into()),
    }
}

fn is_in_a_sandbox(folder: &Path, user: &UserFolders) -> bool {
    ["snap", ".var/app"]
        .iter()
        .any(|sandbox| folder.starts_with(user.home.join(sandbox)))
}

/// First line of the files that this program writes; others are somebody else's.
const MARK: &str = "# Written by “cpxd install --pkcs11”.";
/// Its own modules' files, and its configuration.
const SIGNS_OF_P11_KIT: [&str; 2] = ["/usr/share/p11-kit", "/etc/pkcs11"];
