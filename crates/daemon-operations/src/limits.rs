//! How often callers may ask for what costs the holder's attention, or guess.

use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use daemon_core::{Rate, RateLimits, Refusals};
use daemon_types::{ErrorCode, OperationError, Site};

use crate::Operations;

/// The token buckets of this agent.
#[derive(Debug)]
pub(crate) struct Limits {
    pairings: RateLimits<()>,
    failures: RateLimits<()>,
    sites: RateLimits<Site>,
    all_sites: RateLimits<()>,
    refusals: Refusals,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            pairings: RateLimits::new(PAIRINGS),
            failures: RateLimits::new(FAILURES),
            sites: RateLimits::new(SITE_QUESTIONS),
            all_sites: RateLimits::new(QUESTIONS_OF_ALL_SITES),
            refusals: Refusals::default(),
        }
    }
}

impl Limits {
    /// One more pairing, whoever asks: before it is paired, a program is nobody.
    pub(crate) fn pairing(&mut self, now: Instant) -> Result<(), OperationError> {
        let taken = self.pairings.take((), now);
        taken.map_err(OperationError::rate_limited)
    }

    /// One more question of a site to be let in. All sites together have a limit too, since
    /// whoever has one name can have a thousand.
    pub(crate) fn site_question(
        &mut self,
        site: &Site,
        now: Instant,
    ) -> Result<(), OperationError> {
        let taken = self.refusals.check(site, now);
        let taken = taken.and_then(|()| self.sites.take(site.clone(), now));
        let taken = taken.and_then(|()| self.all_sites.take((), now));
        taken.map_err(OperationError::rate_limited)
    }

    /// The holder does not want to hear of this site for a while.
    pub(crate) fn refuse_site(&mut self, site: &Site, now: Instant) {
        self.refusals.refuse(site.clone(), now);
    }

    /// The holder agreed.
    pub(crate) fn forget_refusals_of(&mut self, site: &Site) {
        self.refusals.forget(site);
    }

    /// One more wrong token or secret.
    fn failure(&mut self, now: Instant) -> Result<(), OperationError> {
        let taken = self.failures.take((), now);
        taken.map_err(OperationError::rate_limited)
    }
}

impl Operations {
    pub(crate) fn limits(&self) -> MutexGuard<'_, Limits> {
        self.0.limits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the caller is told of a failure; a wrong token or secret is counted, and too many are
    /// told apart from it no more.
    pub(crate) fn counted_failure(&self, code: ErrorCode) -> OperationError {
        if code != ErrorCode::TokenInvalid {
            return code.into();
        }
        match self.limits().failure(Instant::now()) {
            Ok(()) => code.into(),
            Err(too_many) => too_many,
        }
    }
}

/// A person pairs a program, perhaps twice.
const PAIRINGS: Rate = Rate {
    burst: 8,
    interval: Duration::from_secs(30),
};

/// A program that was revoked asks some times before it gives up; nobody guesses 256 bits, and
/// the log has to stay readable.
const FAILURES: Rate = Rate {
    burst: 100,
    interval: Duration::from_secs(1),
};

/// A page that is loaded again takes its question along and puts it once more.
const SITE_QUESTIONS: Rate = Rate {
    burst: 3,
    interval: Duration::from_secs(60),
};

/// Nobody lets in more sites than this in a row.
const QUESTIONS_OF_ALL_SITES: Rate = Rate {
    burst: 6,
    interval: Duration::from_secs(60),
};
