//! A process that uses a PKCS#11 module as a test tells it (the program `token-user`).

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::programs::{program, test_module};
use crate::soft_reader::SoftReader;

/// The process; killed when it is dropped.
#[derive(Debug)]
pub struct TokenUser {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl TokenUser {
    /// Starts one that has the test module of this reader, initialised.
    #[must_use]
    pub fn start(reader: &SoftReader) -> Self {
        let mut user = Self::start_without_initialize(reader);
        user.tell("initialize");
        user
    }

    /// Starts one; `initialize` is still to come.
    #[must_use]
    pub fn start_without_initialize(reader: &SoftReader) -> Self {
        Self::of_module(&test_module(), reader.environment())
    }

    /// Starts one that has another module, with these variables; `initialize` is still to come.
    #[must_use]
    pub fn of_module<K: AsRef<OsStr>, V: AsRef<OsStr>>(
        module: &Path,
        environment: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let mut child = Command::new(program("token-user"))
            .arg("use")
            .arg(module)
            .envs(environment)
            .env("RUST_BACKTRACE", "0")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("token-user starts");
        Self {
            orders: child.stdin.take().expect("its input"),
            answers: BufReader::new(child.stdout.take().expect("its output")),
            child,
        }
    }

    /// Gives an order that must be done, such as `login user 1234`; what it answers.
    ///
    /// # Panics
    /// Panics when it is refused.
    pub fn tell(&mut self, order: &str) -> String {
        match self.ask(order) {
            Ok(answer) => answer,
            Err(refusal) => panic!("{order}: {refusal}"),
        }
    }

    /// Gives an order; an error is the return value's name, such as `PinIncorrect`, or how the process
    /// ended: `signal 6`.
    ///
    /// # Errors
    /// As told.
    pub fn ask(&mut self, order: &str) -> Result<String, String> {
        self.order(order);
        self.answer()
    }

    /// Gives an order and does not wait for the answer.
    pub fn order(&mut self, order: &str) {
        writeln!(self.orders, "{order}").expect("token-user listens");
    }

    /// The answer to an order that was given.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub fn answer(&mut self) -> Result<String, String> {
        let Some(line) = self.line() else {
            return Err(self.end());
        };
        match line.split_once(' ').unwrap_or((&line, "")) {
            ("ok", answer) => Ok(answer.to_owned()),
            (_, refusal) => Err(refusal.to_owned()),
        }
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let len = self.answers.read_line(&mut line).expect("an answer");
        (len > 0).then(|| line.trim_end().to_owned())
    }

    fn end(&mut self) -> String {
        let status = self.child.wait().expect("token-user ended");
        match status.signal() {
            Some(signal) => format!("signal {signal}"),
            None => status.to_string(),
        }
    }

    /// What the token tells of itself.
    pub fn token(&mut self) -> Value {
        serde_json::from_str(&self.tell("token")).expect("JSON")
    }
}

impl Drop for TokenUser {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
