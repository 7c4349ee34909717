//! What the module knows in one process, between C_Initialize and C_Finalize.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use cryptoki_sys::{CK_MECHANISM_TYPE, CK_SESSION_HANDLE};

use crate::plan::Plan;
use crate::real::real;

/// What is in the reader: the token and the number of its insertion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Presence {
    token: Option<String>,
    insertion: u64,
}

impl Presence {
    pub(crate) fn of(plan: &Plan) -> Self {
        Self {
            token: plan.token.clone(),
            insertion: plan.insertion,
        }
    }
}

/// What the module knows.
#[derive(Debug, Default)]
pub(crate) struct Process {
    calls: HashMap<&'static str, u64>,
    armed: u64,
    presence: Presence,
    /// The sessions that live, by the real module's handles.
    pub(crate) sessions: HashMap<CK_SESSION_HANDLE, Session>,
    /// What C_WaitForSlotEvent last told of.
    pub(crate) told: Presence,
    /// Label and serial number of the first token seen.
    pub(crate) first_token: Option<([u8; 32], [u8; 16])>,
    /// The holder's code from C_Login to C_Logout.
    pub(crate) kept_code: Option<Vec<u8>>,
    /// Whether C_Initialize was called and C_Finalize was not.
    pub(crate) is_initialized: bool,
}

/// A session.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) is_read_only: bool,
    /// Of the signature that was begun.
    pub(crate) signing: Option<Signing>,
    /// The search that goes on is for data objects.
    pub(crate) finds_data: bool,
}

/// With what a signature was begun.
#[derive(Clone, Debug)]
pub(crate) struct Signing {
    pub(crate) mechanism: CK_MECHANISM_TYPE,
    pub(crate) key_label: Vec<u8>,
}

/// The state of this process; not to be held over a call that can wait.
pub(crate) fn state() -> MutexGuard<'static, Process> {
    static STATE: LazyLock<Mutex<Process>> = LazyLock::new(Mutex::default);
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Process {
    /// Counts a call; which one of its function it is since the plan was armed, from 1.
    pub(crate) fn count(&mut self, function: &'static str, plan: &Plan) -> u64 {
        if std::mem::replace(&mut self.armed, plan.armed) != plan.armed {
            self.calls.clear();
        }
        let calls = self.calls.entry(function).or_default();
        *calls += 1;
        *calls
    }

    /// Lets the sessions die with the card for which they were opened.
    pub(crate) fn notice(&mut self, presence: Presence) {
        if self.presence == presence {
            return;
        }
        self.presence = presence;
        self.kept_code = None;
        for (session, _) in self.sessions.drain() {
            // The real module may have closed it; it is gone either way.
            let _ = real!(C_CloseSession(session));
        }
    }

    /// Begins anew, with the calls counted on.
    pub(crate) fn initialize(&mut self, presence: Presence) {
        *self = Self {
            calls: std::mem::take(&mut self.calls),
            armed: self.armed,
            told: presence.clone(),
            presence,
            is_initialized: true,
            ..Self::default()
        };
    }

    /// Forgets all but the calls.
    pub(crate) fn finalize(&mut self) {
        *self = Self {
            calls: std::mem::take(&mut self.calls),
            armed: self.armed,
            ..Self::default()
        };
    }
}
