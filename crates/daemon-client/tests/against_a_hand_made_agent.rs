//! The client against an agent that is a few raw bytes on a real user socket.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "an agent that cannot be made fails its test"
)]

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use daemon_client::{Client, ClientError, Event};
use platform::instance::InstanceLock;
use platform::paths::AgentPaths;
use platform::socket;
use serde_json::{Value, json};
use tempfile::TempDir;

const A_MINUTE: Duration = Duration::from_secs(60);

/// A state folder, its socket, and whoever serves it.
struct HandMadeAgent {
    _root: TempDir,
    paths: AgentPaths,
    _lock: InstanceLock,
}

impl HandMadeAgent {
    fn new() -> (Self, UnixListener) {
        let root = tempfile::tempdir().unwrap();
        let paths = AgentPaths::resolve(Some(&root.path().join("state"))).unwrap();
        let lock = InstanceLock::acquire(&paths.lock_file()).unwrap();
        let listener = socket::bind(&paths, &lock).unwrap();
        let agent = Self {
            _root: root,
            paths,
            _lock: lock,
        };
        (agent, listener)
    }

    /// Serves one request with `answer`; the thread returns the request as it came.
    fn that_answers(answer: impl Into<Vec<u8>>) -> (Self, JoinHandle<String>) {
        let (agent, listener) = Self::new();
        let answer = answer.into();
        let served = thread::spawn(move || {
            let (mut stream, request) = next_request(&listener);
            // The client may have left in the middle of an answer that it refuses.
            let _ = stream.write_all(&answer);
            request
        });
        (agent, served)
    }

    fn client(&self) -> Client {
        Client::connect(&self.paths, "test").unwrap()
    }
}

/// The next connection that sends something, and the request on it, body included.
fn next_request(listener: &UnixListener) -> (UnixStream, String) {
    loop {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        let mut bytes = [0; 1024];
        while !is_whole(&request) {
            match stream.read(&mut bytes).unwrap() {
                0 => break,
                read => request.extend_from_slice(&bytes[..read]),
            }
        }
        if !request.is_empty() {
            return (stream, String::from_utf8(request).unwrap());
        }
    }
}

fn is_whole(request: &[u8]) -> bool {
    let request = String::from_utf8_lossy(request);
    let Some((head, body)) = request.split_once("\r\n\r\n") else {
        return false;
    };
    let length = header(head, "content-length").map_or(0, |length| length.parse().unwrap());
    body.len() == length
}

fn header<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    let head = request.split("\r\n\r\n").next()?;
    head.lines().skip(1).find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then_some(value.trim())
    })
}

fn answer(status: &str, media_type: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {media_type}\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

#[test]
fn text_is_asked_for_by_its_media_type_and_nothing_else_is_taken_for_it() {
    let read = |answer: String| {
        let (agent, served) = HandMadeAgent::that_answers(answer);
        let text = agent.client().read_text("/v1/x", "application/x-pem-file");
        let request = served.join().unwrap();
        assert_eq!(header(&request, "accept"), Some("application/x-pem-file"));
        text
    };
    let pem = "-----BEGIN CERTIFICATE-----\n";
    let good = answer("200 OK", "application/x-pem-file", pem);
    assert_eq!(read(good).unwrap(), pem);
    let json = answer("200 OK", "application/json", "{}");
    assert!(matches!(
        read(json),
        Err(ClientError::Unexplained { status: 200 })
    ));
    let refused = r#"{"code":"card-removed","title":"t","detail":"d"}"#;
    let refused = answer("410 Gone", "application/problem+json", refused);
    assert!(matches!(
        read(refused),
        Err(ClientError::Problem { code, .. }) if code == "card-removed"
    ));
}

#[test]
fn without_agent_the_caller_is_told_so() {
    let root = tempfile::tempdir().unwrap();
    let paths = AgentPaths::resolve(Some(root.path())).unwrap();
    let error = Client::connect(&paths, "test").unwrap_err();
    assert!(
        matches!(error, ClientError::AgentNotRunning { socket } if socket == paths.socket_path())
    );
}

#[test]
fn an_agent_that_ended_after_the_connection_is_not_running() {
    let (agent, listener) = HandMadeAgent::new();
    let client = agent.client();
    drop(listener);
    assert!(matches!(
        client.read::<Value>("/v1"),
        Err(ClientError::AgentNotRunning { .. })
    ));
}

#[test]
fn a_client_that_did_not_look_first_has_one_connection_for_each_call() {
    let (agent, listener) = HandMadeAgent::new();
    let client = Client::to(&agent.paths, "test");
    let served = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let read = stream.read(&mut [0; 1024]).unwrap();
        let answer = answer("200 OK", "application/json", "{}");
        stream.write_all(answer.as_bytes()).unwrap();
        read
    });
    client.read::<Value>("/v1").unwrap();
    assert!(served.join().unwrap() > 0, "the first connection asks");
    assert!(matches!(
        client.read::<Value>("/v1"),
        Err(ClientError::AgentNotRunning { .. })
    ));
}

#[test]
fn a_refusal_that_is_not_told_to_its_end_is_no_answer_in_time() {
    let (agent, listener) = HandMadeAgent::new();
    let (told, done) = mpsc::channel::<()>();
    let served = thread::spawn(move || {
        let (mut stream, _) = next_request(&listener);
        let head = "HTTP/1.1 403 Forbidden\r\ncontent-type: application/problem+json\r\ncontent-length: 100\r\n\r\n{";
        stream.write_all(head.as_bytes()).unwrap();
        let _ = done.recv();
    });
    let held = agent
        .client()
        .hold("/v1/cards/1/login", &json!({}), Duration::from_millis(300));
    assert!(matches!(held, Err(ClientError::TimedOut)), "{held:?}");
    drop(told);
    served.join().unwrap();
}

#[test]
fn a_connection_that_nobody_takes_in_time_is_no_answer_in_time() {
    let source = std::io::ErrorKind::TimedOut.into();
    let path = "socket".into();
    let error = socket::ConnectError::Io { path, source };
    assert!(matches!(ClientError::from(error), ClientError::TimedOut));
}

#[test]
fn a_read_states_who_asks_and_in_which_language() {
    let (agent, served) = HandMadeAgent::that_answers(answer(
        "200 OK",
        "application/json",
        r#"{"product":"cpxd"}"#,
    ));
    let client = agent.client().with_language("fr");
    let product: Value = client.read("/v1?x=1").unwrap();
    assert_eq!(product, json!({ "product": "cpxd" }));

    let request = served.join().unwrap();
    assert!(request.starts_with("GET /v1?x=1 HTTP/1.1\r\n"), "{request}");
    assert_eq!(header(&request, "host"), Some("localhost"));
    assert_eq!(header(&request, "accept-language"), Some("fr"));
    let name_and_version = concat!("test/", env!("CARGO_PKG_VERSION"));
    assert_eq!(header(&request, "x-cpxd-client"), Some(name_and_version));
    assert_eq!(header(&request, "origin"), None);
}

#[test]
fn a_call_posts_json() {
    let (agent, served) =
        HandMadeAgent::that_answers(answer("200 OK", "application/json", r#"{"done":true}"#));
    let done: Value = agent
        .client()
        .call("/v1/cards/a/sign", &json!({ "hash": "SHA-256" }), A_MINUTE)
        .unwrap();
    assert_eq!(done, json!({ "done": true }));

    let request = served.join().unwrap();
    assert!(request.starts_with("POST /v1/cards/a/sign HTTP/1.1\r\n"));
    assert!(request.ends_with("\r\n\r\n{\"hash\":\"SHA-256\"}"));
    assert_eq!(header(&request, "content-type"), Some("application/json"));
    assert!(header(&request, "x-cpxd-client").is_some());
}

#[test]
fn a_delete_states_its_content_type_and_needs_no_body_back() {
    let (agent, served) = HandMadeAgent::that_answers("HTTP/1.1 204 No Content\r\n\r\n");
    agent.client().delete("/v1/sessions/7").unwrap();
    let request = served.join().unwrap();
    assert!(request.starts_with("DELETE /v1/sessions/7 HTTP/1.1\r\n"));
    assert_eq!(header(&request, "content-type"), Some("application/json"));
}

#[test]
fn no_body_is_read_as_nothing() {
    let (agent, _served) = HandMadeAgent::that_answers("HTTP/1.1 204 No Content\r\n\r\n");
    agent
        .client()
        .call::<_, ()>("/v1/sessions/7/touch", &json!({}), A_MINUTE)
        .unwrap();
}

#[test]
fn a_problem_keeps_its_code_and_its_fields() {
    let (agent, _served) = HandMadeAgent::that_answers(answer(
        "403 Forbidden",
        "application/problem+json",
        r#"{"type":"about:blank","title":"Code faux","status":403,"code":"pin-wrong",
            "detail":"Il reste 2 essais.","triesLeft":2}"#,
    ));
    let error = agent.client().read::<Value>("/v1/cards").unwrap_err();
    assert_eq!(error.to_string(), "Code faux: Il reste 2 essais.");
    let ClientError::Problem {
        status,
        code,
        fields,
        ..
    } = error
    else {
        panic!("{error:?}");
    };
    assert_eq!((status, code.as_str()), (403, "pin-wrong"));
    assert_eq!(Value::Object(fields), json!({ "triesLeft": 2 }));
}

#[test]
fn a_refusal_without_a_code_is_unexplained() {
    for (media_type, body) in [
        ("text/plain", "no"),
        ("application/problem+json", r#"{"title":"no code"}"#),
        ("application/problem+json", "no JSON"),
        ("application/json", r#"{"code":"a","title":"b"}"#),
    ] {
        let refusal = answer("500 Internal Server Error", media_type, body);
        let (agent, _served) = HandMadeAgent::that_answers(refusal);
        assert!(matches!(
            agent.client().read::<Value>("/v1"),
            Err(ClientError::Unexplained { status: 500 })
        ));
    }
}

#[test]
fn a_redirection_is_not_followed() {
    let redirection = "HTTP/1.1 307 Temporary Redirect\r\nlocation: /v1/elsewhere\r\n\
                       content-length: 0\r\n\r\n";
    let (agent, _served) = HandMadeAgent::that_answers(redirection);
    assert!(matches!(
        agent.client().read::<Value>("/v1"),
        Err(ClientError::Unexplained { status: 307 })
    ));
}

#[test]
fn an_answer_of_another_shape_is_unreadable() {
    let (agent, _served) =
        HandMadeAgent::that_answers(answer("200 OK", "application/json", r#"{"cards":"#));
    assert!(matches!(
        agent.client().read::<Value>("/v1/cards"),
        Err(ClientError::Unreadable(_))
    ));
}

#[test]
fn an_answer_without_end_is_too_long() {
    let endless = answer("200 OK", "application/json", &" ".repeat(9 * 1024 * 1024));
    let (agent, _served) = HandMadeAgent::that_answers(endless);
    assert!(matches!(
        agent.client().read::<Value>("/v1"),
        Err(ClientError::TooLong)
    ));
}

#[test]
fn what_is_no_http_is_a_failed_exchange() {
    for broken in [
        "SSH-2.0-OpenSSH\r\n\r\n",
        "",
        "HTTP/1.1 200 OK\r\ncontent-le",
    ] {
        let (agent, _served) = HandMadeAgent::that_answers(broken);
        let error = agent.client().read::<Value>("/v1").unwrap_err();
        assert!(matches!(error, ClientError::Exchange(_)), "{error:?}");
    }
}

#[test]
fn an_agent_that_does_not_answer_in_time_is_left() {
    let (agent, listener) = HandMadeAgent::new();
    let client = agent.client();
    let error = client
        .call::<_, Value>("/v1", &json!({}), Duration::from_millis(50))
        .unwrap_err();
    assert!(matches!(error, ClientError::TimedOut), "{error:?}");
    let (mut stream, _) = next_request(&listener);
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
}

#[test]
fn what_is_no_path_is_not_sent() {
    let (agent, _listener) = HandMadeAgent::new();
    for path in ["", "v1", ".example/v1", "@example/v1"] {
        assert!(matches!(
            agent.client().read::<Value>(path),
            Err(ClientError::NotAPath { .. })
        ));
    }
    let header_injection = agent.client().read::<Value>("/v1 HTTP/1.1\r\nOrigin: x");
    assert!(matches!(header_injection, Err(ClientError::Exchange(_))));
}

#[test]
fn events_come_one_by_one_while_the_stream_is_open() {
    let (agent, listener) = HandMadeAgent::new();
    let (go_on, wait) = mpsc::channel::<()>();
    let served = thread::spawn(move || {
        let (mut stream, request) = next_request(&listener);
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
                    transfer-encoding: chunked\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        for chunk in [
            "id: 4\nevent: card-in",
            "serted\ndata: {\"card\":\"a\"}\n\n",
        ] {
            write_chunk(&mut stream, chunk);
        }
        wait.recv().unwrap();
        write_chunk(&mut stream, ": alive\n\nid: 5\ndata: b\n\n");
        write_chunk(&mut stream, "");
        request
    });
    let mut events = agent.client().events("/v1/events", Some("3")).unwrap();
    let first = events.next().unwrap().unwrap();
    assert_eq!(
        (first.id.as_deref(), first.event.as_str()),
        (Some("4"), "card-inserted")
    );
    assert_eq!(first.json::<Value>().unwrap(), json!({ "card": "a" }));
    go_on.send(()).unwrap();
    let second = Event {
        id: Some("5".to_owned()),
        event: "message".to_owned(),
        data: "b".to_owned(),
    };
    assert_eq!(events.next().unwrap().unwrap(), second);
    assert!(events.next().is_none());

    let request = served.join().unwrap();
    assert_eq!(header(&request, "last-event-id"), Some("3"));
    assert_eq!(header(&request, "accept"), Some("text/event-stream"));
}

fn write_chunk(stream: &mut UnixStream, chunk: &str) {
    let length = chunk.len();
    write!(stream, "{length:x}\r\n{chunk}\r\n").unwrap();
}

#[test]
fn events_end_with_one_error_when_the_agent_dies() {
    let dying = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
                 transfer-encoding: chunked\r\n\r\n8\r\ndata: a\n\r\n1\r\n\n\r\n5\r\nda";
    let (agent, _served) = HandMadeAgent::that_answers(dying);
    let mut events = agent.client().events("/v1/events", None).unwrap();
    assert_eq!(events.next().unwrap().unwrap().data, "a");
    assert!(matches!(events.next(), Some(Err(ClientError::Exchange(_)))));
    assert!(events.next().is_none());
}

#[test]
fn a_refused_subscription_is_a_problem_and_another_answer_unexplained() {
    let problem = answer(
        "401 Unauthorized",
        "application/problem+json",
        r#"{"title":"t","code":"right-missing"}"#,
    );
    let (agent, _served) = HandMadeAgent::that_answers(problem);
    assert!(matches!(
        agent.client().events("/v1/events", None),
        Err(ClientError::Problem { code, .. }) if code == "right-missing"
    ));

    let (agent, _served) = HandMadeAgent::that_answers(answer("200 OK", "text/html", "<p>"));
    assert!(matches!(
        agent.client().events("/v1/events", None),
        Err(ClientError::Unexplained { status: 200 })
    ));
}
