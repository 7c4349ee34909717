//! What is signed and hashed.

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};

use crate::signature::TEXT;

pub(crate) fn sha1(text: &[u8]) -> Vec<u8> {
    digest(&SHA1_FOR_LEGACY_USE_ONLY, text).as_ref().to_vec()
}

pub(crate) fn sha256(text: &[u8]) -> Vec<u8> {
    digest(&SHA256, text).as_ref().to_vec()
}

/// DigestInfo of the text (RFC 8017, 9.2, note 1).
pub(crate) fn digest_info_of_sha1() -> Vec<u8> {
    let head = [
        0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2B, 0x0E, 0x03, 0x02, 0x1A, 0x05, 0x00, 0x04, 0x14,
    ];
    [&head[..], &sha1(TEXT)].concat()
}

/// The same of SHA-256.
pub(crate) fn digest_info_of_sha256() -> Vec<u8> {
    let head = [
        0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
        0x05, 0x00, 0x04, 0x20,
    ];
    [&head[..], &sha256(TEXT)].concat()
}

/// More than one block of any hash function, and no whole number of them.
pub(crate) fn long_text() -> Vec<u8> {
    vec![0x5A; 1405]
}
