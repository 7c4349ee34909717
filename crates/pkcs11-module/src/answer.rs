//! The frame of every call: nothing panics across the boundary, and nothing works before its time or in a forked
//! child.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use cryptoki_sys::{CK_RV, CKR_GENERAL_ERROR, CKR_OK};

use crate::module::{self, Module};

/// What a call gives; `Err` is any return value but `CKR_OK`.
pub(crate) type Answer<T = ()> = Result<T, CK_RV>;

/// Does the work of a function of an initialised module.
pub(crate) fn answer(work: impl FnOnce(&Arc<Module>) -> Answer) -> CK_RV {
    answer_always(|| work(&module::current()?))
}

/// Does the work of one of the few functions that work before initialisation.
pub(crate) fn answer_always(work: impl FnOnce() -> Answer) -> CK_RV {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(())) => CKR_OK,
        Ok(Err(value)) => value,
        Err(_) => CKR_GENERAL_ERROR,
    }
}
