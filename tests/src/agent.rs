//! An agent of a test's own: its process, its state folder, and ways to ask it.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::native_host::{install_beside_a_native_host, install_beside_the_native_host};
use crate::programs::program;
use crate::restrictions::Restrictions;

/// A running agent; it is stopped when this is dropped.
#[derive(Debug)]
pub struct Agent {
    command: Command,
    process: Child,
    state_dir: PathBuf,
    _folder: TempDir,
}

/// Status and body of an HTTP answer.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The body, JSON where it is some.
    pub body: Value,
    /// The body as it came.
    pub text: String,
}

impl Answer {
    /// The stable error code of a problem+json body.
    #[must_use]
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

impl Agent {
    /// `cpxd demo --headless` with more arguments.
    #[must_use]
    pub fn demo(arguments: &[&str]) -> Self {
        Self::demo_in(&[], arguments)
    }

    /// `cpxd demo --headless` with more environment variables and arguments.
    #[must_use]
    pub fn demo_in(environment: &[(&str, OsString)], arguments: &[&str]) -> Self {
        let arguments = [&["--headless", "--port", "0"], arguments].concat();
        Self::start(own_program, "demo", environment, &arguments)
    }

    /// `cpxd demo --headless` at the ports that the product takes by itself.
    #[must_use]
    pub fn demo_at_its_usual_ports() -> Self {
        Self::start(own_program, "demo", &[], &["--headless"])
    }

    /// `cpxd demo --headless` with more arguments, installed beside a native host.
    #[must_use]
    pub fn demo_beside_a_native_host(arguments: &[&str]) -> Self {
        let arguments = [&["--headless", "--port", "0"], arguments].concat();
        Self::start(install_beside_a_native_host, "demo", &[], &arguments)
    }

    /// `cpxd demo --headless` with more arguments, installed beside the product's own native host.
    #[must_use]
    pub fn demo_beside_the_native_host(arguments: &[&str]) -> Self {
        let arguments = [&["--headless", "--port", "0"], arguments].concat();
        Self::start(install_beside_the_native_host, "demo", &[], &arguments)
    }

    /// `cpxd demo` with a holder who is asked, and more environment variables.
    #[must_use]
    pub fn demo_with_a_person(environment: &[(&str, OsString)]) -> Self {
        Self::start(own_program, "demo", environment, &["--port", "0"])
    }

    /// The same with more arguments.
    #[must_use]
    pub fn demo_with_a_person_and(environment: &[(&str, OsString)], arguments: &[&str]) -> Self {
        let arguments = [&["--port", "0"], arguments].concat();
        Self::start(own_program, "demo", environment, &arguments)
    }

    /// `cpxd run` with more arguments.
    #[must_use]
    pub fn run(arguments: &[&str]) -> Self {
        Self::run_in(&[], arguments)
    }

    /// The same, installed beside the product's own native host, with more environment variables.
    #[must_use]
    pub fn run_beside_the_native_host(
        environment: &[(&str, OsString)],
        arguments: &[&str],
    ) -> Self {
        let arguments = [&["--port", "0"], arguments].concat();
        Self::start(
            install_beside_the_native_host,
            "run",
            environment,
            &arguments,
        )
    }

    /// `cpxd run` with more environment variables and arguments.
    #[must_use]
    pub fn run_in(environment: &[(&str, OsString)], arguments: &[&str]) -> Self {
        let arguments = [&["--port", "0"], arguments].concat();
        Self::start(own_program, "run", environment, &arguments)
    }

    /// `cpxd demo --headless` that is told of a file which may not grow as of a full disk: the signal
    /// that comes with it is ignored.
    #[must_use]
    pub fn demo_that_outlives_limits() -> Self {
        let outliving = |folder: &Path| {
            let mut shell = Command::new("sh");
            shell
                .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""])
                .arg(own_program(folder));
            shell
        };
        Self::start_by(outliving, "demo", &[], &["--headless", "--port", "0"])
    }

    /// `cpxd run` under restrictions, with more environment variables and arguments.
    #[must_use]
    pub fn run_restricted_in(
        by: Restrictions,
        environment: &[(&str, OsString)],
        arguments: &[&str],
    ) -> Self {
        let arguments = [&["--port", "0"], arguments].concat();
        let made = |folder: &Path| by.on(&own_program(folder));
        Self::start_by(made, "run", environment, &arguments)
    }

    /// `cpxd demo --headless` at a port of its usual ones, whose system calls of this kind are written by strace from its
    /// start on: into a file for each thread, named `trace` with the thread's number behind it.
    #[must_use]
    pub fn demo_traced(calls: &str, trace: &Path) -> Self {
        let traced = |folder: &Path| {
            let mut strace = Command::new("strace");
            // The tracer is a grandchild, so that the process started here is the agent.
            strace
                .args(["-D", "--follow-forks", "--output-separately", "--quiet=all"])
                .arg(format!("--trace={calls}"))
                .arg("--output")
                .arg(trace)
                .arg(own_program(folder));
            strace
        };
        Self::start_by(traced, "demo", &[], &["--headless"])
    }

    fn start(
        installed: fn(&Path) -> PathBuf,
        command_name: &str,
        environment: &[(&str, OsString)],
        arguments: &[&str],
    ) -> Self {
        let cpxd = |folder: &Path| Command::new(installed(folder));
        Self::start_by(cpxd, command_name, environment, arguments)
    }

    fn start_by(
        made: impl FnOnce(&Path) -> Command,
        command_name: &str,
        environment: &[(&str, OsString)],
        arguments: &[&str],
    ) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let state_dir = folder.path().join("state");
        let log = fs::File::create(folder.path().join("log")).expect("a log file");
        let mut command = made(folder.path());
        command
            .arg(command_name)
            .arg("--state-dir")
            .arg(&state_dir)
            .args(arguments)
            .env_remove("DISPLAY")
            .env_remove("WAYLAND_DISPLAY")
            // The lock of the screen at which the tests are run is none of theirs.
            .env("DBUS_SYSTEM_BUS_ADDRESS", "disabled:")
            .env("DBUS_SESSION_BUS_ADDRESS", "disabled:")
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log file"))
            .stderr(log);
        let mut agent = Self {
            process: command.spawn().expect("cpxd starts"),
            command,
            state_dir,
            _folder: folder,
        };
        agent.wait_until_ready();
        agent
    }

    /// Starts it once more after its end, with the same state folder.
    pub fn start_again(&mut self) {
        self.process = self.command.spawn().expect("cpxd starts");
        self.wait_until_ready();
    }

    /// The same with more environment variables, this once.
    pub fn start_again_in(&mut self, environment: &[(&str, OsString)]) {
        let variables = environment.iter().map(|(name, value)| (name, value));
        self.command.envs(variables);
        self.start_again();
        for (name, _) in environment {
            self.command.env_remove(name);
        }
    }

    fn wait_until_ready(&mut self) {
        let patience = Instant::now() + Duration::from_secs(30);
        while !self.is_announced() {
            let ended = self.process.try_wait().expect("the agent's state");
            assert!(ended.is_none(), "the agent ended: {}", self.log());
            assert!(
                Instant::now() < patience,
                "the agent is not ready: {}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Whether `endpoint.json` speaks of this process, and not of one that was killed.
    fn is_announced(&self) -> bool {
        fs::read(self.state_dir.join("endpoint.json"))
            .ok()
            .and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok())
            .is_some_and(|endpoint| endpoint["pid"] == self.pid())
    }

    /// Its state folder.
    #[must_use]
    pub fn state_dir(&self) -> &Path {
        &self.state_dir
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// What it logged so far, with all else that it printed.
    #[must_use]
    pub fn log(&self) -> String {
        let log = self.state_dir.with_file_name("log");
        fs::read_to_string(log).unwrap_or_default()
    }

    /// What it logged so far without the time of each line, whose digits could be those of a code.
    #[must_use]
    pub fn log_without_times(&self) -> String {
        let log = self.log();
        let lines = log.lines().map(|line| match line.split_once(' ') {
            Some((time, rest)) if time.starts_with("20") && time.ends_with('Z') => rest,
            _ => line,
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Its `endpoint.json`.
    #[must_use]
    pub fn endpoint(&self) -> Value {
        let bytes = fs::read(self.state_dir.join("endpoint.json")).expect("endpoint.json");
        serde_json::from_slice(&bytes).expect("endpoint.json is JSON")
    }

    /// Its URL, such as `https://127.0.0.1:27900`.
    #[must_use]
    pub fn url(&self) -> String {
        self.endpoint()["url"].as_str().expect("a url").to_owned()
    }

    /// The demo's token.
    #[must_use]
    pub fn token(&self) -> String {
        fs::read_to_string(self.state_dir.join("demo-token")).expect("the demo's token")
    }

    /// Plain `curl` with the agent's CA and these arguments, over TLS.
    #[must_use]
    pub fn curl(&self, path: &str, arguments: &[&str]) -> Answer {
        let mut curl = Command::new("curl");
        curl.arg("--cacert")
            .arg(self.state_dir.join("ca.pem"))
            .args(arguments);
        ask(curl, &format!("{}{path}", self.url()))
    }

    /// Plain `curl` over the user's socket.
    #[must_use]
    pub fn curl_socket(&self, path: &str, arguments: &[&str]) -> Answer {
        let socket = self.endpoint()["socket"]
            .as_str()
            .expect("a socket")
            .to_owned();
        let mut curl = Command::new("curl");
        curl.arg("--unix-socket").arg(socket).args(arguments);
        ask(curl, &format!("http://localhost{path}"))
    }

    /// GET with the demo's token.
    #[must_use]
    pub fn read(&self, path: &str) -> Answer {
        self.curl(
            path,
            &["-H", &format!("Authorization: Bearer {}", self.token())],
        )
    }

    /// POST of JSON with the demo's token and all headers that a good caller sends.
    #[must_use]
    pub fn call(&self, path: &str, body: &Value) -> Answer {
        let token = format!("Authorization: Bearer {}", self.token());
        let body = body.to_string();
        self.curl(path, &["-H", &token, "-H", CLIENT, "-H", JSON, "-d", &body])
    }

    /// GET over the user's socket, as any program of this user.
    #[must_use]
    pub fn read_socket(&self, path: &str) -> Answer {
        self.curl_socket(path, &[])
    }

    /// POST of JSON over the user's socket.
    #[must_use]
    pub fn call_socket(&self, path: &str, body: &Value) -> Answer {
        self.curl_socket(path, &["-H", CLIENT, "-H", JSON, "-d", &body.to_string()])
    }

    /// The only card, once it is there.
    #[must_use]
    pub fn card(&self) -> Value {
        let patience = Instant::now() + Duration::from_secs(20);
        loop {
            let answer = self.read_socket("/v1/cards");
            if let Some([card]) = answer.body["cards"].as_array().map(Vec::as_slice) {
                return card.clone();
            }
            assert!(
                Instant::now() < patience,
                "no card: {}\n{}",
                answer.text,
                self.log()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// A command of the command line that asks this agent, in English.
    #[must_use]
    pub fn cli(&self, arguments: &[&str]) -> Output {
        Command::new(program("cpxd"))
            .arg("--state-dir")
            .arg(&self.state_dir)
            .args(arguments)
            .env("LC_ALL", "en_US.UTF-8")
            .stdin(Stdio::null())
            .output()
            .expect("cpxd starts")
    }

    /// The event stream, from now on.
    #[must_use]
    pub fn events(&self) -> Events {
        Events::open(self, &[])
    }

    /// The event stream after an event.
    #[must_use]
    pub fn events_after(&self, id: u64) -> Events {
        Events::open(self, &["-H", &format!("Last-Event-ID: {id}")])
    }

    /// Asks it to stop and waits for its end.
    pub fn stop(&mut self) -> ExitStatus {
        self.stop_by("-TERM")
    }

    /// Sends it a signal that ends it and waits for its end.
    pub fn stop_by(&mut self, signal: &str) -> ExitStatus {
        let pid = self.pid().to_string();
        let sent = Command::new("kill").args([signal, &pid]).status();
        assert!(sent.expect("kill starts").success(), "no signal was sent");
        self.process.wait().expect("the agent ends")
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if std::thread::panicking() {
            let _ = writeln!(std::io::stderr(), "the agent's log:\n{}", self.log());
        }
    }
}

/// The agent as it was built.
fn own_program(_folder: &Path) -> PathBuf {
    program("cpxd")
}

fn ask(mut curl: Command, url: &str) -> Answer {
    let output = curl
        .args(["--silent", "--show-error", "--max-time", "60"])
        .args(["--write-out", "\n%{http_code}"])
        .arg(url)
        .output()
        .expect("curl is installed (cargo xtask test installs it)");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (text, status) = text.rsplit_once('\n').unwrap_or((&text, "0"));
    Answer {
        status: status.parse().unwrap_or(0),
        body: serde_json::from_str(text).unwrap_or(Value::Null),
        text: text.to_owned(),
    }
}

/// An open event stream.
#[derive(Debug)]
pub struct Events {
    curl: Child,
    lines: Receiver<String>,
}

/// One server-sent event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerSentEvent {
    /// Its id.
    pub id: u64,
    /// Its name.
    pub event: String,
    /// Its data.
    pub data: Value,
}

impl Events {
    fn open(agent: &Agent, arguments: &[&str]) -> Self {
        let socket = agent.endpoint()["socket"]
            .as_str()
            .expect("a socket")
            .to_owned();
        // Headers on standard output would wait in a buffer for the first event.
        let mut curl = Command::new("curl")
            .args(["--silent", "--no-buffer", "--verbose"])
            .args(["--unix-socket", &socket])
            .args(arguments)
            .arg("http://localhost/v1/events")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("curl starts");
        let lines = lines_of(curl.stdout.take().expect("a pipe"));
        let progress = lines_of(curl.stderr.take().expect("a pipe"));
        let events = Self { curl, lines };
        // The headers are there: from here on nothing is missed.
        while next_line(&progress) != "<" {}
        events
    }

    /// The next event; fails when none comes for a long time.
    #[must_use]
    pub fn next(&self) -> ServerSentEvent {
        let mut event = ServerSentEvent {
            id: 0,
            event: String::new(),
            data: Value::Null,
        };
        loop {
            let line = self.line();
            match line.split_once(": ") {
                Some(("id", id)) => event.id = id.parse().expect("a number"),
                Some(("event", name)) => name.clone_into(&mut event.event),
                Some(("data", data)) => event.data = serde_json::from_str(data).expect("JSON"),
                _ if line.is_empty() && !event.event.is_empty() => return event,
                _ => {}
            }
        }
    }

    /// The next event of this name, whatever comes before it.
    #[must_use]
    pub fn wait_for(&self, name: &str) -> ServerSentEvent {
        loop {
            let event = self.next();
            if event.event == name {
                return event;
            }
        }
    }

    fn line(&self) -> String {
        next_line(&self.lines)
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        let _ = self.curl.kill();
        let _ = self.curl.wait();
    }
}

fn lines_of(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            // To the end even if nobody listens, or curl would choke on its own words.
            let _ = sender.send(line);
        }
    });
    lines
}

fn next_line(lines: &Receiver<String>) -> String {
    match lines.recv_timeout(Duration::from_secs(30)) {
        Ok(line) => line.trim_end().to_owned(),
        Err(error) => panic!("no event: {error}"),
    }
}

/// Header of a caller that changes something.
pub const CLIENT: &str = "X-Cpxd-Client: tests/1";
/// Header of a JSON body.
pub const JSON: &str = "Content-Type: application/json";
