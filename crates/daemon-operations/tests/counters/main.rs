//! The counters of the codes through random days: what holders do, what goes wrong, and what other
//! programs do with the same card.
//!
//! A case is a workstation with two cards of one generation and a row of steps. After each step:
//!
//! - every code that a card got from the agent was typed by the holder, for the card that the
//!   question named, and reached it at most once for each question; undisturbed, exactly once;
//! - the last try was spent only after the holder's yes;
//! - the memory of both cards is what those codes and the other program's account for;
//! - the API tells the counters that the card has.
//!
//! `PROPTEST_CASES` plays more of them. A case that fails is kept in `regressions.txt`, to be committed.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::unreachable,
    reason = "what cannot be prepared or asked fails its test"
)]

mod callers;
mod model;
mod shared_reader;
mod witness;
mod workstation;

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

use workstation::Workstation;

fn config() -> ProptestConfig {
    let mut config = ProptestConfig::default();
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = CASES;
    }
    config.failure_persistence = Some(Box::new(FileFailurePersistence::Direct(REGRESSIONS)));
    config
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_day_loses_a_try_that_nobody_spent(setting in model::setting(), steps in model::steps()) {
        let mut workstation = Workstation::new(setting);
        for step in &steps {
            workstation.play(step);
        }
    }
}

const CASES: u32 = 128;
const REGRESSIONS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/counters/regressions.txt"
);
