//! The product's own PKCS#11 module, and the agent behind it, where no file descriptor is left.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    reason = "a module that cannot be used fails its test"
)]

use std::fs::{self, File};
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

use cpxd_tests::agent::Agent;
use cpxd_tests::cryptoki_calls::{Cryptoki, Returned, in_a_process_of_its_own, use_agent};
use cpxd_tests::scripted::demo_with_holder;
use cpxd_tests::waiting::until;
use cryptoki_sys::{
    CK_SESSION_HANDLE, CKF_DONT_BLOCK, CKM_RSA_PKCS, CKR_DEVICE_ERROR, CKR_HOST_MEMORY,
    CKR_NO_EVENT, CKS_RO_USER_FUNCTIONS,
};
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};

/// While it lives, this process has no descriptor left.
struct NoneLeft(Rlimit);

impl NoneLeft {
    fn here() -> Self {
        // The lowest number that is free: all below it are taken.
        let free = File::open("/dev/null").unwrap().as_raw_fd();
        let before = limit_descriptors(None, u64::try_from(free).ok());
        assert!(File::open("/dev/null").is_err());
        Self(before)
    }
}

impl Drop for NoneLeft {
    fn drop(&mut self) {
        limit_descriptors(None, self.0.current);
    }
}

/// Lets a process have descriptors below this number from now on, or as many as it wants; the limit before.
fn limit_descriptors(process: Option<Pid>, below: Option<u64>) -> Rlimit {
    let maximum = getrlimit(Resource::Nofile).maximum;
    let limit = Rlimit {
        current: below,
        maximum,
    };
    prlimit(process, Resource::Nofile, limit).unwrap()
}

fn sign(module: &Cryptoki, session: CK_SESSION_HANDLE) -> Returned<Vec<u8>> {
    let key = module.key(session, "CPS_PRIV_AUT")?;
    module.sign_init(session, CKM_RSA_PKCS, key)?;
    module.sign(session, b"signed", 256)
}

#[test]
fn a_program_without_descriptors_is_told_so_and_keeps_its_log_in() {
    in_a_process_of_its_own(
        "a_program_without_descriptors_is_told_so_and_keeps_its_log_in",
        || {
            let agent = demo_with_holder("answers = [ { pin = \"1234\" } ]");
            use_agent(&agent);
            let module = Cryptoki::initialised();
            let slot = module.slots().unwrap()[0];
            let session = module.open_session(slot).unwrap();
            let none_left = NoneLeft::here();
            // What was known is known still.
            assert_eq!(module.slots(), Ok(vec![slot]));
            assert_eq!(module.log_in(session), Err(CKR_DEVICE_ERROR));
            assert_eq!(module.token_info(slot).err(), Some(CKR_DEVICE_ERROR));
            let none = module.wait_for_slot_event(CKF_DONT_BLOCK);
            assert_eq!(none, Err(CKR_NO_EVENT));
            drop(none_left);
            module.log_in(session).unwrap();
            let none_left = NoneLeft::here();
            assert_eq!(sign(&module, session), Err(CKR_DEVICE_ERROR));
            assert_eq!(module.session_state(session), Ok(CKS_RO_USER_FUNCTIONS));
            drop(none_left);
            assert_eq!(sign(&module, session).unwrap().len(), 256);
        },
    );
}

#[test]
fn a_module_that_cannot_read_its_users_file_is_not_begun_and_is_when_it_can() {
    in_a_process_of_its_own(
        "a_module_that_cannot_read_its_users_file_is_not_begun_and_is_when_it_can",
        || {
            let agent = demo_with_holder("pin = \"1234\"");
            use_agent(&agent);
            let module = Cryptoki::load();
            let none_left = NoneLeft::here();
            assert_eq!(module.initialise(), Err(CKR_HOST_MEMORY));
            drop(none_left);
            assert_eq!(module.initialise(), Ok(()));
            assert_eq!(module.slots().unwrap().len(), 1);
        },
    );
}

#[test]
fn a_wait_for_an_event_without_descriptors_lasts_until_the_module_ends() {
    in_a_process_of_its_own(
        "a_wait_for_an_event_without_descriptors_lasts_until_the_module_ends",
        || {
            let agent = demo_with_holder("pin = \"1234\"");
            use_agent(&agent);
            let module = Cryptoki::initialised();
            let slot = module.slots().unwrap()[0];
            let none_left = NoneLeft::here();
            thread::scope(|scope| {
                let waiting = scope.spawn(|| module.wait_for_slot_event(0));
                // The end of the module ends the wait, whatever it waits for.
                thread::sleep(Duration::from_millis(100));
                assert!(!waiting.is_finished(), "nothing happened");
                module.finalise().unwrap();
                assert!(waiting.join().unwrap().is_err());
            });
            drop(none_left);
            module.initialise().unwrap();
            assert_eq!(module.slots(), Ok(vec![slot]));
        },
    );
}

/// How often the agent said that it could take no connection.
fn complaints(agent: &Agent) -> usize {
    agent.log().matches("connection-not-accepted").count()
}

/// Hundredths of a second of the processor that the agent took so far (proc(5), fields 14 and 15 of `stat`).
fn processor_ticks(agent: &Agent) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{}/stat", agent.pid())).unwrap();
    // The program's name, the second field, may have spaces and ends with the last parenthesis.
    let (_, behind_name) = stat.rsplit_once(") ").unwrap();
    let fields = behind_name.split(' ').skip(11).take(2);
    fields.map(|ticks| ticks.parse::<u64>().unwrap()).sum()
}

#[test]
fn an_agent_without_descriptors_neither_spins_nor_floods_its_log_nor_loses_who_waits() {
    in_a_process_of_its_own(
        "an_agent_without_descriptors_neither_spins_nor_floods_its_log_nor_loses_who_waits",
        || {
            let agent = demo_with_holder("pin = \"1234\"\nconsent = true");
            use_agent(&agent);
            let module = Cryptoki::initialised();
            let slot = module.slots().unwrap()[0];
            let session = module.open_session(slot).unwrap();
            module.log_in(session).unwrap();
            let pid = Pid::from_raw(i32::try_from(agent.pid()).unwrap());
            let before = limit_descriptors(pid, Some(3));
            let socket = agent.endpoint()["socket"].as_str().unwrap().to_owned();
            let _waiting = UnixStream::connect(&socket).unwrap();
            let (signed, worked) = thread::scope(|scope| {
                let waiting = scope.spawn(|| sign(&module, session));
                until("the complaint", || (complaints(&agent) > 0).then_some(()));
                let before_second = processor_ticks(&agent);
                thread::sleep(Duration::from_secs(1));
                let worked = processor_ticks(&agent) - before_second;
                let is_early = waiting.is_finished();
                limit_descriptors(pid, before.current);
                let signed = waiting.join().unwrap();
                assert!(!is_early, "{signed:?}");
                (signed, worked)
            });
            assert_eq!(signed.unwrap().len(), 256);
            assert_eq!(complaints(&agent), 1);
            // An agent that tried again at once would take all of the second's hundred that it gets.
            assert!(worked < 20, "{worked} ticks");
            assert_eq!(agent.read_socket("/v1/readers").status, 200);
            assert_eq!(agent.read("/v1/readers").status, 200);
        },
    );
}
