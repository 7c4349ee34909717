//! An agent at a terminal, with the holder's hands and eyes at the terminal's other end.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::process::{Child, Command};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};
use tempfile::TempDir;

use crate::programs::program;

/// A running agent and its terminal.
#[derive(Debug)]
pub struct Desk {
    agent: Child,
    hands: File,
    eyes: Receiver<u8>,
    /// Looks at the terminal's settings, and keeps it open.
    tty: OwnedFd,
    settings_before: String,
    folder: TempDir,
}

impl Desk {
    /// `cpxd` with these arguments, in English, started at a terminal of its own.
    #[must_use]
    pub fn start(arguments: &[&str]) -> Self {
        Self::start_in(&[], arguments)
    }

    /// The same with more environment variables.
    #[must_use]
    pub fn start_in(environment: &[(&str, OsString)], arguments: &[&str]) -> Self {
        let (holder, tty) = terminal();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let settings_before = settings_of(&tty);
        let end = || tty.try_clone().expect("another end");
        let agent = Command::new("setsid")
            .args(["--ctty", "--wait"])
            .arg(program("cpxd"))
            .args(arguments)
            .arg("--state-dir")
            .arg(folder.path().join("state"))
            .env("LC_ALL", "en_US.UTF-8")
            .env_remove("DISPLAY")
            .env_remove("WAYLAND_DISPLAY")
            // The lock of the screen at which the tests are run is none of theirs.
            .env("DBUS_SYSTEM_BUS_ADDRESS", "disabled:")
            .env("DBUS_SESSION_BUS_ADDRESS", "disabled:")
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .expect("setsid starts");
        let hands: File = holder.into();
        let eyes = seen_from(hands.try_clone().expect("the holder's end"));
        Self {
            agent,
            hands,
            eyes,
            tty,
            settings_before,
            folder,
        }
    }

    /// What the screen shows until `end` appears; fails when it never does.
    #[must_use]
    pub fn see(&self, end: &str) -> String {
        let mut seen = Vec::new();
        while !seen.ends_with(end.as_bytes()) {
            match self.eyes.recv_timeout(Duration::from_secs(30)) {
                Ok(byte) => seen.push(byte),
                Err(error) => panic!("{error}: {}", String::from_utf8_lossy(&seen)),
            }
        }
        String::from_utf8_lossy(&seen).into_owned()
    }

    /// What the screen still shows once the agent has ended.
    #[must_use]
    pub fn see_the_rest(&self) -> String {
        (&self.tty_as_file()).write_all(b"$END$").expect("a mark");
        self.see("$END$")
    }

    /// Types these keys.
    pub fn press(&self, keys: &str) {
        (&self.hands).write_all(keys.as_bytes()).expect("a key");
    }

    /// Whether the terminal shows what is typed.
    #[must_use]
    pub fn echoes(&self) -> bool {
        let settings = tcgetattr(&self.tty).expect("the settings");
        settings.local_modes.contains(LocalModes::ECHO)
    }

    /// The terminal's settings, to be compared.
    #[must_use]
    pub fn settings(&self) -> String {
        settings_of(&self.tty)
    }

    /// Whether the terminal's settings are those from before the agent's start.
    #[must_use]
    pub fn is_as_before(&self) -> bool {
        self.settings() == self.settings_before
    }

    /// Whether a line was typed that nobody has read.
    #[must_use]
    pub fn has_unread_line(&self) -> bool {
        let mut keys = [PollFd::new(&self.tty, PollFlags::IN)];
        poll(&mut keys, Some(&Timespec::default())).expect("its state") > 0
    }

    /// A command of the command line that asks this agent, in English, started and not awaited.
    #[must_use]
    pub fn start_cli(&self, arguments: &[impl AsRef<OsStr>]) -> Child {
        Command::new(program("cpxd"))
            .args(arguments)
            .arg("--state-dir")
            .arg(self.folder.path().join("state"))
            .env("LC_ALL", "en_US.UTF-8")
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .expect("cpxd starts")
    }

    /// Sends the agent a signal, such as `-TERM`.
    pub fn signal(&self, signal: &str) {
        let pid = self.pid().to_string();
        let sent = Command::new("kill").args([signal, &pid]).status();
        assert!(sent.expect("kill starts").success(), "no signal was sent");
    }

    /// Waits for the agent's end; fails when it does not end.
    pub fn wait_for_the_end(&mut self) {
        let patience = Instant::now() + Duration::from_secs(30);
        while self.agent.try_wait().expect("its state").is_none() {
            assert!(Instant::now() < patience, "the agent does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The agent's own process id, which is not that of `setsid` around it.
    fn pid(&self) -> u64 {
        let endpoint = fs::read(self.folder.path().join("state/endpoint.json"));
        let endpoint: serde_json::Value =
            serde_json::from_slice(&endpoint.expect("endpoint.json")).expect("JSON");
        endpoint["pid"].as_u64().expect("a process id")
    }

    fn tty_as_file(&self) -> File {
        self.tty.try_clone().expect("another end").into()
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        if self.agent.try_wait().is_ok_and(|ended| ended.is_none()) {
            self.signal("-KILL");
            let _ = self.agent.wait();
        }
    }
}

fn settings_of(tty: &OwnedFd) -> String {
    format!("{:?}", tcgetattr(tty).expect("the settings"))
}

fn terminal() -> (OwnedFd, OwnedFd) {
    let holder = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudoterminal");
    grantpt(&holder).expect("its other end");
    unlockpt(&holder).expect("its other end");
    let name = ptsname(&holder, Vec::new()).expect("its name");
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let tty = rustix::fs::open(name, flags, Mode::empty()).expect("its other end");
    (holder, tty)
}

fn seen_from(mut screen: File) -> Receiver<u8> {
    let (sender, eyes) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = [0; 512];
        while let Ok(read) = screen.read(&mut bytes) {
            for byte in bytes.iter().take(read) {
                // Nobody may look any more.
                let _ = sender.send(*byte);
            }
        }
    });
    eyes
}
