//! The product's own native host, with a test in the place of the browser that starts it.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::agent::Agent;
use crate::native_host::host_of;
use crate::person::Person;

/// A native host that runs; it ends when this is dropped.
#[derive(Debug)]
pub struct HostProcess {
    process: Child,
    input: Option<ChildStdin>,
    messages: Receiver<Value>,
}

/// What the host told of one request.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// An answer of the agent: its status and its body.
    Answer(u64, Value),
    /// There is none; the code says why.
    Error(String),
}

impl HostProcess {
    /// Of the agent that stands beside it, which is the person's own from now on.
    #[must_use]
    pub fn beside(agent: &Agent, person: &Person) -> Self {
        become_theirs(agent, person);
        Self::start(&host_of(agent), person)
    }

    /// Started by the browser of a person.
    #[must_use]
    pub fn start(program: &Path, person: &Person) -> Self {
        let mut process = person
            .starts(program)
            .arg("chrome-extension://test/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the native host starts");
        let mut output = process.stdout.take().expect("a pipe");
        let (sender, messages) = mpsc::channel();
        thread::spawn(move || {
            let mut length = [0; 4];
            while output.read_exact(&mut length).is_ok() {
                let mut message = vec![0; u32::from_ne_bytes(length) as usize];
                output.read_exact(&mut message).expect("a whole message");
                let message = serde_json::from_slice(&message).expect("JSON");
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let host = Self {
            input: process.stdin.take(),
            process,
            messages,
        };
        assert_eq!(host.next(), json!({ "type": "ready", "protocol": 1 }));
        host
    }

    /// Sends bytes as they are.
    pub fn send_bytes(&mut self, bytes: &[u8]) {
        let input = self.input.as_mut().expect("an open pipe");
        input.write_all(bytes).expect("the host reads");
    }

    /// Sends bytes as a message.
    pub fn send_framed(&mut self, message: &[u8]) {
        let length = u32::try_from(message.len()).expect("a length");
        self.send_bytes(&length.to_ne_bytes());
        self.send_bytes(message);
    }

    /// Sends a message.
    pub fn send(&mut self, message: &Value) {
        self.send_framed(message.to_string().as_bytes());
    }

    /// Sends a request of a page, by its origin and the one around it.
    pub fn request(&mut self, id: u64, page: [&str; 2], method: &str, path: &str, body: &Value) {
        let mut message = json!({
            "type": "request", "protocol": 1, "id": id, "method": method, "path": path,
            "page": { "origin": page[0], "topOrigin": page[1] },
        });
        if !body.is_null() {
            message["body"] = body.to_string().into();
        }
        self.send(&message);
    }

    /// The next message, whatever it is about.
    #[must_use]
    pub fn next(&self) -> Value {
        let next = self.messages.recv_timeout(Duration::from_secs(60));
        next.expect("a message of the host")
    }

    /// What is told of a request to its end, when nothing else is told meanwhile.
    #[must_use]
    pub fn told(&self, id: u64) -> Told {
        let (mut status, mut text) = (0, String::new());
        loop {
            let message = self.next();
            assert_eq!(message["id"], id, "{message}");
            match message["type"].as_str().unwrap_or_default() {
                "head" => status = message["status"].as_u64().expect("a status"),
                "chunk" => text.push_str(message["text"].as_str().expect("a text")),
                "end" => {
                    let body = serde_json::from_str(&text).unwrap_or(Value::Null);
                    return Told::Answer(status, body);
                }
                "error" => return Told::Error(message["code"].as_str().expect("a code").into()),
                other => panic!("{other}"),
            }
        }
    }

    /// A request of a page and what is told of it.
    pub fn ask(&mut self, page: [&str; 2], method: &str, path: &str, body: &Value) -> Told {
        self.request(0, page, method, path, body);
        self.told(0)
    }

    /// Closes its input, as a browser does, and waits for its end.
    pub fn close(mut self) -> ExitStatus {
        self.input = None;
        self.process.wait().expect("the host ends")
    }
}

impl Drop for HostProcess {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Makes the state folder of an agent the usual one of a person.
pub fn become_theirs(agent: &Agent, person: &Person) {
    let usual = person.home().join(".local/state");
    fs::create_dir_all(&usual).expect("a folder");
    std::os::unix::fs::symlink(agent.state_dir(), usual.join("cpxd")).expect("a link");
}
