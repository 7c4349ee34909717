//! How often somebody may do something.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// So many at once, and one more after each interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many may come at once.
    pub burst: u32,
    /// How long it takes until one more may come.
    pub interval: Duration,
}

/// A token bucket for each of those who do it. Each is kept as the moment at which it is full
/// again, so one that is full takes no room.
#[derive(Debug)]
pub struct RateLimits<K> {
    rate: Rate,
    full_at: HashMap<K, Instant>,
}

impl<K: Eq + Hash> RateLimits<K> {
    /// Most buckets that are not full; whoever needs one more waits.
    const MOST: usize = 4096;

    /// Full buckets for all.
    #[must_use]
    pub fn new(rate: Rate) -> Self {
        Self {
            rate,
            full_at: HashMap::new(),
        }
    }

    /// Takes one from the bucket of `who`.
    ///
    /// # Errors
    /// How long to wait, when it is empty.
    pub fn take(&mut self, who: K, now: Instant) -> Result<(), Duration> {
        if !self.full_at.contains_key(&who) && self.full_at.len() >= Self::MOST {
            self.full_at.retain(|_, full_at| now < *full_at);
            if self.full_at.len() >= Self::MOST {
                return Err(self.rate.interval);
            }
        }
        let full_at = self.full_at.entry(who).or_insert(now);
        let after_this = (*full_at).max(now) + self.rate.interval;
        let missing = after_this.saturating_duration_since(now);
        let wait = missing.saturating_sub(self.rate.interval * self.rate.burst);
        if !wait.is_zero() {
            return Err(wait);
        }
        *full_at = after_this;
        Ok(())
    }

    /// Puts back what `who` took, because it harmed nobody.
    pub fn give_back(&mut self, who: &K) {
        if let Some(full_at) = self.full_at.get_mut(who) {
            *full_at = full_at.checked_sub(self.rate.interval).unwrap_or(*full_at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn limits() -> RateLimits<u32> {
        RateLimits::new(Rate {
            burst: 3,
            interval: 10 * SECOND,
        })
    }

    #[test]
    fn a_burst_and_then_one_after_each_interval() {
        let (mut limits, start) = (limits(), Instant::now());
        for _ in 0..3 {
            assert_eq!(limits.take(1, start), Ok(()));
        }
        assert_eq!(limits.take(1, start), Err(10 * SECOND));
        assert_eq!(limits.take(1, start + 4 * SECOND), Err(6 * SECOND));
        assert_eq!(limits.take(1, start + 10 * SECOND), Ok(()));
        assert_eq!(limits.take(1, start + 10 * SECOND), Err(10 * SECOND));
        assert_eq!(limits.take(2, start), Ok(()), "nobody else pays for it");
    }

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let (mut limits, start) = (limits(), Instant::now());
        for _ in 0..100 {
            assert_eq!(limits.take(1, start), Ok(()));
            limits.give_back(&1);
        }
    }

    #[test]
    fn there_is_no_room_for_endless_names() {
        let (mut limits, start) = (limits(), Instant::now());
        let taken = (0..10_000).filter(|who| limits.take(*who, start).is_ok());
        assert_eq!(taken.count(), RateLimits::<u32>::MOST);
        assert_eq!(limits.take(10_001, start + 10 * SECOND), Ok(()));
    }

    proptest! {
        #[test]
        fn nobody_gets_more_than_the_burst_and_what_the_time_brings(
            waits in proptest::collection::vec(0_u64..30, 1..100),
        ) {
            let (mut limits, start) = (limits(), Instant::now());
            let (mut now, mut taken) = (start, 0);
            for wait in waits {
                now += Duration::from_millis(500 * wait);
                taken += u64::from(limits.take(1, now).is_ok());
                prop_assert!(taken <= 3 + now.duration_since(start).as_secs() / 10);
            }
        }
    }
}
