//! The agent of this user: found, or started, and looked at whether it speaks our version.

use std::env::consts::EXE_SUFFIX;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use daemon_client::{Client, ClientError};
use platform::paths::AgentPaths;
use serde::Deserialize;

use crate::message::Fault;

/// The agent that runs.
///
/// # Errors
/// [`Fault::AgentStopped`] when there is none, [`Fault::AgentRefused`] when it is not this user's.
pub(crate) fn find() -> Result<Client, Fault> {
    let paths = AgentPaths::find(None).map_err(|_| Fault::AgentStopped)?;
    Client::connect(&paths, "cpxd-native-host").map_err(|error| fault_of(&error))
}

/// The agent that runs, or one that is started for it.
///
/// # Errors
/// As [`find`].
pub(crate) fn reach() -> Result<Client, Fault> {
    match find() {
        Err(Fault::AgentStopped) => start(),
        found => found,
    }
}

/// # Errors
/// [`Fault::AgentTooOld`] when the agent does not serve the API that the extension speaks.
pub(crate) fn check_version(client: &Client) -> Result<(), Fault> {
    let product: Product = client.read("/v1").map_err(|error| fault_of(&error))?;
    if product.api_versions.iter().any(|version| version == "v1") {
        Ok(())
    } else {
        Err(Fault::AgentTooOld)
    }
}

/// What a failed exchange with the agent means to the extension.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "whatever else breaks an exchange off is one fault here"
)]
pub(crate) fn fault_of(error: &ClientError) -> Fault {
    match error {
        ClientError::AgentNotRunning { .. } => Fault::AgentStopped,
        ClientError::Connection(_) => Fault::AgentRefused,
        ClientError::NotARequest | ClientError::NotAPath { .. } => Fault::BadMessage,
        // Only what every version answers is read here.
        ClientError::Problem { .. }
        | ClientError::Unexplained { .. }
        | ClientError::Unreadable(_) => Fault::AgentTooOld,
        _ => Fault::Interrupted,
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Product {
    api_versions: Vec<String>,
}

/// Starts the agent beside this program, which outlives it, and waits until it listens. Of two
/// requests at once one starts it.
fn start() -> Result<Client, Fault> {
    static STARTING: Mutex<()> = Mutex::new(());
    let _one = STARTING.lock();
    if let Ok(client) = find() {
        return Ok(client);
    }
    let own = std::env::current_exe().map_err(|_| Fault::AgentStopped)?;
    let mut agent = Command::new(own.with_file_name(format!("cpxd{EXE_SUFFIX}")));
    set_apart(&mut agent);
    let started = agent
        .arg("run")
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let mut agent = started.map_err(|_| Fault::AgentStopped)?;
    let mut patience = Instant::now() + PATIENCE;
    let mut has_ended = false;
    while Instant::now() < patience {
        match find() {
            Err(Fault::AgentStopped) => {}
            found => return found,
        }
        if !has_ended && agent.try_wait().is_ok_and(|ended| ended.is_some()) {
            // Perhaps because another browser's host was quicker, whose agent is about to listen.
            has_ended = true;
            patience = Instant::now() + PATIENCE_WITH_OTHERS;
        }
        thread::sleep(BETWEEN_LOOKS);
    }
    Err(Fault::AgentStopped)
}

/// What ends this program is not to end the agent.
#[cfg(unix)]
fn set_apart(agent: &mut Command) {
    use std::os::unix::process::CommandExt as _;
    agent.process_group(0);
}

/// What ends this program is not to end the agent: browsers of Windows end the job of a host, which
/// the agent has to leave, and with its console.
#[cfg(windows)]
fn set_apart(agent: &mut Command) {
    use std::os::windows::process::CommandExt as _;
    const DETACHED_PROCESS: u32 = 0x0000_0008;
    const CREATE_NEW_PROCESS_GROUP: u32 = 0x0000_0200;
    const CREATE_BREAKAWAY_FROM_JOB: u32 = 0x0100_0000;
    agent.creation_flags(DETACHED_PROCESS | CREATE_NEW_PROCESS_GROUP | CREATE_BREAKAWAY_FROM_JOB);
}

/// The agent is ready in a tenth of a second; a machine that just started is slower.
const PATIENCE: Duration = Duration::from_secs(10);
const PATIENCE_WITH_OTHERS: Duration = Duration::from_secs(1);
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);
