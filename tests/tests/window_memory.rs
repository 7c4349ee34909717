//! After a code was entered, the memory of the agent and of the window does not hold it.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "memory that cannot be read fails its test"
)]

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::process::{Child, Command, Stdio};
use std::thread;

use cpxd_tests::operations::assert_token;
use cpxd_tests::screen::title::{AGAIN, DONE, QUESTION};
use cpxd_tests::window_desk::{WindowDesk, answer_of};
use ring::rand::{SecureRandom as _, SystemRandom};

/// Eight digits that stand nowhere by chance.
fn random_code() -> String {
    let mut bytes = [0; 8];
    SystemRandom::new().fill(&mut bytes).unwrap();
    let digits = bytes.iter().map(|byte| char::from(b'0' + byte % 10));
    digits.collect()
}

/// A code as ASCII, UTF-16 and UTF-32 write it.
fn written(code: &str) -> [Vec<u8>; 3] {
    [1, 2, 4].map(|width| {
        let digits = code.bytes();
        let wide = digits.flat_map(|digit| {
            let mut bytes = vec![0; width];
            *bytes.first_mut().unwrap() = digit;
            bytes
        });
        wide.collect()
    })
}

/// Places of a process's memory that hold the code. What cannot be read at all fails.
fn places(pid: &str, code: &str) -> Vec<String> {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    let memory = File::open(format!("/proc/{pid}/mem"))
        .expect("only root reads the memory of a process that forbids dumps: run this as root");
    let mut places = Vec::new();
    let mut bytes_read = 0;
    for line in maps.lines() {
        let (range, rest) = line.split_once(' ').unwrap();
        if !rest.starts_with("rw") {
            continue;
        }
        let (begin, end) = range.split_once('-').unwrap();
        let [begin, end] = [begin, end].map(|hex| u64::from_str_radix(hex, 16).unwrap());
        let mut bytes = vec![0; usize::try_from(end - begin).unwrap()];
        // A region that was just given back cannot be read, and holds nothing.
        if memory.read_exact_at(&mut bytes, begin).is_err() {
            continue;
        }
        bytes_read += bytes.len();
        for needle in written(code) {
            for (offset, window) in bytes.windows(needle.len()).enumerate() {
                if window == needle {
                    places.push(format!("{:x} {line}", begin + offset as u64));
                }
            }
        }
    }
    assert!(bytes_read > 100_000, "{pid}: {bytes_read} bytes were read");
    places
}

/// A process that holds the code in its environment, in this encoding's first bytes.
struct Holder(Child);

impl Holder {
    fn of(code: &str) -> Self {
        let child = Command::new("cat")
            .env("HELD", code)
            .stdin(Stdio::piped())
            .spawn();
        Self(child.unwrap())
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[test]
fn the_search_finds_a_code_in_a_process_that_holds_it() {
    let code = random_code();
    let holder = Holder::of(&code);
    let pid = holder.0.id().to_string();
    assert!(!places(&pid, &code).is_empty());
    assert!(places(&pid, &random_code()).is_empty());
    let [ascii, utf16, utf32] = written("12");
    assert_eq!(ascii, b"12");
    assert_eq!(utf16, b"1\x002\x00");
    assert_eq!(utf32, b"1\0\0\x002\0\0\0");
}

#[test]
fn neither_the_agent_nor_the_window_keeps_a_code() {
    let [code, wrong] = [random_code(), random_code()];
    let desk = WindowDesk::with("cps3", &code);
    let agent = desk.agent.pid().to_string();
    let screen = &desk.screen;
    thread::scope(|scope| {
        let asking = desk.authenticate(scope);
        screen.window(QUESTION);
        screen.type_text(&wrong);
        let window = screen.pid();
        // While it is being typed it is in the window, so the search would find it there after.
        cpxd_tests::waiting::until("the code in the window", || {
            (!places(&window, &wrong).is_empty()).then_some(())
        });
        screen.press(&["Return"]);
        screen.window(AGAIN);
        assert_eq!(places(&window, &wrong), [""; 0], "the window");
        assert_eq!(places(&agent, &wrong), [""; 0], "the agent");
        screen.enter(&code);
        assert_token(&answer_of(asking));
        screen.window(DONE);
        assert_eq!(places(&screen.pid(), &code), [""; 0], "the window");
        assert_eq!(places(&agent, &code), [""; 0], "the agent");
    });
}
