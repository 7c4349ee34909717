//! Attacks on the door, over real TLS against `cpxd demo --headless`, named after what happened to
//! others.
//!
//! What a single rule refuses is tried beside that rule: `door.rs`, `door_limits.rs`, `door_peer.rs`,
//! `page_callers.rs`, `pairing.rs`, `native_host.rs`. Here are whole attacks. Which test shows which
//! rule is a table in SECURITY.md, and `rules` holds it to the tests.

mod flood;
mod incidents;
mod preflights;
mod rebinding;
mod rules;
mod slow;
mod smuggling;
