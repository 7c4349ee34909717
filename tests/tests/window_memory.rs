//! After a code was entered, the memory of the agent and of the window does not hold it.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    reason = "a process that cannot be started fails its test"
)]

use std::process::{Child, Command, Stdio};
use std::thread;

use cpxd_tests::operations::assert_token;
use cpxd_tests::process_memory::{places, random_code, written};
use cpxd_tests::screen::title::{AGAIN, DONE, QUESTION};
use cpxd_tests::window_desk::{WindowDesk, answer_of};

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
        let answer = answer_of(asking);
        screen.window(DONE);
        assert_eq!(places(&window, &code), [""; 0], "the window");
        assert_eq!(places(&agent, &code), [""; 0], "the agent");
        assert_token(&answer);
    });
}
