//! The module that keeps the keys.

use std::sync::OnceLock;

use cryptoki_sys::{CK_FUNCTION_LIST, CK_RV, CKR_OK, Pkcs11};

use crate::plan::Plan;

/// Its functions; it stays loaded as long as the process runs.
pub(crate) fn functions() -> &'static CK_FUNCTION_LIST {
    static FUNCTIONS: OnceLock<CK_FUNCTION_LIST> = OnceLock::new();
    FUNCTIONS.get_or_init(|| load(&Plan::read()))
}

fn load(plan: &Plan) -> CK_FUNCTION_LIST {
    let module = unsafe { Pkcs11::new(&plan.real) }.expect("the real module loads");
    let module = Box::leak(Box::new(module));
    let mut list = std::ptr::null_mut();
    let result = unsafe { module.C_GetFunctionList(&raw mut list) };
    assert_eq!(result, CKR_OK, "the real module gives its functions");
    unsafe { *list }
}

/// Calls a function of the real module; what is not `CKR_OK` is an error.
macro_rules! real {
    ($function:ident ( $($argument:expr),* $(,)? )) => {{
        let function = crate::real::functions()
            .$function
            .expect("the real module has every function");
        crate::real::check(unsafe { function($($argument),*) })
    }};
}
pub(crate) use real;

/// A return value as a result.
pub(crate) fn check(value: CK_RV) -> Result<(), CK_RV> {
    match value {
        CKR_OK => Ok(()),
        refusal => Err(refusal),
    }
}
