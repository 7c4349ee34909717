//! What a diagnosis found, by the agent or by the command alone.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::agent::Agent;
use crate::programs::program;

/// The answer of `GET /v1/diagnostics`, or of `cpxd diagnose --json`.
#[derive(Clone, Debug)]
pub struct Diagnosed(pub Value);

impl Diagnosed {
    /// By an agent, which any program of this user may ask at its socket.
    ///
    /// # Panics
    /// Panics when it does not answer.
    #[must_use]
    pub fn by(agent: &Agent) -> Self {
        let answer = agent.read_socket("/v1/diagnostics");
        assert_eq!(answer.status, 200, "{}", answer.text);
        Self(answer.body)
    }

    /// Without an agent, with these variables, files and arguments.
    ///
    /// # Panics
    /// Panics when it prints no JSON, or its exit code is not what it found.
    #[must_use]
    pub fn alone(environment: &[(&str, OsString)], state_dir: &Path, arguments: &[&str]) -> Self {
        let output = Command::new(program("cpxd"))
            .args(["diagnose", "--json", "--state-dir"])
            .arg(state_dir)
            .args(arguments)
            .env("LC_ALL", "en_US.UTF-8")
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .output()
            .expect("cpxd starts");
        Self::printed(&output)
    }

    /// What `cpxd diagnose --json` printed.
    ///
    /// # Panics
    /// Panics when it printed no JSON, or its exit code is not what it found.
    #[must_use]
    pub fn printed(output: &Output) -> Self {
        let said = String::from_utf8_lossy(&output.stdout);
        let found = serde_json::from_str(&said);
        let found = Self(found.unwrap_or_else(|error| panic!("{error}: {output:?}")));
        let has_failed = found.first("failed").is_some();
        assert_eq!(output.status.code(), Some(i32::from(has_failed)), "{said}");
        found
    }

    /// A check by its name.
    ///
    /// # Panics
    /// Panics when it is missing.
    #[must_use]
    pub fn check(&self, id: &str) -> &Value {
        let found = self.checks().find(|check| check["id"] == id);
        found.unwrap_or_else(|| panic!("no check {id}: {}", self.0))
    }

    /// State and code of a check.
    #[must_use]
    pub fn of(&self, id: &str) -> (&str, &str) {
        let check = self.check(id);
        let text = |member: &str| check[member].as_str().unwrap_or_default();
        (text("state"), text("code"))
    }

    /// The first check in this state, and its code.
    #[must_use]
    pub fn first(&self, state: &str) -> Option<(&str, &str)> {
        let found = self.checks().find(|check| check["state"] == state)?;
        Some((found["id"].as_str()?, found["code"].as_str()?))
    }

    /// The root cause is this one; where the agent does not run, that is said before.
    #[track_caller]
    pub fn assert_first_failed(&self, id: &str, code: &str) {
        let failed = self.checks().find(|check| {
            let is_agent = check["id"] == "agent-runs" && id != "agent-runs";
            check["state"] == "failed" && !is_agent
        });
        let failed = failed.map(|it| (it["id"].as_str(), it["code"].as_str()));
        assert_eq!(failed, Some((Some(id), Some(code))), "{:#}", self.0);
        assert!(self.check(id)["remedy"].is_string(), "{:#}", self.0);
    }

    fn checks(&self) -> impl Iterator<Item = &Value> {
        self.0["checks"].as_array().into_iter().flatten()
    }
}
