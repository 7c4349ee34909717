//! The demo's relying party (`browser/demo`): its own server, in Node.js.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::exchange::{Exchange, curl_of};
use crate::pcsc_stack::free_ports;
use crate::programs::{sdk_folder, workspace_dir};
use crate::web_site::WebSite;

/// A server that runs; it ends when this is dropped.
#[derive(Debug)]
pub struct RelyingParty {
    process: Child,
    origin: String,
    authority: PathBuf,
    folder: TempDir,
}

impl RelyingParty {
    /// At `service.example`, with the certificate of the tests' sites, trusting these authorities.
    #[must_use]
    pub fn start(site: &WebSite, authorities: &str) -> Self {
        let _ = sdk_folder();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let trusted = folder.path().join("authorities.pem");
        fs::write(&trusted, authorities).expect("a file");
        let port = free_ports();
        let origin = format!("https://service.example:{port}");
        let [certificate, key] = site.certificate_and_key();
        let mut process = Command::new("node")
            .arg(workspace_dir().join("browser/demo/server.mjs"))
            .args(["--origin", &origin])
            .arg("--cert")
            .arg(certificate)
            .arg("--key")
            .arg(key)
            .arg("--authorities")
            .arg(trusted)
            .stdout(Stdio::piped())
            .spawn()
            .expect("node is installed (cargo xtask test installs it)");
        let output = process.stdout.take().expect("a pipe");
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        let first = lines.next().unwrap_or_default();
        assert!(first.starts_with("ready"), "{first}");
        std::thread::spawn(move || {
            // Shown where a test fails.
            lines.for_each(|line| drop(writeln!(std::io::stderr(), "relying party: {line}")));
        });
        Self {
            process,
            origin,
            authority: site.authority().to_owned(),
            folder,
        }
    }

    /// Its origin.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// A nonce for the session of this name.
    #[must_use]
    pub fn nonce(&self, session: &str) -> String {
        self.asked(session, "/nonce", &[]).body
    }

    /// What becomes of a token in the session of this name; the HTTP status.
    #[must_use]
    pub fn log_in(&self, session: &str, token: &Value) -> u16 {
        let token = token.to_string();
        let post = ["-H", "Content-Type: application/json", "-d", &token];
        self.asked(session, "/login", &post).status
    }

    fn asked(&self, session: &str, path: &str, arguments: &[&str]) -> Exchange {
        let cookies = self.folder.path().join(session);
        let port = self.origin.rsplit(':').next().unwrap_or_default();
        let mut curl = curl_of(Command::new("curl"));
        curl.arg("--cacert")
            .arg(&self.authority)
            .args(["--resolve", &format!("service.example:{port}:127.0.0.1")])
            .arg("--cookie")
            .arg(&cookies)
            .arg("--cookie-jar")
            .arg(&cookies)
            .args(arguments);
        Exchange::by(curl.arg(format!("{}{path}", self.origin)))
    }
}

impl Drop for RelyingParty {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
