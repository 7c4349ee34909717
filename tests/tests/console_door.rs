//! The console's own port: what opens it, and every way to be let in there that must not work.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what cannot be looked at fails its test"
)]

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::process::Stdio;
use std::thread;

use cpxd_tests::agent::{Agent, CLIENT, JSON};
use cpxd_tests::browsers::DrivenChromium;
use cpxd_tests::calls::{authenticate_body, nonce, path_of, sign_body};
use cpxd_tests::console::address;
use cpxd_tests::door::pair;
use cpxd_tests::exchange::{Exchange, curl};
use cpxd_tests::person::Person;
use serde_json::{Value, json};

/// The console's door, as somebody sees it who has no browser.
struct Door {
    agent: Agent,
    /// Such as `http://127.0.0.1:40001`.
    origin: String,
    code: String,
}

impl Door {
    fn open() -> Self {
        Self::of(Agent::demo(&[]))
    }

    fn of(agent: Agent) -> Self {
        let (origin, code) = parts(&address(&agent));
        Self {
            agent,
            origin,
            code,
        }
    }

    fn ask(&self, path: &str, arguments: &[&str]) -> Exchange {
        Exchange::by(curl().args(arguments).arg(format!("{}{path}", self.origin)))
    }

    fn own_origin(&self) -> String {
        format!("Origin: {}", self.origin)
    }

    /// What the page sends for a token, with these headers beside those that all have.
    fn exchange(&self, code: &str, headers: &[&str]) -> Exchange {
        let body = json!({ "code": code }).to_string();
        let mut arguments = vec!["-d", &body];
        arguments.extend(headers.iter().flat_map(|header| ["-H", header]));
        self.ask(TOKENS, &arguments)
    }

    /// The header of the page's token.
    fn enter(&self) -> String {
        let answer = self.exchange(&self.code, &[&self.own_origin(), CLIENT, JSON]);
        assert_eq!(answer.status, 200, "{answer:?}");
        format!(
            "Authorization: Bearer {}",
            answer.json()["token"].as_str().unwrap()
        )
    }

    fn post(&self, token: &str, path: &str, body: &Value) -> Exchange {
        let (origin, body) = (self.own_origin(), body.to_string());
        let headers = [
            "-H", token, "-H", &origin, "-H", CLIENT, "-H", JSON, "-d", &body,
        ];
        self.ask(path, &headers)
    }
}

fn parts(address: &str) -> (String, String) {
    let (page, code) = address.split_once("/#").unwrap();
    (page.to_owned(), code.to_owned())
}

fn refusal(answer: &Exchange) -> (u16, String) {
    (answer.status, answer.code())
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// How many ports of TCP over IPv4 a process listens on.
fn ports(agent: &Agent) -> usize {
    let pid = agent.pid();
    let files = fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
    let targets = files.filter_map(|file| fs::read_link(file.unwrap().path()).ok());
    let sockets: Vec<_> = targets
        .filter_map(|target| {
            let inode = target
                .to_str()?
                .strip_prefix("socket:[")?
                .strip_suffix(']')?;
            Some(inode.to_owned())
        })
        .collect();
    let table = fs::read_to_string(format!("/proc/{pid}/net/tcp")).unwrap();
    let listens = |line: &&str| {
        let fields: Vec<_> = line.split_whitespace().collect();
        fields[3] == "0A" && sockets.iter().any(|inode| inode == fields[9])
    };
    table.lines().skip(1).filter(listens).count()
}

const TOKENS: &str = "/v1/console/tokens";

#[test]
fn what_a_page_follows_ends_with_its_token() {
    let door = Door::open();
    let token = door.enter();
    // The events of its card come at once, so that the stream is known to have begun.
    let _ = door.agent.card();
    let (events, from_the_start) = (format!("{}/v1/events", door.origin), "Last-Event-ID: 0");
    let follow = curl()
        .args(["--no-buffer", "-H", &token, "-H", from_the_start, &events])
        .stdout(Stdio::piped())
        .spawn();
    let mut follower = follow.unwrap();
    let told = follower.stdout.as_mut().unwrap();
    told.read_exact(&mut [0; 1]).unwrap();
    // So many pages live at once; one more takes the place of the first.
    for _ in 0..16 {
        let (_, code) = parts(&address(&door.agent));
        let answer = door.exchange(&code, &[&door.own_origin(), CLIENT, JSON]);
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let used = door.ask("/v1/status", &["-H", &token]);
    assert_eq!(refusal(&used), refused(401, "token-invalid"));
    let ended = follower.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0), "it was not ended: {ended:?}");
}

#[test]
fn the_port_is_open_only_once_somebody_asked_for_the_console() {
    let agent = Agent::demo(&[]);
    assert_eq!(ports(&agent), 1);
    let (first, _) = parts(&address(&agent));
    assert_eq!(ports(&agent), 2);
    let (second, _) = parts(&address(&agent));
    assert_eq!(first, second, "one port for all");
    assert_eq!(ports(&agent), 2);
    assert!(first.starts_with("http://127.0.0.1:"), "{first}");
}

#[test]
fn a_code_is_good_once_and_is_no_token() {
    let door = Door::open();
    let as_token = format!("Authorization: Bearer {}", door.code);
    let used = door.ask("/v1/status", &["-H", &as_token]);
    assert_eq!(refusal(&used), refused(401, "token-invalid"));
    let token = door.enter();
    assert_eq!(door.ask("/v1/status", &["-H", &token]).status, 200);
    let again = door.exchange(&door.code, &[&door.own_origin(), CLIENT, JSON]);
    assert_eq!(refusal(&again), refused(401, "token-invalid"));
}

#[test]
fn a_guessed_code_opens_nothing_and_guessing_is_slowed() {
    let door = Door::open();
    let origin = door.own_origin();
    let mut codes = Vec::new();
    for guess in 0..150 {
        let answer = door.exchange(&format!("{guess:064x}"), &[&origin, CLIENT, JSON]);
        codes.push(answer.code());
    }
    assert!(
        codes
            .iter()
            .all(|code| code == "token-invalid" || code == "rate-limited"),
        "{codes:?}"
    );
    assert!(codes.contains(&"rate-limited".to_owned()), "{codes:?}");
    let token = door.enter();
    assert_eq!(
        door.ask("/v1/cards", &["-H", &token]).status,
        200,
        "its own code is still good"
    );
}

#[test]
fn a_code_is_exchanged_only_by_its_own_page() {
    let door = Door::open();
    let own = door.own_origin();
    let elsewhere = "Sec-Fetch-Site: cross-site";
    for (headers, status, code) in [
        (vec![CLIENT, JSON], 403, "origin-not-granted"),
        (
            vec!["Origin: https://evil.example", CLIENT, JSON],
            403,
            "origin-not-granted",
        ),
        (
            vec!["Origin: null", CLIENT, JSON],
            403,
            "origin-not-granted",
        ),
        (
            vec![&own, "Origin: https://evil.example", CLIENT, JSON],
            403,
            "origin-not-granted",
        ),
        (
            vec![&own, elsewhere, CLIENT, JSON],
            403,
            "origin-not-granted",
        ),
        (
            vec![&own, "Sec-Fetch-Site: same-site", CLIENT, JSON],
            403,
            "origin-not-granted",
        ),
        (vec![&own, JSON], 400, "client-header-missing"),
        (
            vec![&own, CLIENT, "Content-Type: text/plain"],
            400,
            "bad-request",
        ),
        (vec![&own, CLIENT], 400, "bad-request"),
    ] {
        let answer = door.exchange(&door.code, &headers);
        assert_eq!(refusal(&answer), refused(status, code), "{headers:?}");
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
    door.enter();
}

#[test]
fn no_other_host_no_other_origin_and_no_other_page_is_served() {
    let door = Door::open();
    let token = door.enter();
    let port = door.origin.rsplit(':').next().unwrap();
    for path in ["/", "/console.js", "/v1/cards", TOKENS] {
        for host in [
            format!("localhost:{port}"),
            format!("evil.example:{port}"),
            "127.0.0.1".into(),
            format!("[::1]:{port}"),
        ] {
            let host = format!("Host: {host}");
            let answer = door.ask(path, &["-H", &host, "-H", &token]);
            assert_eq!(
                refusal(&answer),
                refused(421, "wrong-host"),
                "{path} {host}"
            );
        }
        let other_port = "Origin: http://127.0.0.1:1".to_owned();
        let by_name = format!("Origin: http://localhost:{port}");
        let by_tls = format!("Origin: https://127.0.0.1:{port}");
        for origin in [
            "Origin: https://evil.example",
            "Origin: null",
            &other_port,
            &by_name,
            &by_tls,
        ] {
            let answer = door.ask(path, &["-H", origin, "-H", &token]);
            assert_eq!(
                refusal(&answer),
                refused(403, "origin-not-granted"),
                "{path} {origin}"
            );
            assert_eq!(answer.header("access-control-allow-origin"), None);
        }
    }
    let preflight = [
        "-X",
        "OPTIONS",
        "-H",
        "Access-Control-Request-Method: GET",
        "-H",
        "Origin: https://evil.example",
    ];
    assert_eq!(door.ask("/v1/cards", &preflight).status, 403);
    let said_for = [
        "-H",
        "Cpxd-Page-Origin: https://service.example",
        "-H",
        "Cpxd-Top-Origin: https://service.example",
    ];
    let page = door.ask("/v1/cards", &said_for);
    assert_eq!(
        refusal(&page),
        refused(401, "token-invalid"),
        "nobody speaks for a page here"
    );
}

#[test]
fn another_user_gets_nothing_not_even_the_page() {
    let door = Door::open();
    let token = door.enter();
    let (origin, body) = (door.own_origin(), json!({ "code": "0" }).to_string());
    for (path, arguments) in [
        ("/", vec![]),
        ("/console.js", vec![]),
        ("/v1/cards", vec!["-H", token.as_str()]),
        (
            TOKENS,
            vec!["-H", &origin, "-H", CLIENT, "-H", JSON, "-d", &body],
        ),
    ] {
        let mut curl = curl();
        // Only root can start a program of another user, and tests run as root.
        curl.uid(NOBODY).gid(NOBODY).current_dir("/");
        let answer = Exchange::by(curl.args(arguments).arg(format!("{}{path}", door.origin)));
        assert_eq!(refusal(&answer), refused(403, "peer-refused"), "{path}");
    }
}

/// The user who owns nothing.
const NOBODY: u32 = 65_534;

#[test]
fn a_token_is_good_at_its_own_door_alone() {
    let door = Door::open();
    let token = door.enter();
    let at_https = door.agent.exchange("/v1/cards", &["-H", &token]);
    assert_eq!(refusal(&at_https), refused(401, "token-invalid"));
    let at_socket = door.agent.curl_socket("/v1/cards", &["-H", &token]);
    assert_eq!((at_socket.status, at_socket.code()), (401, "token-invalid"));
    let (paired, _) = pair(&door.agent, &["identify", "manage"], &[]);
    let paired = format!("Authorization: Bearer {paired}");
    for token in [door.agent.authorization(), paired] {
        let answer = door.ask("/v1/cards", &["-H", &token]);
        assert_eq!(refusal(&answer), refused(401, "token-invalid"));
    }
}

#[test]
fn without_the_token_only_the_page_is_served() {
    let door = Door::open();
    for path in [
        "/v1",
        "/v1/status",
        "/v1/cards",
        "/v1/grants",
        "/v1/events",
        "/v1/pairings",
        "/openapi.json",
        "/docs",
        "/index.html",
        "/../etc/passwd",
        "/favicon.ico",
    ] {
        let answer = door.ask(path, &[]);
        assert_eq!(refusal(&answer), refused(401, "token-invalid"), "{path}");
    }
    let origin = door.own_origin();
    let pairing = [
        "-H",
        &origin,
        "-H",
        CLIENT,
        "-H",
        JSON,
        "-d",
        r#"{"name":"x","rights":["identify"]}"#,
    ];
    assert_eq!(door.ask("/v1/pairings", &pairing).status, 401);
    let elsewhere = door
        .agent
        .exchange("/console.js", &["-H", &door.agent.authorization()]);
    assert_eq!(
        refusal(&elsewhere),
        refused(404, "not-found"),
        "and it is served nowhere else"
    );
}

#[test]
fn the_console_uses_keys_for_its_own_test_alone() {
    let door = Door::open();
    let (token, card) = (door.enter(), door.agent.card());
    let real_site = door.post(
        &token,
        &path_of(&card, "/authenticate"),
        &authenticate_body(),
    );
    assert_eq!(refusal(&real_site), refused(403, "origin-not-granted"));
    let real_text = door.post(
        &token,
        &path_of(&card, "/sign"),
        &sign_body(&["Ordonnance"]),
    );
    assert_eq!(refusal(&real_text), refused(403, "right-missing"));
    let test = json!({ "nonce": nonce(), "origin": "https://mon-poste.cpxd.invalid" });
    let tested = door.post(&token, &path_of(&card, "/authenticate"), &test);
    assert_eq!(tested.status, 200, "{tested:?}");
    let session = door.post(&token, "/v1/sessions", &json!({ "card": card["id"] }));
    assert_eq!(session.status, 403, "{session:?}");
}

#[test]
fn only_a_program_on_the_socket_opens_the_console() {
    let door = Door::open();
    let by_itself = door.post(&door.enter(), "/v1/console", &json!({}));
    assert_eq!(refusal(&by_itself), refused(403, "right-missing"));
    let by_token = door.agent.call("/v1/console", &json!({}));
    assert_eq!((by_token.status, by_token.code()), (403, "right-missing"));
    let (paired, _) = pair(&door.agent, &["identify", "manage"], &[]);
    let by_pairing = cpxd_tests::door::with_token(&door.agent, &paired, "/v1/console", &json!({}));
    assert_eq!(
        (by_pairing.status, by_pairing.code()),
        (403, "right-missing")
    );
    let by_page = cpxd_tests::door::page_post(
        &door.agent,
        "https://evil.example",
        "/v1/console",
        &json!({}),
    );
    assert_eq!(refusal(&by_page), refused(403, "origin-not-granted"));
}

#[test]
fn the_page_has_a_policy_without_exception() {
    let door = Door::open();
    let page = door.ask("/", &[]);
    let policy = page.header("content-security-policy").unwrap();
    for rule in [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
    ] {
        assert!(policy.split("; ").any(|found| found == rule), "{rule}");
    }
    assert!(
        !policy.contains("unsafe") && !policy.contains('*') && !policy.contains("http"),
        "{policy}"
    );
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
        ("referrer-policy", "same-origin"),
        ("x-frame-options", "DENY"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(page.header(name), Some(value));
    }
    assert_eq!(page.header("set-cookie"), None);
    assert!(!page.body.contains("style=") && !page.body.contains("onclick"));
    for destination in ["iframe", "embed", "object", "script"] {
        let (site, dest) = (
            "Sec-Fetch-Site: cross-site",
            format!("Sec-Fetch-Dest: {destination}"),
        );
        let answer = door.ask("/", &["-H", site, "-H", &dest]);
        assert_eq!(
            refusal(&answer),
            refused(403, "origin-not-granted"),
            "{destination}"
        );
    }
}

/// A page of another origin of this machine, whose words these are.
fn another_site(page: String) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, mut request) = (stream.unwrap(), [0; 4096]);
            let _ = stream.read(&mut request);
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                page.len()
            );
            let _ = stream.write_all(head.as_bytes());
            let _ = stream.write_all(page.as_bytes());
        }
    });
    address
}

#[test]
fn a_page_of_another_origin_neither_frames_nor_reads_nor_enters() {
    let door = Door::open();
    let site = another_site(format!(
        "<!DOCTYPE html><iframe id=f src='{0}/#{1}'></iframe><script>
         const tried = [];
         const tries = [
           () => fetch('{0}/'), () => fetch('{0}/v1/cards'), () => fetch('{0}/', {{ mode: 'no-cors' }}).then((answer) => answer.text()).then((text) => {{ if (!text) throw 'opaque'; }}),
           () => fetch('{0}{TOKENS}', {{ method: 'POST', headers: {{ 'Content-Type': 'application/json', 'X-Cpxd-Client': 'evil/1' }}, body: JSON.stringify({{ code: '{1}' }}) }}),
           () => fetch('{0}{TOKENS}', {{ method: 'POST', mode: 'no-cors', body: JSON.stringify({{ code: '{1}' }}) }}).then((answer) => {{ if (answer.type === 'opaque') throw 'opaque'; }}),
           () => new Promise((yes, no) => {{ const s = document.createElement('script'); s.src = '{0}/console.js'; s.onload = yes; s.onerror = no; document.head.append(s); }}),
           () => import('{0}/texts.js'),
         ];
         addEventListener('load', async () => {{
           for (const attempt of tries) {{ try {{ await attempt(); tried.push('done'); }} catch {{ tried.push('refused'); }} }}
           globalThis.outcome = tried;
         }});
         </script>",
        door.origin, door.code
    ));
    let person = Person::new();
    let mut chromium = DrivenChromium::start(&person, "fr");
    chromium.visit(&site);
    chromium.wait_until("!!globalThis.outcome");
    assert_eq!(chromium.value("outcome"), json!(vec!["refused"; 7]));
    // A page in a frame would load its own style, which nobody else asked for.
    let requests = chromium.requests();
    assert!(
        requests.iter().any(|url| url.starts_with(&door.origin)),
        "{requests:?}"
    );
    assert!(
        !requests.iter().any(|url| url.ends_with("console.css")),
        "{requests:?}"
    );
    // Nothing of it used the code up.
    door.enter();
}

#[test]
fn what_the_page_never_asks_is_refused_to_its_token_too() {
    let door = Door::open();
    let token = door.enter();
    let token = token.rsplit(' ').next().unwrap().to_owned();
    let token = format!("Authorization: Bearer {token}");
    let (json, client) = ("Content-Type: application/json", "X-Cpxd-Client: tests/1");
    let (own, id) = (door.own_origin(), "0123456789abcdef");
    for path in ["/v1/console", "/v1/pairings", "/v1/cards/x/activities"] {
        let headers = ["-H", &token, "-H", &own, "-H", json, "-H", client];
        let refused = door.ask(path, &[&headers[..], &["-d", "{}"]].concat());
        assert_eq!(
            (refused.status, refused.code()),
            (403, "right-missing".into()),
            "{path}"
        );
    }
    let headers = ["-X", "DELETE", "-H", &token, "-H", client];
    let nobodys = door.ask(&format!("/v1/grants/{id}"), &headers);
    assert_eq!(
        (nobodys.status, nobodys.code()),
        (403, "origin-not-granted".into())
    );
}

#[test]
fn nothing_of_code_or_token_is_in_a_log_or_on_the_disk() {
    let mut door = Door::open();
    let token = door.enter();
    let token = token.rsplit(' ').next().unwrap().to_owned();
    assert_eq!(
        door.ask(
            "/v1/journal",
            &["-H", &format!("Authorization: Bearer {token}")]
        )
        .status,
        200
    );
    door.agent.stop();
    let mut files = vec![door.agent.state_dir().to_owned()];
    let mut read = 0;
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(
                fs::read_dir(path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        } else {
            let bytes = fs::read(&path).unwrap_or_default();
            let text = String::from_utf8_lossy(&bytes);
            assert!(
                !text.contains(&token) && !text.contains(&door.code),
                "{}",
                path.display()
            );
            read += 1;
        }
    }
    assert!(read > 5, "{read}");
    let log = door.agent.log();
    assert!(!log.contains(&token) && !log.contains(&door.code));
    assert!(log.contains("console-opened"), "{log}");
}
