//! What each choice of `after-use` does to the other programs of the workstation; the table in
//! SECURITY.md says no more than this.
#![cfg(target_os = "linux")]
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a program that cannot be started fails its test"
)]

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use cpxd_tests::operations::{assert_token, authenticate};
use cpxd_tests::pcsc_stack::{
    AGREEING, PcscService, Reader, TEST_ENVIRONMENT, THREE_LEFT, VERIFIED,
};
use cpxd_tests::waiting::until;

/// What another program meets after a use of the card by the agent.
#[derive(Debug, PartialEq, Eq)]
struct Met {
    /// Its next command is told that the card was reset (SCARD_W_RESET_CARD).
    resets: usize,
    /// What an empty VERIFY answers it.
    pin_state: String,
}

impl Met {
    fn new(resets: usize, pin_state: &str) -> Self {
        let pin_state = pin_state.to_owned();
        Self { resets, pin_state }
    }
}

/// Both generations, with the class byte that the commands about codes have there.
const GENERATIONS: [(&str, &str); 2] = [("cps3", "00"), ("cps4", "01")];

/// A program has the card open, the agent uses it, and the program goes on.
fn met(kind: &str, class: &str, choice: &str, presents_the_code: bool) -> Met {
    let service = PcscService::start();
    let _card = service.plug(Reader::First, &["--card", kind]);
    let configuration = format!("{TEST_ENVIRONMENT}\nafter-use = \"{choice}\"");
    let agent = service.agent(&configuration, AGREEING, &[]);
    let card = agent.card();
    let mut other = OtherProgram::start(&service);
    let state = format!("{class}:20:00:01");
    assert_eq!(other.send(&state), THREE_LEFT);
    if presents_the_code {
        assert_eq!(other.send(&format!("{state}:04:31:32:33:34")), VERIFIED);
    }
    assert_token(&authenticate(&agent, &card));
    let pin_state = other.send(&state);
    Met {
        resets: other.resets(),
        pin_state,
    }
}

#[test]
fn a_program_that_presented_nothing_meets_a_reset_or_the_presented_code() {
    for (kind, class) in GENERATIONS {
        assert_eq!(met(kind, class, "reset", false), Met::new(1, THREE_LEFT));
        assert_eq!(met(kind, class, "leave", false), Met::new(0, VERIFIED));
    }
}

#[test]
fn a_program_that_presented_the_code_itself_notices_nothing() {
    for (kind, class) in GENERATIONS {
        for choice in ["reset", "leave"] {
            assert_eq!(met(kind, class, choice, true), Met::new(0, VERIFIED));
        }
    }
}

#[test]
fn a_session_of_opensc_that_logged_in_signs_after_a_use_by_the_agent() {
    for choice in ["reset", "leave"] {
        let folder = tempfile::tempdir().unwrap();
        let trace = folder.path().join("trace");
        let service = PcscService::start();
        let _card = service.plug(Reader::First, &["--trace", trace.to_str().unwrap()]);
        let configuration = format!("{TEST_ENVIRONMENT}\nafter-use = \"{choice}\"");
        let agent = service.agent(&configuration, AGREEING, &[]);
        let card = agent.card();
        let mut session = Command::new("pkcs11-tool")
            .args(["--login", "--pin", "1234", "--sign", "--mechanism"])
            .args(["RSA-PKCS", "--id", AUTHENTICATION_KEY])
            .envs(service.client_environment())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let logins = || {
            fs::read_to_string(&trace)
                .unwrap()
                .matches(VERIFY_1234)
                .count()
        };
        until("its login", || (logins() == 1).then_some(()));
        assert_token(&authenticate(&agent, &card));
        session
            .stdin
            .take()
            .unwrap()
            .write_all(&[0x30; 35])
            .unwrap();
        assert!(session.wait().unwrap().success(), "{choice}");
        assert_eq!(logins(), 2, "the program's and the agent's: {choice}");
    }
}

/// `opensc-explorer`, which has the card open and sends what it is told to.
struct OtherProgram {
    process: Child,
    log: PathBuf,
}

impl OtherProgram {
    fn start(service: &PcscService) -> Self {
        let log = service.file("");
        let process = Command::new("opensc-explorer")
            .args(["--card-driver", "default", "--mf", ""])
            .envs(service.client_environment())
            .env("OPENSC_DEBUG", "5")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut program = Self { process, log };
        let _ = program.says();
        program
    }

    /// The status word of the answer, in OpenSC's words.
    fn send(&mut self, command: &str) -> String {
        let stdin = self.process.stdin.as_mut().unwrap();
        writeln!(stdin, "apdu {command}").unwrap();
        let said = self.says();
        let status = said.lines().find_map(|line| line.strip_prefix("Received "));
        status
            .unwrap_or_else(|| panic!("no answer: {said}"))
            .to_owned()
    }

    /// What it says until it asks for the next command.
    #[expect(
        clippy::unbuffered_bytes,
        reason = "a buffer would be lost with what it took too much"
    )]
    fn says(&mut self) -> String {
        let mut said = Vec::new();
        for byte in self.process.stdout.as_mut().unwrap().bytes() {
            said.push(byte.unwrap());
            if said.ends_with(b"OpenSC []> ") {
                return String::from_utf8(said).unwrap();
            }
        }
        panic!("it ended: {}", String::from_utf8_lossy(&said));
    }

    /// How often PC/SC told it that the card was reset.
    fn resets(&self) -> usize {
        let log = fs::read_to_string(&self.log).unwrap();
        let returned = "SCardBeginTransaction returned: 0x80100068";
        log.matches(returned).count()
    }
}

impl Drop for OtherProgram {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

const AUTHENTICATION_KEY: &str = "e828bd080f8025000001ff001002";
const VERIFY_1234: &str = ">> 00 20 00 01 04 31 32 33 34";
