//! Programs that load the product's own PKCS#11 module, beside an agent of a test's own.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::agent::Agent;
use crate::pcsc_stack::ToolRun;
use crate::programs::own_module;

/// A user's configuration folder, in which the module is told of an agent.
#[derive(Debug)]
pub struct ModuleHome(TempDir);

impl ModuleHome {
    /// The folder of whoever uses this agent.
    #[must_use]
    pub fn of(agent: &Agent) -> Self {
        Self::with(agent, "")
    }

    /// The same with more lines in the module's file.
    #[must_use]
    pub fn with(agent: &Agent, lines: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let state_dir = agent.state_dir().display();
        let text = format!("state-dir = \"{state_dir}\"\n{lines}");
        fs::create_dir(folder.path().join("cpxd")).expect("a folder");
        fs::write(folder.path().join("cpxd/pkcs11-module.toml"), text).expect("a file");
        Self(folder)
    }

    /// The folder, for `XDG_CONFIG_HOME`.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.0.path()
    }

    /// A program of this user.
    #[must_use]
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("XDG_CONFIG_HOME", self.0.path());
        command
    }

    /// `pkcs11-tool` on the module.
    #[must_use]
    pub fn pkcs11_tool(&self, arguments: &[&str]) -> ToolRun {
        let output = self
            .command("pkcs11-tool")
            .arg("--module")
            .arg(own_module())
            .args(arguments)
            .output()
            .expect("pkcs11-tool is installed (cargo xtask test installs it)");
        let text = [output.stdout, output.stderr].concat();
        ToolRun {
            succeeded: output.status.success(),
            text: String::from_utf8_lossy(&text).into_owned(),
        }
    }
}
