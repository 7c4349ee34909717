//! The readers of the machine: Debian's pcscd, with a virtual reader and a virtual card in it.

use std::fs::{self, File};
use std::process::{Child, Command};

use anyhow::{Context, Result, ensure};

use super::clean_root::CleanRoot;
use crate::commands::target_folder;

/// pcscd as its package has it, the reader's driver, and the card.
#[derive(Debug)]
pub(super) struct Machine {
    processes: Vec<Child>,
}

/// Its keys are in this repository: what the machine's policy calls a test card.
const POLICY: &str = "environment = \"test\"\n";

impl Machine {
    /// Installs the driver, writes the policy as an administrator does, starts the service and plugs the card in.
    pub(super) fn start(root: &CleanRoot) -> Result<Self> {
        root.told(&[
            "apt-get",
            "install",
            "--yes",
            "--no-install-recommends",
            "vsmartcard-vpcd",
        ])?;
        let policy = root.place("/etc/cpxd");
        ensure!(policy.is_dir(), "the package brings no /etc/cpxd");
        fs::write(policy.join("cpxd.toml"), POLICY)?;
        println!("    /etc/cpxd/cpxd.toml: {}", POLICY.trim());
        let log = File::create(root.place("/tmp/pcscd.log"))?;
        let service = root
            .command(&["pcscd", "--foreground", "--info"])
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("chroot did not start")?;
        super::until("pcscd", || root.place("/run/pcscd/pcscd.comm").exists())?;
        let card = Command::new(target_folder()?.join("debug/virtual-card"))
            .args(["--pin", "1234"])
            .spawn()
            .context("virtual-card did not start")?;
        println!("    {}", root.told(&["dpkg-query", "--show", "pcscd"])?);
        Ok(Self {
            processes: vec![card, service],
        })
    }

    /// Takes the card out and stops the service.
    pub(super) fn stop(&mut self) {
        for mut process in self.processes.drain(..) {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}
