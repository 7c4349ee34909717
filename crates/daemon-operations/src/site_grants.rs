//! Letting a site in: its page asks, the holder agrees once, for a time.

use std::time::Duration;

use daemon_core::SITE_LIFETIME;
use daemon_journal::{Decision, Entry, Who};
use daemon_types::{
    Applicant, Caller, ErrorCode, GrantQuestion, OperationError, Page, Rights, Site,
};
use time::OffsetDateTime;
use tokio::time::Instant;

use crate::Operations;
use crate::grants::{names, until, was_never_decided};
use crate::randomness::random_id;

/// What a page may do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteAccess {
    /// Its site.
    pub site: Site,
    /// What it may do.
    pub rights: Rights,
    /// Until when, where that has an end.
    pub end: Option<OffsetDateTime>,
}

impl Operations {
    /// The page of a site, with what was granted to that.
    #[must_use]
    pub fn page(&self, site: Site) -> Page {
        let rights = self.grant_book().rights_of(&site, self.now());
        Page { site, rights }
    }

    /// Asks the holder to let a page's site in, unless it may do all that already; for two minutes
    /// at most. A page that leaves takes its question along, and is remembered if the holder had it
    /// before them.
    ///
    /// # Errors
    /// `right-missing` for callers that are no page, `rate-limited` also for as long as an earlier
    /// refusal is remembered, `cancelled`, `timeout`, `internal`. Never `busy`: what others do is
    /// not for a site to know.
    pub async fn request_site_grant(
        &self,
        caller: &Caller,
        rights: Rights,
        deadline: Instant,
    ) -> Result<SiteAccess, OperationError> {
        let Caller::Page(page) = caller else {
            return Err(ErrorCode::RightMissing.into());
        };
        if page.rights.cover(&rights) {
            return Ok(self.access_of(page));
        }
        // A yes puts off the end of what was granted before, so the holder must read that too.
        let rights = Rights::from_iter(page.rights.iter().chain(rights.iter()));
        let key = caller.key();
        let place = self.place_of_a_new_site(&key)?;
        let question = GrantQuestion {
            applicant: Applicant::Page(page.site.clone()),
            rights: rights.clone(),
            environment: self.environment(),
        };
        let deadline = deadline.min(Instant::now() + LONGEST_QUESTION);
        let agreed = self.ask_for_grant(&key, place, &question, deadline).await;
        let undecided = was_never_decided(&agreed);
        let origin = page.site.origin.as_str();
        if let Err(error) = agreed {
            tracing::info!(event = "site-refused", origin, code = %error.code, "a site was not let in");
            if undecided {
                // Neither what others do nor whether somebody sits here is for a site to know.
                return Err(error.code.into());
            }
            let refused = told(Decision::Refused, &page.site, &rights, None);
            self.record_if_possible(refused).await;
            return Err(error);
        }
        let (id, now) = (random_id()?, self.now());
        let site = page.site.clone();
        let given = told(Decision::Given, &site, &rights, Some(now + SITE_LIFETIME));
        self.record(given).await?;
        let added = self.change_grants(move |book| {
            book.add(|grants| grants.add_site(id.clone(), site.clone(), &rights, now))
        });
        let grant = added.await?;
        tracing::info!(
            event = "site-let-in",
            origin,
            grant = grant.id.0,
            "a site was let in"
        );
        Ok(self.access_of(&self.page(grant.site)))
    }

    fn access_of(&self, page: &Page) -> SiteAccess {
        let now = self.now();
        SiteAccess {
            site: page.site.clone(),
            rights: page.rights.clone(),
            end: self.grant_book().read(|grants| {
                let mut of_site = grants.sites(now).filter(|grant| grant.site == page.site);
                of_site.next().map(|grant| grant.end)
            }),
        }
    }
}

/// What the journal tells of a site's grant.
pub(crate) fn told(
    decision: Decision,
    site: &Site,
    rights: &Rights,
    end: Option<OffsetDateTime>,
) -> Entry {
    Entry::Grant {
        decision,
        who: Who::page(&site.origin, site.top_origin.as_ref()),
        rights: names(rights),
        until: end.map(until),
    }
}

/// How long a site's question stays before the holder, whatever its page asks for: no site is to
/// keep others from theirs for longer.
const LONGEST_QUESTION: Duration = Duration::from_secs(120);
