//! Whether Pro Santé Connect can be entered by card on this workstation.
//!
//! There the browser authenticates with the card, through Cryptolib CPS; the agent takes no part in it.

use daemon_types::Environment;

use crate::facts::Facts;
use crate::rules::cryptolib::is_too_old_for_a_card;
use crate::{Check, Finding, State};

/// Whether it can, and why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readiness {
    /// Whether it can.
    pub state: ReadinessState,
    /// Stable code of the reason; each has its sentence in `diagnosis.ftl`.
    pub reason: &'static str,
    /// The check that failed, where that is the reason.
    pub check: Option<Check>,
}

/// Whether it can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadinessState {
    /// All that can be looked at is as it must be.
    Ready,
    /// Something is missing.
    NotReady,
    /// Nobody could find out.
    Unknown,
}

impl ReadinessState {
    /// Its name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::NotReady => "notReady",
            Self::Unknown => "unknown",
        }
    }
}

/// Every reason there is.
#[cfg(test)]
pub(crate) const REASONS: [&str; 8] = [
    "check-failed",
    "card-not-read",
    "not-registered",
    "register-unknown",
    "cryptolib-missing",
    "cryptolib-too-old",
    "ready",
    "ready-for-tests",
];

pub(crate) fn judge(facts: &Facts, findings: &[Finding]) -> Readiness {
    let mut failed = findings
        .iter()
        .filter(|finding| finding.state == State::Failed);
    // What is to be mended first is the same whatever for.
    let first = failed.clone().next();
    let is_kept_away = failed.any(|finding| NEEDED.contains(&finding.check));
    if let Some(first) = first.filter(|_| is_kept_away) {
        return Readiness {
            state: ReadinessState::NotReady,
            reason: "check-failed",
            check: Some(first.check),
        };
    }
    let Some(card) = facts.cards.first() else {
        return because(ReadinessState::Unknown, "card-not-read");
    };
    if card.is_registered == Some(false) {
        return because(ReadinessState::NotReady, "not-registered");
    }
    if facts.cryptolib.is_there == Some(false) {
        return because(ReadinessState::NotReady, "cryptolib-missing");
    }
    if is_too_old_for_a_card(facts) {
        return because(ReadinessState::NotReady, "cryptolib-too-old");
    }
    if card.is_registered.is_none() || facts.cryptolib.is_there.is_none() {
        return because(ReadinessState::Unknown, "register-unknown");
    }
    match card.environment {
        Environment::Production => because(ReadinessState::Ready, "ready"),
        Environment::Test => because(ReadinessState::Ready, "ready-for-tests"),
    }
}

fn because(state: ReadinessState, reason: &'static str) -> Readiness {
    Readiness {
        state,
        reason,
        check: None,
    }
}

/// What the browser needs of the card, too.
const NEEDED: [Check; 11] = [
    Check::Clock,
    Check::PcscService,
    Check::ReaderDriver,
    Check::Reader,
    Check::ReaderHeld,
    Check::Card,
    Check::CardAnswers,
    Check::CardKnown,
    Check::CardEnvironment,
    Check::CertificateDates,
    Check::Code,
];

#[cfg(test)]
mod tests {
    use daemon_types::{CodeCondition, Generation};

    use super::*;
    use crate::sample::sound;

    fn judged(change: impl FnOnce(&mut Facts)) -> (ReadinessState, &'static str) {
        let mut facts = sound();
        facts.cryptolib.is_there = Some(true);
        facts.cryptolib.version = Some([5, 2, 2]);
        change(&mut facts);
        let found = crate::diagnose(&facts).pro_sante_connect;
        assert!(REASONS.contains(&found.reason), "{}", found.reason);
        (found.state, found.reason)
    }

    #[test]
    fn what_is_to_be_mended_first_is_the_root_cause_of_all() {
        let mut facts = sound();
        facts.service = crate::facts::ServiceFact::NotRunning;
        let named = |facts: &Facts| crate::diagnose(facts).pro_sante_connect.check;
        assert_eq!(named(&facts), Some(Check::PcscService));
        facts.agent.state = crate::facts::AgentState::Absent;
        assert_eq!(named(&facts), Some(Check::AgentRuns));
        // The browser needs no agent.
        facts.service = crate::facts::ServiceFact::Works;
        assert_eq!(named(&facts), None);
    }

    #[test]
    fn a_good_card_with_a_fit_cryptolib_is_ready() {
        assert_eq!(judged(|_| {}), (ReadinessState::Ready, "ready"));
        let test = judged(|facts| {
            facts.environment = Environment::Test;
            facts.cards[0].environment = Environment::Test;
        });
        assert_eq!(test, (ReadinessState::Ready, "ready-for-tests"));
    }

    #[test]
    fn a_blocked_code_a_missing_cryptolib_and_one_that_is_too_old_are_not_ready() {
        let not_ready = |reason| (ReadinessState::NotReady, reason);
        let blocked = judged(|facts| facts.cards[0].pin.condition = CodeCondition::Blocked);
        assert_eq!(blocked, not_ready("check-failed"));
        let missing = judged(|facts| facts.cryptolib.is_there = Some(false));
        assert_eq!(missing, not_ready("cryptolib-missing"));
        let old = judged(|facts| {
            facts.cards[0].generation = Some(Generation::Cps4);
            facts.cryptolib.version = Some([5, 1, 12]);
        });
        assert_eq!(old, not_ready("cryptolib-too-old"));
        let unregistered = judged(|facts| facts.cards[0].is_registered = Some(false));
        assert_eq!(unregistered, not_ready("not-registered"));
    }

    #[test]
    fn what_nobody_could_find_out_is_not_called_ready() {
        let unknown = |reason| (ReadinessState::Unknown, reason);
        assert_eq!(
            judged(|facts| facts.cards.clear()),
            unknown("card-not-read")
        );
        let nobody_knows = judged(|facts| facts.cards[0].is_registered = None);
        assert_eq!(nobody_knows, unknown("register-unknown"));
    }
}
