//! The stores of Unix: databases of NSS, and a folder of the system.

use std::path::{Path, PathBuf};

use super::machine::MachineStore;
use super::nss::NssDatabase;
use super::{StoreKind, TrustAnchor, TrustStoreError, browsers};
use crate::paths::UserFolders;

/// How a store is looked at and changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Means {
    Nss(NssDatabase),
    Machine(MachineStore),
}

/// The stores of a user with these folders, whose programs are in those, on the machine that
/// begins at `root`.
pub(super) fn all(
    user: Option<&UserFolders>,
    programs: &[PathBuf],
    root: &Path,
) -> Vec<(StoreKind, Means)> {
    let nss = |kind| move |folder| (kind, Means::Nss(NssDatabase::new(folder)));
    let mut stores = Vec::new();
    if let Some(user) = user {
        let chromium = browsers::chromium_databases(user, programs);
        stores.extend(chromium.into_iter().map(nss(StoreKind::Chromium)));
        let firefox = browsers::firefox_profiles(user);
        stores.extend(firefox.into_iter().map(nss(StoreKind::Firefox)));
    }
    let machine = MachineStore::find(root).map(Means::Machine);
    stores.extend(machine.map(|store| (StoreKind::System, store)));
    stores
}

impl Means {
    pub(super) fn place(&self) -> &Path {
        match self {
            Self::Nss(database) => database.folder(),
            Self::Machine(store) => store.folder(),
        }
    }

    pub(super) fn is_of_one_user(&self) -> bool {
        matches!(self, Self::Nss(_))
    }

    pub(super) fn trusts(&self, anchor: &TrustAnchor) -> Result<bool, TrustStoreError> {
        match self {
            Self::Nss(database) => database.trusts(anchor),
            Self::Machine(store) => store.holds(anchor),
        }
    }

    pub(super) fn add(&self, anchor: &TrustAnchor) -> Result<bool, TrustStoreError> {
        match self {
            Self::Nss(database) => database.add(anchor),
            Self::Machine(store) => store.add(anchor),
        }
    }

    pub(super) fn remove(&self, anchor: &TrustAnchor) -> Result<bool, TrustStoreError> {
        match self {
            Self::Nss(database) => database.remove(anchor),
            Self::Machine(store) => store.remove(anchor),
        }
    }
}
