//! An agent that answers what the input says, at a socket as the real one has it.
#![expect(
    clippy::unwrap_used,
    reason = "an agent that cannot be made is no finding"
)]

use std::collections::BTreeMap;
use std::io::{self, Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use platform::instance::InstanceLock;
use platform::paths::AgentPaths;
use platform::socket;
use tempfile::TempDir;

use crate::input::Input;

/// The agent of this process, in the hands of one input.
pub(crate) struct HandMadeAgent {
    /// Where its clients find it.
    pub(crate) paths: AgentPaths,
    /// A folder for whatever belongs to it.
    pub(crate) folder: TempDir,
    script: Arc<Script>,
    _lock: InstanceLock,
}

/// What it answers.
#[derive(Default)]
struct Script {
    answers: Mutex<Answers>,
    was_asked: Condvar,
}

/// One answer as it goes over the wire.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    pub(crate) bytes: Vec<u8>,
    pub(crate) pace: Pace,
}

/// How an answer comes. Each ends within a moment: the patience of a client is no matter here.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Pace {
    #[default]
    AtOnce,
    Late,
    /// Half of it, and later the rest.
    Halting,
    /// Half of it, and later the end of the connection.
    BreaksOff,
}

#[derive(Default)]
struct Answers {
    of_paths: BTreeMap<&'static str, Vec<Answer>>,
    asked: BTreeMap<&'static str, usize>,
}

/// Gives the agent to one input at a time.
pub(crate) fn with_agent(work: impl FnOnce(&HandMadeAgent)) {
    static AGENT: OnceLock<Mutex<HandMadeAgent>> = OnceLock::new();
    let agent = AGENT.get_or_init(|| Mutex::new(HandMadeAgent::start()));
    work(&agent.lock().unwrap_or_else(PoisonError::into_inner));
}

impl HandMadeAgent {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let paths = AgentPaths::resolve(Some(&folder.path().join("state"))).unwrap();
        let lock = InstanceLock::acquire(&paths.lock_file()).unwrap();
        let listener = socket::bind(&paths, &lock).unwrap();
        let script = Arc::<Script>::default();
        let served = Arc::clone(&script);
        thread::spawn(move || serve(&listener, &served));
        Self {
            paths,
            folder,
            script,
            _lock: lock,
        }
    }

    /// From now on it answers these, to each call the next one and at last the same again.
    pub(crate) fn answers(&self, answers: BTreeMap<&'static str, Vec<Answer>>) {
        *self.script.lock() = Answers {
            of_paths: answers,
            asked: BTreeMap::new(),
        };
    }

    /// Waits until somebody asked for this, or `is_over`.
    pub(crate) fn wait_until_asked(&self, call: &str, is_over: impl Fn() -> bool) {
        let mut answers = self.script.lock();
        while !answers.asked.contains_key(call) && !is_over() {
            let waited = self.script.was_asked.wait_timeout(answers, A_MOMENT);
            answers = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Script {
    fn lock(&self) -> MutexGuard<'_, Answers> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer_to(&self, path: &str) -> Answer {
        let call = call_of(path);
        let mut answers = self.lock();
        let number = answers.asked.entry(call).or_default();
        let place = *number;
        *number += 1;
        self.was_asked.notify_all();
        let known = answers
            .of_paths
            .get(call)
            .or(answers.of_paths.get(ANYTHING));
        let answer = known.and_then(|known| known.get(place).or(known.last()));
        answer.cloned().unwrap_or_default()
    }
}

fn serve(listener: &UnixListener, script: &Script) {
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        if let Some(path) = request_on(&mut stream) {
            // The client may have left in the middle.
            let _ = script.answer_to(&path).write_to(&mut stream);
        }
    }
}

impl Answer {
    fn write_to(&self, stream: &mut UnixStream) -> io::Result<()> {
        let (first, rest) = self.bytes.split_at(match self.pace {
            Pace::AtOnce => return stream.write_all(&self.bytes),
            Pace::Late => 0,
            Pace::Halting | Pace::BreaksOff => self.bytes.len() / 2,
        });
        stream.write_all(first)?;
        thread::sleep(SOME_MOMENTS);
        match self.pace {
            Pace::BreaksOff => Ok(()),
            Pace::AtOnce | Pace::Late | Pace::Halting => stream.write_all(rest),
        }
    }
}

impl From<Vec<u8>> for Answer {
    fn from(bytes: Vec<u8>) -> Self {
        let pace = Pace::AtOnce;
        Self { bytes, pace }
    }
}

impl Pace {
    /// By a number, of which most are at once: the others cost time.
    pub(crate) fn of_number(number: u8) -> Self {
        match number % 16 {
            13 => Self::Late,
            14 => Self::Halting,
            15 => Self::BreaksOff,
            _ => Self::AtOnce,
        }
    }
}

/// The path of a request that is read to its end; `None` for a connection without one.
fn request_on(stream: &mut UnixStream) -> Option<String> {
    let mut request = Vec::new();
    let mut bytes = [0; 4096];
    loop {
        let read = stream.read(&mut bytes).ok().filter(|read| *read > 0)?;
        request.extend(bytes.iter().take(read));
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut parsed = httparse::Request::new(&mut headers);
        let Ok(httparse::Status::Complete(head)) = parsed.parse(&request) else {
            continue;
        };
        let mut headers = parsed.headers.iter();
        let len = headers.find(|header| header.name.eq_ignore_ascii_case("content-length"));
        let len = len.and_then(|header| std::str::from_utf8(header.value).ok()?.parse().ok());
        if request.len() >= head + len.unwrap_or(0_usize) {
            return parsed.path.map(str::to_owned);
        }
    }
}

/// The call of a path: its last word.
fn call_of(path: &str) -> &'static str {
    let word = path.rsplit('/').next().unwrap_or_default();
    let known = CALLS.iter().find(|known| **known == word);
    match known {
        Some(known) => known,
        None if path.starts_with("/v1/cards/") => CARD,
        None => ANYTHING,
    }
}

/// An answer: its form, then what is in it.
pub(crate) fn answer_of(input: &mut Input<'_>) -> Vec<u8> {
    let form = input.byte();
    let piece = input.piece().unwrap_or_default();
    match form % 8 {
        0 => good("application/json", piece),
        1 => piece.to_vec(),
        2 => {
            let status = 400 + u16::from(form / 8);
            http(status, "application/problem+json", "", piece)
        }
        3 => http(200, "text/event-stream", "", piece),
        4 => {
            let (location, rest) = piece.split_at(piece.len().min(usize::from(form / 8)));
            let location: String = printable(location);
            let location = format!("Location: {location}\r\n");
            http(200, "text/event-stream", &location, rest)
        }
        5 => {
            let lines = "Transfer-Encoding: chunked\r\n";
            let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{lines}\r\n");
            let head = head.into_bytes();
            let sized = format!("{:x}\r\n", piece.len());
            [&head, sized.as_bytes(), piece, b"\r\n0\r\n\r\n"].concat()
        }
        6 => good("application/json", &repeated(piece, form / 8)),
        _ => {
            let whole = good("application/json", piece);
            whole.into_iter().take(usize::from(form) * 4).collect()
        }
    }
}

/// An answer of 200.
pub(crate) fn good(media_type: &str, body: &[u8]) -> Vec<u8> {
    http(200, media_type, "", body)
}

/// A log-in at this place, and nothing that ends it.
pub(crate) fn held(location: &str) -> Vec<u8> {
    let location = format!("Location: {location}\r\n");
    http(200, "text/event-stream", &location, b"")
}

fn http(status: u16, media_type: &str, lines: &str, body: &[u8]) -> Vec<u8> {
    let len = body.len();
    let head = format!(
        "HTTP/1.1 {status} .\r\nContent-Type: {media_type}\r\n{lines}Content-Length: {len}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// A list whose one element, behind the first `[`, comes so many hundred times.
fn repeated(json: &[u8], hundreds: u8) -> Vec<u8> {
    let start = json.iter().position(|byte| *byte == b'[');
    let end = json.iter().rposition(|byte| *byte == b']');
    let (Some(start), Some(end)) = (start, end) else {
        return json.to_vec();
    };
    let (Some(before), Some(element), Some(after)) = (
        json.get(..=start),
        json.get(start + 1..end),
        json.get(end..),
    ) else {
        return json.to_vec();
    };
    let elements = vec![element; usize::from(hundreds) * 100 + 1].join(&b","[..]);
    [before, &elements, after].concat()
}

fn printable(bytes: &[u8]) -> String {
    let printable = bytes.iter().filter(|byte| (b' '..=b'~').contains(byte));
    printable.map(|byte| char::from(*byte)).collect()
}

/// Calls of the API by the last word of their path.
pub(crate) const CALLS: [&str; 10] = [
    READERS, CARD, OBJECTS, LOGIN, SIGN, DECIPHER, DATA, RANDOM, EVENTS, ANYTHING,
];
pub(crate) const READERS: &str = "readers";
/// Any other path of a card.
pub(crate) const CARD: &str = "card";
pub(crate) const OBJECTS: &str = "objects";
pub(crate) const LOGIN: &str = "login";
pub(crate) const SIGN: &str = "sign";
pub(crate) const DECIPHER: &str = "decipher";
pub(crate) const DATA: &str = "data";
pub(crate) const RANDOM: &str = "random";
pub(crate) const EVENTS: &str = "events";
/// Every other path.
pub(crate) const ANYTHING: &str = "";
const A_MOMENT: Duration = Duration::from_millis(1);
const SOME_MOMENTS: Duration = Duration::from_millis(10);
