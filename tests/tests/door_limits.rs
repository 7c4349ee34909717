//! What a caller cannot do by its connections alone: keep a question open that it left, keep
//! connections open for nothing, or take all that there are.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a connection that cannot be tried fails its test"
)]

use std::io::{ErrorKind, Read, Write as _};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use cpxd_tests::agent::{Agent, CLIENT, JSON};
use cpxd_tests::calls::{authenticate_body, path_of};
use cpxd_tests::exchange::Exchange;
use cpxd_tests::scripted::demo_with_holder;
use cpxd_tests::waiting::until;
use serde_json::Value;

/// A TLS connection in the hands of openssl, which stays open while this is held.
struct TlsConnection(Child);

impl TlsConnection {
    fn open(agent: &Agent, protocol: &str, first_bytes: &[u8]) -> Self {
        let mut openssl = Command::new("openssl")
            .args(["s_client", "-quiet", "-verify_return_error"])
            .args(["-alpn", protocol, "-connect"])
            .arg(agent.url().replace("https://", ""))
            .arg("-CAfile")
            .arg(agent.state_dir().join("ca.pem"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("openssl is installed (cargo xtask test installs it)");
        let stdin = openssl.stdin.as_mut().unwrap();
        stdin.write_all(first_bytes).unwrap();
        Self(openssl)
    }

    fn is_closed(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }

    fn answer(mut self) -> Exchange {
        until("the end of the answer", || self.is_closed().then_some(()));
        let mut text = String::new();
        let mut stdout = self.0.stdout.take().unwrap();
        stdout.read_to_string(&mut text).unwrap();
        Exchange::parse(&text)
    }
}

impl Drop for TlsConnection {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn connect_to_the_socket(agent: &Agent, first_bytes: &[u8]) -> UnixStream {
    let mut stream = UnixStream::connect(agent.endpoint()["socket"].as_str().unwrap()).unwrap();
    stream.write_all(first_bytes).unwrap();
    stream
}

/// A call without fields over the socket, with a byte behind it that nobody reads.
fn call_and_one_more_byte(agent: &Agent, path: &str) -> UnixStream {
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\n{CLIENT}\r\n{JSON}\r\nContent-Length: 2\r\n\r\n{{}}G",
    );
    connect_to_the_socket(agent, request.as_bytes())
}

/// Whether the agent closed the connection; what it says before that is passed over.
fn is_closed(stream: &mut UnixStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    has_ended(stream)
}

/// The same of a stream that waits for nothing.
fn has_ended(stream: &mut impl Read) -> bool {
    let mut bytes = [0; 4096];
    loop {
        match stream.read(&mut bytes) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
            Err(_) => return true,
        }
    }
}

/// A whole request that asks the holder.
fn question(agent: &Agent, card: &Value, host: &str) -> String {
    let body = authenticate_body().to_string();
    format!(
        "POST {} HTTP/1.1\r\nHost: {host}\r\n{}\r\n{CLIENT}\r\n{JSON}\r\nContent-Length: {}\r\n\r\n{body}",
        path_of(card, "/authenticate"),
        agent.authorization(),
        body.len(),
    )
}

#[test]
fn a_caller_who_leaves_bytes_behind_takes_the_question_along_too() {
    let thinking = r#"{ pin = "0000", delay_ms = 60000 }"#;
    let agent = demo_with_holder(&format!("answers = [ {thinking}, {thinking} ]"));
    let card = agent.card();
    let events = agent.events();
    let with_one_more_byte = |host: &str| question(&agent, &card, host) + "G";

    let host = agent.url().replace("https://", "");
    let request = with_one_more_byte(&host);
    let over_tls = TlsConnection::open(&agent, "http/1.1", request.as_bytes());
    assert_eq!(events.next().event, "prompt-opened");
    drop(over_tls);
    assert_eq!(events.next().event, "prompt-closed");

    let request = with_one_more_byte("localhost");
    let on_the_socket = connect_to_the_socket(&agent, request.as_bytes());
    assert_eq!(events.next().event, "prompt-opened");
    drop(on_the_socket);
    assert_eq!(events.next().event, "prompt-closed");
    assert_eq!(agent.tries_left(), 3);
}

#[test]
fn a_caller_who_leaves_during_a_change_of_code_takes_the_question_along_too() {
    let agent = demo_with_holder("pin = \"0000\"\nnew_pin = \"4321\"\ndelay_ms = 60000");
    let card = agent.card();
    let events = agent.events();
    let caller = call_and_one_more_byte(&agent, &path_of(&card, "/pin/change"));
    assert_eq!(events.next().event, "prompt-opened");
    drop(caller);
    assert_eq!(events.next().event, "prompt-closed");
    assert_eq!(agent.tries_left(), 3);
}

#[test]
fn a_caller_who_leaves_during_an_unblocking_takes_the_question_along_too() {
    let wrong = r#"{ pin = "0000", consent = true }"#;
    let thinking = r#"{ unblock_code = "00000000", new_pin = "4321", delay_ms = 60000 }"#;
    let agent = demo_with_holder(&format!(
        "answers = [ {wrong}, {wrong}, {wrong}, {thinking} ]"
    ));
    let card = agent.card();
    for _ in 0..3 {
        let _ = agent.authenticate(&card);
    }
    let events = agent.events();
    let caller = call_and_one_more_byte(&agent, &path_of(&card, "/pin/unblock"));
    let _ = events.wait_for("prompt-opened");
    drop(caller);
    assert_eq!(events.next().event, "prompt-closed");
    let unblock_code = agent.card()["unblockCode"].clone();
    assert_eq!(unblock_code["triesLeft"], 10, "{unblock_code}");
}

/// How HTTP/2 begins (RFC 9113, 3.4), with an empty SETTINGS frame.
const HTTP_2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

#[test]
fn connections_without_a_request_are_closed_and_event_streams_are_not() {
    let agent = demo_with_holder("pin = \"1234\"");
    let card = agent.card();
    let events = agent.events();
    let host = agent.url().replace("https://", "");
    let (half_a_preface, _) = HTTP_2_PREFACE.split_at(10);
    let kept_alive = format!("GET /v1 HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let mut over_tls: Vec<_> = [
        ("http/1.1", &b""[..]),
        ("http/1.1", b"GET /v1 HT"),
        ("http/1.1", kept_alive.as_bytes()),
        ("h2", b""),
        ("h2", half_a_preface),
        ("h2", HTTP_2_PREFACE),
    ]
    .into_iter()
    .map(|(protocol, bytes)| TlsConnection::open(&agent, protocol, bytes))
    .collect();
    let mut on_the_socket: Vec<_> = [
        &b""[..],
        b"GET /v1 HT",
        half_a_preface,
        b"GET /v1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ]
    .into_iter()
    .map(|bytes| connect_to_the_socket(&agent, bytes))
    .collect();
    until("the end of all connections without a request", || {
        let all_closed = over_tls.iter_mut().all(TlsConnection::is_closed)
            && on_the_socket.iter_mut().all(is_closed);
        all_closed.then_some(())
    });
    assert_eq!(agent.authenticate(&card).status, 200);
    assert_eq!(events.next().event, "prompt-opened", "the stream is open");
}

#[test]
fn a_body_that_does_not_come_is_a_bad_request() {
    let agent = Agent::demo(&[]);
    let card = agent.card();
    let host = agent.url().replace("https://", "");
    let request = question(&agent, &card, &host);
    let (without_the_end, _) = request.split_at(request.len() - 1);
    let answer = TlsConnection::open(&agent, "http/1.1", without_the_end.as_bytes()).answer();
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (400, "bad-request")
    );
    assert_eq!(answer.json()["field"], "body");
    assert!(!agent.events_so_far().contains(&"prompt-opened".to_owned()));
}

#[test]
fn one_program_of_the_user_gets_so_many_connections_and_leaves_those_of_others() {
    let agent = Agent::demo(&[]);
    let mut connections: Vec<_> = (0..MOST_OF_ONE_PROGRAM)
        .map(|_| connect_to_the_socket(&agent, b""))
        .collect();
    let mut one_too_many = connect_to_the_socket(&agent, b"");
    until("the end of the connection that is one too many", || {
        is_closed(&mut one_too_many).then_some(())
    });
    assert_eq!(agent.read_socket("/v1").status, 200, "curl is another one");
    assert!(
        !connections.iter_mut().any(is_closed),
        "the others were there first"
    );
    drop(connections);
    until("an answer to a connection of this program", || {
        let socket = agent.endpoint()["socket"].as_str()?.to_owned();
        let mut stream = UnixStream::connect(socket).ok()?;
        let request = b"GET /v1 HTTP/1.1\r\nHost: localhost\r\n\r\n";
        stream.write_all(request).ok()?;
        let answered = stream.read(&mut [0; 9]).ok()?;
        (answered > 0).then_some(())
    });
}

#[test]
fn programs_of_the_user_get_so_many_connections_and_no_more() {
    let agent = Agent::demo(&[]);
    let socket = agent.endpoint()["socket"].as_str().unwrap().to_owned();
    let hold = format!(
        "import socket, sys\n\
         held = [socket.socket(socket.AF_UNIX) for _ in range({MOST_OF_ONE_PROGRAM})]\n\
         [one.connect(sys.argv[1]) for one in held]\n\
         print('all', flush=True)\n\
         sys.stdin.read()"
    );
    let mut programs: Vec<_> = (0..256 / MOST_OF_ONE_PROGRAM)
        .map(|_| {
            let mut program = Command::new("python3")
                .args(["-c", &hold, &socket])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let stdout = program.stdout.as_mut().unwrap();
            stdout.read_exact(&mut [0; 3]).unwrap();
            program
        })
        .collect();
    let mut one_too_many = connect_to_the_socket(&agent, b"");
    until("the end of the connection that is one too many", || {
        is_closed(&mut one_too_many).then_some(())
    });
    for program in &mut programs {
        drop(program.stdin.take());
        program.wait().unwrap();
    }
    until("an answer", || {
        (agent.read_socket("/v1").status == 200).then_some(())
    });
}

#[test]
fn connections_over_tcp_leave_the_socket_its_own() {
    let agent = Agent::demo(&[]);
    let address = agent.url().replace("https://", "");
    let mut connections: Vec<_> = (0..2 * MOST_OVER_TCP)
        .map(|_| {
            let stream = TcpStream::connect(&address).unwrap();
            stream.set_nonblocking(true).unwrap();
            stream
        })
        .collect();
    until("the end of all connections that are too many", || {
        let ended = connections
            .iter_mut()
            .filter_map(|one| has_ended(one).then_some(()));
        (ended.count() >= MOST_OVER_TCP).then_some(())
    });
    assert_eq!(agent.read_socket("/v1").status, 200);
}

/// Connections of the user's programs over TCP.
const MOST_OVER_TCP: usize = 128;

/// Connections that one program has to the socket.
const MOST_OF_ONE_PROGRAM: usize = 128;

/// A program of another user; it ends when its input does.
fn stranger(program: &str, arguments: &[&str]) -> Child {
    Command::new(program)
        .args(arguments)
        .uid(NOBODY)
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("this test must run as root: only root can start a program of another user")
}

/// The user who owns nothing.
const NOBODY: u32 = 65_534;

#[test]
fn connections_of_another_user_end_by_themselves() {
    let agent = Agent::demo(&[]);
    let address = agent.url().replace("https://", "");
    let connect = ["s_client", "-quiet", "-connect", &address];
    for protocol in ["h2", "http/1.1"] {
        let arguments = [&connect[..], &["-alpn", protocol]].concat();
        let mut idle = stranger("openssl", &arguments);
        until("the end of a connection", || idle.try_wait().unwrap());
    }
}

#[test]
fn another_user_gets_few_connections_which_takes_none_from_ours() {
    let agent = Agent::demo(&[]);
    let url = agent.url();
    let port = url.rsplit(':').next().unwrap();
    let hold =
        format!("for i in 1 2 3 4; do exec {{fd}}<>/dev/tcp/127.0.0.1/{port}; done; echo; read -r");
    until(
        "a connection that is closed because others are open",
        || {
            let mut holder = stranger("bash", &["-c", &hold]);
            let mut all_open = [0];
            let stdout = holder.stdout.as_mut().unwrap();
            stdout.read_exact(&mut all_open).unwrap();
            let own = agent.exchange("/v1", &[]);
            let one_more = stranger("curl", &["--silent", "--insecure", "--include", &url]);
            let said = one_more.wait_with_output().unwrap().stdout;
            drop(holder.stdin.take());
            holder.wait().unwrap();
            assert_eq!(own.status, 200);
            said.is_empty().then_some(())
        },
    );
}
