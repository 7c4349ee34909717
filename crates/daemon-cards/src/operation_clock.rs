//! Whose time an operation takes: the card's, its holder's, or our own.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The clock of one operation; clones are the same clock.
#[derive(Clone, Debug)]
pub struct OperationClock(Arc<Mutex<Running>>);

/// What an operation took so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeSpent {
    /// By the agent itself, its waits for other callers' work at the same reader included.
    pub agent: Duration,
    /// By the worker of the card: commands, reader, driver, and other programs' transactions.
    pub card: Duration,
    /// By who is asked, at the screen or at the keypad of the reader.
    pub holder: Duration,
}

/// Whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Agent,
    Card,
    Holder,
}

#[derive(Debug)]
struct Running {
    turn: Turn,
    since: Instant,
    spent: TimeSpent,
}

impl Default for OperationClock {
    /// A clock that begins now.
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Running {
            turn: Turn::Agent,
            since: Instant::now(),
            spent: TimeSpent::default(),
        })))
    }
}

impl OperationClock {
    /// Counts as the holder's what passes until `asked` is done or dropped.
    pub async fn with_holder<T>(&self, asked: impl Future<Output = T>) -> T {
        let _back = self.turn_until_dropped(Turn::Holder, Turn::Agent);
        asked.await
    }

    /// What it took until now.
    #[must_use]
    pub fn spent(&self) -> TimeSpent {
        self.give_turn(Turn::Agent)
    }

    /// The worker has taken the job up.
    pub(crate) fn card_begins(&self) {
        self.hand_over(Turn::Agent, Turn::Card);
    }

    /// The worker has its answer.
    pub(crate) fn card_ends(&self) {
        self.hand_over(Turn::Card, Turn::Agent);
    }

    /// Counts as the holder's what somebody types at the keypad, in the midst of the card's work.
    pub(crate) fn during_entry<T>(&self, entry: impl FnOnce() -> T) -> T {
        let _back = self.turn_until_dropped(Turn::Holder, Turn::Card);
        entry()
    }

    fn turn_until_dropped(&self, turn: Turn, next: Turn) -> Back<'_> {
        self.give_turn(turn);
        Back { clock: self, next }
    }

    fn give_turn(&self, turn: Turn) -> TimeSpent {
        self.running().give_turn(turn);
        self.running().spent
    }

    /// A worker that was not waited for must not take the time from whose turn it is by then.
    fn hand_over(&self, from: Turn, to: Turn) {
        let mut running = self.running();
        if running.turn == from {
            running.give_turn(to);
        }
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Running {
    fn give_turn(&mut self, turn: Turn) {
        let now = Instant::now();
        let whose = match self.turn {
            Turn::Agent => &mut self.spent.agent,
            Turn::Card => &mut self.spent.card,
            Turn::Holder => &mut self.spent.holder,
        };
        *whose += now.duration_since(self.since);
        self.since = now;
        self.turn = turn;
    }
}

struct Back<'a> {
    clock: &'a OperationClock,
    next: Turn,
}

impl Drop for Back<'_> {
    fn drop(&mut self) {
        self.clock.give_turn(self.next);
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    const A_WHILE: Duration = Duration::from_millis(5);

    #[test]
    fn each_turn_counts_for_whose_it_is_and_typing_at_the_keypad_for_the_holder() {
        let clock = OperationClock::default();
        clock.card_begins();
        thread::sleep(A_WHILE);
        let before = clock.running().spent.card;
        clock.during_entry(|| thread::sleep(A_WHILE));
        let spent = clock.running().spent;
        assert!(spent.holder >= A_WHILE, "{spent:?}");
        assert!(
            before < spent.card && spent.card >= A_WHILE,
            "{before:?} {spent:?}"
        );
        clock.card_ends();
        thread::sleep(A_WHILE);
        let spent = clock.spent();
        assert!(spent.agent >= A_WHILE, "{spent:?}");
        assert_eq!(clock.spent().card, spent.card, "its turn is over");
    }
}
