//! What any program of the user may send through the socket, to the real agent of [`crate::workstation`].
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "an answer that is not as promised is a finding"
)]

use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use daemon_wire::{
    DataValueBody, DecipheredBody, KeySignatureBody, ObjectList, Problem, RandomBytesBody,
};
use serde_json::Value;

use crate::input::Input;
use crate::workstation::{CODE, Holder, OTHER_CODE, Workstation, take_log, with_workstation};

/// Any bytes. They may be answered or not; their connection ends.
pub(crate) fn bytes(bytes: &[u8]) {
    let secrets = Secrets::not_in(bytes);
    with_workstation(Holder::Agrees, |workstation| {
        let log_in = LogIn::none();
        let mut stream = connect(workstation);
        send(&mut stream, &filled_in(bytes, workstation, &log_in));
        let mut answer = Vec::new();
        if read_on(&mut stream, &mut answer, A_MOMENT) == Reading::Waits {
            leave(&stream);
            let ended = read_on(&mut stream, &mut answer, PATIENCE);
            assert_eq!(ended, Reading::Ended, "a connection without end");
        }
        if !answer.is_empty() {
            head_of(&answer);
        }
        secrets.are_not_in(&answer);
    });
}

/// A call: options, method, path, one header, body. It is answered by a body of its own, or by a problem.
pub(crate) fn call(bytes: &[u8]) {
    let secrets = Secrets::not_in(bytes);
    let mut input = Input::new(bytes);
    let options = input.byte();
    let is_in_a_log_in = options % 2 == 1;
    let holder = Holder::of_number(options / 2);
    let method = input.choice(&METHODS).unwrap_or_default();
    let path = match input.choice(&PATHS) {
        None | Some("") => path_of(input.piece().unwrap_or_default()),
        Some(path) => path.to_owned(),
    };
    let header = input.choice(&HEADERS).unwrap_or_default();
    let value = printable(input.piece().unwrap_or_default());
    let body = input.rest();
    with_workstation(holder, |workstation| {
        let log_in = if is_in_a_log_in {
            LogIn::open(workstation)
        } else {
            LogIn::none()
        };
        let fill_in = |bytes: &[u8]| filled_in(bytes, workstation, &log_in);
        let path = String::from_utf8(fill_in(path.as_bytes())).unwrap();
        let request = request(method, &path, (header, &value), &fill_in(body));
        let answer = exchange(workstation, &request);
        secrets.are_not_in(&answer);
        check(&answer, method, &path);
        if !holder.may_agree() {
            assert!(!is_done(&answer, &path), "done without a yes: {path}");
        }
    });
}

/// Whether an answer is that of a call which needs its holder.
fn is_done(answer: &[u8], path: &str) -> bool {
    const NEED_THEIR_HOLDER: [&str; 7] = [
        "/login",
        "/authenticate",
        "/sign",
        "/decipher",
        "/activities",
        "/pin/change",
        "/touch",
    ];
    let path = path.split('?').next().unwrap_or_default();
    let needs = NEED_THEIR_HOLDER.iter().any(|call| path.ends_with(call));
    needs && head_of(answer).status < 300
}

/// A request that is whole, with the headers of a good caller, of which one may be another.
fn request(method: &str, path: &str, other: (&str, &str), body: &[u8]) -> Vec<u8> {
    let usual = [
        ("Host", "localhost"),
        ("Connection", "close"),
        ("X-Cpxd-Client", "fuzz/1"),
        ("Content-Type", "application/json"),
    ];
    let usual = usual.iter().filter(|(name, _)| *name != other.0);
    let mut head = format!("{method} {path} HTTP/1.1\r\n");
    for (name, value) in usual.chain([&other]).filter(|(name, _)| !name.is_empty()) {
        head += &format!("{name}: {value}\r\n");
    }
    head += &format!("Content-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// The whole answer. A stream of events ends when it has begun: its caller leaves.
fn exchange(workstation: &Workstation, request: &[u8]) -> Vec<u8> {
    let mut stream = connect(workstation);
    send(&mut stream, request);
    let mut answer = Vec::new();
    loop {
        match read_once(&mut stream, &mut answer, PATIENCE) {
            Reading::Ended => return answer,
            Reading::Waits => panic!("neither an answer nor an end"),
            Reading::Goes if is_stream(&answer) => leave(&stream),
            Reading::Goes => {}
        }
    }
}

/// That an answer is what a caller can understand.
fn check(answer: &[u8], method: &str, path: &str) {
    let head = head_of(answer);
    let (_, body) = answer.split_at(head.len);
    if method == "HEAD" || head.is_stream() {
        assert!(method != "HEAD" || body.is_empty());
        return;
    }
    assert_eq!(head.content_len.unwrap_or_default(), body.len());
    if head.status == 400 && head.media_type.is_empty() {
        // What is no HTTP comes to no route.
        assert!(body.is_empty());
    } else if head.status >= 400 {
        assert_eq!(head.media_type, "application/problem+json", "{path}");
        let problem: Problem = serde_json::from_slice(body).unwrap();
        assert_eq!(problem.status, head.status);
        assert!(!problem.title.is_empty() && !problem.detail.is_empty());
        assert_ne!(problem.code, "internal", "{path}: {}", problem.detail);
    } else if head.media_type == "application/json" {
        let _: Value = serde_json::from_slice(body).unwrap();
        check_body(path.split('?').next().unwrap_or_default(), body);
    }
}

/// That the answers which programs of PKCS#11 get are of their form.
fn check_body(path: &str, body: &[u8]) {
    let Some(call) = path
        .strip_prefix("/v1/cards/")
        .and_then(|path| path.split_once('/'))
    else {
        return;
    };
    match call.1 {
        "objects" => {
            let list: ObjectList = serde_json::from_slice(body).unwrap();
            assert!(!list.objects.is_empty());
        }
        "data" => {
            let data: DataValueBody = serde_json::from_slice(body).unwrap();
            assert!(data.bytes().is_some());
        }
        "random" => {
            let random: RandomBytesBody = serde_json::from_slice(body).unwrap();
            assert!((1..=256).contains(&random.bytes().unwrap().len()));
        }
        "keys/authentication/decipher" => {
            let _: DecipheredBody = serde_json::from_slice(body).unwrap();
        }
        call if call.starts_with("keys/") => {
            let signed: KeySignatureBody = serde_json::from_slice(body).unwrap();
            assert_eq!(signed.bytes().unwrap().len(), 256);
        }
        _ => {}
    }
}

/// What of an answer's head matters here.
struct Head {
    len: usize,
    status: u16,
    media_type: String,
    content_len: Option<usize>,
}

impl Head {
    fn is_stream(&self) -> bool {
        self.media_type == "text/event-stream"
    }
}

fn head_of(answer: &[u8]) -> Head {
    parsed_head(answer).unwrap_or_else(|| {
        panic!("no head: {:?}", String::from_utf8_lossy(answer));
    })
}

fn is_stream(answer: &[u8]) -> bool {
    parsed_head(answer).is_some_and(|head| head.is_stream())
}

/// The head of an answer; `None` while it is not whole.
fn parsed_head(answer: &[u8]) -> Option<Head> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut parsed = httparse::Response::new(&mut headers);
    let parsing = parsed.parse(answer).unwrap();
    let httparse::Status::Complete(len) = parsing else {
        return None;
    };
    let value = |name: &str| {
        let mut headers = parsed.headers.iter();
        let found = headers.find(|header| header.name.eq_ignore_ascii_case(name));
        found.map(|header| String::from_utf8_lossy(header.value).into_owned())
    };
    let media_type = value("content-type").unwrap_or_default();
    Some(Head {
        len,
        status: parsed.code?,
        media_type: media_type.split(';').next().unwrap_or_default().to_owned(),
        content_len: value("content-length").map(|len| len.parse().unwrap()),
    })
}

/// A log-in on a connection of its own, which it lasts as long as.
struct LogIn {
    session: String,
    _held: Option<UnixStream>,
}

impl LogIn {
    fn none() -> Self {
        Self {
            session: "none".into(),
            _held: None,
        }
    }

    fn open(workstation: &Workstation) -> Self {
        let path = format!("/v1/cards/{}/login", workstation.card);
        let mut stream = connect(workstation);
        send(&mut stream, &request("POST", &path, ("", ""), b"{}"));
        let mut answer = Vec::new();
        while parsed_head(&answer).is_none() {
            let read = read_once(&mut stream, &mut answer, PATIENCE);
            assert_eq!(read, Reading::Goes, "no log-in");
        }
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let location = answer
            .lines()
            .find_map(|line| line.strip_prefix("location: "));
        let session = location.and_then(|location| location.trim().rsplit('/').next());
        Self {
            session: session.unwrap_or("none").to_owned(),
            _held: Some(stream),
        }
    }
}

const SECRETS: [&str; 3] = [CODE, OTHER_CODE, PLAINTEXT];

/// What must be in no answer and no line of a log.
struct Secrets {
    /// The input brings none itself, which may come back.
    are_looked_for: bool,
}

impl Secrets {
    fn not_in(input: &[u8]) -> Self {
        Self {
            are_looked_for: SECRETS.iter().all(|secret| !contains(input, secret)),
        }
    }

    /// The plaintext is in its answer, where it belongs; and never in a log.
    fn are_not_in(&self, answer: &[u8]) {
        let log = take_log();
        if !self.are_looked_for {
            return;
        }
        for code in [CODE, OTHER_CODE] {
            assert!(!contains(answer, code), "a code in an answer");
        }
        for secret in SECRETS {
            let bytes = format!("{:?}", secret.as_bytes());
            let bytes = bytes.trim_matches(['[', ']']);
            let hex = hex::encode(secret);
            for spelling in [
                secret,
                &STANDARD.encode(secret),
                bytes,
                &hex,
                &hex.to_uppercase(),
            ] {
                assert!(!log.contains(spelling), "a secret in the log: {log}");
            }
        }
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|found| found == text.as_bytes())
}

/// The bytes with the names that only a running agent gives.
fn filled_in(bytes: &[u8], workstation: &Workstation, log_in: &LogIn) -> Vec<u8> {
    let cryptogram: String = CRYPTOGRAM.split_whitespace().collect();
    let names = [
        ("{card}", workstation.card.as_str()),
        ("{session}", &log_in.session),
        ("{cryptogram}", &cryptogram),
    ];
    let mut filled = Vec::new();
    let mut rest = bytes;
    while let Some((first, others)) = rest.split_first() {
        let named = names
            .iter()
            .find(|(name, _)| rest.starts_with(name.as_bytes()));
        match named {
            Some((name, value)) => {
                filled.extend_from_slice(value.as_bytes());
                rest = rest.split_at(name.len()).1;
            }
            None => {
                filled.push(*first);
                rest = others;
            }
        }
    }
    filled
}

fn path_of(bytes: &[u8]) -> String {
    let written = bytes.iter().map(|byte| match byte {
        b'!'..=b'~' => char::from(*byte).to_string(),
        _ => format!("%{byte:02X}"),
    });
    format!("/{}", written.collect::<String>())
}

fn printable(bytes: &[u8]) -> String {
    let printable = bytes.iter().filter(|byte| (b' '..=b'~').contains(byte));
    printable.map(|byte| char::from(*byte)).collect()
}

fn connect(workstation: &Workstation) -> UnixStream {
    UnixStream::connect(&workstation.socket).unwrap()
}

/// The agent may have seen enough, and closed.
fn send(stream: &mut UnixStream, bytes: &[u8]) {
    let _ = stream.write_all(bytes);
}

fn leave(stream: &UnixStream) {
    // One that the agent has closed needs no end.
    let _ = stream.shutdown(std::net::Shutdown::Write);
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    Goes,
    Waits,
    Ended,
}

/// Reads until the end, or until nothing comes for so long.
fn read_on(stream: &mut UnixStream, answer: &mut Vec<u8>, patience: Duration) -> Reading {
    loop {
        match read_once(stream, answer, patience) {
            Reading::Goes => {}
            end @ (Reading::Waits | Reading::Ended) => return end,
        }
    }
}

fn read_once(stream: &mut UnixStream, answer: &mut Vec<u8>, patience: Duration) -> Reading {
    let mut bytes = [0; 4096];
    stream.set_read_timeout(Some(patience)).unwrap();
    match stream.read(&mut bytes) {
        Ok(0) => Reading::Ended,
        Ok(read) => {
            answer.extend(bytes.iter().take(read));
            assert!(answer.len() <= LONGEST_ANSWER, "an answer without end");
            Reading::Goes
        }
        Err(error) if error.kind() == ErrorKind::WouldBlock => Reading::Waits,
        Err(error) if error.kind() == ErrorKind::Interrupted => Reading::Goes,
        // Closed with bytes that the agent had not read.
        Err(_) => Reading::Ended,
    }
}

/// How long the agent may take for anything; its own limits are shorter.
const PATIENCE: Duration = Duration::from_secs(15);
/// After which bytes are taken for half a request.
const A_MOMENT: Duration = Duration::from_millis(5);
const LONGEST_ANSWER: usize = 1024 * 1024;

const METHODS: [&str; 6] = ["POST", "GET", "DELETE", "HEAD", "PUT", "OPTIONS"];

/// The calls of the socket; the first stands for a path of the input.
pub(crate) const PATHS: [&str; 18] = [
    "",
    "/v1/cards/{card}/keys/authentication/sign",
    "/v1/cards/{card}/keys/signature/sign",
    "/v1/cards/{card}/objects",
    "/v1/cards/{card}/data",
    "/v1/cards/{card}/random",
    "/v1/cards/{card}/keys/authentication/decipher",
    "/v1/cards/{card}/login",
    "/v1/events",
    "/v1/cards/{card}",
    "/v1/cards",
    "/v1/readers",
    "/v1/sessions",
    "/v1/sessions/{session}",
    "/v1/sessions/{session}/touch",
    "/v1/cards/{card}/activities",
    "/v1/cards/{card}/authenticate",
    "/v1/cards/{card}/sign",
];

/// Headers that the input may say something in; the first is none.
pub(crate) const HEADERS: [&str; 10] = [
    "",
    "Accept",
    "Accept-Language",
    "Last-Event-ID",
    "Authorization",
    "Origin",
    "Cpxd-Page-Origin",
    "X-Cpxd-Client",
    "Content-Type",
    "Host",
];

/// What [`CRYPTOGRAM`] becomes.
const PLAINTEXT: &str = "PLAINTEXT-OF-THE-FUZZED-CARD-4711";
/// Base64 of the plaintext, enciphered for the authentication key of the card.
const CRYPTOGRAM: &str = "
    Zogw+2fFw5wukhPaFCkcV3LsgqTTgpS3f9JCCTVYlpssmi8jAC1nvfgGFd6IkUnyr2+eV6+I/AOOZ2ZephwPb0SQ
    yBafc6CZ8Y3+gjZs12edbDzdSXUSj32Ouo7B2DnQC5FwdAm4E0gV7h2Gbn35o2KdTkxD0VLiXWOgbgLxmgbagmdi
    WAq7bT6wOLSWb7lFXjP2NeziQZtuQ19eEEEJfH9cxUJ7HWpUcRn99kae468kL3ZlUNoJZSpYPJnTW7zCENHB5Avd
    vOHn6Rfpn4bRfZP9ahxs1Ye7yfux4Tz80ZAN36Yn2DP9uZQ0x+6UxGNPYyfsKPq71nYqdrX7vrLE2Q==";

#[cfg(test)]
mod tests {
    use super::*;

    fn status(method: &str, path: &str, body: &str, log_in: &dyn Fn(&Workstation) -> LogIn) -> u16 {
        status_by(Holder::Agrees, method, path, body, log_in)
    }

    fn status_by(
        holder: Holder,
        method: &str,
        path: &str,
        body: &str,
        log_in: &dyn Fn(&Workstation) -> LogIn,
    ) -> u16 {
        let mut status = 0;
        with_workstation(holder, |workstation| {
            let log_in = log_in(workstation);
            let filled = |text: &str| filled_in(text.as_bytes(), workstation, &log_in);
            let path = String::from_utf8(filled(path)).unwrap();
            let request = request(method, &path, ("", ""), &filled(body));
            status = head_of(&exchange(workstation, &request)).status;
        });
        status
    }

    #[test]
    fn the_card_behind_the_socket_does_what_it_is_asked() {
        let value = STANDARD.encode([7; 32]);
        let sign = format!(r#"{{"algorithm":"RS256","value":"{value}","session":"{{session}}"}}"#);
        let data = r#"{"label":"CPS_ACTIVITY_01_PS","session":"{session}"}"#;
        let decipher = r#"{"cryptogram":"{cryptogram}"}"#;
        let of_card = |call: &str| format!("/v1/cards/{{card}}/{call}");
        for (call, body) in [
            ("keys/authentication/sign", sign.as_str()),
            ("data", data),
            ("random", r#"{"length":8}"#),
            ("login", "{}"),
        ] {
            assert_eq!(
                status("POST", &of_card(call), body, &LogIn::open),
                200,
                "{call}"
            );
        }
        let deciphering = of_card("keys/authentication/decipher");
        let alone = |_: &Workstation| LogIn::none();
        assert_eq!(status("POST", &deciphering, decipher, &alone), 200);
        assert_eq!(status("GET", &of_card("objects"), "", &alone), 200);
        assert_eq!(status("GET", "/v1/events", "", &alone), 200);
    }

    #[test]
    fn the_holder_of_an_input_agrees_refuses_forgets_or_is_late() {
        let alone = |_: &Workstation| LogIn::none();
        let value = STANDARD.encode([7; 32]);
        let sign = format!(r#"{{"algorithm":"RS256","value":"{value}","timeoutSeconds":10}}"#);
        let path = "/v1/cards/{card}/keys/authentication/sign";
        for holder in Holder::ALL {
            let signed = status_by(holder, "POST", path, &sign, &alone);
            assert_eq!(signed == 200, holder.may_agree(), "{holder:?}");
        }
        let soon = sign.replace(":10", ":1");
        assert_ne!(status_by(Holder::IsLate, "POST", path, &soon, &alone), 200);
    }
}
