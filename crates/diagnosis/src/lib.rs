//! From what was found out about a workstation to what is wrong with it.
//!
//! [`Facts`] are plain and say where they are not known; [`diagnose`] gives one [`Finding`] for each
//! [`Check`], in the order in which a person should mend them, so that the first one that failed is the
//! root cause. What hangs on a failed check is not judged: it names that check instead. Nothing here
//! reads a clock, a file or a card, and no sentence is made: a cause is a code with parameters.

mod cause;
mod check;
pub mod facts;
mod finding;
mod pro_sante_connect;
mod rules;
#[cfg(test)]
mod sample;

pub use cause::{Cause, CauseCode, Value};
pub use check::Check;
pub use facts::Facts;
pub use finding::{Action, Detail, DetailName, Finding, State};
pub use pro_sante_connect::{Readiness, ReadinessState};

use finding::Verdict;
pub use rules::JOURNAL_LINES;

/// Everything that is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// One for each check, in the order of [`Check::ALL`].
    pub findings: Vec<Finding>,
    /// Whether Pro Santé Connect can be entered by card here.
    pub pro_sante_connect: Readiness,
}

impl Diagnosis {
    /// The root cause: the first check that failed.
    #[must_use]
    pub fn first_failed(&self) -> Option<&Finding> {
        let mut findings = self.findings.iter();
        findings.find(|finding| finding.state == State::Failed)
    }
}

/// Judges the facts.
#[must_use]
pub fn diagnose(facts: &Facts) -> Diagnosis {
    let mut findings: Vec<Finding> = Vec::with_capacity(Check::ALL.len());
    for check in Check::ALL {
        let verdict = match root_of(*check, &findings) {
            Some(root) => Verdict::hangs_on(root),
            None => said_of_silence(*check, rules::judge(*check, facts), facts),
        };
        findings.push(verdict.of(*check));
    }
    let pro_sante_connect = pro_sante_connect::judge(facts, &findings);
    Diagnosis {
        findings,
        pro_sante_connect,
    }
}

/// That nobody knows is better said with the reason, where it is that the system is silent.
fn said_of_silence(check: Check, verdict: Verdict, facts: &Facts) -> Verdict {
    let is_unknown = verdict.state == State::Unknown;
    if is_unknown && facts.unanswered.contains(&check) {
        return Verdict::unknown(CauseCode::NoAnswer).with_action(Action::Reload);
    }
    verdict
}

/// The failed check on which this one hangs, directly or through others.
fn root_of(check: Check, found: &[Finding]) -> Option<Check> {
    let needed = check.needs().iter();
    needed
        .filter_map(|needed| found.iter().find(|finding| finding.check == *needed))
        .find_map(|finding| match finding.state {
            State::Failed => Some(finding.check),
            State::Ok | State::Warning | State::Unknown | State::NotApplicable => finding.hangs_on,
        })
}

#[cfg(test)]
mod tests;
