//! The product's own PKCS#11 module in several threads of one program, of which some wait.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a module that cannot be used fails its test"
)]

use std::process::Command;
use std::thread;
use std::time::Duration;

use cpxd_tests::agent::Agent;
use cpxd_tests::cryptoki_calls::{
    Cryptoki, Returned, be_a_browser_of, in_a_process_of_its_own, use_agent,
};
use cpxd_tests::scripted::text_file;
use cpxd_tests::waiting::until;
use cryptoki_sys::{
    CK_SESSION_HANDLE, CK_SLOT_ID, CKM_RSA_PKCS, CKR_FUNCTION_CANCELED, CKR_SESSION_CLOSED,
    CKR_SESSION_HANDLE_INVALID, CKR_USER_ALREADY_LOGGED_IN, CKS_RO_PUBLIC_SESSION,
};

/// Label of the key, as programs look for it.
const AUTHENTICATION: &str = "CPS_PRIV_AUT";

/// An agent with cards whose holder answers as the script says, and the module.
fn desk(cards: &[&str], script: &str) -> (Agent, Cryptoki) {
    let agent = agent_with(cards, script);
    use_agent(&agent);
    (agent, Cryptoki::initialised())
}

fn agent_with(cards: &[&str], script: &str) -> Agent {
    let holder = text_file(script);
    let count = cards.len();
    let path = holder.path().to_string_lossy().into_owned();
    let cards = cards.iter().flat_map(|card| ["--card", card]);
    let arguments: Vec<_> = cards.chain(["--scripted-holder", &path]).collect();
    let agent = Agent::demo(&arguments);
    until("the cards", || {
        let listed = agent.read_socket("/v1/cards").body;
        (listed["cards"].as_array()?.len() == count).then_some(())
    });
    agent
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
    let (agent, module) = desk(&["cps3"], "pin = \"1234\"\ndelay_ms = 5000");
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

#[test]
fn a_log_out_at_an_agent_that_is_slow_keeps_no_other_thread_waiting() {
    in_a_process_of_its_own(
        "a_log_out_at_an_agent_that_is_slow_keeps_no_other_thread_waiting",
        || {
            let (agent, module) = desk(&["cps3"], "pin = \"1234\"");
            let slot = module.slots().unwrap()[0];
            let session = module.open_session(slot).unwrap();
            module.log_in(session).unwrap();
            signal(&agent, "-STOP");
            thread::scope(|scope| {
                let closing = scope.spawn(|| module.close_all_sessions(slot));
                until("the end of the session", || {
                    let signed = module.sign(session, b"", 0);
                    (signed == Err(CKR_SESSION_HANDLE_INVALID)).then_some(())
                });
                thread::sleep(Duration::from_millis(200));
                assert!(!closing.is_finished(), "it answered after the log-out");
                signal(&agent, "-CONT");
                assert_eq!(closing.join().unwrap(), Ok(()));
            });
        },
    );
}

/// A browser opens several connections to a server, and tries again where one failed.
#[test]
fn a_browser_whose_holder_said_no_asks_once_and_again_seconds_later() {
    in_a_process_of_its_own(
        "a_browser_whose_holder_said_no_asks_once_and_again_seconds_later",
        || {
            let script = "answers = [ { consent = false, delay_ms = 5000 }, { pin = \"1234\", consent = true } ]";
            let agent = agent_with(&["cps3"], script);
            be_a_browser_of(&agent);
            let module = Cryptoki::initialised();
            let slot = module.slots().unwrap()[0];
            let sign = || -> Returned<Vec<u8>> {
                let session = module.open_session(slot)?;
                let key = module.key(session, AUTHENTICATION)?;
                module.sign_init(session, CKM_RSA_PKCS, key)?;
                module.sign(session, b"signed", 256)
            };
            thread::scope(|scope| {
                let threads = [0; 6].map(|_| scope.spawn(sign));
                for thread in threads {
                    assert_eq!(thread.join().unwrap(), Err(CKR_FUNCTION_CANCELED));
                }
            });
            assert_eq!(sign(), Err(CKR_FUNCTION_CANCELED), "it tries again at once");
            until("the next question", || match sign() {
                Err(value) => {
                    assert_eq!(value, CKR_FUNCTION_CANCELED);
                    None
                }
                Ok(signature) => (signature.len() == 256).then_some(()),
            });
        },
    );
}

fn signal(agent: &Agent, signal: &str) {
    let pid = agent.pid().to_string();
    let sent = Command::new("kill").args([signal, &pid]).status();
    assert!(sent.unwrap().success());
}
