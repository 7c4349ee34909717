//! Threads that wait for a card to come or go: one of them listens to the agent, for all.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cryptoki_sys::CKR_CRYPTOKI_NOT_INITIALIZED;
use daemon_client::HangUp;

use crate::answer::Answer;

/// Who listens, until the module ends.
#[derive(Default)]
pub(crate) struct Listening {
    state: Mutex<State>,
    has_changed: Condvar,
}

#[derive(Default)]
struct State {
    is_over: bool,
    /// Ends the call of the thread that listens.
    listener: Option<HangUp>,
    /// How often it heard something.
    heard: u64,
}

/// The one thread that listens; dropped, another one may.
pub(crate) struct Listener<'a>(&'a Listening);

impl Listening {
    /// How often something was heard so far.
    pub(crate) fn heard(&self) -> u64 {
        self.state().heard
    }

    /// Makes this thread the one that listens. Where another one does, waits until something was heard more often than
    /// `so_far`, or nobody listens any more, and gives `None`.
    ///
    /// # Errors
    /// `CKR_CRYPTOKI_NOT_INITIALIZED` when the module ends.
    pub(crate) fn turn(&self, hang_up: HangUp, so_far: u64) -> Answer<Option<Listener<'_>>> {
        let mut state = self.state();
        if !state.is_over && state.listener.is_none() {
            state.listener = Some(hang_up);
            return Ok(Some(Listener(self)));
        }
        let waited = self.has_changed.wait_while(state, |state| {
            !state.is_over && state.listener.is_some() && state.heard == so_far
        });
        if waited.unwrap_or_else(PoisonError::into_inner).is_over {
            return Err(CKR_CRYPTOKI_NOT_INITIALIZED);
        }
        Ok(None)
    }

    /// The module ends, and with it all waits.
    pub(crate) fn end(&self) {
        let mut state = self.state();
        state.is_over = true;
        if let Some(listener) = &state.listener {
            listener.hang_up();
        }
        drop(state);
        self.has_changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener<'_> {
    /// Something happened, after which the others look, too.
    pub(crate) fn tell(&self) {
        self.0.state().heard += 1;
        self.0.has_changed.notify_all();
    }

    /// Waits for the end of the module, so long at most; whether it has come.
    pub(crate) fn ends_within(&self, time: Duration) -> bool {
        let state = self.0.state();
        let waited = self
            .0
            .has_changed
            .wait_timeout_while(state, time, |state| !state.is_over);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.is_over
    }
}

impl Drop for Listener<'_> {
    fn drop(&mut self) {
        self.0.state().listener = None;
        self.0.has_changed.notify_all();
    }
}
