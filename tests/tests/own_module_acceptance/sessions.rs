//! 200 to 222: sessions, and who is logged in.

use std::ptr;

use cryptoki_sys::{
    CK_RV, CK_SESSION_INFO, CKF_RW_SESSION, CKF_SERIAL_SESSION, CKR_ARGUMENTS_BAD,
    CKR_CRYPTOKI_NOT_INITIALIZED, CKR_FUNCTION_NOT_SUPPORTED, CKR_OK, CKR_SESSION_HANDLE_INVALID,
    CKR_SESSION_READ_ONLY_EXISTS, CKR_USER_ALREADY_LOGGED_IN, CKU_SO, CKU_USER,
};

use crate::list::{Line, number, step};
use crate::run::{Run, call};

pub(crate) const TABLE: &[Line] = &[
    step(Run::initialize),
    number(200, "C_OpenSession", "one that reads", CKR_OK, |run| {
        let (value, session) = open(run, 0);
        run.session = session;
        value
    }),
    number(
        201,
        "C_OpenSession",
        "one that reads and writes",
        CKR_OK,
        |run| {
            let (value, session) = open(run, CKF_RW_SESSION);
            run.writing = session;
            value
        },
    ),
    number(202, "C_OpenSession", "a third one", CKR_OK, |run| {
        let (value, session) = open(run, 0);
        run.third = session;
        value
    }),
    number(203, "C_OpenSession", "a fourth one", CKR_OK, |run| {
        open(run, 0).0
    }),
    number(204, "C_OpenSession", "a fifth one", CKR_OK, |run| {
        open(run, 0).0
    }),
    number(205, "C_GetSessionInfo", "an open session", CKR_OK, |run| {
        session_info(run, run.session)
    }),
    number(
        206,
        "C_Login",
        "as security officer, while a session reads only",
        CKR_SESSION_READ_ONLY_EXISTS,
        |run| log_in(run, run.session, CKU_SO),
    ),
    number(207, "C_Login", "as user", CKR_OK, |run| {
        log_in(run, run.session, CKU_USER)
    }),
    number(
        208,
        "C_Login",
        "as user, again",
        CKR_USER_ALREADY_LOGGED_IN,
        |run| log_in(run, run.session, CKU_USER),
    ),
    number(
        209,
        "C_GetOperationState",
        "a session",
        CKR_FUNCTION_NOT_SUPPORTED,
        |run| {
            call!(
                run,
                C_GetOperationState(run.session, ptr::null_mut(), &raw mut run.len)
            )
        },
    ),
    number(
        210,
        "C_SetOperationState",
        "a session",
        CKR_FUNCTION_NOT_SUPPORTED,
        |run| {
            call!(
                run,
                C_SetOperationState(run.session, ptr::null_mut(), 0, 0, 0)
            )
        },
    ),
    number(211, "C_Logout", "of who is logged in", CKR_OK, |run| {
        call!(run, C_Logout(run.session))
    }),
    number(212, "C_CloseSession", "an open session", CKR_OK, |run| {
        call!(run, C_CloseSession(run.session))
    }),
    number(213, "C_CloseAllSessions", "four are open", CKR_OK, |run| {
        call!(run, C_CloseAllSessions(run.slot))
    }),
    number(
        214,
        "C_CloseSession",
        "closed with all others",
        CKR_SESSION_HANDLE_INVALID,
        |run| call!(run, C_CloseSession(run.third)),
    ),
    number(
        215,
        "C_GetSessionInfo",
        NO_SESSION,
        CKR_SESSION_HANDLE_INVALID,
        |run| session_info(run, 999),
    ),
    number(
        216,
        "C_Login",
        NO_SESSION,
        CKR_SESSION_HANDLE_INVALID,
        |run| log_in(run, 999, CKU_USER),
    ),
    number(
        217,
        "C_OpenSession",
        "no place for the handle",
        CKR_ARGUMENTS_BAD,
        |run| {
            call!(
                run,
                C_OpenSession(
                    0,
                    CKF_SERIAL_SESSION,
                    ptr::null_mut(),
                    None,
                    ptr::null_mut()
                )
            )
        },
    ),
    step(Run::finalize),
    number(
        218,
        "C_OpenSession",
        AFTER,
        CKR_CRYPTOKI_NOT_INITIALIZED,
        |run| open(run, CKF_RW_SESSION).0,
    ),
    number(
        219,
        "C_GetSessionInfo",
        AFTER,
        CKR_CRYPTOKI_NOT_INITIALIZED,
        |run| session_info(run, run.session),
    ),
    number(220, "C_Login", AFTER, CKR_CRYPTOKI_NOT_INITIALIZED, |run| {
        log_in(run, run.session, CKU_USER)
    }),
    number(
        221,
        "C_InitPIN",
        AFTER,
        CKR_CRYPTOKI_NOT_INITIALIZED,
        |run| call!(run, C_InitPIN(run.session, ptr::null_mut(), 0)),
    ),
    number(
        222,
        "C_Logout",
        AFTER,
        CKR_CRYPTOKI_NOT_INITIALIZED,
        |run| call!(run, C_Logout(run.session)),
    ),
];

fn open(run: &Run, flags: u64) -> (CK_RV, u64) {
    let mut session = 0;
    let value = call!(
        run,
        C_OpenSession(
            run.slot,
            CKF_SERIAL_SESSION | flags,
            ptr::null_mut(),
            None,
            &raw mut session
        )
    );
    (value, session)
}

fn session_info(run: &Run, session: u64) -> CK_RV {
    let mut info = CK_SESSION_INFO::default();
    call!(run, C_GetSessionInfo(session, &raw mut info))
}

fn log_in(run: &Run, session: u64, user: u64) -> CK_RV {
    let mut code = *b"1234";
    call!(run, C_Login(session, user, code.as_mut_ptr(), 4))
}

const NO_SESSION: &str = "a handle of no session";
const AFTER: &str = "the module is finalised";
