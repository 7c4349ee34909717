//! A leaf that is renewed while clients are connected: they do not notice, and nobody has to trust
//! anything again.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a door that cannot be tried fails its test"
)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use card_apdu::ReaderFault;
use cpxd_tests::own_journal::OwnJournal;
use cpxd_tests::stolen_authority::{openssl, said, text};
use daemon_api::{Api, Doors, TlsIdentity, serve};
use daemon_cards::nomenclature::Nomenclature;
use daemon_cards::{
    AfterUse, CardConnection, Cards, ConnectCard, Presence, ReaderSource, ReaderState, Settings,
    SourceFault, StopSource,
};
use daemon_core::{Token, Tokens};
use daemon_operations::{GrantBook, Operations, Policy};
use daemon_types::{AllowedOrigins, Environment, PairedProgram, Rights};
use platform::paths::AgentPaths;
use prompt::{Prompt, ScriptedHolder};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use time::{Duration as Days, OffsetDateTime};
use tokio::net::{TcpListener, UnixListener};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

/// A door of this process, whose readers come when the test says so.
struct OwnDoor {
    _runtime: Runtime,
    identity: TlsIdentity,
    address: SocketAddr,
    token: String,
    readers: Sender<String>,
    ca: PathBuf,
    stop: CancellationToken,
    _journal: OwnJournal,
    _folder: TempDir,
}

impl OwnDoor {
    /// With a leaf that was issued so many days ago.
    fn opened(age: Days) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let paths = AgentPaths::resolve(Some(&folder.path().join("state"))).unwrap();
        let then = OffsetDateTime::now_utc() - age;
        let identity = TlsIdentity::load_or_make(&paths, then).unwrap();
        let (readers, announced) = channel();
        let journal = OwnJournal::new();
        let token = Token::from_random([7; 32]);
        let (_, newer) = tokio::sync::watch::channel(None);
        let api = Api::new(operations(&journal, &token, announced), "0.0.0", newer);
        let runtime = Runtime::new().unwrap();
        let stop = CancellationToken::new();
        let doors = runtime.block_on(doors(&identity, folder.path()));
        let address = doors.tcp.first().unwrap().local_addr().unwrap();
        let until = stop.clone();
        runtime.spawn(async move { serve(&api, doors, until).await });
        Self {
            _runtime: runtime,
            identity,
            address,
            token: token.expose().to_owned(),
            readers,
            ca: paths.ca_file(),
            stop,
            _journal: journal,
            _folder: folder,
        }
    }

    /// openssl connected to it, which gives up unless the certificate is good, and in the end.
    fn connect(&self) -> Client {
        let mut openssl = Command::new("timeout")
            .args([
                "60",
                "openssl",
                "s_client",
                "-quiet",
                "-verify_return_error",
                "-verify_ip",
            ])
            .args([
                "127.0.0.1",
                "-connect",
                &self.address.to_string(),
                "-CAfile",
            ])
            .arg(&self.ca)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("openssl is installed (cargo xtask test installs it)");
        let reader = BufReader::new(openssl.stdout.take().unwrap());
        Client {
            openssl,
            reader,
            head: format!(
                "Host: {}\r\nAuthorization: Bearer {}\r\n\r\n",
                self.address, self.token
            ),
        }
    }

    /// The serial number of the certificate that a new connection is shown; fails unless openssl,
    /// with the authority as it always was, finds it good.
    fn presented(&self, ca: &Path) -> String {
        let address = self.address.to_string();
        let connect = ["s_client", "-connect", &address, "-CAfile", text(ca)];
        let handshake = said(&openssl(&connect));
        assert!(
            handshake.contains("Verify return code: 0 (ok)"),
            "{handshake}"
        );
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("leaf.pem");
        std::fs::write(&file, handshake).unwrap();
        said(&openssl(&["x509", "-in", text(&file), "-noout", "-serial"]))
    }
}

impl Drop for OwnDoor {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn doors(identity: &TlsIdentity, folder: &Path) -> Doors {
    Doors {
        tcp: vec![TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap()],
        socket: UnixListener::bind(folder.join("socket")).unwrap(),
        identity: identity.clone(),
        native_host: None,
    }
}

fn operations(journal: &OwnJournal, token: &Token, announced: Receiver<String>) -> Operations {
    let settings = Settings {
        id_salt: [7; 32],
        after_use: AfterUse::Reset,
        only_environment: None,
        call_time: Duration::from_secs(60),
        nomenclature: Nomenclature::BUILT_IN,
        before_first_event: 0,
    };
    let source = AnnouncedReaders {
        announced,
        readers: Vec::new(),
    };
    let cards = Cards::start(vec![Box::new(source)], settings, None).unwrap();
    let mut tokens = Tokens::default();
    let program = PairedProgram {
        name: "a client".into(),
        rights: Rights::all(),
        origins: AllowedOrigins::Any,
        grant: None,
    };
    tokens.add(token, program);
    Operations::new(
        cards,
        Prompt::scripted(ScriptedHolder::from_toml("").unwrap()),
        Arc::clone(&journal.journal),
        tokens,
        GrantBook::of_nobody(),
        Policy::of(Environment::Test),
        OffsetDateTime::now_utc,
    )
}

/// A connection that stays open from request to request.
struct Client {
    openssl: Child,
    reader: BufReader<ChildStdout>,
    head: String,
}

impl Client {
    fn ask(&mut self, path: &str) {
        let request = format!("GET {path} HTTP/1.1\r\n{}", self.head);
        let stdin = self.openssl.stdin.as_mut().unwrap();
        stdin.write_all(request.as_bytes()).unwrap();
        stdin.flush().unwrap();
    }

    /// The lines until one that begins so; the connection must not end before.
    fn read_to(&mut self, beginning: &str) -> String {
        let mut read = String::new();
        loop {
            let start = read.len();
            let count = self.reader.read_line(&mut read).unwrap();
            assert_ne!(count, 0, "the connection ended after: {read}");
            if read.get(start..).unwrap().starts_with(beginning) {
                return read;
            }
        }
    }

    /// One answer with its body, whose length its head tells.
    fn answer(&mut self) -> String {
        let head = self.read_to("\r\n").to_ascii_lowercase();
        let (_, length) = head.split_once("content-length: ").expect("a length");
        let length = length.lines().next().unwrap().trim().parse().unwrap();
        let mut body = vec![0; length];
        self.reader.read_exact(&mut body).unwrap();
        head + &String::from_utf8(body).unwrap()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // timeout hands this on; a kill would reach it alone.
        if let Some(timeout) = i32::try_from(self.openssl.id())
            .ok()
            .and_then(Pid::from_raw)
        {
            let _ = kill_process(timeout, Signal::TERM);
        }
        let _ = self.openssl.wait();
    }
}

#[test]
fn open_connections_and_event_streams_survive_a_renewal_that_needs_no_new_trust() {
    let door = OwnDoor::opened(Days::days(300));
    let ca = door.ca.with_file_name("as-it-was.pem");
    std::fs::copy(&door.ca, &ca).unwrap();
    let (mut client, mut listener) = (door.connect(), door.connect());
    client.ask("/v1");
    assert!(client.answer().starts_with("http/1.1 200 "));
    listener.ask("/v1/events");
    assert!(listener.read_to("\r\n").starts_with("HTTP/1.1 200 "));
    door.readers.send("Before".into()).unwrap();
    listener.read_to("event: reader-added");
    let before = door.presented(&ca);

    door.identity.renew(OffsetDateTime::now_utc()).unwrap();

    assert_ne!(
        door.presented(&ca),
        before,
        "new connections see a new leaf"
    );
    client.ask("/v1");
    assert!(client.answer().starts_with("http/1.1 200 "));
    door.readers.send("After".into()).unwrap();
    listener.read_to("event: reader-added");
}

#[test]
fn a_leaf_with_more_than_a_fifth_of_its_life_left_stays() {
    let door = OwnDoor::opened(Days::days(280));
    let before = door.presented(&door.ca);
    door.identity.renew(OffsetDateTime::now_utc()).unwrap();
    assert_eq!(door.presented(&door.ca), before);
}

/// Readers without cards, which are there as soon as somebody names them.
struct AnnouncedReaders {
    announced: Receiver<String>,
    readers: Vec<String>,
}

impl ReaderSource for AnnouncedReaders {
    fn name(&self) -> &'static str {
        "announced"
    }

    fn wait_for_change(&mut self) -> Result<Vec<ReaderState>, SourceFault> {
        let name = self.announced.recv().map_err(|_| SourceFault::Stopped)?;
        self.readers.push(name);
        let empty = |name: &String| ReaderState {
            name: name.clone(),
            presence: Presence::Empty,
            card_changes: 0,
        };
        Ok(self.readers.iter().map(empty).collect())
    }

    fn connector(&self) -> Arc<dyn ConnectCard> {
        Arc::new(NoCard)
    }

    fn stopper(&self) -> Box<dyn StopSource> {
        Box::new(NoCard)
    }
}

struct NoCard;

impl ConnectCard for NoCard {
    fn connect(&self, _reader: &str) -> Result<Box<dyn CardConnection>, ReaderFault> {
        Err(ReaderFault::Mute)
    }
}

impl StopSource for NoCard {
    fn stop(&self) {}
}
