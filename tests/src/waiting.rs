//! Waiting for what must come, for as long as a slow machine may need.

use std::thread;
use std::time::{Duration, Instant};

/// Looks again and again until there is something to see; fails, naming it, when it never comes.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let patience = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(Instant::now() < patience, "waited in vain for: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}
