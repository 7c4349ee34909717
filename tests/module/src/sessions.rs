//! Sessions, which die with the card.

use cryptoki_sys::*;

use crate::calls::answer;
use crate::process::{Session, state};
use crate::real::real;
use crate::tokens::{SLOT, is_the_slot, real_token};

pub(crate) unsafe extern "C" fn open_session(
    slot: CK_SLOT_ID,
    flags: CK_FLAGS,
    application: CK_VOID_PTR,
    notify: CK_NOTIFY,
    session: CK_SESSION_HANDLE_PTR,
) -> CK_RV {
    answer("C_OpenSession", "", |call| {
        is_the_slot(slot)?;
        let (slot, _) = real_token(call)?;
        real!(C_OpenSession(slot, flags, application, notify, session))?;
        let opened = Session {
            is_read_only: flags & CKF_RW_SESSION == 0,
            signing: None,
            finds_data: false,
        };
        state().sessions.insert(unsafe { session.read() }, opened);
        Ok(())
    })
}

pub(crate) unsafe extern "C" fn close_session(session: CK_SESSION_HANDLE) -> CK_RV {
    answer("C_CloseSession", "", |call| {
        call.session(session)?;
        let mut process = state();
        process.sessions.remove(&session);
        if process.sessions.is_empty() {
            process.kept_code = None;
        }
        real!(C_CloseSession(session))
    })
}

pub(crate) unsafe extern "C" fn close_all_sessions(slot: CK_SLOT_ID) -> CK_RV {
    answer("C_CloseAllSessions", "", |_| {
        is_the_slot(slot)?;
        let mut process = state();
        process.kept_code = None;
        for (session, _) in process.sessions.drain() {
            real!(C_CloseSession(session))?;
        }
        Ok(())
    })
}

pub(crate) unsafe extern "C" fn get_session_info(
    session: CK_SESSION_HANDLE,
    info: CK_SESSION_INFO_PTR,
) -> CK_RV {
    answer("C_GetSessionInfo", "", |call| {
        call.session(session)?;
        real!(C_GetSessionInfo(session, info))?;
        unsafe { (*info).slotID = SLOT };
        Ok(())
    })
}

/// Who is logged in, by the state of a session.
pub(crate) fn session_state(session: CK_SESSION_HANDLE) -> Result<CK_STATE, CK_RV> {
    let mut info = CK_SESSION_INFO::default();
    real!(C_GetSessionInfo(session, &raw mut info))?;
    Ok(info.state)
}
