//! Sessions, and the log-in that all those of a process with a token share.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use cryptoki_sys::{
    CK_FLAGS, CK_SESSION_HANDLE, CK_SESSION_INFO, CK_SLOT_ID, CK_USER_TYPE, CKF_RW_SESSION,
    CKF_SERIAL_SESSION, CKR_FUNCTION_CANCELED, CKR_KEY_FUNCTION_NOT_PERMITTED,
    CKR_OPERATION_NOT_INITIALIZED, CKR_SESSION_HANDLE_INVALID, CKR_SESSION_PARALLEL_NOT_SUPPORTED,
    CKR_SESSION_READ_ONLY_EXISTS, CKR_USER_ALREADY_LOGGED_IN, CKR_USER_NOT_LOGGED_IN,
    CKR_USER_PIN_NOT_INITIALIZED, CKR_USER_TYPE_INVALID, CKS_RO_PUBLIC_SESSION,
    CKS_RO_USER_FUNCTIONS, CKS_RW_PUBLIC_SESSION, CKS_RW_USER_FUNCTIONS, CKU_CONTEXT_SPECIFIC,
    CKU_SO, CKU_USER,
};

use crate::answer::Answer;
use crate::memory::Place;
use crate::module::Module;
use crate::slots::{lost, refresh, token_in};
use crate::tables::{LogIn, Session};
use crate::token::Token;

/// A session, and the token that it is with.
#[derive(Clone)]
pub(crate) struct SessionToken {
    pub(crate) session: CK_SESSION_HANDLE,
    pub(crate) slot: CK_SLOT_ID,
    pub(crate) token: Arc<Token>,
}

pub(crate) fn open_session(
    module: &Module,
    slot: CK_SLOT_ID,
    flags: CK_FLAGS,
    handle: Place<CK_SESSION_HANDLE>,
) -> Answer {
    if handle.is_null() {
        return Err(cryptoki_sys::CKR_ARGUMENTS_BAD);
    }
    if flags & CKF_SERIAL_SESSION == 0 {
        return Err(CKR_SESSION_PARALLEL_NOT_SUPPORTED);
    }
    let token = token_in(module, slot)?;
    let session = Session {
        slot,
        is_read_write: flags & CKF_RW_SESSION != 0,
        ..Session::default()
    };
    let opened = module.tables().open_session(session, &token)?;
    handle.write(opened)
}

/// A log-in that is kept ends within seconds, unless a next one of this process takes it up.
pub(crate) fn close_session(module: &Module, session: CK_SESSION_HANDLE) -> Answer {
    let Some((slot, log_in)) = module.tables().close_session(session)? else {
        return Ok(());
    };
    let is_kept = module.agent.goes_on(log_in.path(), Some(SECONDS_KEPT));
    let mut tables = module.tables();
    let slot = tables.slot_mut(slot)?;
    let is_it = |of: &mut Arc<LogIn>| Arc::ptr_eq(of, &log_in);
    if !is_kept {
        slot.kept_log_in.take_if(is_it);
    }
    // Taken up meanwhile, by a call that the agent may have answered first.
    if slot.log_in.as_mut().is_some_and(is_it) {
        drop(tables);
        module.agent.goes_on(log_in.path(), None);
    }
    Ok(())
}

pub(crate) fn close_all_sessions(module: &Module, slot: CK_SLOT_ID) -> Answer {
    // A guard in the head of the loop would be held while the agent is asked.
    let log_ins = module.tables().close_sessions(slot)?;
    for log_in in log_ins {
        end(module, &log_in);
    }
    Ok(())
}

/// Programs ask this to learn whether the token is still there.
pub(crate) fn get_session_info(
    module: &Module,
    session: CK_SESSION_HANDLE,
    info: Place<CK_SESSION_INFO>,
) -> Answer {
    let slot = module.tables().session(session)?.slot;
    refresh(module);
    let is_logged_in = log_in_that_lasts(module, slot)?.is_some();
    let tables = module.tables();
    let session = tables.session(session)?;
    let write = if session.is_read_write {
        CKF_RW_SESSION
    } else {
        0
    };
    info.write(CK_SESSION_INFO {
        slotID: session.slot,
        state: match (session.is_read_write, is_logged_in) {
            (false, false) => CKS_RO_PUBLIC_SESSION,
            (false, true) => CKS_RO_USER_FUNCTIONS,
            (true, false) => CKS_RW_PUBLIC_SESSION,
            (true, true) => CKS_RW_USER_FUNCTIONS,
        },
        flags: CKF_SERIAL_SESSION | write,
        ulDeviceError: 0,
    })
}

/// Has the holder type the code where they always do. A code that the program may have given never comes here: it
/// is not even looked at.
pub(crate) fn log_in(module: &Module, session: CK_SESSION_HANDLE, user: CK_USER_TYPE) -> Answer {
    let of = session_token(module, session)?;
    let slot = of.slot;
    match user {
        CKU_USER => {}
        // No key here asks for a log-in of its own.
        CKU_CONTEXT_SPECIFIC => return Err(CKR_OPERATION_NOT_INITIALIZED),
        // What it says first in any module (5.6), also where no such log-in could follow.
        CKU_SO if module.tables().has_read_only_session(slot) => {
            return Err(CKR_SESSION_READ_ONLY_EXISTS);
        }
        _ => return Err(CKR_USER_TYPE_INVALID),
    }
    let turn = turn_of(module, slot)?;
    let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
    if log_in_that_lasts(module, slot)?.is_some() {
        return Err(CKR_USER_ALREADY_LOGGED_IN);
    }
    match log_in_for(module, &of, TIME_TO_TYPE) {
        // The contactless side of a card has no code.
        Err(CKR_KEY_FUNCTION_NOT_PERMITTED) => Err(CKR_USER_PIN_NOT_INITIALIZED),
        logged_in => logged_in.map(drop),
    }
}

pub(crate) fn log_out(module: &Module, session: CK_SESSION_HANDLE) -> Answer {
    let (log_in, kept) = {
        let mut tables = module.tables();
        let slot = tables.session(session)?.slot;
        let slot = tables.slot_mut(slot)?;
        (slot.log_in.take(), slot.kept_log_in.take())
    };
    let was_logged_in = log_in.is_some();
    for ended in log_in.into_iter().chain(kept) {
        end(module, &ended);
    }
    was_logged_in.then_some(()).ok_or(CKR_USER_NOT_LOGGED_IN)
}

/// The log-in of this process with a token; one that is asked for meanwhile is waited for. A holder who said no is asked
/// nothing for seconds: a browser tries again at once, and other connections of it wait behind the first one.
///
/// # Errors
/// What the holder and the card say.
pub(crate) fn log_in_once(module: &Module, of: &SessionToken, seconds: u32) -> Answer<Arc<LogIn>> {
    let turn = turn_of(module, of.slot)?;
    let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(log_in) = log_in_of(module, of.slot)? {
        return Ok(log_in);
    }
    if module
        .tables()
        .slot(of.slot)?
        .was_refused_within(A_NO_HOLDS)
    {
        return Err(CKR_FUNCTION_CANCELED);
    }
    let logged_in = log_in_for(module, of, seconds);
    if matches!(logged_in, Err(CKR_FUNCTION_CANCELED)) {
        module.tables().slot_mut(of.slot)?.refused_at = Some(Instant::now());
    }
    logged_in
}

/// The log-in of this process with a token, where there is one.
pub(crate) fn log_in_of(module: &Module, slot: CK_SLOT_ID) -> Answer<Option<Arc<LogIn>>> {
    Ok(module.tables().slot(slot)?.log_in.clone())
}

/// The same, and the agent was asked whether it has ended it: a log-in that ran out of time, or whose holder ended it, is
/// told by nothing else before its next use.
fn log_in_that_lasts(module: &Module, slot: CK_SLOT_ID) -> Answer<Option<Arc<LogIn>>> {
    let log_in = log_in_of(module, slot)?;
    if let Some(log_in) = &log_in
        && module.agent.has(log_in.path()) == Some(false)
    {
        forget_log_in(module, slot, log_in);
        return Ok(None);
    }
    Ok(log_in)
}

/// A log-in that the agent has ended is over here, too.
pub(crate) fn forget_log_in(module: &Module, slot: CK_SLOT_ID, ended: &Arc<LogIn>) {
    if let Ok(slot) = module.tables().slot_mut(slot) {
        slot.log_in.take_if(|log_in| Arc::ptr_eq(log_in, ended));
    }
}

/// The slot and the token of a session.
///
/// # Errors
/// `CKR_SESSION_HANDLE_INVALID`, also where the token is gone.
pub(crate) fn session_token(module: &Module, session: CK_SESSION_HANDLE) -> Answer<SessionToken> {
    let tables = module.tables();
    let slot = tables.session(session)?.slot;
    let token = tables.slot(slot)?.token.clone();
    let token = token.ok_or(CKR_SESSION_HANDLE_INVALID)?;
    Ok(SessionToken {
        session,
        slot,
        token,
    })
}

/// Logs in for a session. One that was closed meanwhile, or whose card is gone, leaves no log-in behind: nobody would
/// end it.
fn log_in_for(module: &Module, of: &SessionToken, seconds: u32) -> Answer<Arc<LogIn>> {
    if let Some(kept) = take_up(module, of)? {
        return Ok(kept);
    }
    let held = module.agent.log_in(&of.token.card, seconds);
    let log_in = Arc::new(LogIn::new(lost(module, of.slot, &of.token, held)?));
    store(module, of, &log_in).map(|()| log_in)
}

/// The log-in that was kept, where the agent still has it. It is that of the process again before the agent is asked, so
/// that whoever closed the last session sees it.
fn take_up(module: &Module, of: &SessionToken) -> Answer<Option<Arc<LogIn>>> {
    let kept = module.tables().slot_mut(of.slot)?.kept_log_in.take();
    let Some(kept) = kept else {
        return Ok(None);
    };
    store(module, of, &kept)?;
    if module.agent.goes_on(kept.path(), None) {
        return Ok(Some(kept));
    }
    forget_log_in(module, of.slot, &kept);
    Ok(None)
}

fn store(module: &Module, of: &SessionToken, log_in: &Arc<LogIn>) -> Answer {
    let stored = module.tables().store_log_in(of, log_in);
    if stored.is_err() {
        end(module, log_in);
    }
    stored
}

fn turn_of(module: &Module, slot: CK_SLOT_ID) -> Answer<Arc<Mutex<()>>> {
    Ok(Arc::clone(&module.tables().slot(slot)?.log_in_turn))
}

/// Ends a log-in before the call returns; its connection would end it soon after.
fn end(module: &Module, log_in: &LogIn) {
    module.agent.log_out(log_in.path());
}

/// How long a holder's no, or nothing within their time, is the answer to whatever asks again: longer than a browser takes
/// for its next connection, shorter than whoever changed their mind takes to load the page again.
const A_NO_HOLDS: Duration = Duration::from_secs(3);
/// Seconds for which a log-in without a session is kept: GnuTLS opens the next one at once.
const SECONDS_KEPT: u32 = 10;
/// Seconds that a holder has at `C_Login`.
const TIME_TO_TYPE: u32 = 120;
