//! A site on this machine that presents whatever certificate it is given.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{IpAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::thread;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What its page says.
pub const WORDS: &str = "You reached the site.";

/// Serves on this address, on a port of its own, until the test ends; says which.
#[must_use]
pub fn serve(address: IpAddr, (certificate, key): (&Path, &Path)) -> u16 {
    let certificate = CertificateDer::from_pem_file(certificate).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(key).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("a certificate and its key");
    let config = Arc::new(config);
    let listener = TcpListener::bind((address, 0)).expect("a port");
    let port = listener.local_addr().expect("its port").port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let config = Arc::clone(&config);
            thread::spawn(move || answer(stream, config));
        }
    });
    port
}

/// A visitor who turns away at the certificate is none of its business.
fn answer(stream: TcpStream, config: Arc<ServerConfig>) -> Option<()> {
    let connection = ServerConnection::new(config).ok()?;
    let mut stream = BufReader::new(StreamOwned::new(connection, stream));
    let mut line = String::new();
    while stream.read_line(&mut line).ok()? > 2 {
        line.clear();
    }
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n";
    let page = format!("<!DOCTYPE html><title>A site</title><p>{WORDS}");
    let length = page.len();
    let stream = stream.get_mut();
    write!(stream, "{head}Content-Length: {length}\r\n\r\n{page}").ok()?;
    stream.conn.send_close_notify();
    stream.flush().ok()
}
