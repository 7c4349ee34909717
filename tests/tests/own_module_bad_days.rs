//! The product's own PKCS#11 module on bad days: no agent, another agent, a fork, a card that is pulled.
#![cfg(target_os = "linux")]
#![expect(
    unsafe_code,
    clippy::undocumented_unsafe_blocks,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a C interface is judged: what is given to it is ours"
)]

use std::fs;
use std::thread;
use std::time::Duration;

use cpxd_tests::agent::Agent;
use cpxd_tests::cryptoki_calls::{
    Cryptoki, Returned, in_a_process_of_its_own, use_agent, use_agent_at,
};
use cpxd_tests::own_module::ModuleHome;
use cpxd_tests::pcsc_stack::{
    PcscService, Reader, TEST_ENVIRONMENT, THREE_LEFT, VERIFIED, VirtualCardProgram,
};
use cpxd_tests::programs::own_module;
use cpxd_tests::waiting::until;
use cryptoki_sys::{
    CK_SESSION_HANDLE, CKF_DONT_BLOCK, CKM_RSA_PKCS, CKR_CRYPTOKI_NOT_INITIALIZED,
    CKR_DEVICE_ERROR, CKR_DEVICE_REMOVED, CKR_NO_EVENT, CKR_SESSION_HANDLE_INVALID,
    CKR_TOKEN_NOT_PRESENT, CKR_USER_ALREADY_LOGGED_IN, CKR_USER_NOT_LOGGED_IN,
    CKS_RO_PUBLIC_SESSION, CKS_RO_USER_FUNCTIONS,
};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

const AUTHENTICATION: &str = "CPS_PRIV_AUT";

/// A CPS3 in a real reader, an agent whose holder types the right code, and the module.
struct Workstation {
    module: Cryptoki,
    agent: Agent,
    card: Option<VirtualCardProgram>,
    service: PcscService,
}

impl Workstation {
    fn new() -> Self {
        let service = PcscService::start();
        let card = service.plug(Reader::First, &["--card", "cps3"]);
        let agent = service.agent(TEST_ENVIRONMENT, "pin = \"1234\"\nconsent = true", &[]);
        let _ = agent.card();
        use_agent(&agent);
        Self {
            module: Cryptoki::initialised(),
            agent,
            card: Some(card),
            service,
        }
    }

    fn logged_in(&self) -> CK_SESSION_HANDLE {
        let slot = self.module.slots().unwrap()[0];
        let session = self.module.open_session(slot).unwrap();
        self.module.log_in(session).unwrap();
        session
    }

    /// Has the agent end the one log-in that there is, as a holder does.
    fn end_log_in(&self) {
        let listed = self.agent.read_socket("/v1/sessions").body;
        let name = listed["sessions"][0]["id"].as_str().unwrap();
        let ended = self.agent.cli(&["sessions", "end", name]);
        assert!(ended.status.success());
    }

    /// The log-ins that the agent has.
    fn log_ins(&self) -> Vec<Value> {
        let listed = self.agent.read_socket("/v1/sessions").body;
        listed["sessions"].as_array().unwrap().clone()
    }

    fn pull(&mut self) {
        drop(self.card.take());
        until("the end of the card", || {
            let cards = self.agent.read_socket("/v1/cards").body;
            cards["cards"].as_array()?.is_empty().then_some(())
        });
    }
}

fn sign(module: &Cryptoki, session: CK_SESSION_HANDLE) -> Returned<Vec<u8>> {
    let key = module.key(session, AUTHENTICATION)?;
    module.sign_init(session, CKM_RSA_PKCS, key)?;
    module.sign(session, b"signed", 256)
}

#[test]
fn without_an_agent_there_is_no_slot_and_one_that_comes_is_found() {
    in_a_process_of_its_own(
        "without_an_agent_there_is_no_slot_and_one_that_comes_is_found",
        || {
            let folder = tempfile::tempdir().unwrap();
            use_agent_at(folder.path());
            let module = Cryptoki::initialised();
            assert_eq!(module.slots(), Ok(Vec::new()));
            module.finalise().unwrap();
            let mut agent = Agent::demo(&["--card", "cps3"]);
            let _ = agent.card();
            use_agent(&agent);
            module.initialise().unwrap();
            let slot = module.slots().unwrap()[0];
            let session = module.open_session(slot).unwrap();
            module.log_in(session).unwrap();
            assert!(sign(&module, session).is_ok());
            agent.stop();
            // The agent is gone in the middle of a session: no card, no signature, no wait.
            let lost = sign(&module, session).unwrap_err();
            assert!(
                [CKR_DEVICE_ERROR, CKR_SESSION_HANDLE_INVALID].contains(&lost),
                "{lost:#x}"
            );
            assert_eq!(module.slots(), Ok(Vec::new()));
            assert_eq!(module.open_session(slot), Err(CKR_TOKEN_NOT_PRESENT));
            agent.start_again();
            let _ = agent.card();
            assert_eq!(module.slots(), Ok(vec![slot]));
            let session = module.open_session(slot).unwrap();
            module.log_in(session).unwrap();
            assert!(sign(&module, session).is_ok());
        },
    );
}

#[test]
fn a_forked_child_has_no_module_and_its_parent_goes_on() {
    in_a_process_of_its_own(
        "a_forked_child_has_no_module_and_its_parent_goes_on",
        || {
            let desk = Workstation::new();
            let session = desk.logged_in();
            assert!(sign(&desk.module, session).is_ok());
            let child = unsafe { fork() };
            if child == 0 {
                let refused = desk.module.sign(session, b"data", 256).err();
                let is_refused = refused == Some(CKR_CRYPTOKI_NOT_INITIALIZED);
                let slots = desk.module.initialise().and_then(|()| desk.module.slots());
                let begins_anew = slots.is_ok_and(|slots| slots.len() == 2 || slots.len() == 1);
                let is_nobody = desk.module.log_out(session) == Err(CKR_SESSION_HANDLE_INVALID);
                let code = i32::from(!(is_refused && begins_anew && is_nobody));
                unsafe { _exit(code) };
            }
            let mut status = -1;
            assert_eq!(unsafe { waitpid(child, &raw mut status, 0) }, child);
            assert_eq!(status, 0);
            assert!(sign(&desk.module, session).is_ok());
        },
    );
}

#[test]
fn a_card_that_is_pulled_before_the_signature_ends_its_sessions() {
    in_a_process_of_its_own(
        "a_card_that_is_pulled_before_the_signature_ends_its_sessions",
        || {
            let mut desk = Workstation::new();
            let session = desk.logged_in();
            let slot = desk.module.slots().unwrap()[0];
            let key = desk.module.key(session, AUTHENTICATION).unwrap();
            desk.module.sign_init(session, CKM_RSA_PKCS, key).unwrap();
            desk.pull();
            let lost = desk.module.sign(session, b"signed", 256);
            assert_eq!(lost, Err(CKR_DEVICE_REMOVED));
            let dead = desk.module.sign(session, b"signed", 256);
            assert_eq!(dead, Err(CKR_SESSION_HANDLE_INVALID));
            assert_eq!(desk.module.slots(), Ok(Vec::new()));
            assert_eq!(desk.module.open_session(slot), Err(CKR_TOKEN_NOT_PRESENT));
            desk.card = Some(desk.service.plug(Reader::First, &["--card", "cps3"]));
            let _ = desk.agent.card();
            assert_eq!(desk.module.slots(), Ok(vec![slot]));
            let session = desk.module.open_session(slot).unwrap();
            let public = desk.module.find(session, &mut []).unwrap();
            assert_eq!(public.len(), 9, "nobody is logged in");
            desk.module.log_in(session).unwrap();
            assert!(sign(&desk.module, session).is_ok());
        },
    );
}

/// Firefox takes a card for present for a second after its last look: what it looks for then must not be found.
#[test]
fn the_search_of_a_key_whose_card_has_just_left_finds_none() {
    in_a_process_of_its_own(
        "the_search_of_a_key_whose_card_has_just_left_finds_none",
        || {
            let mut desk = Workstation::new();
            let session = desk.logged_in();
            assert!(desk.module.key(session, AUTHENTICATION).is_ok());
            desk.pull();
            let lost = desk.module.key(session, AUTHENTICATION);
            assert_eq!(lost, Err(CKR_SESSION_HANDLE_INVALID));
        },
    );
}

#[test]
fn a_card_that_comes_and_goes_is_an_event_and_the_end_of_the_module_ends_the_wait() {
    in_a_process_of_its_own(
        "a_card_that_comes_and_goes_is_an_event_and_the_end_of_the_module_ends_the_wait",
        || {
            let mut desk = Workstation::new();
            let slot = desk.module.slots().unwrap()[0];
            let none = desk.module.wait_for_slot_event(CKF_DONT_BLOCK);
            assert_eq!(none, Err(CKR_NO_EVENT));
            desk.pull();
            assert_eq!(desk.module.wait_for_slot_event(CKF_DONT_BLOCK), Ok(slot));
            let none = desk.module.wait_for_slot_event(CKF_DONT_BLOCK);
            assert_eq!(none, Err(CKR_NO_EVENT));
            thread::scope(|scope| {
                let waiting = scope.spawn(|| desk.module.wait_for_slot_event(0));
                thread::sleep(A_MOMENT);
                assert!(!waiting.is_finished());
                let _card = desk.service.plug(Reader::First, &["--card", "cps3"]);
                assert_eq!(waiting.join().unwrap(), Ok(slot));
                let waiting = scope.spawn(|| desk.module.wait_for_slot_event(0));
                thread::sleep(A_MOMENT);
                assert!(!waiting.is_finished());
                desk.module.finalise().unwrap();
                let ended = waiting.join().unwrap();
                assert_eq!(ended, Err(CKR_CRYPTOKI_NOT_INITIALIZED));
            });
        },
    );
}

/// Ends the module, also where a test fails whose threads wait in it.
struct AtLast<'a>(&'a Cryptoki);

impl Drop for AtLast<'_> {
    fn drop(&mut self) {
        let _ = self.0.finalise();
    }
}

/// The sockets that this process has open.
fn sockets() -> usize {
    let open = fs::read_dir("/proc/self/fd").unwrap();
    let led_to = open.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    let is_socket = |path: &std::path::PathBuf| path.to_string_lossy().starts_with("socket:");
    led_to.filter(is_socket).count()
}

#[test]
fn many_threads_that_wait_have_one_stream_of_events_and_each_event_is_told_to_one() {
    in_a_process_of_its_own(
        "many_threads_that_wait_have_one_stream_of_events_and_each_event_is_told_to_one",
        || {
            let mut desk = Workstation::new();
            let slot = desk.module.slots().unwrap()[0];
            let before = sockets();
            let (tell, told) = std::sync::mpsc::channel();
            thread::scope(|scope| {
                let module = &desk.module;
                let at_last = AtLast(module);
                for _ in 0..8 {
                    let tell = tell.clone();
                    scope.spawn(move || tell.send(module.wait_for_slot_event(0)));
                }
                // Each thread looks at the readers first, by a connection of its own.
                thread::sleep(A_MOMENT);
                until("one stream", || (sockets() == before + 1).then_some(()));
                drop(desk.card.take());
                assert_eq!(told.recv(), Ok(Ok(slot)));
                thread::sleep(A_MOMENT);
                assert!(told.try_recv().is_err(), "one event was told twice");
                let _card = desk.service.plug(Reader::First, &["--card", "cps3"]);
                assert_eq!(told.recv(), Ok(Ok(slot)));
                until("one stream again", || {
                    (sockets() == before + 1).then_some(())
                });
                drop(at_last);
                for _ in 0..6 {
                    assert_eq!(told.recv(), Ok(Err(CKR_CRYPTOKI_NOT_INITIALIZED)));
                }
            });
        },
    );
}

#[test]
fn a_process_that_dies_leaves_no_code_presented() {
    let service = PcscService::start();
    let _card = service.plug(Reader::First, &["--card", "cps3"]);
    let agent = service.agent(TEST_ENVIRONMENT, "pin = \"1234\"\nconsent = true", &[]);
    let _ = agent.card();
    let home = ModuleHome::of(&agent);
    // It logs in, and then waits for its input for ever.
    let mut tool = home
        .command("pkcs11-tool")
        .arg("--module")
        .arg(own_module())
        .args([
            "--login",
            "--pin",
            "0000",
            "--sign",
            "--mechanism",
            "RSA-PKCS",
        ])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    until("the log-in", || {
        (service.pin_state(Reader::First) == VERIFIED).then_some(())
    });
    let sessions = agent.read_socket("/v1/sessions").body;
    assert_eq!(sessions["sessions"].as_array().unwrap().len(), 1);
    tool.kill().unwrap();
    let _ = tool.wait();
    until("the end of the log-in", || {
        (service.pin_state(Reader::First) == THREE_LEFT).then_some(())
    });
    let sessions = agent.read_socket("/v1/sessions").body;
    assert!(sessions["sessions"].as_array().unwrap().is_empty());
}

/// The child has the connection of the log-in, which so stays open.
#[test]
fn a_forked_child_that_outlives_its_killed_parent_keeps_no_log_in() {
    in_a_process_of_its_own(
        "a_forked_child_that_outlives_its_killed_parent_keeps_no_log_in",
        || {
            let desk = Workstation::new();
            let folder = tempfile::tempdir().unwrap();
            let written = folder.path().join("child");
            let parent = unsafe { fork() };
            if parent == 0 {
                desk.module.initialise().unwrap();
                let _session = desk.logged_in();
                let child = unsafe { fork() };
                if child != 0 {
                    fs::write(folder.path().join("writing"), child.to_string()).unwrap();
                    fs::rename(folder.path().join("writing"), &written).unwrap();
                }
                loop {
                    thread::sleep(A_MOMENT);
                }
            }
            let child = until("the child", || fs::read_to_string(&written).ok());
            let child = Killed(child.parse().unwrap());
            assert_eq!(desk.service.pin_state(Reader::First), VERIFIED);
            assert_eq!(desk.log_ins().len(), 1);
            drop(Killed(parent));
            let mut status = 0;
            assert_eq!(unsafe { waitpid(parent, &raw mut status, 0) }, parent);
            until("the end of the log-in", || {
                (desk.service.pin_state(Reader::First) == THREE_LEFT).then_some(())
            });
            assert!(desk.log_ins().is_empty());
            assert_eq!(unsafe { kill(child.0, 0) }, 0, "the child lives");
        },
    );
}

/// A process that is killed at the end.
struct Killed(i32);

impl Drop for Killed {
    fn drop(&mut self) {
        unsafe { kill(self.0, SIGKILL) };
    }
}

const SIGKILL: i32 = 9;

#[test]
fn a_log_in_without_a_session_ends_within_seconds_and_its_code_is_dropped() {
    in_a_process_of_its_own(
        "a_log_in_without_a_session_ends_within_seconds_and_its_code_is_dropped",
        || {
            let desk = Workstation::new();
            let session = desk.logged_in();
            let first = desk.log_ins()[0]["id"].clone();
            desk.module.close_session(session).unwrap();
            assert_eq!(desk.log_ins()[0]["id"], first, "it is kept at first");
            until("the end of the log-in", || {
                (desk.service.pin_state(Reader::First) == THREE_LEFT).then_some(())
            });
            assert!(desk.log_ins().is_empty());
            let session = desk.logged_in();
            assert_ne!(desk.log_ins()[0]["id"], first, "the holder was asked again");
            assert!(sign(&desk.module, session).is_ok());
        },
    );
}

#[test]
fn a_log_in_that_is_taken_up_again_lasts_as_any_other() {
    in_a_process_of_its_own("a_log_in_that_is_taken_up_again_lasts_as_any_other", || {
        let desk = Workstation::new();
        let lasts = || {
            let log_in = &desk.log_ins()[0];
            let time = |field: &str| {
                OffsetDateTime::parse(log_in[field].as_str().unwrap(), &Rfc3339).unwrap()
            };
            time("idleEnd") - time("opened")
        };
        let session = desk.logged_in();
        assert!(lasts() >= QUARTER_OF_AN_HOUR);
        desk.module.close_session(session).unwrap();
        assert!(lasts() < QUARTER_OF_AN_HOUR);
        let session = desk.logged_in();
        assert!(lasts() >= QUARTER_OF_AN_HOUR);
        assert_eq!(desk.log_ins().len(), 1);
        assert!(sign(&desk.module, session).is_ok());
    });
}

#[test]
fn a_log_out_in_a_new_session_ends_a_log_in_that_was_kept() {
    in_a_process_of_its_own(
        "a_log_out_in_a_new_session_ends_a_log_in_that_was_kept",
        || {
            let desk = Workstation::new();
            let slot = desk.module.slots().unwrap()[0];
            let session = desk.logged_in();
            desk.module.close_session(session).unwrap();
            let session = desk.module.open_session(slot).unwrap();
            // The token was logged out with its last session, which a log-out says.
            assert_eq!(desk.module.log_out(session), Err(CKR_USER_NOT_LOGGED_IN));
            assert!(desk.log_ins().is_empty());
        },
    );
}

#[test]
fn the_log_in_of_one_process_is_of_no_use_to_another() {
    in_a_process_of_its_own("the_log_in_of_one_process_is_of_no_use_to_another", || {
        let desk = Workstation::new();
        let session = desk.logged_in();
        let listed = desk.agent.read_socket("/v1/sessions").body;
        let name = listed["sessions"][0]["id"].clone();
        let card = desk.agent.card()["id"].clone();
        let path = format!(
            "/v1/cards/{}/keys/authentication/sign",
            card.as_str().unwrap()
        );
        let body = serde_json::json!({
            "algorithm": "RSA-PKCS1", "value": "c2lnbmVk", "session": name,
        });
        let stolen = desk.agent.call_socket(&path, &body);
        assert_eq!((stolen.status, stolen.code()), (404, "not-found"));
        assert!(sign(&desk.module, session).is_ok());
        let ended = desk.agent.cli(&["sessions", "end", name.as_str().unwrap()]);
        assert!(ended.status.success());
        let ended = sign(&desk.module, session);
        assert_eq!(ended, Err(CKR_USER_NOT_LOGGED_IN));
    });
}

#[test]
fn a_log_in_that_the_agent_remembers_no_more_is_over_and_the_card_is_there() {
    in_a_process_of_its_own(
        "a_log_in_that_the_agent_remembers_no_more_is_over_and_the_card_is_there",
        || {
            let desk = Workstation::new();
            let session = desk.logged_in();
            desk.end_log_in();
            // A module of its own, whose log-ins push the end of that one out of the agent's memory.
            let folder = tempfile::tempdir().unwrap();
            let copy = folder.path().join("copy.so");
            fs::copy(own_module(), &copy).unwrap();
            let other = Cryptoki::load_from(&copy);
            other.initialise().unwrap();
            let slot = other.slots().unwrap()[0];
            let other_session = other.open_session(slot).unwrap();
            for _ in 0..=REMEMBERED_ENDS {
                other.log_in(other_session).unwrap();
                other.log_out(other_session).unwrap();
            }
            let key = desk.module.key(session, AUTHENTICATION);
            let signed = key.and_then(|key| {
                desk.module.sign_init(session, CKM_RSA_PKCS, key)?;
                desk.module.sign(session, b"signed", 256)
            });
            assert_eq!(signed, Err(CKR_USER_NOT_LOGGED_IN));
            desk.module.log_in(session).unwrap();
            assert!(sign(&desk.module, session).is_ok(), "the session lives on");
        },
    );
}

#[test]
fn a_log_in_that_the_agent_ended_is_over_before_its_next_use() {
    in_a_process_of_its_own(
        "a_log_in_that_the_agent_ended_is_over_before_its_next_use",
        || {
            let desk = Workstation::new();
            let session = desk.logged_in();
            let state = || desk.module.session_state(session);
            let log_in = || desk.module.log_in(session);
            assert_eq!(state(), Ok(CKS_RO_USER_FUNCTIONS));
            assert_eq!(log_in(), Err(CKR_USER_ALREADY_LOGGED_IN));
            desk.end_log_in();
            assert_eq!(log_in(), Ok(()), "the holder is asked again");
            assert!(sign(&desk.module, session).is_ok());
            desk.end_log_in();
            assert_eq!(state(), Ok(CKS_RO_PUBLIC_SESSION));
            assert_eq!(desk.module.log_out(session), Err(CKR_USER_NOT_LOGGED_IN));
        },
    );
}

/// How many ended sessions the agent tells the end of.
const REMEMBERED_ENDS: usize = 64;
/// How long a log-in may be without a use.
const QUARTER_OF_AN_HOUR: time::Duration = time::Duration::minutes(15);
/// What a thread needs to begin to wait; nothing depends on it but that the wait is looked at.
const A_MOMENT: Duration = Duration::from_millis(300);

unsafe extern "C" {
    fn fork() -> i32;
    fn waitpid(pid: i32, status: *mut i32, options: i32) -> i32;
    fn kill(pid: i32, signal: i32) -> i32;
    fn _exit(status: i32) -> !;
}
