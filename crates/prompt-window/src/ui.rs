//! What `ui/window.slint` is compiled to.

#![expect(
    clippy::as_underscore,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::todo,
    clippy::unwrap_used,
    missing_debug_implementations,
    unreachable_pub,
    unused_qualifications,
    reason = "generated code"
)]

slint::include_modules!();
