//! What a worker does again after a pause, since PC/SC tells of no better moment.

use std::time::{Duration, Instant};

/// A pause that grows each time that it was in vain.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pause {
    length: Duration,
    due: Instant,
}

impl Pause {
    const FIRST: Duration = Duration::from_millis(500);
    const LONGEST: Duration = Duration::from_secs(5);

    pub(crate) fn first() -> Self {
        Self::of(Self::FIRST)
    }

    /// The pause after this one.
    pub(crate) fn longer(self) -> Self {
        Self::of((self.length * 2).min(Self::LONGEST))
    }

    fn of(length: Duration) -> Self {
        let due = Instant::now() + length;
        Self { length, due }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.time_left().is_zero()
    }

    pub(crate) fn time_left(&self) -> Duration {
        self.due.saturating_duration_since(Instant::now())
    }
}

/// A card that could not be identified for a reason that may pass, such as another program's
/// exclusive use, or one that was lost though its reader says that it is there: when either ends,
/// nobody tells.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AnotherLook {
    pub(crate) insertion: u64,
    pub(crate) pause: Pause,
}
