//! Where this machine keeps the certification authorities that its programs trust.
//!
//! Three kinds: the NSS databases of Chromium and its family, those of Firefox's profiles, and the
//! system's own folder of authorities. NSS databases are changed by NSS's own program `certutil`,
//! the system's store by the system's; nothing here writes their formats. A certificate is known
//! by its bytes: a name alone proves nothing.

mod anchor;
mod browsers;
mod machine;
mod nss;

use std::env;
use std::io;
use std::path::{Path, PathBuf};

use crate::paths::UserFolders;
use crate::private_files::PrivateFileError;

pub use anchor::TrustAnchor;
pub(crate) use browsers::ChromiumDatabases;
use machine::MachineStore;
pub(crate) use machine::MachineStoreKind;
use nss::NssDatabase;

/// Why a store was not changed or looked at.
#[derive(Debug, thiserror::Error)]
pub enum TrustStoreError {
    /// NSS's program `certutil` is not installed.
    #[error("the program certutil is not installed")]
    CertutilMissing,
    /// The store belongs to another user, whose browser could not use what is made there.
    #[error("{} belongs to another user (uid {owner})", place.display())]
    NotOurs {
        /// The folder.
        place: PathBuf,
        /// User id of its owner.
        owner: u32,
    },
    /// The store asks for a password before it trusts anything (Firefox: primary password).
    #[error("{} is protected by a password", place.display())]
    Locked {
        /// The folder.
        place: PathBuf,
    },
    /// Only an administrator may change the store.
    #[error("only an administrator may change {}", place.display())]
    NotPermitted {
        /// The folder.
        place: PathBuf,
        /// What an administrator would run.
        command: String,
    },
    /// The store's own program failed.
    #[error("{program} failed: {said}")]
    Program {
        /// Its name.
        program: String,
        /// What it said last.
        said: String,
    },
    /// The store's program is content, and the store is not as it should be.
    #[error("{} did not take the change", place.display())]
    Unchanged {
        /// The folder.
        place: PathBuf,
    },
    /// The system refused one step.
    #[error("cannot {step} {}", path.display())]
    Io {
        /// What was being done.
        step: &'static str,
        /// To what.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file cannot be written.
    #[error(transparent)]
    File(#[from] PrivateFileError),
}

/// Which programs a store is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreKind {
    /// Chromium and the browsers of its family, of one user.
    Chromium,
    /// A profile of Firefox.
    Firefox,
    /// All else on the machine, such as curl and openssl.
    System,
}

/// A place where authorities are trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustStore {
    kind: StoreKind,
    means: Means,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Means {
    Nss(NssDatabase),
    Machine(MachineStore),
}

impl TrustStore {
    /// The stores that there are for this user on this machine.
    #[must_use]
    pub fn of_this_user() -> Vec<Self> {
        let path = env::var_os("PATH").unwrap_or_default();
        let programs: Vec<PathBuf> = env::split_paths(&path).collect();
        Self::all(
            UserFolders::of_this_process().as_ref(),
            &programs,
            Path::new("/"),
        )
    }

    /// The stores of a user with these folders, whose programs are in those, on the machine that
    /// begins at `root`.
    fn all(user: Option<&UserFolders>, programs: &[PathBuf], root: &Path) -> Vec<Self> {
        let nss = |kind| {
            move |folder| Self {
                kind,
                means: Means::Nss(NssDatabase::new(folder)),
            }
        };
        let mut stores = Vec::new();
        if let Some(user) = user {
            let chromium = browsers::chromium_databases(user, programs);
            stores.extend(chromium.into_iter().map(nss(StoreKind::Chromium)));
            let firefox = browsers::firefox_profiles(user);
            stores.extend(firefox.into_iter().map(nss(StoreKind::Firefox)));
        }
        stores.extend(MachineStore::find(root).map(|store| Self {
            kind: StoreKind::System,
            means: Means::Machine(store),
        }));
        stores
    }

    /// Which programs it is for.
    #[must_use]
    pub fn kind(&self) -> StoreKind {
        self.kind
    }

    /// The folder that it is in.
    #[must_use]
    pub fn place(&self) -> &Path {
        match &self.means {
            Means::Nss(database) => database.folder(),
            Means::Machine(store) => store.folder(),
        }
    }

    /// Whether it trusts this authority.
    ///
    /// # Errors
    /// [`TrustStoreError`] when it cannot be looked at.
    pub fn trusts(&self, anchor: &TrustAnchor) -> Result<bool, TrustStoreError> {
        match &self.means {
            Means::Nss(database) => database.trusts(anchor),
            Means::Machine(store) => store.holds(anchor),
        }
    }

    /// Makes it trust this authority; says whether that is new.
    ///
    /// # Errors
    /// [`TrustStoreError`]; the store is as it was then.
    pub fn add(&self, anchor: &TrustAnchor) -> Result<bool, TrustStoreError> {
        match &self.means {
            Means::Nss(database) => database.add(anchor),
            Means::Machine(store) => store.add(anchor),
        }
    }

    /// Removes this authority under whatever name it stands there; says whether it was there.
    ///
    /// # Errors
    /// [`TrustStoreError`] when it may still be there.
    pub fn remove(&self, anchor: &TrustAnchor) -> Result<bool, TrustStoreError> {
        match &self.means {
            Means::Nss(database) => database.remove(anchor),
            Means::Machine(store) => store.remove(anchor),
        }
    }
}

fn failed(step: &'static str, path: &Path) -> impl FnOnce(io::Error) -> TrustStoreError + use<> {
    let path = path.to_owned();
    move |source| TrustStoreError::Io { step, path, source }
}

#[cfg(test)]
mod tests;
