//! The module between `C_Initialize` and `C_Finalize`, of the process that initialised it.

use std::panic;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread;
use std::time::Duration;

use cryptoki_sys::{
    CKR_CRYPTOKI_ALREADY_INITIALIZED, CKR_CRYPTOKI_NOT_INITIALIZED, CKR_GENERAL_ERROR,
};

use crate::agent::Agent;
use crate::answer::Answer;
use crate::listening::Listening;
use crate::manner::{Manner, Settings};
use crate::tables::Tables;

/// One initialised module.
pub(crate) struct Module {
    pub(crate) agent: Agent,
    pub(crate) manner: Manner,
    tables: Mutex<Tables>,
    pub(crate) listening: Listening,
}

/// The process that initialised the module; 0 where none did. A forked child has its own number, and so has not.
static OWNER: AtomicU32 = AtomicU32::new(NOBODY);
static MODULE: Mutex<Option<Arc<Module>>> = Mutex::new(None);
const NOBODY: u32 = 0;

/// The module of this process.
///
/// # Errors
/// `CKR_CRYPTOKI_NOT_INITIALIZED`, also in a forked child, where the parent's lock is not even looked at.
pub(crate) fn current() -> Answer<Arc<Module>> {
    if OWNER.load(Ordering::Acquire) != process::id() {
        return Err(CKR_CRYPTOKI_NOT_INITIALIZED);
    }
    let module = MODULE.lock().unwrap_or_else(PoisonError::into_inner);
    module.clone().ok_or(CKR_CRYPTOKI_NOT_INITIALIZED)
}

/// Initialises the module in this process; what a parent left is let go of.
///
/// # Errors
/// `CKR_CRYPTOKI_ALREADY_INITIALIZED`.
pub(crate) fn initialise() -> Answer {
    // What this library would say of a fault of its own has no place in its host's output. The hook is that of this
    // library alone, which has a standard library of its own.
    panic::set_hook(Box::new(|_| {}));
    let mut module = lock_in_time()?;
    if OWNER.load(Ordering::Acquire) == process::id() && module.is_some() {
        return Err(CKR_CRYPTOKI_ALREADY_INITIALIZED);
    }
    let settings = Settings::of_this_process()?;
    *module = Some(Arc::new(Module {
        agent: Agent::of(&settings),
        manner: settings.manner,
        tables: Mutex::default(),
        listening: Listening::default(),
    }));
    OWNER.store(process::id(), Ordering::Release);
    Ok(())
}

/// Ends the module: whoever waits for an event is woken, and all are logged out.
///
/// # Errors
/// `CKR_CRYPTOKI_NOT_INITIALIZED`.
pub(crate) fn finalise() -> Answer {
    let module = current()?;
    {
        let mut current = lock_in_time()?;
        OWNER.store(NOBODY, Ordering::Release);
        *current = None;
    }
    module.end();
    Ok(())
}

/// The lock of the module. A child that was forked while a thread of its parent held it would wait for ever.
fn lock_in_time() -> Answer<MutexGuard<'static, Option<Arc<Module>>>> {
    for _ in 0..MOST_LOOKS {
        match MODULE.try_lock() {
            Ok(module) => return Ok(module),
            Err(TryLockError::Poisoned(poisoned)) => return Ok(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => thread::sleep(BETWEEN_LOOKS),
        }
    }
    Err(CKR_GENERAL_ERROR)
}

impl Module {
    /// The tables, which nobody holds while the agent works.
    pub(crate) fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self) {
        self.listening.end();
        let log_ins = self.tables().clear();
        // A child that was forked since may hold their connections, so that these do not end.
        for log_in in log_ins {
            self.agent.log_out(log_in.path());
        }
    }
}

const MOST_LOOKS: u32 = 200;
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);
