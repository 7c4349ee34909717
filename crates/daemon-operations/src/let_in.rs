//! Work for a caller that lasts, such as a question or a stream of events, ends with its grant.

use daemon_types::{Caller, ErrorCode, OperationError, Right};
use time::OffsetDateTime;

use crate::{GrantBook, Operations};

/// Whether a caller has a right still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// Until this moment, and until something is taken back.
    Until(OffsetDateTime),
    /// Nothing can be taken back.
    ForGood,
    Ended,
}

impl Operations {
    /// Works for a caller as long as it has the right to that. What a card has begun by then ends
    /// there, and the journal says that nobody waited for it.
    ///
    /// # Errors
    /// `token-invalid` or `origin-not-granted` when the right is taken back or over, and whatever
    /// the work says.
    pub(crate) async fn while_let_in<T>(
        &self,
        caller: &Caller,
        right: Right,
        work: impl Future<Output = Result<T, OperationError>>,
    ) -> Result<T, OperationError> {
        tokio::select! {
            biased;
            error = self.put_out(caller, right) => Err(error.into()),
            done = work => done,
        }
    }

    /// Completes when a caller has a right no more: at once when it is taken back, and at its end.
    pub(crate) async fn put_out(&self, caller: &Caller, right: Right) -> ErrorCode {
        let mut changes = self.grant_book().changes();
        loop {
            changes.mark_unchanged();
            let end = match self.standing(caller, right) {
                Standing::Until(end) => end,
                Standing::ForGood => return std::future::pending().await,
                Standing::Ended => break,
            };
            let left = (end - self.now()).unsigned_abs();
            tokio::select! {
                changed = changes.changed() => if changed.is_err() { break },
                () = tokio::time::sleep(left) => {}
            }
        }
        match caller {
            Caller::Page(_) => ErrorCode::OriginNotGranted,
            Caller::PairedProgram(_) | Caller::SocketProgram(_) | Caller::Console => {
                ErrorCode::TokenInvalid
            }
        }
    }

    /// Whether a caller still has a right that it had when it came.
    pub(crate) fn is_let_in(&self, caller: &Caller, right: Right) -> bool {
        self.standing(caller, right) != Standing::Ended
    }

    fn standing(&self, caller: &Caller, right: Right) -> Standing {
        standing(self.grant_book(), caller, right, self.now())
    }
}

fn standing(book: &GrantBook, caller: &Caller, right: Right, now: OffsetDateTime) -> Standing {
    match caller {
        Caller::PairedProgram(program) => match &program.grant {
            Some(id) => book.read(|grants| {
                let grant = grants.program(id, now);
                let grant = grant.filter(|grant| grant.rights.contains(right));
                grant.map_or(Standing::Ended, |grant| Standing::Until(grant.end))
            }),
            None => Standing::ForGood,
        },
        Caller::SocketProgram(_) | Caller::Console => Standing::ForGood,
        Caller::Page(page) if book.allows(&page.site, right) => Standing::ForGood,
        Caller::Page(page) => book.read(|grants| {
            let of_site = grants.sites(now).filter(|grant| grant.site == page.site);
            let mut with_it = of_site.filter(|grant| grant.rights.contains(right));
            let end = with_it.next().map(|grant| grant.end);
            end.map_or(Standing::Ended, Standing::Until)
        }),
    }
}

#[cfg(test)]
mod tests {
    use daemon_core::{Grants, SITE_LIFETIME};
    use daemon_types::{AllowedSite, GrantId, Origin, Page, Rights, Site};
    use time::macros::datetime;

    use super::*;
    use crate::grant_book::Forgetful;

    const NOW: OffsetDateTime = datetime!(2026-11-22 10:00 UTC);

    #[test]
    fn a_page_keeps_what_the_policy_gives_and_loses_what_its_holder_took_back() {
        let site = Site {
            origin: Origin::parse("https://service.example").unwrap(),
            top_origin: None,
        };
        let allowed = AllowedSite {
            origin: site.origin.clone(),
            rights: Rights::from_iter([Right::Authenticate]),
        };
        let (id, by_holder) = (GrantId("s".into()), Rights::from_iter([Right::Identify]));
        let book = GrantBook::new(Grants::default(), Box::new(Forgetful), vec![allowed]);
        book.add(|grants| grants.add_site(id.clone(), site.clone(), &by_holder, NOW))
            .unwrap();
        let page = Caller::Page(Page {
            rights: book.rights_of(&site, NOW),
            site,
        });
        let standing = |right, now| standing(&book, &page, right, now);
        let end = NOW + SITE_LIFETIME;
        assert_eq!(standing(Right::Identify, NOW), Standing::Until(end));
        assert_eq!(standing(Right::Identify, end), Standing::Ended);
        assert_eq!(standing(Right::Authenticate, NOW), Standing::ForGood);
        let changes = book.changes();
        book.revoke(&id).unwrap();
        assert!(changes.has_changed().unwrap());
        assert_eq!(standing(Right::Identify, NOW), Standing::Ended);
        assert_eq!(standing(Right::Authenticate, NOW), Standing::ForGood);
    }
}
