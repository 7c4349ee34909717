//! Whether a newer version is there: asked once a day, kept in the state folder, and only told.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use platform::paths::AgentPaths;
use platform::private_files::{PrivateFileError, read_private, write_private};
use semver::Version;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tokio::sync::watch;
use updates::{Manifest, ReleaseKey, Seen, UpdateError, UpdateSource, judge};

/// The check of this installation.
#[derive(Clone, Debug)]
pub(crate) struct UpdateCheck {
    source: UpdateSource,
    memory: PathBuf,
    running: Version,
}

impl UpdateCheck {
    /// # Errors
    /// When this program's own version is none, which only a fault of the build brings about.
    pub(crate) fn new(source: UpdateSource, paths: &AgentPaths) -> anyhow::Result<Self> {
        Ok(Self {
            source,
            memory: paths.update_check_file(),
            running: running()?,
        })
    }

    /// Tells the newer version that is known, and asks for one now and then, as long as the agent runs.
    pub(crate) async fn go_on(self, tell: watch::Sender<Option<String>>) {
        if ReleaseKey::pinned_is_for_tests() {
            tracing::warn!(
                event = "update-key-for-tests",
                "this build believes the TEST key of updates, which proves nothing"
            );
        }
        loop {
            let wait = match self.remembered() {
                Ok(memory) => {
                    tell.send_replace(self.newer_in(&memory));
                    memory.due_in(OffsetDateTime::now_utc())
                }
                Err(error) => {
                    tracing::warn!(event = "update-memory-unusable", error = %format!("{error:#}"), "no newer version is looked for");
                    return;
                }
            };
            tokio::time::sleep(wait).await;
            let check = self.clone();
            let looked = tokio::task::spawn_blocking(move || check.look(OffsetDateTime::now_utc()));
            if let Ok(looked) = looked.await {
                log(&looked);
            }
        }
    }

    /// Asks now.
    ///
    /// # Errors
    /// [`UpdateError`] when nothing can be had or what came is refused; another error when the memory of
    /// what was seen before cannot be used, without which nothing is believed.
    pub(crate) fn look(&self, now: OffsetDateTime) -> anyhow::Result<Option<Version>> {
        let memory = self.remembered()?;
        // Before the answer, so that a server that fails is asked no more often than a good one.
        self.remember(&Memory {
            checked_at: now.unix_timestamp(),
            seen: memory.seen.clone(),
        })?;
        let said = self.source.ask()?;
        let manifest = Manifest::verified(&said.manifest, &said.signature, &ReleaseKey::pinned()?)?;
        let news = judge(&manifest, &self.running, memory.seen.as_ref(), now)?;
        self.remember(&Memory {
            checked_at: now.unix_timestamp(),
            seen: Some(news.seen),
        })?;
        Ok(news.newer)
    }

    fn newer_in(&self, memory: &Memory) -> Option<String> {
        let seen = memory.seen.as_ref()?;
        (seen.version > self.running).then(|| seen.version.to_string())
    }

    fn remembered(&self) -> anyhow::Result<Memory> {
        let bytes = match read_private(&self.memory) {
            Err(PrivateFileError::Io { source, .. })
                if source.kind() == io::ErrorKind::NotFound =>
            {
                return Ok(Memory::default());
            }
            bytes => bytes?,
        };
        let damaged = || {
            format!(
                "{} is damaged: remove it, and old announcements of versions are believed again",
                self.memory.display()
            )
        };
        serde_json::from_slice(&bytes).with_context(damaged)
    }

    fn remember(&self, memory: &Memory) -> anyhow::Result<()> {
        Ok(write_private(&self.memory, &serde_json::to_vec(memory)?)?)
    }
}

/// The version of this program.
///
/// # Errors
/// When it is none, which only a fault of the build brings about.
pub(crate) fn running() -> anyhow::Result<Version> {
    Version::parse(env!("CARGO_PKG_VERSION")).context("the version of this program")
}

fn log(looked: &anyhow::Result<Option<Version>>) {
    let error = match looked {
        Ok(Some(version)) => {
            tracing::info!(event = "update-newer", %version, "a newer version is there");
            return;
        }
        Ok(None) => {
            tracing::debug!("this is the newest version");
            return;
        }
        Err(error) => error,
    };
    match error.downcast_ref::<UpdateError>() {
        Some(no_answer) if no_answer.is_no_answer() => {
            tracing::info!(event = "update-no-answer", code = no_answer.code(), %error, "whether a newer version is there is not known");
        }
        refused => {
            let code = refused.map_or("failed", UpdateError::code);
            tracing::warn!(event = "update-refused", code, error = %format!("{error:#}"), "what announces a version is not believed");
        }
    }
}

/// What is kept from one check to the next.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Memory {
    /// When it was asked last, in seconds of Unix time.
    checked_at: i64,
    /// The latest announcement that was believed.
    seen: Option<Seen>,
}

impl Memory {
    /// A day after the last time, or at once, also where the clock went back.
    fn due_in(&self, now: OffsetDateTime) -> Duration {
        let elapsed = now.unix_timestamp().saturating_sub(self.checked_at);
        let elapsed = u64::try_from(elapsed).map_or(DAY, Duration::from_secs);
        DAY.saturating_sub(elapsed)
    }
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn it_is_asked_once_a_day_and_at_once_when_the_clock_went_back() {
        let now = datetime!(2026-12-01 10:00 UTC);
        let due = |checked: OffsetDateTime| {
            let memory = Memory {
                checked_at: checked.unix_timestamp(),
                seen: None,
            };
            memory.due_in(now)
        };
        assert_eq!(Memory::default().due_in(now), Duration::ZERO);
        assert_eq!(due(now), DAY);
        assert_eq!(
            due(now - Duration::from_secs(3600)),
            DAY - Duration::from_secs(3600)
        );
        assert_eq!(due(now - 2 * DAY), Duration::ZERO);
        assert_eq!(due(now + DAY), Duration::ZERO);
    }
}
