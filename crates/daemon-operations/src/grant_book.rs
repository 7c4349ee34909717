//! The grants of this installation, and the file that keeps them.

use std::error::Error;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use daemon_core::Grants;
use daemon_types::{AllowedSite, ErrorCode, GrantId, OperationError, PairedProgram, Rights, Site};
use time::OffsetDateTime;

/// Where grants outlive the agent.
pub trait GrantStore: Send {
    /// Keeps `json` in the place of what was kept before, whole or not at all.
    ///
    /// # Errors
    /// When it is not kept.
    fn keep(&self, json: &[u8]) -> Result<(), Box<dyn Error + Send + Sync>>;
}

/// Every grant there is: the holder's, and those of the machine's policy. (The list that is built
/// into the product is empty.)
pub struct GrantBook {
    kept: Mutex<Kept>,
    allowed: Vec<AllowedSite>,
}

struct Kept {
    grants: Grants,
    store: Box<dyn GrantStore>,
}

impl GrantBook {
    /// The holder's grants as they were kept, where they go on being kept, and the sites that the
    /// policy allows.
    #[must_use]
    pub fn new(grants: Grants, store: Box<dyn GrantStore>, allowed: Vec<AllowedSite>) -> Self {
        Self {
            kept: Mutex::new(Kept { grants, store }),
            allowed,
        }
    }

    /// No grant, and none is kept: for an agent that lives as long as a test.
    #[must_use]
    pub fn of_nobody() -> Self {
        Self::new(Grants::default(), Box::new(Forgetful), Vec::new())
    }

    pub(crate) fn allowed(&self) -> &[AllowedSite] {
        &self.allowed
    }

    /// What the holder granted, to look at.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&Grants) -> T) -> T {
        look(&self.lock().grants)
    }

    /// The program that a presented token belongs to. Its use is noted.
    pub(crate) fn program(&self, presented: &str, now: OffsetDateTime) -> Option<PairedProgram> {
        let mut kept = self.lock();
        let grant = kept.grants.program_with_token(presented, now)?.clone();
        if kept.grants.note_use(&grant.id, now) {
            // The use counts all the same; the day is noted again at the next change.
            if let Err(error) = kept.keep() {
                tracing::warn!(%error, "the last use of a program is not kept");
            }
        }
        Some(PairedProgram::from(&grant))
    }

    /// What policy and holder granted to a site, together.
    pub(crate) fn rights_of(&self, site: &Site, now: OffsetDateTime) -> Rights {
        let by_policy = self.allowed.iter();
        let by_policy = by_policy.filter(|allowed| allowed.origin == site.origin);
        let by_policy = by_policy.flat_map(|allowed| allowed.rights.iter());
        let by_holder = self.read(|grants| grants.rights_of(site, now));
        Rights::from_iter(by_policy.chain(by_holder.iter()))
    }

    /// Adds to the grants. What is not kept is not granted.
    pub(crate) fn add<T>(
        &self,
        change: impl FnOnce(&mut Grants) -> T,
    ) -> Result<T, OperationError> {
        let mut kept = self.lock();
        let before = kept.grants.clone();
        let added = change(&mut kept.grants);
        if let Err(error) = kept.keep() {
            kept.grants = before;
            return Err(OperationError::new(ErrorCode::Internal).caused_by(error));
        }
        Ok(added)
    }

    /// Takes a grant back, from the next request on; it stays so even if that cannot be kept, and
    /// whoever revoked it is told.
    pub(crate) fn revoke(&self, id: &GrantId) -> Result<(), OperationError> {
        let mut kept = self.lock();
        if !kept.grants.revoke(id) {
            return Err(ErrorCode::NotFound.into());
        }
        kept.keep()
            .map_err(|error| OperationError::new(ErrorCode::Internal).caused_by(error))
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn keep(&self) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.store.keep(&self.grants.to_json()?)
    }
}

impl fmt::Debug for GrantBook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GrantBook").finish_non_exhaustive()
    }
}

struct Forgetful;

impl GrantStore for Forgetful {
    fn keep(&self, _json: &[u8]) -> Result<(), Box<dyn Error + Send + Sync>> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use daemon_core::Token;
    use daemon_types::{Origin, PairingRequest, Right};
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-22 10:00 UTC);

    struct Disk {
        is_full: Arc<AtomicBool>,
    }

    impl GrantStore for Disk {
        fn keep(&self, _json: &[u8]) -> Result<(), Box<dyn Error + Send + Sync>> {
            if self.is_full.load(Ordering::Relaxed) {
                return Err("no space left".into());
            }
            Ok(())
        }
    }

    fn pair(book: &GrantBook) -> Result<GrantId, OperationError> {
        let request = PairingRequest {
            name: "Logiciel".into(),
            rights: Rights::from_iter([Right::Identify]),
            origins: Vec::new(),
        };
        let token = Token::from_random([7; 32]);
        let id = GrantId("p".into());
        book.add(|grants| grants.add_program(id, &token, request, NOW).id)
    }

    fn is_paired(book: &GrantBook) -> bool {
        let token = Token::from_random([7; 32]);
        book.program(token.expose(), NOW).is_some()
    }

    #[test]
    fn what_is_not_kept_is_not_granted_and_what_is_revoked_stays_revoked() {
        let is_full = Arc::new(AtomicBool::new(true));
        let disk = Disk {
            is_full: Arc::clone(&is_full),
        };
        let book = GrantBook::new(Grants::default(), Box::new(disk), Vec::new());
        assert_eq!(pair(&book).unwrap_err().code, ErrorCode::Internal);
        assert!(!is_paired(&book));
        is_full.store(false, Ordering::Relaxed);
        let id = pair(&book).unwrap();
        is_full.store(true, Ordering::Relaxed);
        assert!(is_paired(&book), "a use that is not kept is a use");
        assert_eq!(book.revoke(&id).unwrap_err().code, ErrorCode::Internal);
        assert!(!is_paired(&book));
    }

    #[test]
    fn a_site_has_what_policy_and_holder_give_together() {
        let site = Site {
            origin: Origin::parse("https://service.example").unwrap(),
            top_origin: None,
        };
        let allowed = AllowedSite {
            origin: site.origin.clone(),
            rights: Rights::from_iter([Right::Identify]),
        };
        let book = GrantBook::new(Grants::default(), Box::new(Forgetful), vec![allowed]);
        let rights = |site: &Site| book.rights_of(site, NOW);
        assert_eq!(rights(&site), Rights::from_iter([Right::Identify]));
        let by_holder = Rights::from_iter([Right::Sign]);
        let id = GrantId("s".into());
        book.add(|grants| grants.add_site(id, site.clone(), &by_holder, NOW))
            .unwrap();
        assert_eq!(
            rights(&site),
            Rights::from_iter([Right::Identify, Right::Sign])
        );
        let other = Site {
            origin: Origin::parse("https://sub.service.example").unwrap(),
            ..site
        };
        assert_eq!(rights(&other), Rights::default());
    }
}
