//! From the start of the process to its first answer.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use cpxd_tests::pcsc_stack::PcscService;
use cpxd_tests::programs::program;
use serde_json::Value;

use super::http_client::HttpClient;
use super::statistics::{Durations, milliseconds};
use super::table::{Row, Table, Verdict};

pub(super) fn measure() -> Result<Table> {
    let service = PcscService::start();
    let folder = tempfile::tempdir().context("a temporary folder")?;
    let state_dir = folder.path().join("state");
    let (mut first, mut later) = (Durations::default(), Durations::default());
    Start::of(&service, &state_dir, &mut first)?.stop()?;
    for _ in 0..STARTS {
        Start::of(&service, &state_dir, &mut later)?.stop()?;
    }
    let mut table = Table::new(
        "cpxd run, from its start to its first answer, PC/SC service running",
        "",
    );
    for (what, starts) in [
        ("the very first, which makes keys", first),
        ("later, median", later),
    ] {
        let median = starts.median();
        table.push(Row {
            what: what.to_owned(),
            ours: milliseconds(median),
            target: format!("under {}", milliseconds(TARGET)),
            verdict: Verdict::of(median < TARGET),
            ..Row::default()
        });
    }
    Ok(table)
}

/// A process that was started to be timed.
struct Start(Child);

impl Start {
    fn of(service: &PcscService, state_dir: &Path, durations: &mut Durations) -> Result<Self> {
        let mut command = Command::new(program("cpxd"));
        command
            .args([
                "run",
                "--reader-source",
                "pcsc",
                "--port",
                "0",
                "--state-dir",
            ])
            .arg(state_dir)
            .envs(service.client_environment())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        durations.time(|| {
            let start = Self(command.spawn().context("starting cpxd")?);
            HttpClient::over_socket(&endpoint(state_dir)?)?.read("/v1/status")?;
            Ok(start)
        })
    }

    /// By a signal that lets the agent tidy up.
    fn stop(mut self) -> Result<()> {
        let id = self.0.id().to_string();
        Command::new("kill").arg(id).status().context("kill")?;
        let status = self.0.wait().context("waiting for the end of cpxd")?;
        ensure!(status.success(), "cpxd ended with {status}");
        Ok(())
    }
}

impl Drop for Start {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn endpoint(state_dir: &Path) -> Result<Value> {
    let patience = Instant::now() + Duration::from_secs(30);
    loop {
        let text = std::fs::read(state_dir.join("endpoint.json")).unwrap_or_default();
        if let Ok(endpoint) = serde_json::from_slice(&text) {
            return Ok(endpoint);
        }
        ensure!(Instant::now() < patience, "cpxd is not ready");
        std::thread::sleep(LOOKS);
    }
}

const STARTS: usize = 20;
const TARGET: Duration = Duration::from_millis(100);
/// Between two looks for the endpoint; what is measured may be longer by this.
const LOOKS: Duration = Duration::from_micros(500);
