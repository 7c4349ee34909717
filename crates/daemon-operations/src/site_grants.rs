//! Letting a site in: its page asks, the holder agrees once, for a time.

use std::time::Instant as StdInstant;

use daemon_core::SITE_LIFETIME;
use daemon_journal::{Decision, Entry, Who};
use daemon_types::{
    Applicant, Caller, ErrorCode, GrantQuestion, OperationError, Page, Rights, Site,
};
use time::OffsetDateTime;
use tokio::time::Instant;

use crate::Operations;
use crate::grants::{names, until, was_never_put};
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

    /// Asks the holder to let a page's site in, unless it may do all that already. A page that
    /// leaves takes its question along.
    ///
    /// # Errors
    /// `right-missing` for callers that are no page, `rate-limited` also for as long as an earlier
    /// refusal is remembered, `busy` while another site asks, `cancelled`, `timeout`, `internal`.
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
        let only_one = self.0.site_questions.try_acquire();
        let _only_one = only_one.map_err(|_| ErrorCode::Busy)?;
        self.limits().site_question(&page.site, StdInstant::now())?;
        let question = GrantQuestion {
            applicant: Applicant::Page(page.site.clone()),
            rights: rights.clone(),
            environment: self.environment(),
        };
        let agreed = self.ask_for_grant(&question, deadline).await;
        let origin = page.site.origin.as_str();
        if was_never_put(&agreed) {
            return Err(ErrorCode::Busy.into());
        }
        if let Err(error) = agreed {
            tracing::info!(origin, code = %error.code, "a site was not let in");
            self.limits().refuse_site(&page.site, StdInstant::now());
            let refused = told(Decision::Refused, &page.site, &rights, None);
            self.record_if_possible(refused).await;
            return Err(error);
        }
        self.limits().forget_refusals_of(&page.site);
        let (id, now) = (random_id()?, self.now());
        let site = page.site.clone();
        let given = told(Decision::Given, &site, &rights, Some(now + SITE_LIFETIME));
        self.record(given).await?;
        let book = self.grant_book();
        let grant = book.add(|grants| grants.add_site(id, site, &rights, now))?;
        tracing::info!(origin, grant = grant.id.0, "a site was let in");
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
