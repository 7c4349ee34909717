//! Sites that their holder refused, so that none of them asks again and again.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use daemon_types::Site;

/// Who was refused, and until when they may not ask.
#[derive(Debug, Default)]
pub struct Refusals(HashMap<Site, Refusal>);

#[derive(Clone, Copy, Debug)]
struct Refusal {
    until: Instant,
    silence: Duration,
}

impl Refusals {
    /// How long a site is silent after its first refusal; each further one doubles it.
    pub const FIRST_SILENCE: Duration = Duration::from_secs(10 * 60);

    /// The longest silence. A refusal is forgotten as long after its silence.
    pub const LONGEST_SILENCE: Duration = Duration::from_secs(24 * 60 * 60);

    /// Whether a site may ask.
    ///
    /// # Errors
    /// How long it has to be silent.
    pub fn check(&self, site: &Site, now: Instant) -> Result<(), Duration> {
        let refusal = self.0.get(site);
        let left = refusal.map(|refusal| refusal.until.saturating_duration_since(now));
        match left {
            Some(left) if !left.is_zero() => Err(left),
            Some(_) | None => Ok(()),
        }
    }

    /// Remembers that the holder refused a site.
    pub fn refuse(&mut self, site: Site, now: Instant) {
        self.0
            .retain(|_, refusal| now < refusal.until + Self::LONGEST_SILENCE);
        let before = self.0.get(&site).map(|refusal| refusal.silence);
        let silence = before.map_or(Self::FIRST_SILENCE, |before| {
            (2 * before).min(Self::LONGEST_SILENCE)
        });
        let until = now + silence;
        self.0.insert(site, Refusal { until, silence });
    }

    /// Forgets it, since the holder agreed.
    pub fn forget(&mut self, site: &Site) {
        self.0.remove(site);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use daemon_types::Origin;

    fn site(origin: &str) -> Site {
        Site {
            origin: Origin::parse(origin).unwrap(),
            top_origin: None,
        }
    }

    #[test]
    fn each_refusal_doubles_the_silence_up_to_a_day() {
        let (site, mut now) = (site("https://evil.example"), Instant::now());
        let mut refusals = Refusals::default();
        let mut silences = Vec::new();
        for _ in 0..10 {
            assert_eq!(refusals.check(&site, now), Ok(()));
            refusals.refuse(site.clone(), now);
            let silence = refusals.check(&site, now).unwrap_err();
            silences.push(silence.as_secs() / 60);
            now += silence;
        }
        assert_eq!(silences, [10, 20, 40, 80, 160, 320, 640, 1280, 1440, 1440]);
    }

    #[test]
    fn a_refusal_is_one_sites_and_is_forgotten_in_the_end() {
        let (evil, now) = (site("https://evil.example"), Instant::now());
        let mut refusals = Refusals::default();
        refusals.refuse(evil.clone(), now);
        assert_eq!(
            refusals.check(&site("https://service.example"), now),
            Ok(())
        );
        let later = now + Refusals::FIRST_SILENCE + Refusals::LONGEST_SILENCE;
        refusals.refuse(evil.clone(), later);
        assert_eq!(refusals.check(&evil, later), Err(Refusals::FIRST_SILENCE));
        refusals.forget(&evil);
        assert_eq!(refusals.check(&evil, later), Ok(()));
    }
}
