//! A server that announces releases, over TLS with a certificate of its own authority, and answers as a test says.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tempfile::TempDir;

use crate::programs::workspace_dir;

/// The server; it answers until the test ends.
#[derive(Debug)]
pub struct UpdateServer {
    port: u16,
    folder: TempDir,
    answers: Answers,
    heads: Arc<Mutex<Vec<String>>>,
}

/// What it says to one request.
#[derive(Clone, Debug)]
pub enum Said {
    /// These bytes, as they are.
    Bytes(Vec<u8>),
    /// The beginning of an answer, and a byte more now and then for ever.
    Slowly,
}

type Answers = Arc<Mutex<BTreeMap<String, Said>>>;

impl UpdateServer {
    /// One that answers nothing yet.
    #[must_use]
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let config = Arc::new(server_config(&folder.path().join("authority.pem")));
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("its port").port();
        let (answers, heads) = (Answers::default(), Arc::default());
        let told = (Arc::clone(&answers), Arc::clone(&heads));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (config, told) = (Arc::clone(&config), told.clone());
                thread::spawn(move || answer(stream, config, &told.0, &told.1));
            }
        });
        Self {
            port,
            folder,
            answers,
            heads,
        }
    }

    /// The certificate of its authority, as `SSL_CERT_FILE` names it.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }

    /// Where its manifest lies.
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://localhost:{}/cpxd/manifest.json", self.port)
    }

    /// Announces this, with the signature of the TEST key.
    pub fn announce(&self, manifest: &str) {
        let signature = sign(manifest.as_bytes(), &test_key());
        self.say(manifest.as_bytes(), &signature);
    }

    /// Gives out this manifest with this signature.
    pub fn say(&self, manifest: &[u8], signature: &str) {
        self.answer_with(MANIFEST, Said::Bytes(ok(manifest)));
        self.answer_with(SIGNATURE, Said::Bytes(ok(signature.as_bytes())));
    }

    /// Answers requests of this path so.
    pub fn answer_with(&self, path: &str, said: Said) {
        let mut answers = self.answers.lock().expect("answers");
        answers.insert(path.to_owned(), said);
    }

    /// The heads of all requests so far.
    #[must_use]
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().expect("heads").clone()
    }
}

/// An answer that is good, with this body.
#[must_use]
pub fn ok(body: &[u8]) -> Vec<u8> {
    let mut answer =
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
    answer.extend_from_slice(body);
    answer
}

/// The secret half of the key that this build believes; everybody has it.
#[must_use]
pub fn test_key() -> PathBuf {
    workspace_dir().join("tests/update-key/test.key")
}

/// The signature that minisign makes of these bytes with a key.
#[must_use]
pub fn sign(bytes: &[u8], key: &Path) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("manifest.json");
    std::fs::write(&file, bytes).expect("a file");
    let signed = Command::new("minisign")
        .args(["-S", "-W", "-t", "cpxd", "-s"])
        .arg(key)
        .arg("-m")
        .arg(&file)
        .output()
        .expect("minisign is installed (cargo xtask test installs it)");
    assert!(signed.status.success(), "{signed:?}");
    let signature = folder.path().join("manifest.json.minisig");
    std::fs::read_to_string(signature).expect("a signature")
}

/// Path of the manifest.
pub const MANIFEST: &str = "/cpxd/manifest.json";
/// Path of its signature.
pub const SIGNATURE: &str = "/cpxd/manifest.json.minisig";

fn server_config(authority: &Path) -> ServerConfig {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.not_before = not_before();
    let key = KeyPair::generate().expect("a key");
    let issuer = CertifiedIssuer::self_signed(params, key).expect("an authority");
    std::fs::write(authority, issuer.pem()).expect("a file");
    let mut params = CertificateParams::new(["localhost".to_owned()]).expect("a name");
    params.not_before = not_before();
    let key = KeyPair::generate().expect("a key");
    let leaf = params.signed_by(&key, &issuer).expect("a certificate");
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .expect("a certificate and its key")
}

/// As a true server's, which no clock of 1970 finds valid.
fn not_before() -> time::OffsetDateTime {
    time::OffsetDateTime::now_utc() - time::Duration::days(1)
}

fn answer(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    answers: &Answers,
    heads: &Mutex<Vec<String>>,
) -> Option<()> {
    let connection = ServerConnection::new(config).ok()?;
    let mut stream = BufReader::new(StreamOwned::new(connection, stream));
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if stream.read_line(&mut head).ok()? == 0 {
                return None;
            }
        }
        let path = head.split(' ').nth(1)?.to_owned();
        heads.lock().expect("heads").push(head);
        let said = answers.lock().expect("answers").get(&path).cloned();
        let missing =
            || Said::Bytes(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec());
        match said.unwrap_or_else(missing) {
            Said::Bytes(bytes) => {
                let is_cut_off = bytes.ends_with(CUT_OFF);
                let bytes = bytes.strip_suffix(CUT_OFF).unwrap_or(&bytes);
                stream.get_mut().write_all(bytes).ok()?;
                stream.get_mut().flush().ok()?;
                if is_cut_off {
                    return None;
                }
            }
            Said::Slowly => {
                let head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n";
                stream.get_mut().write_all(head).ok()?;
                loop {
                    stream.get_mut().write_all(b" ").ok()?;
                    stream.get_mut().flush().ok()?;
                    thread::sleep(Duration::from_millis(200));
                }
            }
        }
    }
}

/// At the end of an answer, for a connection that ends there.
pub const CUT_OFF: &[u8] = b"<the connection ends here>";
