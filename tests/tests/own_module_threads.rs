//! The product's own PKCS#11 module in several threads of one program, of which some wait.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a module that cannot be used fails its test"
)]

use std::thread;

use cpxd_tests::agent::Agent;
use cpxd_tests::cryptoki_calls::{Cryptoki, in_a_process_of_its_own, use_agent};
use cpxd_tests::scripted::text_file;
use cryptoki_sys::{
    CK_SESSION_HANDLE, CK_SLOT_ID, CKR_SESSION_CLOSED, CKR_USER_ALREADY_LOGGED_IN,
    CKS_RO_PUBLIC_SESSION,
};

/// An agent with cards whose holder answers as the script says, and the module.
fn desk(cards: &[&str], script: &str) -> (Agent, Cryptoki) {
    let holder = text_file(script);
    let path = holder.path().to_string_lossy().into_owned();
    let cards = cards.iter().flat_map(|card| ["--card", card]);
    let arguments: Vec<_> = cards.chain(["--scripted-holder", &path]).collect();
    let agent = Agent::demo(&arguments);
    use_agent(&agent);
    (agent, Cryptoki::initialised())
}

#[test]
fn a_log_in_that_waits_for_its_holder_keeps_no_other_reader_waiting() {
    in_a_process_of_its_own(
        "a_log_in_that_waits_for_its_holder_keeps_no_other_reader_waiting",
        || {
            let script = r#"answers = [ { pin = "1234" }, { pin = "1234", delay_ms = 5000 } ]"#;
            let (agent, module) = desk(&["cps3", "cps4"], script);
            let slots = module.slots().unwrap();
            let sessions = [0, 1].map(|number: usize| module.open_session(slots[number]).unwrap());
            module.log_in(sessions[0]).unwrap();
            thread::scope(|scope| {
                let events = agent.events();
                let waiting = scope.spawn(|| module.log_in(sessions[1]));
                let _ = events.wait_for("prompt-opened");
                let told = module.log_in(sessions[0]);
                assert_eq!(told, Err(CKR_USER_ALREADY_LOGGED_IN));
                assert!(!waiting.is_finished(), "it waited for the other holder");
                assert_eq!(waiting.join().unwrap(), Ok(()));
            });
        },
    );
}

/// Ends all sessions in one way while the holder is asked for a log-in, which then must leave nothing behind.
fn close_while_the_holder_is_asked(close: fn(&Cryptoki, CK_SLOT_ID, CK_SESSION_HANDLE)) {
    let (agent, module) = desk(&["cps3"], "pin = \"1234\"\ndelay_ms = 1000");
    let slot = module.slots().unwrap()[0];
    let session = module.open_session(slot).unwrap();
    thread::scope(|scope| {
        let events = agent.events();
        let waiting = scope.spawn(|| module.log_in(session));
        let _ = events.wait_for("prompt-opened");
        close(&module, slot, session);
        assert_eq!(waiting.join().unwrap(), Err(CKR_SESSION_CLOSED));
    });
    let sessions = agent.read_socket("/v1/sessions").body;
    assert!(sessions["sessions"].as_array().unwrap().is_empty());
    let session = module.open_session(slot).unwrap();
    assert_eq!(module.session_state(session), Ok(CKS_RO_PUBLIC_SESSION));
}

#[test]
fn a_log_in_ends_where_all_sessions_were_closed_while_the_holder_was_asked() {
    in_a_process_of_its_own(
        "a_log_in_ends_where_all_sessions_were_closed_while_the_holder_was_asked",
        || {
            close_while_the_holder_is_asked(|module, slot, _| {
                module.close_all_sessions(slot).unwrap();
            });
        },
    );
}

#[test]
fn a_log_in_ends_where_its_session_was_closed_while_the_holder_was_asked() {
    in_a_process_of_its_own(
        "a_log_in_ends_where_its_session_was_closed_while_the_holder_was_asked",
        || {
            close_while_the_holder_is_asked(|module, _, session| {
                module.close_session(session).unwrap();
            });
        },
    );
}
