//! Every dialogue of `apdu-fixtures` that this crate holds, to the byte.

#![expect(
    clippy::unwrap_used,
    reason = "an answer of an unexpected form fails its test"
)]

mod cps3_code_changes;
mod cps3_contactless;
mod cps4_codes;
mod cps4_keys;
mod cps4_selection;
mod script;
