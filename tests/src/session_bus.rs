//! A session bus of a test's own.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

use tempfile::TempDir;

use crate::screen::Screen;

/// A bus and what was started on it; it ends when this is dropped.
#[derive(Debug)]
pub struct SessionBus {
    session: Mutex<Child>,
    /// What `DBUS_SESSION_BUS_ADDRESS` names.
    pub address: String,
    _folder: TempDir,
}

impl SessionBus {
    /// Starts a bus, and then these lines of shell on it, on this screen.
    #[must_use]
    pub fn start(screen: &Screen, lines: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let script = format!("{lines}\necho $DBUS_SESSION_BUS_ADDRESS\ncat\nkill 0");
        let mut session = Command::new("dbus-run-session")
            .args(["--", "setsid", "--wait", "sh", "-c", &script])
            .env("XDG_RUNTIME_DIR", folder.path())
            // What the bus starts keeps its settings there, and not in the home of whoever runs the test.
            .env("HOME", folder.path())
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("XDG_DATA_HOME")
            .env_remove("XDG_CACHE_HOME")
            .envs(screen.environment())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("dbus-run-session is installed (cargo xtask test installs it)");
        let mut line = String::new();
        BufReader::new(session.stdout.take().expect("its output"))
            .read_line(&mut line)
            .expect("the address of the bus");
        Self {
            session: Mutex::new(session),
            address: line.trim().to_owned(),
            _folder: folder,
        }
    }

    /// Ends it, as the end of a desktop's session does.
    pub fn end(&self) {
        let mut session = self.session.lock().expect("the session");
        // The end of its input ends the shell, and with it what it started and the bus.
        drop(session.stdin.take());
        let _ = session.wait();
    }
}

impl Drop for SessionBus {
    fn drop(&mut self) {
        self.end();
    }
}

/// The Python that Debian's packages belong to; another may come first in the path of search.
pub const PYTHON: &str = "/usr/bin/python3";
