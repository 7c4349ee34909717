//! One connection to the agent that stays open, because starting a program for each call takes longer than the call.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use cpxd_tests::agent::{Agent, CLIENT, JSON};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value;

/// An HTTP/1.1 connection.
pub(super) struct HttpClient {
    stream: BufReader<Box<dyn Stream>>,
    /// Headers of every call, each with its end of line.
    headers: String,
}

trait Stream: Read + Write {}
impl<S: Read + Write> Stream for S {}

impl HttpClient {
    /// Over TLS as a paired program: with the agent's authority and the demo's token.
    pub(super) fn over_tls(agent: &Agent) -> Result<Self> {
        let url = agent.url();
        let address = url.strip_prefix("https://").context("no https URL")?;
        let tcp = TcpStream::connect(address).context("connecting to the agent")?;
        tcp.set_nodelay(true).context("setting TCP_NODELAY")?;
        let authority = CertificateDer::from_pem_file(agent.state_dir().join("ca.pem"))
            .context("reading the agent's authority")?;
        let mut roots = RootCertStore::empty();
        roots
            .add(authority)
            .context("trusting the agent's authority")?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = "127.0.0.1".try_into().context("a server name")?;
        let connection = ClientConnection::new(Arc::new(config), name)?;
        let token = agent.token();
        Ok(Self {
            stream: BufReader::new(Box::new(StreamOwned::new(connection, tcp))),
            headers: format!("Host: {address}\r\nAuthorization: Bearer {token}\r\n"),
        })
    }

    /// Over the user's socket that an `endpoint.json` names, as any program of this user.
    pub(super) fn over_socket(endpoint: &Value) -> Result<Self> {
        let socket = endpoint["socket"].as_str().context("no socket")?;
        let stream = UnixStream::connect(socket).context("connecting to the agent's socket")?;
        Ok(Self {
            stream: BufReader::new(Box::new(stream)),
            headers: "Host: localhost\r\n".to_owned(),
        })
    }

    /// GET of JSON; anything but 200 is an error.
    pub(super) fn read(&mut self, path: &str) -> Result<Value> {
        self.exchange(&format!("GET {path} HTTP/1.1\r\n{}\r\n", self.headers))
    }

    /// POST of JSON; anything but 200 is an error.
    pub(super) fn call(&mut self, path: &str, body: &Value) -> Result<Value> {
        let (headers, body) = (&self.headers, body.to_string());
        let len = body.len();
        self.exchange(&format!(
            "POST {path} HTTP/1.1\r\n{headers}{CLIENT}\r\n{JSON}\r\nContent-Length: {len}\r\n\r\n{body}"
        ))
    }

    fn exchange(&mut self, request: &str) -> Result<Value> {
        let stream = self.stream.get_mut();
        stream.write_all(request.as_bytes()).context("sending")?;
        stream.flush().context("sending")?;
        let status = self.line()?;
        let mut len = 0;
        loop {
            let line = self.line()?.to_ascii_lowercase();
            match line.split_once(':') {
                Some(("content-length", value)) => len = value.trim().parse()?,
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; len];
        self.stream.read_exact(&mut body).context("receiving")?;
        let text = String::from_utf8_lossy(&body);
        ensure!(status.contains(" 200 "), "{status}: {text}");
        Ok(serde_json::from_str(&text)?)
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        let read = self.stream.read_line(&mut line).context("receiving")?;
        ensure!(read > 0, "the agent hung up");
        Ok(line.trim_end().to_owned())
    }
}
