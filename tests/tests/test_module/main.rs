//! The PKCS#11 module of the tests does what its plan says: what a card does, and each misdeed.
#![cfg(target_os = "linux")]
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "these are tests"
)]

mod card;
mod faults;
mod habits;
mod insertion;

use cpxd_tests::soft_reader::SoftReader;
use cpxd_tests::token_user::TokenUser;
use ring::digest::{SHA256, digest};

/// A reader with a CPS in it, and the label of its token.
fn reader_with_cps() -> (SoftReader, String) {
    let reader = SoftReader::with_cps();
    let label = TokenUser::start(&reader).token()["label"].clone();
    (reader, label.as_str().unwrap().to_owned())
}

/// A process with a read-write session.
fn user_of(reader: &SoftReader) -> TokenUser {
    let mut user = TokenUser::start(reader);
    user.tell("open rw");
    user
}

/// A process with a read-write session, logged in.
fn logged_in(reader: &SoftReader) -> TokenUser {
    let mut user = user_of(reader);
    user.tell("login user 1234");
    user
}

fn refused(user: &mut TokenUser, order: &str) -> String {
    user.ask(order).expect_err(order)
}

/// An order to sign a message with RSA-PKCS: the DigestInfo is made here.
fn sign_order(key: &str, message: &[u8]) -> String {
    let hash = hex::encode(digest(&SHA256, message));
    format!("sign {key} RSA_PKCS 3031300d060960864801650304020105000420{hash}")
}

fn signs(user: &mut TokenUser) -> Result<String, String> {
    user.ask(&sign_order("CPS_PRIV_AUT", b"a challenge"))
}
