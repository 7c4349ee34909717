//! Where this machine keeps the certification authorities that its programs trust.
//!
//! On Linux three kinds: the NSS databases of Chromium and its family, those of Firefox's profiles, and
//! the system's own folder of authorities; on Windows the user's own roots. NSS databases are changed by NSS's own program `certutil`,
//! the system's store by the system's; nothing here writes their formats. A certificate is known
//! by its bytes: a name alone proves nothing.

mod anchor;
#[cfg(unix)]
mod browsers;
#[cfg(unix)]
mod machine;
#[cfg(unix)]
mod means;
#[cfg(windows)]
#[path = "windows/trust_means.rs"]
mod means;
#[cfg(unix)]
mod nss;

use std::env;
use std::io;
use std::path::{Path, PathBuf};

use crate::UserId;
use crate::paths::UserFolders;
use crate::private_files::PrivateFileError;

pub use anchor::TrustAnchor;
#[cfg(unix)]
pub(crate) use browsers::ChromiumDatabases;
#[cfg(target_os = "linux")]
pub(crate) use browsers::{chromium_databases, firefox_profiles};
#[cfg(unix)]
pub(crate) use machine::MachineStoreKind;
use means::Means;
#[cfg(target_os = "linux")]
pub(crate) use nss::NssDatabase;

/// Why a store was not changed or looked at.
#[derive(Debug, thiserror::Error)]
pub enum TrustStoreError {
    /// NSS's programs `certutil` and `modutil` are not installed.
    #[error("the programs certutil and modutil are not installed")]
    CertutilMissing,
    /// The store belongs to another user, whose browser could not use what is made there.
    #[error("{} belongs to another user (uid {owner})", place.display())]
    NotOurs {
        /// The folder.
        place: PathBuf,
        /// User id of its owner.
        owner: UserId,
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
    /// Something else has the name of the module there; it is left alone.
    #[error("what {} has under this name is somebody else's", place.display())]
    NotOurModule {
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

    /// Those of a user with these folders, on the machine that begins at `root`.
    fn all(user: Option<&UserFolders>, programs: &[PathBuf], root: &Path) -> Vec<Self> {
        means::all(user, programs, root)
            .into_iter()
            .map(|(kind, means)| Self { kind, means })
            .collect()
    }

    /// Which programs it is for.
    #[must_use]
    pub fn kind(&self) -> StoreKind {
        self.kind
    }

    /// The folder that it is in.
    #[must_use]
    pub fn place(&self) -> &Path {
        self.means.place()
    }

    /// Whether it is one user's, and no administrator's.
    #[must_use]
    pub fn is_of_one_user(&self) -> bool {
        self.means.is_of_one_user()
    }

    /// Whether it trusts this authority.
    ///
    /// # Errors
    /// [`TrustStoreError`] when it cannot be looked at.
    pub fn trusts(&self, anchor: &TrustAnchor) -> Result<bool, TrustStoreError> {
        self.means.trusts(anchor)
    }

    /// Makes it trust this authority; says whether that is new.
    ///
    /// # Errors
    /// [`TrustStoreError`]; the store is as it was then.
    pub fn add(&self, anchor: &TrustAnchor) -> Result<bool, TrustStoreError> {
        self.means.add(anchor)
    }

    /// Removes this authority under whatever name it stands there; says whether it was there.
    ///
    /// # Errors
    /// [`TrustStoreError`] when it may still be there.
    pub fn remove(&self, anchor: &TrustAnchor) -> Result<bool, TrustStoreError> {
        self.means.remove(anchor)
    }
}

fn failed(step: &'static str, path: &Path) -> impl FnOnce(io::Error) -> TrustStoreError + use<> {
    let path = path.to_owned();
    move |source| TrustStoreError::Io { step, path, source }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
