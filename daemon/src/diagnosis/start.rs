//! Whether an agent could start: its configuration, its state folder, its port.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;

use diagnosis::facts::{ConfigurationFact, Obstacle};
use platform::paths::AgentPaths;
use platform::workstation::{may_write, program_at_port};

use crate::command_line::AgentOptions;
use crate::configuration::{Configuration, UnusableFile};
use crate::state_format::{self, StateFormatError};

/// The configuration as its files are now, the user's being the one that is named.
pub(crate) fn configuration_now(
    named: Option<PathBuf>,
) -> (Option<Configuration>, ConfigurationFact) {
    let loaded = Configuration::load(&AgentOptions {
        config: named,
        ..AgentOptions::default()
    });
    match loaded {
        Ok(configuration) => (Some(configuration), ConfigurationFact::Usable),
        Err(error) => (None, configuration_fact(&error)),
    }
}

/// What is wrong with a configuration that could not be loaded.
fn configuration_fact(error: &anyhow::Error) -> ConfigurationFact {
    let in_one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    match error.downcast_ref::<UnusableFile>() {
        Some(UnusableFile { file, line, source }) => ConfigurationFact::Unusable {
            file: file.display().to_string(),
            line: *line,
            problem: in_one_line(source.message()),
        },
        None => ConfigurationFact::Refused {
            problem: in_one_line(&format!("{error:#}")),
        },
    }
}

/// What would keep an agent with this state folder and configured port from starting, in the order in which it would
/// notice. Nothing is changed.
pub(crate) fn obstacle(paths: &AgentPaths, port: Option<u16>) -> Option<Obstacle> {
    if may_write(paths.state_dir()) == Some(false) {
        let folder = paths.state_dir().display().to_string();
        return Some(Obstacle::StateUnwritable { folder });
    }
    if let Err(StateFormatError::Newer { by, .. }) = state_format::check(paths) {
        return Some(Obstacle::StateNewer { version: by });
    }
    let port = port.filter(|port| is_held(*port))?;
    let program = program_at_port(port);
    Some(Obstacle::PortHeld { port, program })
}

fn is_held(port: u16) -> bool {
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    bound.is_err_and(|error| error.kind() == io::ErrorKind::AddrInUse)
}
