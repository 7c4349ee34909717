//! The agent beneath a service manager that keeps its socket and waits for its news: systemd's own
//! `systemd-socket-activate` stands for the manager, a socket of the test for its ear.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a service manager that is not there fails its test"
)]

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::Duration;

use cpxd_tests::programs::program;
use cpxd_tests::waiting::until;
use tempfile::TempDir;

/// A session with a home and a runtime folder of its own.
struct Session {
    root: TempDir,
}

impl Session {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        for folder in ["home", "run", "run/cpxd"] {
            let folder = root.path().join(folder);
            fs::create_dir(&folder).unwrap();
            fs::set_permissions(&folder, Permissions::from_mode(0o700)).unwrap();
        }
        Self { root }
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn kept_socket(&self) -> PathBuf {
        self.folder("run/cpxd/cpxd.sock")
    }

    fn state(&self) -> PathBuf {
        self.folder("home/.local/state/cpxd")
    }

    fn news(&self) -> PathBuf {
        self.folder("news")
    }

    /// Keeps a socket of this mode, and starts `cpxd run` when somebody connects.
    fn manager(&self, mode: u32, socket: &Path) -> Manager {
        let variables = [
            format!("HOME={}", self.folder("home").display()),
            format!("XDG_RUNTIME_DIR={}", self.folder("run").display()),
            format!("NOTIFY_SOCKET={}", self.news().display()),
            "DBUS_SYSTEM_BUS_ADDRESS=disabled:".to_owned(),
            "DBUS_SESSION_BUS_ADDRESS=disabled:".to_owned(),
        ];
        let log = File::create(self.folder("log")).unwrap();
        let process = Command::new("systemd-socket-activate")
            .args(variables.iter().flat_map(|variable| ["-E", variable]))
            .arg("--listen")
            .arg(socket)
            .arg(program("cpxd"))
            .args(["run", "--port", "0", "--reader-source", "virtual"])
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let manager = Manager { process };
        until("the socket is kept", || {
            self.log().contains("Listening on").then_some(())
        });
        fs::set_permissions(socket, Permissions::from_mode(mode)).unwrap();
        manager
    }

    fn cpxd(&self, arguments: &[&str]) -> Output {
        Command::new(program("cpxd"))
            .args(arguments)
            .env_remove("XDG_STATE_HOME")
            .env_remove("XDG_CONFIG_HOME")
            .env("HOME", self.folder("home"))
            .env("XDG_RUNTIME_DIR", self.folder("run"))
            .output()
            .unwrap()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder("log")).unwrap()
    }
}

/// The manager, which becomes the agent when somebody connects.
struct Manager {
    process: Child,
}

impl Manager {
    fn ask_to_stop(&mut self) -> ExitStatus {
        let pid = self.process.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status();
        assert!(sent.unwrap().success());
        self.end()
    }

    fn end(&mut self) -> ExitStatus {
        until("the agent ends", || self.process.try_wait().unwrap())
    }
}

impl Drop for Manager {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn the_first_who_asks_has_the_agent_started_on_the_socket_that_is_kept() {
    let session = Session::new();
    let mut manager = session.manager(0o600, &session.kept_socket());
    assert!(!session.state().exists());

    let status = session.cpxd(&["status"]);
    let told = String::from_utf8_lossy(&status.stdout);
    assert!(status.status.success(), "{told}\n{}", session.log());

    let endpoint = fs::read_to_string(session.state().join("endpoint.json")).unwrap();
    let pid = format!("\"pid\": {}", manager.process.id());
    assert!(endpoint.contains(&pid), "{endpoint}");
    let second = session.cpxd(&["run", "--port", "0", "--reader-source", "virtual"]);
    assert_eq!(second.status.code(), Some(1));

    assert!(manager.ask_to_stop().success(), "{}", session.log());
    assert!(session.kept_socket().exists(), "it is the manager's");
    assert!(!session.state().join("endpoint.json").exists());
    let left = fs::read_dir(session.folder("run")).unwrap();
    for folder in left.map(|entry| entry.unwrap().path()) {
        if folder != session.folder("run/cpxd") {
            assert!(!folder.join("cpxd.sock").is_symlink(), "{folder:?}");
        }
    }
}

#[test]
fn a_socket_that_others_may_open_is_not_served() {
    let session = Session::new();
    let mut manager = session.manager(0o660, &session.kept_socket());
    let status = session.cpxd(&["status"]);
    assert!(!status.status.success());
    assert_eq!(manager.end().code(), Some(1));
    let log = session.log();
    assert!(log.contains("not this user's alone"), "{log}");
}

#[test]
fn a_socket_of_another_place_is_not_served() {
    let session = Session::new();
    let elsewhere = session.folder("run/cpxd/other.sock");
    let mut manager = session.manager(0o600, &elsewhere);
    drop(std::os::unix::net::UnixStream::connect(&elsewhere).unwrap());
    assert_eq!(manager.end().code(), Some(1));
    let log = session.log();
    assert!(log.contains("bound to another path"), "{log}");
}

#[test]
fn the_service_manager_hears_when_the_agent_answers_and_when_it_stops() {
    let session = Session::new();
    let ear = UnixDatagram::bind(session.news()).unwrap();
    ear.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut manager = session.manager(0o600, &session.kept_socket());
    assert!(session.cpxd(&["status"]).status.success());
    assert_eq!(heard(&ear), "READY=1");
    assert!(manager.ask_to_stop().success());
    assert_eq!(heard(&ear), "STOPPING=1");
}

fn heard(ear: &UnixDatagram) -> String {
    let mut buffer = [0; 256];
    let len = ear.recv(&mut buffer).unwrap();
    String::from_utf8_lossy(&buffer[..len]).trim().to_owned()
}
