//! A real PC/SC service for one test: the pcscd of this machine, readers of vpcd, cards of ours.
//!
//! Each service has a socket and TCP ports of its own, as systemd would hand them to it. So tests
//! run side by side and without root, and the machine's own service and readers stay out of it.

use std::ffi::OsString;
use std::fs::{self, File, Permissions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

use serde_json::Value;
use tempfile::{NamedTempFile, TempDir};

use crate::agent::Agent;
use crate::programs::program;
use crate::waiting::until;

/// A pcscd with two virtual readers; it is stopped when this is dropped.
#[derive(Debug)]
pub struct PcscService {
    folder: TempDir,
    first_port: u16,
    process: Option<Child>,
}

/// One of the two virtual readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// The reader that tools use when none is named.
    First,
    /// The other one.
    Second,
}

/// What a program of OpenSC said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolRun {
    /// Whether its exit code was 0.
    pub succeeded: bool,
    /// All that it printed.
    pub text: String,
}

impl ToolRun {
    /// What it printed, provided that it succeeded.
    pub fn success(self) -> String {
        assert!(self.succeeded, "the tool failed: {}", self.text);
        self.text
    }

    /// What it printed, provided that it failed.
    pub fn failure(self) -> String {
        assert!(!self.succeeded, "the tool succeeded: {}", self.text);
        self.text
    }
}

impl PcscService {
    /// Starts a service and waits until both readers are there, empty.
    #[must_use]
    pub fn start() -> Self {
        let mut service = Self::not_running();
        service.launch();
        service
    }

    /// A service that somebody forgot to start.
    #[must_use]
    pub fn not_running() -> Self {
        // A build that takes long must not make an idle service end.
        let _ = program("virtual-card");
        let service = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
            first_port: free_ports(),
            process: None,
        };
        let configuration = service.configuration_dir();
        fs::create_dir(&configuration).expect("a folder");
        fs::write(configuration.join("vpcd"), service.configuration()).expect("a file");
        service
    }

    /// Starts a service to which no reader is connected.
    #[must_use]
    pub fn without_readers() -> Self {
        let mut service = Self::not_running();
        fs::remove_file(service.configuration_dir().join("vpcd")).expect("a file");
        service.process = Some(service.spawn());
        until("the service without readers", || {
            let listed = service.opensc("opensc-tool", &["--list-readers"]).text;
            listed.contains("No smart card readers found").then_some(())
        });
        service
    }

    /// Lets every user of the machine to its socket, as a packaged service does.
    pub fn open_to_others(&self) {
        for place in [self.folder.path().to_owned(), self.socket()] {
            fs::set_permissions(place, Permissions::from_mode(0o777)).expect("open to others");
        }
    }

    /// Starts a service that is not running, at the socket that its clients know.
    pub fn launch(&mut self) {
        assert!(self.process.is_none(), "the service is running");
        self.process = Some(self.spawn());
        until("both virtual readers", || {
            let readers = self.list_readers();
            let ended = self.process.as_mut()?.try_wait().expect("its state");
            assert!(ended.is_none(), "pcscd ended: {}", self.log());
            (readers.len() == 2).then_some(())
        });
    }

    /// Kills the service under its clients, as a crash does: it tells nobody and takes nothing away.
    pub fn crash(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// Ends the service under its clients, as an upgrade does.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let asked = Command::new("kill").arg(process.id().to_string()).status();
            if !asked.is_ok_and(|status| status.success()) {
                let _ = process.kill();
            }
            let _ = process.wait();
        }
    }

    /// The variables that lead a program to this service.
    #[must_use]
    pub fn client_environment(&self) -> Vec<(&'static str, OsString)> {
        vec![("PCSCLITE_CSOCK_NAME", self.socket().into_os_string())]
    }

    /// `cpxd run` on the readers of this service, with a configuration and a scripted holder in TOML.
    #[must_use]
    pub fn agent(&self, configuration: &str, holder: &str, arguments: &[&str]) -> Agent {
        let fixed = self.fixed_arguments(configuration, holder);
        let fixed: Vec<_> = fixed.iter().map(String::as_str).collect();
        Agent::run_in(&self.client_environment(), &[&fixed, arguments].concat())
    }

    /// The same, installed beside the product's own native host.
    #[must_use]
    pub fn agent_beside_the_native_host(&self, configuration: &str, holder: &str) -> Agent {
        let fixed = self.fixed_arguments(configuration, holder);
        let fixed: Vec<_> = fixed.iter().map(String::as_str).collect();
        Agent::run_beside_the_native_host(&self.client_environment(), &fixed)
    }

    fn fixed_arguments(&self, configuration: &str, holder: &str) -> [String; 6] {
        let path = |file: PathBuf| file.to_string_lossy().into_owned();
        [
            "--reader-source".into(),
            "pcsc".into(),
            "--config".into(),
            path(self.file(configuration)),
            "--scripted-holder".into(),
            path(self.file(holder)),
        ]
    }

    /// A file with this text, which goes with the service.
    #[must_use]
    pub fn file(&self, text: &str) -> PathBuf {
        let file = NamedTempFile::new_in(&self.folder).expect("a file");
        fs::write(&file, text).expect("a file");
        let (_, path) = file.keep().expect("a file");
        path
    }

    /// Where the card of a reader connects to.
    #[must_use]
    pub fn vpcd_address(&self, reader: Reader) -> String {
        format!("127.0.0.1:{}", self.first_port + reader.number())
    }

    /// Plugs a virtual card in and waits until the service sees it.
    #[must_use]
    pub fn plug(&self, reader: Reader, arguments: &[&str]) -> VirtualCardProgram {
        let card = VirtualCardProgram::plug(&self.vpcd_address(reader), arguments);
        until("the card in the reader", || {
            let readers = self.list_readers();
            let line = readers.get(usize::from(reader.number()))?;
            (line.split_whitespace().nth(1)? == "Yes").then_some(())
        });
        card
    }

    /// Runs `opensc-tool`, `pkcs15-tool` or `pkcs11-tool` of the machine.
    #[must_use]
    pub fn opensc(&self, tool: &str, arguments: &[&str]) -> ToolRun {
        self.opensc_with(tool, arguments, &[])
    }

    /// The same with variables of OpenSC.
    #[must_use]
    pub fn opensc_with(
        &self,
        tool: &str,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> ToolRun {
        let output = Command::new(tool)
            .args(arguments)
            .envs(self.client_environment())
            .envs(variables.iter().copied())
            .env("XDG_CACHE_HOME", self.folder.path())
            .stdin(Stdio::null())
            .output()
            .unwrap_or_else(|error| panic!("{tool} (cargo xtask test installs it): {error}"));
        let text = [output.stdout, output.stderr].concat();
        ToolRun {
            succeeded: output.status.success(),
            text: String::from_utf8_lossy(&text).into_owned(),
        }
    }

    /// What the card says, in OpenSC's words, to an empty VERIFY: whether the holder's code is
    /// presented now, and if not, how many tries are left. It costs none.
    #[must_use]
    pub fn pin_state(&self, reader: Reader) -> String {
        self.answer_to(reader, "00:20:00:01")
    }

    /// The same of a CPS4, whose applet lies on logical channel 1.
    #[must_use]
    pub fn pin_state_of_cps4(&self, reader: Reader) -> String {
        self.answer_to(reader, "01:20:00:01")
    }

    fn answer_to(&self, reader: Reader, command: &str) -> String {
        let reader = reader.number().to_string();
        let asked = [
            "--reader",
            &reader,
            "--card-driver",
            "default",
            "--send-apdu",
            command,
        ];
        let said = self.opensc("opensc-tool", &asked).success();
        let status = said.lines().find_map(|line| line.strip_prefix("Received "));
        status
            .unwrap_or_else(|| panic!("no answer: {said}"))
            .to_owned()
    }

    /// A line of OpenSC for each reader.
    fn list_readers(&self) -> Vec<String> {
        let said = self.opensc("opensc-tool", &["--list-readers"]).text;
        let readers = said.lines().filter(|line| line.contains(READER_NAME));
        readers.map(str::to_owned).collect()
    }

    /// As systemd does it: the socket is descriptor 3 of a process that knows its own id.
    fn spawn(&self) -> Child {
        let _ = fs::remove_file(self.socket());
        let socket = UnixListener::bind(self.socket()).expect("the socket of the service");
        let log = File::create(self.log_file()).expect("a log file");
        Command::new("sh")
            .args(["-c", AS_SYSTEMD_DOES, "pcscd", "--foreground", "--info"])
            .args(["--auto-exit", "--config"])
            .arg(self.configuration_dir())
            .env("PCSCLITE_FILTER_IGNORE_READER_NAMES", REAL_READERS)
            .stdin(OwnedFd::from(socket))
            .stdout(log.try_clone().expect("a log file"))
            .stderr(log)
            .spawn()
            .expect("sh starts")
    }

    /// The package's own description of its readers, with our name and ports.
    fn configuration(&self) -> String {
        let packaged = fs::read_to_string(PACKAGED_CONFIGURATION).unwrap_or_else(|error| {
            panic!("{PACKAGED_CONFIGURATION} of vsmartcard-vpcd (cargo xtask test installs it): {error}")
        });
        let library = packaged.lines().find(|line| line.starts_with("LIBPATH"));
        format!(
            "FRIENDLYNAME \"{READER_NAME}\"\nDEVICENAME /dev/null:{port:#x}\n{}\nCHANNELID {port:#x}\n",
            library.expect("the driver of vpcd"),
            port = self.first_port,
        )
    }

    fn configuration_dir(&self) -> PathBuf {
        self.folder.path().join("readers")
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("pcscd.comm")
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("pcscd.log")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }
}

impl Drop for PcscService {
    fn drop(&mut self) {
        self.stop();
        if std::thread::panicking() {
            let _ = writeln!(std::io::stderr(), "the log of pcscd:\n{}", self.log());
        }
    }
}

impl Reader {
    /// Its place in lists of readers, counted from 0.
    #[must_use]
    pub fn number(self) -> u16 {
        match self {
            Self::First => 0,
            Self::Second => 1,
        }
    }

    /// Its name in PC/SC.
    #[must_use]
    pub fn name(self) -> String {
        format!("{READER_NAME} 00 {:02}", self.number())
    }
}

impl Agent {
    /// What it says of one of the readers; null when it does not list it.
    #[must_use]
    pub fn reader(&self, reader: Reader) -> Value {
        let listed = self.read_socket("/v1/readers").body;
        let mut readers = listed["readers"].as_array().into_iter().flatten();
        let found = readers.find(|listed| listed["name"] == reader.name());
        found.cloned().unwrap_or_default()
    }
}

/// Our program `virtual-card` with a card in a reader; the card is pulled when this is dropped.
#[derive(Debug)]
pub struct VirtualCardProgram {
    process: Child,
    /// Kept, so that the program can say its last sentence.
    _said: BufReader<ChildStderr>,
}

impl VirtualCardProgram {
    /// Starts the program and waits until it says that it is in the reader.
    #[must_use]
    pub fn plug(address: &str, arguments: &[&str]) -> Self {
        let mut process = Command::new(program("virtual-card"))
            .args(["--vpcd", address])
            .args(arguments)
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("virtual-card starts");
        let mut said = BufReader::new(process.stderr.take().expect("a pipe"));
        let mut sentence = String::new();
        said.read_line(&mut sentence).expect("a sentence");
        assert!(sentence.contains("is in the reader"), "{sentence}");
        Self {
            process,
            _said: said,
        }
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Takes the card out, in the middle of whatever it does.
    pub fn pull(self) {}
}

impl Drop for VirtualCardProgram {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Two free neighbouring ports, the first of which vpcd is told. They lie below those that
/// systems give out by themselves, and no two tests of a run ask for the same.
pub(crate) fn free_ports() -> u16 {
    static ASKED: AtomicU16 = AtomicU16::new(0);
    let begin = u16::try_from(std::process::id() % 3800).expect("a small number");
    let is_free = |port| TcpListener::bind(("0.0.0.0", port)).is_ok();
    std::iter::repeat_with(|| ASKED.fetch_add(1, Ordering::Relaxed))
        .take(1000)
        .map(|asked| 20_000 + 2 * (begin + asked))
        .find(|port| is_free(*port) && is_free(port + 1))
        .expect("two free ports")
}

/// Without a blank, unlike the name of any real reader.
const READER_NAME: &str = "VirtualPCD";
/// What pcscd is told to leave alone: every reader with a blank in its name.
const REAL_READERS: &str = " ";
const PACKAGED_CONFIGURATION: &str = "/etc/reader.conf.d/vpcd";
const AS_SYSTEMD_DOES: &str = "export LISTEN_FDS=1 LISTEN_PID=$$ PATH=$PATH:/usr/sbin:/sbin; \
     exec pcscd \"$@\" 3<&0 0</dev/null";

/// [`PcscService::pin_state`] of a card with all its tries.
pub const THREE_LEFT: &str = "(SW1=0x63, SW2=0xC3)";
/// [`PcscService::pin_state`] after one wrong code.
pub const TWO_LEFT: &str = "(SW1=0x63, SW2=0xC2)";
/// [`PcscService::pin_state`] after two wrong codes.
pub const ONE_LEFT: &str = "(SW1=0x63, SW2=0xC1)";
/// [`PcscService::pin_state`] after three wrong codes.
pub const BLOCKED: &str = "(SW1=0x69, SW2=0x83)";
/// [`PcscService::pin_state`] while the holder's code is presented.
pub const VERIFIED: &str = "(SW1=0x90, SW2=0x00)";

/// Configuration of an agent that uses test cards.
pub const TEST_ENVIRONMENT: &str = "environment = \"test\"";
/// A holder who types the code of the virtual card and agrees.
pub const AGREEING: &str = "pin = \"1234\"";
