//! The product's own PKCS#11 module, judged by the programs that people have: each unmodified, on cards of both
//! generations behind a real pcscd, every signature verified by openssl. What they can do stands in
//! `docs/pkcs11-clients.md`, whose rows name these tests.
#![cfg(target_os = "linux")]
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "these are tests"
)]

mod curl;
mod gnutls;
mod java;
mod many_at_once;
mod openssl;
mod pkcs11_tool;
mod python;
mod ssh;
mod workstation;
