//! Ending a wait from another thread, without a moment in which that is missed.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pcsc::Context;

/// Ends the waits of one [`ReaderWatcher`](crate::ReaderWatcher), for good.
#[derive(Clone, Debug)]
pub struct Canceller(pub(crate) Arc<Cancellation>);

impl Canceller {
    /// Makes the wait in progress, and every later one, return
    /// [`WatchError::Cancelled`](crate::WatchError::Cancelled).
    ///
    /// Returns once the wait is over; if PC/SC does not let go of it, after a second.
    pub fn cancel(&self) {
        self.0.cancel();
    }
}

/// Shared between a watcher and its cancellers.
#[derive(Debug, Default)]
pub(crate) struct Cancellation {
    state: Mutex<WaitState>,
    changed: Condvar,
}

#[derive(Default)]
struct WaitState {
    cancelled: bool,
    blocked: Option<Context>,
}

/// The wait was cancelled.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Cancelled;

impl Cancellation {
    /// Runs a PC/SC call that may block on `context` and that [`Canceller::cancel`] ends.
    pub(crate) fn during<T>(
        &self,
        context: &Context,
        blocking_call: impl FnOnce(&Context) -> T,
    ) -> Result<T, Cancelled> {
        self.enter(context)?;
        let result = blocking_call(context);
        self.leave()?;
        Ok(result)
    }

    /// Fails when the wait was cancelled already.
    pub(crate) fn check(&self) -> Result<(), Cancelled> {
        self.lock().check()
    }

    /// Sleeps, but not through a cancel.
    pub(crate) fn sleep(&self, duration: Duration) -> Result<(), Cancelled> {
        let (state, _) = self
            .changed
            .wait_timeout_while(self.lock(), duration, |state| !state.cancelled)
            .unwrap_or_else(PoisonError::into_inner);
        state.check()
    }

    fn enter(&self, context: &Context) -> Result<(), Cancelled> {
        let mut state = self.lock();
        state.check()?;
        state.blocked = Some(context.clone());
        Ok(())
    }

    fn leave(&self) -> Result<(), Cancelled> {
        let mut state = self.lock();
        state.blocked = None;
        self.changed.notify_all();
        state.check()
    }

    /// PC/SC forgets a cancel that arrives just before the call it is meant
    /// for begins to wait, so it is repeated until that call has returned.
    fn cancel(&self) {
        let mut state = self.lock();
        state.cancelled = true;
        self.changed.notify_all();
        for _ in 0..REPETITIONS {
            let Some(context) = &state.blocked else {
                return;
            };
            if let Err(error) = context.cancel() {
                tracing::debug!(%error, "cancelling the wait for readers");
            }
            (state, _) = self
                .changed
                .wait_timeout(state, BETWEEN_REPETITIONS)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, WaitState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WaitState {
    fn check(&self) -> Result<(), Cancelled> {
        if self.cancelled {
            Err(Cancelled)
        } else {
            Ok(())
        }
    }
}

impl std::fmt::Debug for WaitState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WaitState")
            .field("cancelled", &self.cancelled)
            .field("blocked", &self.blocked.is_some())
            .finish()
    }
}

const REPETITIONS: u32 = 100;
const BETWEEN_REPETITIONS: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cancel_before_the_wait_is_not_lost() {
        let canceller = Canceller(Arc::default());
        canceller.cancel();
        assert_eq!(canceller.0.sleep(Duration::from_secs(3600)), Err(Cancelled));
    }

    #[test]
    fn a_cancel_ends_a_sleep_in_another_thread() {
        let canceller = Canceller(Arc::default());
        let sleeper = Arc::clone(&canceller.0);
        let thread = std::thread::spawn(move || sleeper.sleep(Duration::from_secs(3600)));
        canceller.cancel();
        assert_eq!(thread.join().unwrap(), Err(Cancelled));
    }

    #[test]
    fn a_sleep_that_nobody_cancels_ends_by_itself() {
        assert_eq!(Cancellation::default().sleep(Duration::ZERO), Ok(()));
    }
}
