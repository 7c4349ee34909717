//! The grants of this installation, and the file that keeps them.

use std::error::Error;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use daemon_core::Grants;
use daemon_types::{
    AllowedSite, ErrorCode, GrantId, OperationError, PairedProgram, Right, Rights, Site,
};
use time::OffsetDateTime;
use tokio::sync::watch;

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
///
/// What is asked of it for a request is in memory. Its changes go to the disk, and so block: they
/// are made on a thread that may wait ([`Operations::change_grants`](crate::Operations)).
pub struct GrantBook {
    grants: Mutex<Grants>,
    /// Taken before `grants`, for the whole of a change.
    kept: Mutex<Kept>,
    allowed: Vec<AllowedSite>,
    changes: watch::Sender<()>,
}

struct Kept {
    store: Box<dyn GrantStore>,
    /// Revoked since the disk last took a change: they are there still.
    revoked: Vec<GrantId>,
}

impl GrantBook {
    /// The holder's grants as they were kept, where they go on being kept, and the sites that the
    /// policy allows.
    #[must_use]
    pub fn new(grants: Grants, store: Box<dyn GrantStore>, allowed: Vec<AllowedSite>) -> Self {
        Self {
            grants: Mutex::new(grants),
            kept: Mutex::new(Kept {
                store,
                revoked: Vec::new(),
            }),
            allowed,
            changes: watch::Sender::new(()),
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

    /// Whether the policy gives a site this right.
    pub(crate) fn allows(&self, site: &Site, right: Right) -> bool {
        let mut allowed = self.allowed_to(site);
        allowed.any(|allowed| allowed == right)
    }

    /// Wakes whoever depends on a grant.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// What the holder granted, to look at.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&Grants) -> T) -> T {
        look(&self.grants())
    }

    /// The program that a presented token belongs to, and whether this is its first use today,
    /// which is to be kept.
    pub(crate) fn program(
        &self,
        presented: &str,
        now: OffsetDateTime,
    ) -> Option<(PairedProgram, bool)> {
        let mut grants = self.grants();
        let grant = grants.program_with_token(presented, now)?.clone();
        let is_first = grants.note_use(&grant.id, now);
        Some((PairedProgram::from(&grant), is_first))
    }

    /// Brings to the disk that a program was used. Where that fails, the use counts all the same,
    /// and the day is kept with the next change.
    pub(crate) fn keep_uses(&self) {
        if let Err(error) = self.keep(&mut self.kept()) {
            tracing::warn!(event = "last-use-not-kept", %error, "the last use of a program is not kept");
        }
    }

    /// What policy and holder granted to a site, together.
    pub(crate) fn rights_of(&self, site: &Site, now: OffsetDateTime) -> Rights {
        let by_holder = self.read(|grants| grants.rights_of(site, now));
        Rights::from_iter(self.allowed_to(site).chain(by_holder.iter()))
    }

    fn allowed_to(&self, site: &Site) -> impl Iterator<Item = Right> + '_ {
        let origin = site.origin.clone();
        let allowed = self.allowed.iter();
        let allowed = allowed.filter(move |allowed| allowed.origin == origin);
        allowed.flat_map(|allowed| allowed.rights.iter())
    }

    /// Adds to the grants. What is not kept is not granted, so the change is made to a copy first.
    pub(crate) fn add<T>(&self, change: impl Fn(&mut Grants) -> T) -> Result<T, OperationError> {
        let mut kept = self.kept();
        let mut with_it = self.grants().clone();
        change(&mut with_it);
        Self::keep_these(&mut kept, &with_it).map_err(not_kept)?;
        let added = change(&mut self.grants());
        self.changes.send_replace(());
        Ok(added)
    }

    /// Takes a grant back, from the next request on; it stays so even if that cannot be kept, and
    /// whoever revoked it is told, and may do so again until it is.
    pub(crate) fn revoke(&self, id: &GrantId) -> Result<(), OperationError> {
        let mut kept = self.kept();
        if self.grants().revoke(id) {
            self.changes.send_replace(());
            kept.revoked.push(id.clone());
        } else if !kept.revoked.contains(id) {
            return Err(ErrorCode::NotFound.into());
        }
        self.keep(&mut kept).map_err(not_kept)
    }

    fn keep(&self, kept: &mut Kept) -> Result<(), Box<dyn Error + Send + Sync>> {
        let grants = self.grants().clone();
        Self::keep_these(kept, &grants)
    }

    fn keep_these(kept: &mut Kept, grants: &Grants) -> Result<(), Box<dyn Error + Send + Sync>> {
        kept.store.keep(&grants.to_json()?)?;
        kept.revoked.clear();
        Ok(())
    }

    fn grants(&self) -> MutexGuard<'_, Grants> {
        self.grants.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn not_kept(error: Box<dyn Error + Send + Sync>) -> OperationError {
    OperationError::new(ErrorCode::Internal).caused_by(error)
}

impl fmt::Debug for GrantBook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GrantBook").finish_non_exhaustive()
    }
}

/// Keeps nothing.
pub(crate) struct Forgetful;

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
    use daemon_types::{Origin, PairingRequest};
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
        book.add(|grants| {
            let grant = grants.add_program(id.clone(), &token, request.clone(), NOW);
            grant.id
        })
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
        book.keep_uses();
        assert!(is_paired(&book), "a use that is not kept is a use");
        for _ in 0..2 {
            assert_eq!(book.revoke(&id).unwrap_err().code, ErrorCode::Internal);
            assert!(!is_paired(&book));
        }
        is_full.store(false, Ordering::Relaxed);
        book.revoke(&id).unwrap();
        assert_eq!(book.revoke(&id).unwrap_err().code, ErrorCode::NotFound);
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
        book.add(|grants| grants.add_site(id.clone(), site.clone(), &by_holder, NOW))
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
