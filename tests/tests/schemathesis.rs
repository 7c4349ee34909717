//! The agent judged by schemathesis against the document that it gives of itself: as a paired program over TLS, as a
//! program of this user on the socket, and as a page.
//!
//! A run that the judge calls good and that met nothing but refusals would show nothing, so what succeeded is counted.
#![cfg(target_os = "linux")]
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a judge that cannot be installed or run fails its test, and its figures are shown"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::thread;

use cpxd_tests::agent::Agent;
use cpxd_tests::programs::workspace_dir;
use serde_json::{Value, json};

#[test]
fn a_program_with_a_token_meets_nothing_that_the_document_does_not_say() {
    let agent = Agent::demo(&[]);
    let ca = agent.state_dir().join("ca.pem");
    let run = judge(
        &agent,
        &agent.url(),
        &[
            "--tls-verify",
            ca.to_str().unwrap(),
            "--header",
            &agent.authorization(),
        ],
    );
    for call in [
        "GET /v1",
        "GET /v1/status",
        "GET /v1/diagnostics",
        "GET /v1/readers",
        "GET /v1/cards",
        "GET /v1/cards/{}",
        "GET /v1/cards/{}/certificates/{}",
        "POST /v1/cards/{}/authenticate",
        "POST /v1/cards/{}/sign",
        "POST /v1/cards/{}/activities",
        "POST /v1/pairings",
        "POST /v1/pairings/{}/token",
    ] {
        run.assert_succeeded(call);
    }
    run.assert_is_hardly_limited();
}

#[test]
fn a_program_on_the_socket_meets_nothing_that_the_document_does_not_say() {
    let agent = Agent::demo(&[]);
    let socket = agent.endpoint();
    let door = forward_to(socket["socket"].as_str().unwrap());
    let host = ["--header", "Host: localhost"];
    let run = judge(&agent, &format!("http://{door}"), &host);
    for call in ["GET /v1/cards", "GET /v1/grants"] {
        run.assert_succeeded(call);
    }
}

#[test]
fn a_page_meets_nothing_that_the_document_does_not_say() {
    let agent = Agent::demo(&[]);
    let ca = agent.state_dir().join("ca.pem");
    let run = judge(
        &agent,
        &agent.url(),
        &[
            "--tls-verify",
            ca.to_str().unwrap(),
            "--header",
            "Origin: https://page.example",
            "--include-path",
            "/v1/grants/requests",
        ],
    );
    run.assert_succeeded("POST /v1/grants/requests");
}

/// Runs the judge to its end; fails, with all that it said, when it found something.
fn judge(agent: &Agent, url: &str, arguments: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let document = folder.path().join("openapi.json");
    fs::write(&document, document_for(agent, url).to_string()).unwrap();
    let report = folder.path().join("report.har");
    let examples = std::env::var("CPXD_SCHEMATHESIS_EXAMPLES");
    let judged = Command::new(schemathesis())
        .arg("--config-file")
        .arg(workspace_dir().join("tests/schemathesis/schemathesis.toml"))
        .args(["run", "--no-color", "--url", url])
        .arg(&document)
        // A stream has no end, and is read by tests that know what comes in it.
        .args(["--exclude-path", "/v1/events"])
        .args(["--max-examples", examples.as_deref().unwrap_or("10")])
        .arg("--report-har-path")
        .arg(&report)
        .args(arguments)
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&judged.stdout);
    assert!(judged.status.success(), "{said}");
    let summary = said.lines().rev().find(|line| line.contains("generated"));
    println!("{}", summary.unwrap_or(&said));
    Run::of(&fs::read(&report).unwrap())
}

/// From the command line, since a page may not read it. The judge is told the name of the card, which it could only
/// guess; and on the socket no call needs a token.
fn document_for(agent: &Agent, url: &str) -> Value {
    let printed = agent.cli(&["openapi"]).stdout;
    let mut document: Value = serde_json::from_slice(&printed).unwrap();
    let card = agent.card()["id"].clone();
    for methods in document["paths"].as_object_mut().unwrap().values_mut() {
        for call in methods.as_object_mut().unwrap().values_mut() {
            if url.starts_with("http://") {
                call.as_object_mut().unwrap().remove("security");
            }
            let parameters = call.get_mut("parameters").and_then(Value::as_array_mut);
            let parameters = parameters.into_iter().flatten();
            for parameter in parameters.filter(|parameter| parameter["name"] == "card") {
                parameter["schema"]["enum"] = json!([card]);
            }
        }
    }
    document
}

/// What came of the calls: how often each status, by method and path.
struct Run(BTreeMap<(String, u16), u32>);

impl Run {
    fn of(har: &[u8]) -> Self {
        let har: Value = serde_json::from_slice(har).unwrap();
        let mut answers = BTreeMap::new();
        for entry in har["log"]["entries"].as_array().unwrap() {
            let method = entry["request"]["method"].as_str().unwrap();
            let path = path_template(entry["request"]["url"].as_str().unwrap());
            let status = entry["response"]["status"].as_u64().unwrap();
            let status = u16::try_from(status).unwrap();
            *answers
                .entry((format!("{method} {path}"), status))
                .or_default() += 1;
        }
        Self(answers)
    }

    fn assert_succeeded(&self, call: &str) {
        let mut of_call = self.0.keys().filter(|(known, _)| known == call);
        let succeeded = of_call.any(|(_, status)| (200..300).contains(status));
        assert!(succeeded, "{call} never succeeded: {:?}", self.0);
    }

    /// Limits are for pairings and wrong tokens; a caller with a good one must not meet them.
    fn assert_is_hardly_limited(&self) {
        let all: u32 = self.0.values().sum();
        let limited = self.0.iter().filter(|((_, status), _)| *status == 429);
        let limited: u32 = limited.map(|(_, times)| times).sum();
        assert!(limited * 4 < all, "{limited} of {all} calls were limited");
    }
}

/// The path with its names taken out: what follows `cards`, `certificates`, `pairings` or `grants`.
fn path_template(url: &str) -> String {
    let path = url.splitn(4, '/').nth(3).unwrap_or_default();
    let path = path.split('?').next().unwrap_or_default();
    let mut template = String::new();
    let mut before = "";
    for part in path.split('/') {
        let is_name =
            ["cards", "certificates", "pairings", "grants"].contains(&before) && part != "requests";
        template.push('/');
        template.push_str(if is_name { "{}" } else { part });
        before = part;
    }
    template
}

/// The program, in a virtual environment of its own, with exactly the versions that are pinned.
fn schemathesis() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(install)
}

fn install() -> PathBuf {
    let requirements = workspace_dir().join("tests/schemathesis/requirements.txt");
    let pinned = fs::read_to_string(&requirements).unwrap();
    let venv = workspace_dir().join("target/schemathesis");
    let installed = venv.join("installed.txt");
    if fs::read_to_string(&installed).ok().as_ref() != Some(&pinned) {
        run(Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(&venv));
        run(Command::new(venv.join("bin/pip"))
            .args([
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--requirement",
            ])
            .arg(&requirements));
        fs::write(&installed, pinned).unwrap();
    }
    venv.join("bin/schemathesis")
}

fn run(command: &mut Command) {
    let output = command
        .output()
        .expect("python3 is installed (cargo xtask test installs it)");
    assert!(output.status.success(), "{command:?}: {output:?}");
}

/// A port of loopback behind which is the socket: the judge speaks TCP alone.
fn forward_to(socket: &str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let socket = socket.to_owned();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (Ok(tcp), Ok(unix)) = (stream, UnixStream::connect(&socket)) else {
                return;
            };
            forward(&tcp, &unix);
        }
    });
    address
}

/// Both ways at once; the end of one way is told to the other end.
fn forward(tcp: &TcpStream, unix: &UnixStream) {
    let (mut from_judge, mut to_agent) = (tcp.try_clone().unwrap(), unix.try_clone().unwrap());
    thread::spawn(move || {
        let _ = io::copy(&mut from_judge, &mut to_agent);
        let _ = to_agent.shutdown(Shutdown::Write);
    });
    let (mut from_agent, mut to_judge) = (unix.try_clone().unwrap(), tcp.try_clone().unwrap());
    thread::spawn(move || {
        let _ = io::copy(&mut from_agent, &mut to_judge);
        let _ = to_judge.shutdown(Shutdown::Both);
    });
}
