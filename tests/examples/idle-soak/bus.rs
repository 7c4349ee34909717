//! A message bus, on which an agent listens for locks as in a session.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

/// The bus; it ends when this is dropped.
pub(crate) struct Bus {
    process: Child,
    address: String,
}

impl Bus {
    pub(crate) fn start() -> Self {
        let mut process = Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--nopidfile", "--print-address"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("dbus-daemon is installed (cargo xtask soak installs it)");
        let mut address = String::new();
        BufReader::new(process.stdout.take().expect("its output"))
            .read_line(&mut address)
            .expect("the address of the bus");
        let address = address.trim().to_owned();
        Self { process, address }
    }

    /// It stands for the system's bus and the session's.
    pub(crate) fn environment(&self) -> Vec<(&'static str, OsString)> {
        ["DBUS_SYSTEM_BUS_ADDRESS", "DBUS_SESSION_BUS_ADDRESS"]
            .map(|name| (name, self.address.clone().into()))
            .into()
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
