//! A PKCS#11 2.40 module for tests: it stands in front of a real one, counts the tries of codes as a
//! card does, and misbehaves as its plan says.
//!
//! The environment variable `CPXD_TEST_MODULE` names the plan (the module `plan`), which is read again
//! at each call, so that a test changes things in mid-operation. The real module, SoftHSM, keeps the
//! keys; what a card would know beside them stands in a file that all processes share (`memory`).
//! What is neither counted nor ever made to fail goes to the real module as it is.
#![cfg(target_os = "linux")]
#![expect(
    unsafe_code,
    clippy::undocumented_unsafe_blocks,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a C interface: every pointer is as good as its caller's promise (PKCS#11), and a test module that cannot do its work says so and ends"
)]

mod calls;
mod codes;
mod decryption;
mod fields;
mod function_list;
mod memory;
mod objects;
mod plan;
mod process;
mod real;
mod return_values;
mod sessions;
mod signing;
mod slots;
mod tokens;
mod trace;

use cryptoki_sys::{CK_FUNCTION_LIST_PTR_PTR, CK_RV, CKR_ARGUMENTS_BAD};

use crate::calls::answer;

/// The one function by which a PKCS#11 module is entered.
///
/// # Safety
/// `list` is null or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn C_GetFunctionList(list: CK_FUNCTION_LIST_PTR_PTR) -> CK_RV {
    answer("C_GetFunctionList", "", |_| {
        if list.is_null() {
            return Err(CKR_ARGUMENTS_BAD);
        }
        unsafe { list.write(function_list::pointer()) };
        Ok(())
    })
}
