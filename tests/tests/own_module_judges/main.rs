//! The product's own PKCS#11 module, judged by the programs that people have: each unmodified, on cards of both
//! generations behind a real pcscd, every signature verified by openssl. What they can do stands in
//! `docs/pkcs11-clients.md`, whose rows name these tests.
#![cfg(target_os = "linux")]
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "these are tests"
)]

mod commands;
mod curl;
mod document;
mod gnutls;
mod integrators;
mod java;
mod many_at_once;
mod openssl;
mod pkcs11_tool;
mod python;
mod ssh;
mod workstation;

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use cpxd_tests::programs::workspace_dir;
use expect_test::expect_file;

#[test]
fn the_document_says_what_its_tables_say() {
    expect_file!["../../../docs/pkcs11-clients.md"].assert_eq(&document::text());
}

#[test]
fn the_document_has_no_block_of_commands_that_is_not_among_those_to_paste() {
    let (in_the_document, known) = commands::counts();
    assert_eq!(in_the_document, known);
}

#[test]
fn the_document_names_each_of_these_tests_and_none_that_is_not_there() {
    let this = std::env::current_exe().unwrap();
    let listed = Command::new(this).arg("--list").output().unwrap().stdout;
    let listed = String::from_utf8(listed).unwrap();
    let tests = listed
        .lines()
        .filter_map(|line| line.strip_suffix(": test"));
    let here: BTreeSet<_> = tests.filter(|test| test.contains("::")).collect();
    let (browsers, named): (BTreeSet<_>, BTreeSet<_>) = document::tests()
        .into_iter()
        .partition(|test| test.starts_with(document::OF_BROWSERS));
    assert_eq!(named, here);
    let path = "tests/tests/pro_sante_connect.rs";
    let text = fs::read_to_string(workspace_dir().join(path)).unwrap();
    for test in browsers {
        let name = test.trim_start_matches(document::OF_BROWSERS);
        assert!(text.contains(&format!("fn {name}()")), "{test}");
    }
}
