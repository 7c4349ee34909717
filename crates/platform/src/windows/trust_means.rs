//! The store of this user's own roots, which Windows' programs, Chromium's family and, as it comes,
//! Firefox read. Windows itself asks the user before it takes one in or lets one go.

use std::io;
use std::path::{Path, PathBuf};

use schannel::cert_context::CertContext;
use schannel::cert_store::{CertAdd, CertStore};

use super::{StoreKind, TrustAnchor, TrustStoreError, failed};
use crate::paths::UserFolders;

/// How a store is looked at and changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Means {
    /// The roots of this user.
    UsersRoots(PathBuf),
}

pub(super) fn all(
    _user: Option<&UserFolders>,
    _programs: &[PathBuf],
    _root: &Path,
) -> Vec<(StoreKind, Means)> {
    vec![(StoreKind::System, Means::UsersRoots(PLACE.into()))]
}

impl Means {
    pub(super) fn place(&self) -> &Path {
        let Self::UsersRoots(place) = self;
        place
    }

    pub(super) fn is_of_one_user(&self) -> bool {
        let Self::UsersRoots(_) = self;
        true
    }

    pub(super) fn trusts(&self, anchor: &TrustAnchor) -> Result<bool, TrustStoreError> {
        let store = self.open()?;
        Ok(found_in(&store, anchor).is_some())
    }

    pub(super) fn add(&self, anchor: &TrustAnchor) -> Result<bool, TrustStoreError> {
        let mut store = self.open()?;
        if found_in(&store, anchor).is_some() {
            return Ok(false);
        }
        let certificate = CertContext::new(anchor.der()).map_err(failed("read", self.place()))?;
        // Best effort: the name is for people who look at the store.
        let _ = certificate.set_friendly_name(&anchor.nickname());
        store
            .add_cert(&certificate, CertAdd::New)
            .map_err(|error| self.refused("write to", error))?;
        // Wine writes it when it is closed.
        drop((certificate, store));
        if self.trusts(anchor)? {
            Ok(true)
        } else {
            let place = self.place().to_owned();
            Err(TrustStoreError::Unchanged { place })
        }
    }

    pub(super) fn remove(&self, anchor: &TrustAnchor) -> Result<bool, TrustStoreError> {
        let store = self.open()?;
        let Some(certificate) = found_in(&store, anchor) else {
            return Ok(false);
        };
        certificate
            .delete()
            .map_err(|error| self.refused("remove from", error))?;
        drop(store);
        // Wine says yes and removes none; what is still trusted must not count as gone.
        if self.trusts(anchor)? {
            let place = self.place().to_owned();
            return Err(TrustStoreError::Unchanged { place });
        }
        Ok(true)
    }

    fn open(&self) -> Result<CertStore, TrustStoreError> {
        CertStore::open_current_user(ROOTS).map_err(failed("open", self.place()))
    }

    /// A user who says no to Windows left the store as it was.
    fn refused(&self, step: &'static str, error: io::Error) -> TrustStoreError {
        if error.raw_os_error() == Some(CANCELLED) {
            let place = self.place().to_owned();
            return TrustStoreError::Unchanged { place };
        }
        failed(step, self.place())(error)
    }
}

fn found_in(store: &CertStore, anchor: &TrustAnchor) -> Option<CertContext> {
    store.certs().find(|kept| kept.to_der() == anchor.der())
}

const ROOTS: &str = "Root";
/// As Windows' own tools show it.
const PLACE: &str = r"CurrentUser\Root";
/// `ERROR_CANCELLED`.
const CANCELLED: i32 = 1223;
