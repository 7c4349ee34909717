//! The clients: each asks for one thing, and notes what it was told.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cpxd_tests::agent::{Agent, CLIENT, JSON};
use cpxd_tests::calls::{ORIGIN, authenticate_body, path_of, sign_body};
use cpxd_tests::door::pair;
use serde_json::{Value, json};

use crate::run::ledger::Ledger;

/// Where the clients ask.
#[derive(Debug)]
pub(crate) struct Target {
    endpoint: PathBuf,
    ca: PathBuf,
    socket: String,
    card: Value,
    /// Of the program that was paired before the first kill.
    token: String,
    pub(crate) grant: String,
}

impl Target {
    /// An agent, as long as one runs in its state folder.
    pub(crate) fn of(agent: &Agent) -> Self {
        let (token, grant) = pair(agent, &["identify", "authenticate"], &[ORIGIN]);
        let socket = agent.endpoint()["socket"].as_str().map(str::to_owned);
        Self {
            endpoint: agent.state_dir().join("endpoint.json"),
            ca: agent.state_dir().join("ca.pem"),
            socket: socket.expect("a socket"),
            card: agent.card(),
            token,
            grant,
        }
    }

    /// The port changes with each start.
    fn url(&self) -> Option<String> {
        let endpoint: Value = serde_json::from_slice(&fs::read(&self.endpoint).ok()?).ok()?;
        endpoint["url"].as_str().map(str::to_owned)
    }
}

/// What a client does all the time.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Client {
    /// Tokens over the socket, where the journal has the process id of each caller.
    Authenticates,
    /// Signatures over the socket, of another number of digests each time.
    Signs,
    /// Tokens over TLS, as the program that was paired before the first kill.
    IsPaired,
    /// Pairings over the socket, most of which are revoked at once.
    Pairs,
}

impl Client {
    pub(crate) const ALL: [Self; 4] = [
        Self::Authenticates,
        Self::Signs,
        Self::IsPaired,
        Self::Pairs,
    ];

    /// Asks once.
    pub(crate) fn ask(self, target: &Target, ledger: &Ledger) {
        let is_heard = match self {
            Self::Authenticates => authenticate(target, ledger),
            Self::Signs => sign(target, ledger),
            Self::IsPaired => authenticate_as_program(target, ledger),
            Self::Pairs => pair_and_revoke(target, ledger),
        };
        if !is_heard {
            // There is no agent now, or none that has seen the card.
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn authenticate(target: &Target, ledger: &Ledger) -> bool {
    let path = path_of(&target.card, "/authenticate");
    let told = by_socket(target, &post(&authenticate_body()), &path);
    ledger.operation(&told, None)
}

fn sign(target: &Target, ledger: &Ledger) -> bool {
    let many = ["1", "2", "3", "4"];
    let digests = many.get(..=NEXT.fetch_add(1, Ordering::Relaxed) % 4);
    let body = sign_body(digests.unwrap_or_default());
    let told = by_socket(target, &post(&body), &path_of(&target.card, "/sign"));
    ledger.operation(&told, digests.map(<[_]>::len))
}

fn authenticate_as_program(target: &Target, ledger: &Ledger) -> bool {
    let Some(url) = target.url() else {
        return false;
    };
    let token = format!("Authorization: Bearer {}", target.token);
    let ca = target.ca.to_string_lossy().into_owned();
    let mut arguments = post(&authenticate_body());
    arguments.extend(["--cacert".into(), ca, "-H".into(), token]);
    let path = path_of(&target.card, "/authenticate");
    let told = Told::by(&arguments, &format!("{url}{path}"));
    ledger.operation_of_program(&target.grant, &told)
}

fn pair_and_revoke(target: &Target, ledger: &Ledger) -> bool {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("soak {number}");
    let body = json!({ "name": name, "rights": ["identify"] });
    let opened = by_socket(target, &post(&body), "/v1/pairings");
    let [Some(id), Some(secret)] = ["id", "secret"].map(|field| opened.body[field].as_str()) else {
        return ledger.refusal(&opened);
    };
    let secret = post(&json!({ "secret": secret }));
    let paired = by_socket(target, &secret, &format!("/v1/pairings/{id}/token"));
    let Some(grant) = paired.body["grant"]["id"].as_str() else {
        return ledger.refusal(&paired);
    };
    ledger.paired(grant);
    if number.is_multiple_of(3) {
        return true;
    }
    ledger.is_about_to_revoke(grant);
    let delete = ["-X", "DELETE", "-H", CLIENT].map(str::to_owned);
    let revoked = by_socket(target, &delete, &format!("/v1/grants/{grant}"));
    if revoked.status == 204 {
        ledger.revoked(grant);
        return true;
    }
    ledger.refusal(&revoked)
}

/// What a client was told.
#[derive(Debug)]
pub(crate) struct Told {
    /// Process id of the client, by which the journal names a caller on the socket.
    pub(crate) pid: u32,
    /// HTTP status; 0 when the connection was cut.
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Told {
    fn by(arguments: &[String], url: &str) -> Self {
        let curl = Command::new("curl")
            .args(["--silent", "--max-time", "60"])
            .args(["--write-out", "\n%{http_code}"])
            .args(arguments)
            .arg(url)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("curl is installed (cargo xtask soak installs it)");
        let pid = curl.id();
        let output = curl.wait_with_output().expect("curl ends");
        let text = String::from_utf8_lossy(&output.stdout);
        let (body, status) = text.rsplit_once('\n').unwrap_or_default();
        // An answer that was cut in its middle was not given.
        let status = if output.status.success() { status } else { "0" };
        Self {
            pid,
            status: status.parse().unwrap_or(0),
            body: serde_json::from_str(body).unwrap_or_default(),
        }
    }
}

fn by_socket(target: &Target, arguments: &[String], path: &str) -> Told {
    let socket = ["--unix-socket".to_owned(), target.socket.clone()];
    let url = format!("http://localhost{path}");
    Told::by(&[&socket, arguments].concat(), &url)
}

fn post(body: &Value) -> Vec<String> {
    let body = body.to_string();
    ["-H", CLIENT, "-H", JSON, "-d", &body]
        .map(str::to_owned)
        .into()
}

static NEXT: AtomicUsize = AtomicUsize::new(0);
