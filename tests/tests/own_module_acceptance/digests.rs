//! 800 to 819: digests.

use std::ptr;

use cryptoki_sys::{
    CK_RV, CKM_SHA_1, CKM_SHA256, CKR_BUFFER_TOO_SMALL, CKR_CRYPTOKI_NOT_INITIALIZED, CKR_OK,
    CKR_SESSION_HANDLE_INVALID,
};

use crate::data::{sha1, sha256};
use crate::list::{Line, number, step};
use crate::run::{NO_SESSION, Run, call, mechanism};
use crate::signature::TEXT;

pub(crate) const TABLE: &[Line] = &[
    number(
        800,
        "C_DigestInit",
        BEFORE,
        CKR_CRYPTOKI_NOT_INITIALIZED,
        |run| digest_init(run, NO_SESSION, CKM_SHA_1),
    ),
    number(
        801,
        "C_Digest",
        BEFORE,
        CKR_CRYPTOKI_NOT_INITIALIZED,
        |run| {
            run.session = NO_SESSION;
            digest(run, None)
        },
    ),
    step(Run::initialize),
    number(
        802,
        "C_DigestInit",
        "a handle of no session",
        CKR_SESSION_HANDLE_INVALID,
        |run| digest_init(run, NO_SESSION, CKM_SHA_1),
    ),
    step(Run::open_read_only),
    number(803, "C_DigestInit", "SHA-1", CKR_OK, |run| {
        digest_init(run, run.session, CKM_SHA_1)
    }),
    number(804, "C_Digest", "the length alone", CKR_OK, |run| {
        digest(run, None)
    }),
    number(805, "C_Digest", "the digest", CKR_OK, |run| {
        let value = digest(run, Some(run.len));
        assert_eq!(run.value, sha1(TEXT));
        value
    }),
    number(806, "C_DigestInit", "SHA-256", CKR_OK, |run| {
        digest_init(run, run.session, CKM_SHA256)
    }),
    number(807, "C_DigestUpdate", "all bytes", CKR_OK, digest_update),
    number(808, "C_DigestFinal", "the length alone", CKR_OK, |run| {
        digest_final(run, None)
    }),
    number(809, "C_DigestFinal", "the digest", CKR_OK, |run| {
        let value = digest_final(run, Some(run.len));
        assert_eq!(run.value, sha256(TEXT));
        value
    }),
    number(810, "C_DigestInit", "SHA-1", CKR_OK, |run| {
        digest_init(run, run.session, CKM_SHA_1)
    }),
    number(811, "C_Digest", "the length alone", CKR_OK, |run| {
        digest(run, None)
    }),
    number(
        812,
        "C_DigestFinal",
        "after C_Digest was asked for the length",
        CKR_OK,
        |run| digest_final(run, Some(run.len)),
    ),
    number(813, "C_DigestInit", "SHA-1", CKR_OK, |run| {
        digest_init(run, run.session, CKM_SHA_1)
    }),
    number(814, "C_DigestUpdate", "all bytes", CKR_OK, digest_update),
    number(
        815,
        "C_DigestFinal",
        "more room than is needed",
        CKR_OK,
        |run| {
            let value = digest_final(run, Some(64));
            assert_eq!(run.value, sha1(TEXT));
            value
        },
    ),
    number(816, "C_DigestInit", "SHA-1", CKR_OK, |run| {
        digest_init(run, run.session, CKM_SHA_1)
    }),
    number(817, "C_Digest", "more room than is needed", CKR_OK, |run| {
        let value = digest(run, Some(64));
        assert_eq!(run.value, sha1(TEXT));
        value
    }),
    number(818, "C_DigestInit", "SHA-1", CKR_OK, |run| {
        digest_init(run, run.session, CKM_SHA_1)
    }),
    number(
        819,
        "C_Digest",
        "room for 18 bytes",
        CKR_BUFFER_TOO_SMALL,
        |run| digest(run, Some(18)),
    ),
    step(|run| {
        run.close_all();
        run.finalize();
    }),
];

fn digest_init(run: &Run, session: u64, kind: u64) -> CK_RV {
    let mut mechanism = mechanism(kind);
    call!(run, C_DigestInit(session, &raw mut mechanism))
}

fn digest_update(run: &mut Run) -> CK_RV {
    let mut text = TEXT.to_vec();
    call!(
        run,
        C_DigestUpdate(run.session, text.as_mut_ptr(), text.len() as u64)
    )
}

/// A digest in one call, with so much room; or its length.
fn digest(run: &mut Run, room: Option<u64>) -> CK_RV {
    let mut text = TEXT.to_vec();
    let mut place = vec![0; 64];
    let start = room.map_or(ptr::null_mut(), |_| place.as_mut_ptr());
    run.len = room.unwrap_or_default();
    let value = call!(
        run,
        C_Digest(
            run.session,
            text.as_mut_ptr(),
            text.len() as u64,
            start,
            &raw mut run.len
        )
    );
    place.truncate(usize::try_from(run.len).unwrap());
    run.value = place;
    value
}

fn digest_final(run: &mut Run, room: Option<u64>) -> CK_RV {
    let mut place = vec![0; 64];
    let start = room.map_or(ptr::null_mut(), |_| place.as_mut_ptr());
    run.len = room.unwrap_or_default();
    let value = call!(run, C_DigestFinal(run.session, start, &raw mut run.len));
    place.truncate(usize::try_from(run.len).unwrap());
    run.value = place;
    value
}

const BEFORE: &str = "nothing is initialised";
