//! How long the agent takes to be there again.

use std::fmt;
use std::time::{Duration, Instant};

/// The times of all restarts, in their order.
#[derive(Debug, Default)]
pub(crate) struct Restarts(Vec<Duration>);

impl Restarts {
    /// Takes the time of a start, which itself gives up on an agent that does not come.
    pub(crate) fn measure(&mut self, start: impl FnOnce()) {
        let begun = Instant::now();
        start();
        self.0.push(begun.elapsed());
    }
}

impl fmt::Display for Restarts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenth = (self.0.len() / 10).max(1);
        let first = self.0.chunks(tenth).next().unwrap_or_default();
        let last = self.0.rchunks(tenth).next().unwrap_or_default();
        write!(
            f,
            "restarts     median {} ms, longest {} ms; median of the first tenth {} ms, of the last {} ms",
            median(&self.0).as_millis(),
            self.0.iter().max().copied().unwrap_or_default().as_millis(),
            median(first).as_millis(),
            median(last).as_millis(),
        )
    }
}

fn median(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}
