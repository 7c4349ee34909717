//! 300 to 318: objects, and searches for them.

use std::ptr;

use cryptoki_sys::{
    CK_RV, CKA_LABEL, CKA_PRIVATE, CKA_TOKEN, CKF_RW_SESSION, CKO_DATA, CKO_PRIVATE_KEY,
    CKR_CRYPTOKI_NOT_INITIALIZED, CKR_FUNCTION_NOT_SUPPORTED, CKR_OK, CKR_SESSION_HANDLE_INVALID,
};

use crate::list::{Line, number, step};
use crate::run::{Role, Run, Template, call};

pub(crate) const TABLE: &[Line] = &[
    number(
        300,
        "C_FindObjectsInit",
        BEFORE,
        CKR_CRYPTOKI_NOT_INITIALIZED,
        |run| call!(run, C_FindObjectsInit(999, ptr::null_mut(), 0)),
    ),
    number(
        301,
        "C_FindObjects",
        BEFORE,
        CKR_CRYPTOKI_NOT_INITIALIZED,
        |run| find(run, 999),
    ),
    number(
        302,
        "C_FindObjectsFinal",
        BEFORE,
        CKR_CRYPTOKI_NOT_INITIALIZED,
        |run| call!(run, C_FindObjectsFinal(999)),
    ),
    number(
        303,
        "C_GetAttributeValue",
        BEFORE,
        CKR_CRYPTOKI_NOT_INITIALIZED,
        |run| call!(run, C_GetAttributeValue(999, 0, ptr::null_mut(), 0)),
    ),
    step(|run| {
        run.initialize();
        run.open_read_only();
        run.writing = run.open(CKF_RW_SESSION);
    }),
    number(
        304,
        "C_CreateObject",
        "of no attributes",
        CKR_FUNCTION_NOT_SUPPORTED,
        |run| {
            call!(
                run,
                C_CreateObject(run.session, ptr::null_mut(), 0, &raw mut run.object)
            )
        },
    ),
    number(
        305,
        "C_CopyObject",
        "of no object",
        CKR_FUNCTION_NOT_SUPPORTED,
        |run| {
            let mut copy = 0;
            call!(
                run,
                C_CopyObject(run.session, 0, ptr::null_mut(), 0, &raw mut copy)
            )
        },
    ),
    number(
        306,
        "C_FindObjectsInit",
        NO_SESSION,
        CKR_SESSION_HANDLE_INVALID,
        |run| find_init(run, 999, id_card()),
    ),
    number(
        307,
        "C_FindObjectsInit",
        "the data object CPS_ID_CARD",
        CKR_OK,
        |run| find_init(run, run.writing, id_card()),
    ),
    number(
        308,
        "C_FindObjects",
        "the data object CPS_ID_CARD",
        CKR_OK,
        |run| {
            let value = find(run, run.writing);
            assert_eq!(run.len, 1, "CPS_ID_CARD");
            value
        },
    ),
    number(
        309,
        "C_FindObjects",
        NO_SESSION,
        CKR_SESSION_HANDLE_INVALID,
        |run| {
            let mut count = 0;
            let mut found = 0;
            call!(run, C_FindObjects(999, &raw mut found, 1, &raw mut count))
        },
    ),
    number(
        310,
        "C_GetObjectSize",
        "the object found",
        CKR_FUNCTION_NOT_SUPPORTED,
        |run| {
            let mut size = 0;
            call!(run, C_GetObjectSize(run.session, run.object, &raw mut size))
        },
    )
    .better(CKR_OK, "The size is told."),
    number(
        311,
        "C_FindObjectsFinal",
        "a search that was begun",
        CKR_OK,
        |run| call!(run, C_FindObjectsFinal(run.writing)),
    ),
    number(
        312,
        "C_GetAttributeValue",
        "the class of the object found",
        CKR_OK,
        |run| {
            let mut template = Template::of(CKO_DATA);
            let mut attributes = template.attributes();
            call!(
                run,
                C_GetAttributeValue(run.writing, run.object, attributes.as_mut_ptr(), 1)
            )
        },
    ),
    step(Run::be_logged_in),
    number(
        313,
        "C_FindObjectsInit",
        "the private key CPS_PRIV_SIG",
        CKR_OK,
        |run| {
            let mut template = Template::of(CKO_PRIVATE_KEY);
            template.put(CKA_PRIVATE, &[1]);
            template.put(CKA_TOKEN, &[1]);
            template.put(CKA_LABEL, b"CPS_PRIV_SIG");
            find_init(run, run.session, template)
        },
    ),
    number(
        314,
        "C_FindObjects",
        "the private key CPS_PRIV_SIG",
        CKR_OK,
        |run| {
            let value = find(run, run.session);
            assert_eq!(run.len, 1, "CPS_PRIV_SIG");
            value
        },
    ),
    number(
        315,
        "C_FindObjectsFinal",
        "the search for the private key",
        CKR_OK,
        |run| call!(run, C_FindObjectsFinal(run.session)),
    ),
    number(
        316,
        "C_FindObjectsInit",
        "its public key, by its identifier",
        CKR_OK,
        |run| {
            let template = run.public_key_template(Role::Signature);
            find_init(run, run.session, template)
        },
    ),
    number(
        317,
        "C_FindObjects",
        "its public key, by its identifier",
        CKR_OK,
        |run| {
            let value = find(run, run.session);
            assert_eq!(run.len, 1, "the public key of CPS_PRIV_SIG");
            value
        },
    ),
    number(
        318,
        "C_FindObjectsFinal",
        "the search for the public key",
        CKR_OK,
        |run| call!(run, C_FindObjectsFinal(run.session)),
    ),
    step(|run| {
        run.close_all();
        run.finalize();
    }),
];

fn id_card() -> Template {
    let mut template = Template::of(CKO_DATA);
    template.put(CKA_TOKEN, &[1]);
    template.put(CKA_PRIVATE, &[0]);
    template.put(CKA_LABEL, b"CPS_ID_CARD");
    template
}

pub(crate) fn find_init(run: &Run, session: u64, mut template: Template) -> CK_RV {
    let mut attributes = template.attributes();
    let count = attributes.len() as u64;
    call!(
        run,
        C_FindObjectsInit(session, attributes.as_mut_ptr(), count)
    )
}

/// The next object that a search finds.
pub(crate) fn find(run: &mut Run, session: u64) -> CK_RV {
    run.len = 0;
    call!(
        run,
        C_FindObjects(session, &raw mut run.object, 1, &raw mut run.len)
    )
}

const BEFORE: &str = "nothing is initialised";
const NO_SESSION: &str = "a handle of no session";
