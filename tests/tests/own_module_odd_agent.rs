//! The product's own PKCS#11 module before an agent that answers beside the question.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    reason = "an agent that cannot be made fails its test"
)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};
use std::thread;

use cpxd_tests::cryptoki_calls::{Cryptoki, in_a_process_of_its_own, use_agent_at};
use cryptoki_sys::CKR_DEVICE_ERROR;
use platform::instance::InstanceLock;
use platform::paths::AgentPaths;
use platform::socket;

#[test]
fn no_call_says_what_it_may_not_whatever_an_agent_answers() {
    in_a_process_of_its_own(
        "no_call_says_what_it_may_not_whatever_an_agent_answers",
        || {
            let folder = tempfile::tempdir().unwrap();
            let paths = AgentPaths::resolve(Some(&folder.path().join("state"))).unwrap();
            let lock = InstanceLock::acquire(&paths.lock_file()).unwrap();
            let listener = socket::bind(&paths, &lock).unwrap();
            let code = Arc::new(Mutex::new(CODES[0]));
            let told = Arc::clone(&code);
            thread::spawn(move || {
                for stream in listener.incoming() {
                    let code = *told.lock().unwrap();
                    answer(&mut stream.unwrap(), code);
                }
            });
            use_agent_at(paths.state_dir());
            let module = Cryptoki::initialised();
            let slot = module.slots().unwrap()[0];
            for answered in CODES {
                *code.lock().unwrap() = answered;
                let failed = Some(CKR_DEVICE_ERROR);
                assert_eq!(module.open_session(slot).err(), failed, "{answered}");
                assert_eq!(module.mechanisms(slot).err(), failed, "{answered}");
                assert_eq!(module.token_info(slot).err(), failed, "{answered}");
            }
        },
    );
}

/// One reader with a card, of which nothing is told but this code.
fn answer(stream: &mut UnixStream, code: &str) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let request = lines.next().unwrap().unwrap();
    lines.find(|line| line.as_ref().unwrap().is_empty());
    let (head, body) = if request.contains("/v1/readers") {
        (
            "200 OK\r\nContent-Type: application/json",
            READERS.to_owned(),
        )
    } else {
        let body = format!(r#"{{"title":"t","status":403,"code":"{code}","detail":"d"}}"#);
        ("403 No\r\nContent-Type: application/problem+json", body)
    };
    let len = body.len();
    write!(
        stream,
        "HTTP/1.1 {head}\r\nContent-Length: {len}\r\n\r\n{body}"
    )
    .unwrap();
}

const READERS: &str = r#"{"readers":[{"id":"r1","name":"Reader 1","keypad":false,"contactless":null,"state":"card","card":"c1"}]}"#;
/// What an agent says of a code, a key, a log-in or a mechanism, of which nobody asked.
const CODES: [&str; 6] = [
    "pin-wrong",
    "pin-blocked",
    "pin-length",
    "key-absent",
    "session-closed",
    "algorithm-unsupported",
];
