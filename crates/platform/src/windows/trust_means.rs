//! No store of Windows is looked at or changed yet: there is none.

use std::path::{Path, PathBuf};

use super::{StoreKind, TrustAnchor, TrustStoreError};
use crate::paths::UserFolders;

/// How a store is looked at and changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Means {}

pub(super) fn all(
    _user: Option<&UserFolders>,
    _programs: &[PathBuf],
    _root: &Path,
) -> Vec<(StoreKind, Means)> {
    Vec::new()
}

impl Means {
    pub(super) fn place(&self) -> &Path {
        match *self {}
    }

    pub(super) fn trusts(&self, _anchor: &TrustAnchor) -> Result<bool, TrustStoreError> {
        match *self {}
    }

    pub(super) fn add(&self, _anchor: &TrustAnchor) -> Result<bool, TrustStoreError> {
        match *self {}
    }

    pub(super) fn remove(&self, _anchor: &TrustAnchor) -> Result<bool, TrustStoreError> {
        match *self {}
    }
}
