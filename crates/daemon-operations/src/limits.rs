//! How often callers may ask for what costs the holder's attention, or guess.

use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use daemon_core::{Forbearance, Rate, RateLimits, Refusals};
use daemon_types::{CallerKey, ErrorCode, OperationError};

use crate::Operations;

/// The token buckets of this agent, and who was refused.
#[derive(Debug)]
pub(crate) struct Limits {
    pairings: RateLimits<()>,
    failures: RateLimits<()>,
    questions: RateLimits<CallerKey>,
    quiet_uses: RateLimits<CallerKey>,
    refused_questions: Refusals<CallerKey>,
    sites: RateLimits<CallerKey>,
    all_sites: RateLimits<()>,
    refused_sites: Refusals<CallerKey>,
    log_lines: RateLimits<ErrorCode>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            pairings: RateLimits::new(PAIRINGS),
            failures: RateLimits::new(FAILURES),
            questions: RateLimits::new(UNANSWERED_QUESTIONS),
            quiet_uses: RateLimits::new(QUIET_USES),
            refused_questions: Refusals::new(REFUSED_QUESTIONS),
            sites: RateLimits::new(SITE_QUESTIONS),
            all_sites: RateLimits::new(QUESTIONS_OF_ALL_SITES),
            refused_sites: Refusals::new(REFUSED_SITES),
            log_lines: RateLimits::new(LOG_LINES),
        }
    }
}

impl Limits {
    /// One more pairing, whoever asks: before it is paired, a program is nobody.
    pub(crate) fn pairing(&mut self, now: Instant) -> Result<(), OperationError> {
        let taken = self.pairings.take((), now);
        taken.map_err(OperationError::rate_limited)
    }

    /// One more question of a caller. Of the demo's own token nobody knows who shows it, and its
    /// cards are test ones: it is not counted.
    pub(crate) fn question(
        &mut self,
        caller: &CallerKey,
        now: Instant,
    ) -> Result<(), OperationError> {
        if *caller == CallerKey::DemoToken {
            return Ok(());
        }
        let taken = self.refused_questions.check(caller, now);
        let taken = taken.and_then(|()| self.questions.take(caller.clone(), now));
        taken.map_err(OperationError::rate_limited)
    }

    /// One more use in a session that asks nobody: each takes two lines of the journal, which must not
    /// push older ones out.
    pub(crate) fn quiet_use(
        &mut self,
        caller: &CallerKey,
        now: Instant,
    ) -> Result<(), OperationError> {
        let taken = self.quiet_uses.take(caller.clone(), now);
        taken.map_err(OperationError::rate_limited)
    }

    /// The holder never saw the question.
    pub(crate) fn give_question_back(&mut self, caller: &CallerKey) {
        self.questions.give_back(caller);
    }

    /// The holder answered it.
    pub(crate) fn agree_to_question(&mut self, caller: &CallerKey) {
        self.questions.give_back(caller);
        self.refused_questions.forget(caller);
    }

    /// The holder said no.
    pub(crate) fn refuse_question(&mut self, caller: &CallerKey, now: Instant) {
        self.refused_questions.note(caller.clone(), 1, now);
    }

    /// One more question of a site to be let in. All sites together have a limit too, since
    /// whoever has one name can have a thousand; a site that meets it is told the same whatever
    /// the others did.
    pub(crate) fn site_question(
        &mut self,
        site: &CallerKey,
        now: Instant,
    ) -> Result<(), OperationError> {
        let taken = self.refused_sites.check(site, now);
        let taken = taken.and_then(|()| self.sites.take(site.clone(), now));
        taken.map_err(OperationError::rate_limited)?;
        self.all_sites.take((), now).map_err(|_| {
            self.sites.give_back(site);
            OperationError::rate_limited(COME_BACK)
        })
    }

    /// The holder never saw the question.
    pub(crate) fn give_site_question_back(&mut self, site: &CallerKey) {
        self.sites.give_back(site);
        self.all_sites.give_back(&());
    }

    /// The holder agreed.
    pub(crate) fn agree_to_site(&mut self, site: &CallerKey) {
        self.refused_sites.forget(site);
    }

    /// The holder does not want to hear of this site for a while.
    pub(crate) fn refuse_site(&mut self, site: &CallerKey, now: Instant) {
        self.refused_sites
            .note(site.clone(), REFUSED_SITES.limit, now);
    }

    /// The page took its question away while the holder read it. One that is loaded again does so,
    /// and one that nags.
    pub(crate) fn withdraw_site(&mut self, site: &CallerKey, now: Instant) {
        self.refused_sites.note(site.clone(), 1, now);
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

    /// Whether one more error of this code is worth a line in the log.
    #[must_use]
    pub fn is_worth_a_line(&self, code: ErrorCode) -> bool {
        let mut limits = self.limits();
        limits.log_lines.take(code, Instant::now()).is_ok()
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

/// A program signs its holder in to all that they use at the beginning of a day, and now and then.
const QUIET_USES: Rate = Rate {
    burst: 100,
    interval: Duration::from_secs(2),
};

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

/// Questions of one caller that the holder saw and did not answer. Those that were answered cost
/// nothing, so that work is never limited.
const UNANSWERED_QUESTIONS: Rate = Rate {
    burst: 60,
    interval: Duration::from_secs(20),
};

/// A holder cancels twice and begins once more; whoever says no three times in a row means it.
const REFUSED_QUESTIONS: Forbearance = Forbearance {
    limit: 3,
    first_silence: Duration::from_secs(30),
    longest_silence: Duration::from_secs(60 * 60),
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

/// One no to a site is enough, or three questions that its page took away again.
const REFUSED_SITES: Forbearance = Forbearance {
    limit: 3,
    first_silence: Duration::from_secs(10 * 60),
    longest_silence: Duration::from_secs(24 * 60 * 60),
};

/// Lines of the log for errors of one code; whoever reads it learns no more from a thousand.
const LOG_LINES: Rate = Rate {
    burst: 100,
    interval: Duration::from_secs(10),
};

/// What a site is told because of others, always the same.
pub(crate) const COME_BACK: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    fn program() -> CallerKey {
        CallerKey::Socket(Some("/usr/bin/nurse".into()))
    }

    #[test]
    fn work_that_the_holder_answers_is_never_limited() {
        let (mut limits, now) = (Limits::default(), Instant::now());
        for _ in 0..1000 {
            limits.question(&program(), now).unwrap();
            limits.agree_to_question(&program());
        }
    }

    #[test]
    fn questions_that_nobody_answers_are_sixty_and_then_one_each_twenty_seconds() {
        let (mut limits, now) = (Limits::default(), Instant::now());
        for _ in 0..60 {
            limits.question(&program(), now).unwrap();
        }
        let error = limits.question(&program(), now).unwrap_err();
        assert_eq!(error.code, ErrorCode::RateLimited);
        assert_eq!(error.retry_after, Some(Duration::from_secs(20)));
        limits.give_question_back(&program());
        limits.question(&program(), now).unwrap();
        let other = CallerKey::Socket(Some("/usr/bin/other".into()));
        limits.question(&other, now).unwrap();
    }

    #[test]
    fn who_cancels_twice_is_asked_once_more_and_the_third_no_means_silence_that_grows() {
        let (mut limits, mut now) = (Limits::default(), Instant::now());
        let mut silences = Vec::new();
        for _ in 0..3 {
            for _ in 0..3 {
                limits.question(&program(), now).unwrap();
                limits.refuse_question(&program(), now);
            }
            let silence = limits.question(&program(), now).unwrap_err().retry_after;
            silences.push(silence.unwrap().as_secs());
            now += silence.unwrap();
        }
        assert_eq!(silences, [30, 60, 120]);
        for _ in 0..3 {
            for _ in 0..2 {
                limits.question(&program(), now).unwrap();
                limits.refuse_question(&program(), now);
            }
            limits.question(&program(), now).unwrap();
            limits.agree_to_question(&program());
        }
    }

    #[test]
    fn a_site_is_told_the_same_whatever_other_sites_did() {
        let (mut limits, now) = (Limits::default(), Instant::now());
        let site = |number: u64| CallerKey::Socket(Some(format!("{number}").into()));
        for number in 0..6 {
            limits.site_question(&site(number), now).unwrap();
        }
        for seconds in [0, 17, 59] {
            let now = now + Duration::from_secs(seconds);
            let error = limits.site_question(&site(7), now).unwrap_err();
            assert_eq!(error.retry_after, Some(COME_BACK));
        }
    }
}
