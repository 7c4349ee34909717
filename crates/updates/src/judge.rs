//! Whether a manifest that was signed well is news. Time is an argument.

use semver::Version;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::{Manifest, UpdateError};

/// The latest announcement that was believed; kept, so that none before it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Seen {
    /// The version that it announced.
    pub version: Version,
    /// When it was made, in seconds of Unix time.
    pub published: i64,
    /// SHA-256 of its bytes, hexadecimal.
    pub digest: String,
}

/// What a good announcement says to the version that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// The version that is newer than the one that runs; `None` when none is.
    pub newer: Option<Version>,
    /// What is to be kept in place of what was seen before.
    pub seen: Seen,
}

/// Judges an announcement by what runs, what was seen before, and the clock.
///
/// # Errors
/// [`UpdateError`] when it announces something older than what runs or was seen, differs from what was
/// seen, or its time is over or has not come.
pub fn judge(
    manifest: &Manifest,
    running: &Version,
    seen: Option<&Seen>,
    now: OffsetDateTime,
) -> Result<News, UpdateError> {
    if manifest.published > now.saturating_add(TOLERANCE) {
        return Err(UpdateError::ClockWrong);
    }
    if manifest.expires < now {
        return Err(UpdateError::Expired(manifest.expires));
    }
    if manifest.version < *running {
        return Err(UpdateError::Older {
            offered: manifest.version.clone(),
            running: running.clone(),
        });
    }
    let now_seen = Seen {
        version: manifest.version.clone(),
        published: manifest.published.unix_timestamp(),
        digest: hex::encode(manifest.digest),
    };
    if let Some(seen) = seen {
        follows(seen, &now_seen)?;
    }
    Ok(News {
        newer: (manifest.version > *running).then(|| manifest.version.clone()),
        seen: now_seen,
    })
}

fn follows(seen: &Seen, now: &Seen) -> Result<(), UpdateError> {
    if now.version < seen.version {
        return Err(UpdateError::Older {
            offered: now.version.clone(),
            running: seen.version.clone(),
        });
    }
    if now.published < seen.published {
        let time = |seconds| {
            OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
        };
        return Err(UpdateError::Replayed {
            published: time(now.published),
            seen: time(seen.published),
        });
    }
    if now.published == seen.published && now.digest != seen.digest {
        return Err(UpdateError::Changed);
    }
    Ok(())
}

/// How far a clock may be behind, such as one that has the wrong time zone.
const TOLERANCE: Duration = Duration::days(1);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::tests::sample;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-12-02 10:00 UTC);

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    fn news(manifest: &Manifest, running: &str, seen: Option<&Seen>) -> Result<News, &'static str> {
        let running = version(running);
        judge(manifest, &running, seen, NOW).map_err(|error| error.code())
    }

    #[test]
    fn a_newer_version_is_news_the_same_one_is_none_and_an_older_one_is_refused() {
        let newer = |running| news(&sample(), running, None).map(|news| news.newer.is_some());
        assert_eq!(newer("0.1.0"), Ok(true));
        assert_eq!(newer("0.2.0"), Ok(false));
        assert_eq!(newer("0.2.0-rc.1"), Ok(true));
        assert_eq!(newer("0.2.1"), Err("older"));
    }

    #[test]
    fn what_was_seen_is_not_gone_behind() {
        let first = sample();
        let seen = news(&first, "0.1.0", None).unwrap().seen;
        assert!(news(&first, "0.1.0", Some(&seen)).is_ok());
        let mut earlier = first.clone();
        earlier.published -= Duration::seconds(1);
        assert_eq!(news(&earlier, "0.1.0", Some(&seen)), Err("replayed"));
        let mut other = first.clone();
        other.digest = [7; 32];
        assert_eq!(news(&other, "0.1.0", Some(&seen)), Err("changed"));
        let mut older = first.clone();
        older.version = Version::new(0, 1, 9);
        older.published += Duration::seconds(1);
        assert_eq!(news(&older, "0.1.0", Some(&seen)), Err("older"));
        let mut later = first;
        later.version = Version::new(0, 3, 0);
        later.published += Duration::seconds(1);
        assert!(news(&later, "0.1.0", Some(&seen)).is_ok());
    }

    #[test]
    fn an_announcement_has_its_time() {
        let at = |now| {
            let judged = judge(&sample(), &Version::new(0, 1, 0), None, now);
            judged.map(|_| ()).map_err(|error| error.code())
        };
        assert_eq!(at(OffsetDateTime::UNIX_EPOCH), Err("clock-wrong"));
        assert_eq!(at(datetime!(2026-11-30 09:59 UTC)), Err("clock-wrong"));
        assert_eq!(at(datetime!(2026-11-30 10:00 UTC)), Ok(()));
        assert_eq!(at(datetime!(2027-03-01 10:00 UTC)), Ok(()));
        assert_eq!(at(datetime!(2027-03-01 10:01 UTC)), Err("expired"));
    }
}
