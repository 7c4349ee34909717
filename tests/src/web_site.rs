//! Sites of several names over real HTTPS, whose pages do what a test tells them to.
//!
//! A page asks its server for the next script, runs it with the SDK at hand, and sends back what
//! came of it: no driver is needed, and both browsers are told the same.

use std::collections::{HashMap, VecDeque};
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;
use tempfile::TempDir;

use crate::browsers::NAMES_OF_OTHERS;
use crate::person::Person;
use crate::programs::sdk_folder;

/// The sites, and the pages of them that are open.
#[derive(Debug)]
pub struct WebSite {
    port: u16,
    authority: PathBuf,
    pages: Arc<Pages>,
    _folder: TempDir,
}

/// What each page is to do and has done, by its name.
#[derive(Debug, Default)]
struct Pages {
    to_do: Mutex<HashMap<String, VecDeque<String>>>,
    done: Mutex<HashMap<String, VecDeque<Value>>>,
    changed: Condvar,
}

impl WebSite {
    /// Serves all names on a port of its own until the test ends.
    #[must_use]
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let authority = folder.path().join("sites.pem");
        let config = Arc::new(certified(folder.path()));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("its port").port();
        let pages = Arc::new(Pages::default());
        let served = Arc::clone(&pages);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (config, pages) = (Arc::clone(&config), Arc::clone(&served));
                thread::spawn(move || serve(stream, config, &pages));
            }
        });
        Self {
            port,
            authority,
            pages,
            _folder: folder,
        }
    }

    /// The certificate of the authority that vouches for all sites.
    #[must_use]
    pub fn authority(&self) -> &Path {
        &self.authority
    }

    /// Certificate and key of all sites, in PEM.
    #[must_use]
    pub fn certificate_and_key(&self) -> [PathBuf; 2] {
        ["site.pem", "site.key"].map(|name| self.authority.with_file_name(name))
    }

    /// Has the Chromium of a person trust the sites.
    pub fn be_trusted_by_chromium_of(&self, person: &Person) {
        let database = person.home().join(".pki/nssdb");
        fs::create_dir_all(&database).expect("a folder");
        // Of a database that is there, certutil would ask for a password.
        if !database.join("cert9.db").exists() {
            let made = Command::new("certutil")
                .args(["-N", "--empty-password", "-d"])
                .arg(format!("sql:{}", database.display()))
                .status();
            assert!(made.expect("certutil starts").success());
        }
        trust_in(&database, &self.authority);
    }

    /// The origin of a site.
    #[must_use]
    pub fn origin(&self, name: &str) -> String {
        format!("https://{name}:{}", self.port)
    }

    /// The address of a page of a site, under a name that the test speaks to it by.
    #[must_use]
    pub fn url(&self, name: &str, page: &str) -> String {
        format!("{}/#{page}", self.origin(name))
    }

    /// Has a page run a script, the body of an asynchronous function with `sdk` and `cpx` at hand.
    pub fn begin(&self, page: &str, script: &str) {
        let mut to_do = self
            .pages
            .to_do
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let scripts = to_do.entry(page.to_owned()).or_default();
        scripts.push_back(script.to_owned());
        self.pages.changed.notify_all();
    }

    /// What came of the oldest script of a page: its value, or the code of its error below `error`.
    #[must_use]
    pub fn outcome(&self, page: &str) -> Value {
        let mut done = self
            .pages
            .done
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(value) = done.get_mut(page).and_then(VecDeque::pop_front) {
                return value;
            }
            let (again, late) = self
                .pages
                .changed
                .wait_timeout(done, PATIENCE)
                .unwrap_or_else(PoisonError::into_inner);
            assert!(!late.timed_out(), "nothing came of the page {page}");
            done = again;
        }
    }

    /// Has a page run a script for what it does; fails with it.
    pub fn does(&self, page: &str, script: &str) {
        let outcome = self.run(page, script);
        assert!(outcome["error"].is_null(), "{page}: {outcome}");
    }

    /// Has a page run a script and says what came of it.
    #[must_use]
    pub fn run(&self, page: &str, script: &str) -> Value {
        self.begin(page, script);
        self.outcome(page)
    }
}

/// Has the NSS database of a browser trust an authority for sites.
pub fn trust_in(database: &Path, authority: &Path) {
    let trusted = Command::new("certutil")
        .args(["-A", "-n", "TEST sites", "-t", "C,,", "-d"])
        .arg(format!("sql:{}", database.display()))
        .arg("-i")
        .arg(authority)
        .status();
    assert!(trusted.expect("certutil starts").success());
}

fn certified(folder: &Path) -> ServerConfig {
    let mut issuer = CertificateParams::default();
    issuer
        .distinguished_name
        .push(DnType::CommonName, "TEST sites");
    issuer.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let issuer = CertifiedIssuer::self_signed(issuer, KeyPair::generate().expect("a key"));
    let issuer = issuer.expect("an authority");
    let write = |name, text| fs::write(folder.join(name), text).expect("a file");
    write("sites.pem", issuer.pem());
    let key = KeyPair::generate().expect("a key");
    let leaf = CertificateParams::new(NAMES_OF_OTHERS.map(str::to_owned)).expect("names");
    let leaf = leaf.signed_by(&key, &issuer).expect("a certificate");
    write("site.pem", leaf.pem());
    write("site.key", key.serialize_pem());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(
            vec![leaf.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).expect("a key"),
        )
        .expect("a certificate and its key")
}

/// A visitor who turns away is none of its business.
fn serve(stream: TcpStream, config: Arc<ServerConfig>, pages: &Pages) -> Option<()> {
    let connection = ServerConnection::new(config).ok()?;
    let mut stream = BufReader::new(StreamOwned::new(connection, stream));
    let mut request = String::new();
    stream.read_line(&mut request).ok()?;
    let (mut line, mut length) = (String::new(), 0);
    while stream.read_line(&mut line).ok()? > 2 {
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        line.clear();
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    let path = request.split(' ').nth(1)?;
    let (media_type, answer) = answer(path, &body, pages)?;
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nAccess-Control-Allow-Origin: *\r\nCache-Control: no-store\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        answer.len()
    );
    let stream = stream.get_mut();
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(answer.as_bytes()).ok()?;
    stream.conn.send_close_notify();
    stream.flush().ok()
}

fn answer(path: &str, body: &[u8], pages: &Pages) -> Option<(&'static str, String)> {
    let (path, page) = path.split_once('?').unwrap_or((path, ""));
    match path {
        "/" => Some(("text/html", PAGE.to_owned())),
        "/page.js" => Some(("text/javascript", PAGE_SCRIPT.to_owned())),
        "/next" => Some(("text/plain", pages.next_script(page))),
        "/result" => {
            let outcome = serde_json::from_slice(body).ok()?;
            let mut done = pages.done.lock().ok()?;
            done.entry(page.to_owned()).or_default().push_back(outcome);
            pages.changed.notify_all();
            Some(("text/plain", String::new()))
        }
        other => {
            let file = other.strip_prefix("/sdk/")?;
            let file = sdk_folder().join(file);
            let text = fs::read_to_string(&file);
            let text = text.unwrap_or_else(|_| panic!("{} was not built", file.display()));
            Some(("text/javascript", text))
        }
    }
}

impl Pages {
    fn next_script(&self, page: &str) -> String {
        let mut to_do = self.to_do.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(script) = to_do.get_mut(page).and_then(VecDeque::pop_front) {
                return script;
            }
            to_do = self
                .changed
                .wait(to_do)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

const PAGE: &str =
    "<!DOCTYPE html><html lang=en><title>A site</title><script type=module src=/page.js></script>";

const PAGE_SCRIPT: &str = r#"
import * as sdk from "/sdk/index.js";
const page = location.hash.slice(1);
const AsyncFunction = (async () => {}).constructor;
globalThis.sdk = sdk;
globalThis.cpx = sdk.cpx;
(async () => {
  for (;;) {
    const script = await (await fetch("/next?" + page)).text();
    let outcome;
    try {
      outcome = (await new AsyncFunction("sdk", "cpx", script)(sdk, sdk.cpx)) ?? null;
    } catch (error) {
      outcome = { error: error.code ?? String(error), problem: error.problem };
    }
    await fetch("/result?" + page, { method: "POST", body: JSON.stringify(outcome) });
  }
})();
"#;

/// Long enough for a machine that is busy with all other tests.
const PATIENCE: Duration = Duration::from_secs(60);
