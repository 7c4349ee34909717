//! What clients were told, and whether the journal and the grants know it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use daemon_journal::{Entry, Line, Operation, PairingStep, Who};

use crate::run::clients::Told;

/// Everything that was acknowledged so far.
#[derive(Debug, Default)]
pub(crate) struct Ledger(Mutex<Accounts>);

#[derive(Debug, Default)]
struct Accounts {
    done: BTreeMap<Use, u64>,
    pairings: BTreeMap<String, Pairing>,
    refusals: BTreeMap<String, u64>,
    cut: u64,
}

/// A use of the card, as far as a client can tell it from others. The system gives process ids anew
/// after a while, so there may be several of one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Use {
    Socket { pid: u32, digests: Option<usize> },
    Program { grant: String },
}

/// How far a pairing got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pairing {
    Given,
    /// The client asked for its end and was not answered yet.
    Ending,
    Revoked,
}

impl Ledger {
    /// Notes the answer to a call on the socket; whether there was one that helped.
    pub(crate) fn operation(&self, told: &Told, digests: Option<usize>) -> bool {
        let pid = told.pid;
        self.note(told, Use::Socket { pid, digests })
    }

    /// The same for a paired program.
    pub(crate) fn operation_of_program(&self, grant: &str, told: &Told) -> bool {
        let grant = grant.to_owned();
        self.note(told, Use::Program { grant })
    }

    fn note(&self, told: &Told, used: Use) -> bool {
        if told.status != 200 {
            return self.refusal(told);
        }
        *self.lock().done.entry(used).or_default() += 1;
        true
    }

    /// Notes a call that did not succeed.
    pub(crate) fn refusal(&self, told: &Told) -> bool {
        let mut accounts = self.lock();
        match (told.status, told.body["code"].as_str()) {
            (0, _) => accounts.cut += 1,
            (status, code) => {
                let code = code.map_or_else(|| format!("status {status}"), str::to_owned);
                *accounts.refusals.entry(code).or_default() += 1;
            }
        }
        false
    }

    pub(crate) fn paired(&self, grant: &str) {
        self.set(grant, Pairing::Given);
    }

    pub(crate) fn is_about_to_revoke(&self, grant: &str) {
        self.set(grant, Pairing::Ending);
    }

    pub(crate) fn revoked(&self, grant: &str) {
        self.set(grant, Pairing::Revoked);
    }

    fn set(&self, grant: &str, state: Pairing) {
        self.lock().pairings.insert(grant.to_owned(), state);
    }

    /// How many uses of the card were acknowledged.
    pub(crate) fn acknowledged(&self) -> u64 {
        self.lock().done.values().sum()
    }

    /// Whether each kind of client got something, without which the run shows nothing.
    pub(crate) fn has_all_kinds(&self) -> bool {
        let accounts = self.lock();
        let counts = accounts.counts();
        counts.iter().all(|(_, count)| *count > 0)
    }

    /// Whether every refusal says what is true of an agent that has just begun: it has not seen the
    /// card yet, and forgot the pairings that waited.
    pub(crate) fn is_typed(&self) -> bool {
        let typed = ["not-found", "card-removed", "rate-limited"];
        let accounts = self.lock();
        let mut codes = accounts.refusals.keys();
        codes.all(|code| typed.contains(&code.as_str()))
    }

    /// Fails unless the grants are there that a program was told of, and those are not that were revoked.
    pub(crate) fn compare_grants(&self, kept: &BTreeSet<String>) {
        for (grant, pairing) in &self.lock().pairings {
            let is_kept = kept.contains(grant);
            let is_right = match pairing {
                Pairing::Given => is_kept,
                Pairing::Ending => true,
                Pairing::Revoked => !is_kept,
            };
            assert!(is_right, "{pairing:?} and kept: {is_kept}");
        }
    }

    /// Looks for everything that was acknowledged in the journal.
    pub(crate) fn compare(&self, journal: &[Line]) -> Verdict {
        let told = Journalled::of(journal);
        let accounts = self.lock();
        let uses = accounts.done.iter().map(|(used, acknowledged)| {
            acknowledged.saturating_sub(told.done.get(used).copied().unwrap_or_default())
        });
        let pairings = accounts.pairings.iter().filter(|(grant, pairing)| {
            let is_revoked = **pairing == Pairing::Revoked;
            !told.accepted.contains(*grant) || (is_revoked && !told.revoked.contains(*grant))
        });
        Verdict {
            missing: uses.sum::<u64>() + u64::try_from(pairings.count()).unwrap_or(u64::MAX),
            without_outcome: told.without_outcome,
            unheard: told
                .done
                .values()
                .sum::<u64>()
                .saturating_sub(accounts.done.values().sum()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Accounts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Accounts {
    fn counts(&self) -> [(&'static str, u64); 5] {
        let uses = |is_such: fn(&Use) -> bool| {
            let such = self.done.iter().filter(|(used, _)| is_such(used));
            such.map(|(_, times)| times).sum()
        };
        let pairings = |is_such: fn(Pairing) -> bool| {
            let such = self.pairings.values();
            let such = such.filter(|pairing| is_such(**pairing)).count();
            u64::try_from(such).unwrap_or(u64::MAX)
        };
        [
            (
                "tokens over the socket",
                uses(|used| matches!(used, Use::Socket { digests: None, .. })),
            ),
            (
                "signature requests",
                uses(|used| {
                    matches!(
                        used,
                        Use::Socket {
                            digests: Some(_),
                            ..
                        }
                    )
                }),
            ),
            (
                "tokens of the paired program",
                uses(|used| matches!(used, Use::Program { .. })),
            ),
            ("pairings", pairings(|_| true)),
            ("revocations", pairings(|state| state == Pairing::Revoked)),
        ]
    }
}

impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let accounts = self.lock();
        write!(f, "acknowledged")?;
        for (what, count) in accounts.counts() {
            write!(f, " {count} {what},")?;
        }
        write!(f, " {} connections cut", accounts.cut)?;
        for (code, times) in &accounts.refusals {
            write!(f, ", {times} {code}")?;
        }
        Ok(())
    }
}

/// What the journal has.
#[derive(Debug, Default)]
struct Journalled {
    done: BTreeMap<Use, u64>,
    accepted: BTreeSet<String>,
    revoked: BTreeSet<String>,
    without_outcome: usize,
}

impl Journalled {
    fn of(lines: &[Line]) -> Self {
        let mut journalled = Self::default();
        let mut open = BTreeMap::new();
        for line in lines {
            if let Entry::Intent {
                who,
                operation,
                digests,
                ..
            } = &line.entry
            {
                open.insert(line.seq, used(who, *operation, *digests));
            }
            if let Entry::Outcome { of, result } = &line.entry
                && let Some(used) = open.remove(of).flatten()
                && result.result == "ok"
            {
                *journalled.done.entry(used).or_default() += 1;
            }
            if let Entry::Pairing { step, id, .. } = &line.entry {
                let id = id.as_str().to_owned();
                let _ = match step {
                    PairingStep::Accepted => journalled.accepted.insert(id),
                    PairingStep::Revoked => journalled.revoked.insert(id),
                    PairingStep::Asked | PairingStep::Refused => false,
                };
            }
        }
        journalled.without_outcome = open.len();
        journalled
    }
}

fn used(who: &Who, operation: Operation, digests: Option<usize>) -> Option<Use> {
    let is_expected = digests.is_some() == (operation == Operation::Sign);
    match who {
        Who::Socket { pid, .. } if is_expected => Some(Use::Socket {
            pid: (*pid)?,
            digests,
        }),
        Who::Program { id, .. } => Some(Use::Program {
            grant: id.as_ref()?.as_str().to_owned(),
        }),
        Who::Socket { .. } | Who::Page { .. } | Who::Console => None,
    }
}

/// The acknowledgements beside the journal.
#[derive(Debug)]
pub(crate) struct Verdict {
    /// Acknowledged, and not in the journal with intent and outcome.
    missing: u64,
    /// Intents that a kill cut short.
    without_outcome: usize,
    /// Done, and the answer was cut off by a kill.
    unheard: u64,
}

impl Verdict {
    /// Whether the journal has all that was acknowledged.
    pub(crate) fn is_complete(&self) -> bool {
        self.missing == 0
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "missing      {} acknowledged operations; {} intents without an outcome, {} done whose answer was cut",
            self.missing, self.without_outcome, self.unheard
        )
    }
}
