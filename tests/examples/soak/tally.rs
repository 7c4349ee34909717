//! What clients were told, by code.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use cpxd_tests::agent::Answer;

/// Answers so far.
#[derive(Debug, Default)]
pub(crate) struct Tally(Mutex<BTreeMap<String, u64>>);

impl Tally {
    pub(crate) fn count(&self, answer: &Answer) {
        let told = match (answer.status, answer.code()) {
            (200, _) => SUCCESS.to_owned(),
            (status, "") => format!("no code, status {status}: {}", answer.text),
            (_, code) => code.to_owned(),
        };
        *self.lock().entry(told).or_default() += 1;
    }

    pub(crate) fn requests(&self) -> u64 {
        self.lock().values().sum()
    }

    pub(crate) fn successes(&self) -> u64 {
        self.lock().get(SUCCESS).copied().unwrap_or_default()
    }

    /// Whether every answer was a success, or says what is true of a card that comes and goes.
    pub(crate) fn is_typed(&self) -> bool {
        self.lock()
            .keys()
            .all(|told| TYPED.contains(&told.as_str()))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<_> = self
            .lock()
            .iter()
            .map(|(told, times)| format!("{times:>8}  {told}"))
            .collect();
        f.write_str(&lines.join("\n"))
    }
}

const SUCCESS: &str = "succeeded";
const TYPED: [&str; 5] = [
    SUCCESS,
    "card-removed",
    "card-mute",
    "reader-lost",
    "pcsc-unavailable",
];
