//! How long to wait before an agent is started again that has ended by itself.

use std::time::Duration;

/// Twice as long each time, up to a minute; from the beginning after one that lived for a while.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Backoff {
    ends: u32,
}

impl Backoff {
    /// The wait after an agent that lived so long.
    pub(crate) fn after(&mut self, lived: Duration) -> Duration {
        if lived >= LONG_LIFE {
            self.ends = 0;
        }
        let wait = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(self.ends));
        self.ends = self.ends.saturating_add(1);
        wait.min(LONGEST_WAIT)
    }
}

const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(60);
const LONG_LIFE: Duration = Duration::from_secs(300);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_is_twice_the_last_up_to_a_minute_and_a_long_life_begins_anew() {
        let mut backoff = Backoff::default();
        let waits: Vec<u64> = (0..8)
            .map(|_| backoff.after(Duration::ZERO).as_secs())
            .collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(backoff.after(LONG_LIFE), FIRST_WAIT);
    }

    #[test]
    fn no_number_of_ends_is_too_many() {
        let mut backoff = Backoff { ends: u32::MAX };
        assert_eq!(backoff.after(Duration::ZERO), LONGEST_WAIT);
    }
}
