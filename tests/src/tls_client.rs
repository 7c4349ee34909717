//! One TLS connection to the agent, byte by byte: for many requests on it, for requests that no
//! client makes, and for those that never end.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::agent::Agent;
use crate::exchange::Exchange;

/// An open connection in HTTP/1.1.
#[derive(Debug)]
pub struct TlsClient {
    stream: BufReader<StreamOwned<ClientConnection, TcpStream>>,
    address: String,
}

impl TlsClient {
    /// Connects, and checks the agent's certificate.
    #[must_use]
    pub fn connect(agent: &Agent) -> Self {
        let address = agent.url().replace("https://", "");
        let tcp = TcpStream::connect(&address).expect("the agent's port");
        tcp.set_nodelay(true).expect("a socket");
        tcp.set_read_timeout(Some(PATIENCE)).expect("a socket");
        let authority = CertificateDer::from_pem_file(agent.state_dir().join("ca.pem"));
        let mut roots = RootCertStore::empty();
        let added = roots.add(authority.expect("the agent's authority"));
        added.expect("the agent's authority");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("TLS 1.2 and 1.3")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = "127.0.0.1".try_into().expect("a server name");
        let connection = ClientConnection::new(Arc::new(config), name).expect("a connection");
        Self {
            stream: BufReader::new(StreamOwned::new(connection, tcp)),
            address,
        }
    }

    /// `127.0.0.1` and the port, as `Host` has it.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.address
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    /// When the agent closed the connection.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)?;
        self.stream.get_mut().flush()
    }

    /// A request without a body, with these lines of its head beside `Host`, and its answer.
    #[must_use]
    pub fn ask(&mut self, method: &str, path: &str, head: &str) -> Exchange {
        let host = &self.address;
        let request = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n{head}\r\n");
        self.send(request.as_bytes()).expect("the agent reads");
        self.answer().expect("an answer")
    }

    /// The next answer; `None` when the agent closes the connection before it is whole.
    #[must_use]
    pub fn answer(&mut self) -> Option<Exchange> {
        let mut text = String::new();
        let mut len = 0;
        loop {
            let before = text.len();
            if self.stream.read_line(&mut text).ok()? == 0 {
                return None;
            }
            let line = text.get(before..)?.to_ascii_lowercase();
            if line == "\r\n" {
                break;
            }
            if let Some(("content-length", value)) = line.split_once(':') {
                len = value.trim().parse().ok()?;
            }
        }
        let mut body = vec![0; len];
        self.stream.read_exact(&mut body).ok()?;
        text += &String::from_utf8_lossy(&body);
        Some(Exchange::parse(&text))
    }

    /// Everything until the agent closes the connection.
    #[must_use]
    pub fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        // An end without a close_notify is an end.
        let _ = self.stream.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// What a slow machine may need; longer than any time of the door.
const PATIENCE: Duration = Duration::from_secs(60);
