//! What `ui/window.slint` is compiled to.

#![expect(
    missing_debug_implementations,
    unreachable_pub,
    unused_qualifications,
    reason = "generated code"
)]

slint::include_modules!();
