//! A PKCS#11 module and PC/SC as sources at once, with the same reader: one card, and the module's.
#![cfg(target_os = "linux")]
use std::fs;

use cpxd_tests::agent::Agent;
use cpxd_tests::operations::{assert_token, authenticate};
use cpxd_tests::pcsc_stack::{AGREEING, PcscService, Reader, TEST_ENVIRONMENT};
use cpxd_tests::soft_reader::opensc_module;
use cpxd_tests::waiting::until;
use serde_json::{Value, json};

#[test]
fn a_reader_that_the_module_lists_is_the_modules_and_is_there_once() {
    let service = PcscService::start();
    let _card = service.plug(Reader::First, &[]);
    // PC/SC is named first, and the module wins.
    let module = format!("pkcs11:{}", opensc_module().display());
    let agent = service.agent(TEST_ENVIRONMENT, AGREEING, &["--reader-source", &module]);
    let card = agent.card();
    assert_eq!(card["pin"]["triesLeft"], Value::Null, "flags, no count");
    let readers = agent.read_socket("/v1/readers").body;
    let readers = readers["readers"].as_array().unwrap();
    let names: Vec<_> = readers.iter().map(|reader| &reader["name"]).collect();
    assert_eq!(
        names,
        [&json!("VirtualPCD 00 00"), &json!("VirtualPCD 00 01")]
    );
    assert_token(&authenticate(&agent, &card));
}

#[test]
fn a_module_that_is_not_there_leaves_the_card_to_pcsc_and_is_told_of() {
    let service = PcscService::start();
    let _card = service.plug(Reader::First, &[]);
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("libcps3_pkcs11_lux.so");
    let module = format!("pkcs11:{}", place.display());
    let agent = service.agent(TEST_ENVIRONMENT, AGREEING, &["--reader-source", &module]);
    let card = agent.card();
    assert_eq!(card["pin"]["triesLeft"], 3);
    assert_token(&authenticate(&agent, &card));
    let status = agent.read_socket("/v1/status").body;
    assert_eq!(status["state"], "moduleFailed", "{status}");

    // Somebody installs it.
    fs::copy(opensc_module(), &place).unwrap();
    until("the module to have the card", || {
        let card = agent.card();
        card["pin"]["triesLeft"].is_null().then_some(())
    });
    assert_token(&authenticate(&agent, &agent.card()));
}

#[test]
fn a_module_alone_that_is_not_there_is_the_reason_why_there_is_no_card() {
    let service = PcscService::start();
    let _card = service.plug(Reader::First, &[]);
    let configuration =
        format!("{TEST_ENVIRONMENT}\nreader-source = [\"pkcs11:/nowhere/module.so\"]");
    let configuration = service.file(&configuration);
    let agent = Agent::run_in(
        &service.client_environment(),
        &["--config", configuration.to_str().unwrap()],
    );
    let state = || agent.read_socket("/v1/status").body["state"].clone();
    until("the failure to be told", || {
        (state() == "moduleFailed").then_some(())
    });
    let status = agent.cli(&["status"]);
    let said = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(said.contains("module"), "{said}");
    assert!(
        agent.log().contains("/nowhere/module.so"),
        "{}",
        agent.log()
    );
}
