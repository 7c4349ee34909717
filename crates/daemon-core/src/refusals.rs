//! Callers whom their holder refused, so that none of them asks again and again.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// How much a holder puts up with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forbearance {
    /// Weight of what was noted at which a caller has to be silent.
    pub limit: u32,
    /// How long it is silent the first time; each further time doubles it.
    pub first_silence: Duration,
    /// The longest silence. What was noted is forgotten as long after it.
    pub longest_silence: Duration,
}

/// Who was refused, and until when they may not ask.
#[derive(Debug)]
pub struct Refusals<K> {
    forbearance: Forbearance,
    noted: HashMap<K, Noted>,
}

#[derive(Clone, Copy, Debug)]
struct Noted {
    weight: u32,
    /// The end of the last silence, or when something was last noted.
    until: Instant,
    silence: Option<Duration>,
}

impl<K: Eq + Hash> Refusals<K> {
    /// Most callers that are remembered; beyond that the one whose silence ended first is not.
    const MOST: usize = 4096;

    /// Nobody was refused yet.
    #[must_use]
    pub fn new(forbearance: Forbearance) -> Self {
        Self {
            forbearance,
            noted: HashMap::new(),
        }
    }

    /// Whether a caller may ask.
    ///
    /// # Errors
    /// How long it has to be silent.
    pub fn check(&self, who: &K, now: Instant) -> Result<(), Duration> {
        let noted = self.noted.get(who);
        let silent = noted.filter(|noted| noted.weight == 0);
        let left = silent.map(|noted| noted.until.saturating_duration_since(now));
        match left {
            Some(left) if !left.is_zero() => Err(left),
            Some(_) | None => Ok(()),
        }
    }

    /// Notes a refusal, or what comes near to one, by its weight.
    pub fn note(&mut self, who: K, weight: u32, now: Instant)
    where
        K: Clone,
    {
        let forbearance = self.forbearance;
        let is_remembered = |noted: &Noted| now < noted.until + forbearance.longest_silence;
        self.noted.retain(|_, noted| is_remembered(noted));
        if self.noted.len() >= Self::MOST && !self.noted.contains_key(&who) {
            let oldest = self.noted.iter().min_by_key(|(_, noted)| noted.until);
            if let Some(oldest) = oldest.map(|(who, _)| who.clone()) {
                self.noted.remove(&oldest);
            }
        }
        let noted = self.noted.entry(who).or_insert(Noted {
            weight: 0,
            until: now,
            silence: None,
        });
        let so_far = noted.weight + weight;
        if so_far < forbearance.limit {
            (noted.weight, noted.until) = (so_far, now.max(noted.until));
            return;
        }
        let silence = noted.silence.map_or(forbearance.first_silence, |before| {
            (2 * before).min(forbearance.longest_silence)
        });
        *noted = Noted {
            weight: 0,
            until: now + silence,
            silence: Some(silence),
        };
    }

    /// Forgets it, since the holder agreed.
    pub fn forget(&mut self, who: &K) {
        self.noted.remove(who);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    fn refusals() -> Refusals<&'static str> {
        Refusals::new(Forbearance {
            limit: 3,
            first_silence: 10 * MINUTE,
            longest_silence: DAY,
        })
    }

    #[test]
    fn each_refusal_doubles_the_silence_up_to_a_day() {
        let (mut refusals, mut now) = (refusals(), Instant::now());
        let mut silences = Vec::new();
        for _ in 0..10 {
            assert_eq!(refusals.check(&"evil", now), Ok(()));
            refusals.note("evil", 3, now);
            let silence = refusals.check(&"evil", now).unwrap_err();
            silences.push(silence.as_secs() / 60);
            now += silence;
        }
        assert_eq!(silences, [10, 20, 40, 80, 160, 320, 640, 1280, 1440, 1440]);
    }

    #[test]
    fn what_is_less_than_a_refusal_counts_when_it_comes_again_and_again() {
        let (mut refusals, now) = (refusals(), Instant::now());
        for _ in 0..2 {
            refusals.note("page", 1, now);
            assert_eq!(refusals.check(&"page", now), Ok(()));
        }
        refusals.note("page", 1, now);
        assert_eq!(refusals.check(&"page", now), Err(10 * MINUTE));
        let later = now + 10 * MINUTE;
        for _ in 0..2 {
            refusals.note("page", 1, later);
            assert_eq!(refusals.check(&"page", later), Ok(()));
        }
        refusals.note("page", 1, later);
        assert_eq!(refusals.check(&"page", later), Err(20 * MINUTE));
    }

    #[test]
    fn a_refusal_is_one_callers_and_is_forgotten_in_the_end() {
        let (mut refusals, now) = (refusals(), Instant::now());
        refusals.note("evil", 3, now);
        assert_eq!(refusals.check(&"service", now), Ok(()));
        let later = now + 10 * MINUTE + DAY;
        refusals.note("evil", 3, later);
        assert_eq!(refusals.check(&"evil", later), Err(10 * MINUTE));
        refusals.forget(&"evil");
        assert_eq!(refusals.check(&"evil", later), Ok(()));
    }

    #[test]
    fn there_is_no_room_for_endless_names() {
        let (mut refusals, now) = (Refusals::new(refusals().forbearance), Instant::now());
        for who in 0..5000 {
            refusals.note(who, 3, now + who * Duration::from_millis(1));
        }
        assert_eq!(refusals.noted.len(), Refusals::<u32>::MOST);
        assert!(refusals.check(&4999, now).is_err());
    }
}
