//! Decryption.

use cryptoki_sys::*;

use crate::calls::answer;
use crate::codes::need_verified_card;
use crate::real::real;
use crate::signing::{Scratch, mechanism_name};

pub(crate) unsafe extern "C" fn decrypt_init(
    session: CK_SESSION_HANDLE,
    mechanism: CK_MECHANISM_PTR,
    key: CK_OBJECT_HANDLE,
) -> CK_RV {
    let kind = unsafe { mechanism.as_ref() }.map(|mechanism| mechanism.mechanism);
    answer("C_DecryptInit", &mechanism_name(kind), |call| {
        call.session(session)?;
        real!(C_DecryptInit(session, mechanism, key))
    })
}

pub(crate) unsafe extern "C" fn decrypt(
    session: CK_SESSION_HANDLE,
    cryptogram: CK_BYTE_PTR,
    cryptogram_len: CK_ULONG,
    data: CK_BYTE_PTR,
    data_len: CK_ULONG_PTR,
) -> CK_RV {
    answer("C_Decrypt", "", |call| {
        call.session(session)?;
        if !data.is_null() {
            let judged = need_verified_card(call);
            if judged.is_err() {
                let mut scratch = Scratch::new();
                let _ = real!(C_Decrypt(
                    session,
                    cryptogram,
                    cryptogram_len,
                    scratch.bytes.as_mut_ptr(),
                    &raw mut scratch.len
                ));
                return judged;
            }
        }
        real!(C_Decrypt(
            session,
            cryptogram,
            cryptogram_len,
            data,
            data_len
        ))?;
        call.spoil(data_len);
        Ok(())
    })
}
