//! Where the files of this user's agent are.
//!
//! What lasts is in the state folder; what belongs to the running agent (its
//! socket and `endpoint.json`) is in the runtime folder, and the state folder
//! holds a link to `endpoint.json`. Both folders are 0700 and this user's.
//! The XDG variables are those of the XDG Base Directory Specification 0.8 and
//! win on every system where they are set; as it asks, a relative path in one
//! of them is ignored.

use std::env;
use std::io;
use std::path::{Path, PathBuf};

use crate::private_files::{
    PrivateFileError, ensure_private_folder, read_private, remove_if_there,
};
use crate::system;

const ENDPOINT_FILE: &str = "endpoint.json";

/// Why the agent's folders cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PathsError {
    /// Neither `HOME` nor the user database names a home folder.
    #[error("this user has no home folder: set HOME, or name a state folder")]
    NoHome,
    /// A folder cannot be made, or is not as private as it must be.
    #[error("cannot use the agent's folder")]
    Folder(#[from] PrivateFileError),
    /// The path of the state folder cannot be made absolute.
    #[error("cannot resolve {}", path.display())]
    Unresolvable {
        /// As it was given.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// The files of one agent. Both folders exist, are this user's and are closed to all others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentPaths {
    state: PathBuf,
    runtime: PathBuf,
    service_socket: Option<PathBuf>,
}

/// Where configuration is looked for. A file that is absent configures nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFiles {
    /// The user's own; `None` for a user without a home folder.
    pub user: Option<PathBuf>,
    /// The machine's, whose policy wins over the user's.
    pub machine: PathBuf,
}

/// Where configuration is looked for on this system, for this user.
#[must_use]
pub fn config_files() -> ConfigFiles {
    Surroundings::of_this_process().config_files()
}

impl AgentPaths {
    /// Finds the folders of the agent, makes those that are missing, and checks that they are
    /// this user's and closed to all others (0700).
    ///
    /// `state_dir` is the state folder, or `None` for this user's usual one. Agent and client
    /// that name the same state folder find the same runtime folder.
    ///
    /// # Errors
    /// [`PathsError`] when there is no home folder, or a folder cannot be made or trusted.
    pub fn resolve(state_dir: Option<&Path>) -> Result<Self, PathsError> {
        Surroundings::of_this_process().agent_paths(state_dir)
    }

    /// Finds the folders of an agent that may run, for a client: makes nothing and mends nothing.
    /// A client that was told a wrong folder must not leave one behind.
    ///
    /// # Errors
    /// [`PathsError`] when there is no home folder, or the path cannot be made absolute.
    pub fn find(state_dir: Option<&Path>) -> Result<Self, PathsError> {
        Surroundings::of_this_process().paths_to_look_at(state_dir)
    }

    /// Folder of what lasts.
    #[must_use]
    pub fn state_dir(&self) -> &Path {
        &self.state
    }

    /// Folder of what belongs to the running agent.
    #[must_use]
    pub fn runtime_dir(&self) -> &Path {
        &self.runtime
    }

    /// `endpoint.json`, by which local programs find the agent.
    #[must_use]
    pub fn endpoint_file(&self) -> PathBuf {
        self.runtime.join(ENDPOINT_FILE)
    }

    /// Link in the state folder to [`endpoint_file`](Self::endpoint_file).
    #[must_use]
    pub fn endpoint_link(&self) -> PathBuf {
        self.state.join(ENDPOINT_FILE)
    }

    /// The user's socket.
    #[must_use]
    pub fn socket_path(&self) -> PathBuf {
        system::socket_path(&self.runtime)
    }

    /// The socket that the session's service manager keeps for the agent of the usual state folder and
    /// hands over when somebody connects (`cpxd.socket` of the Linux packages); `None` for any other.
    #[must_use]
    pub fn service_socket(&self) -> Option<&Path> {
        self.service_socket.as_deref()
    }

    #[cfg(all(test, unix))]
    pub(crate) fn with_service_socket(self, socket: PathBuf) -> Self {
        Self {
            service_socket: Some(socket),
            ..self
        }
    }

    /// Certificate of the installation's own CA, for clients to trust.
    #[must_use]
    pub fn ca_file(&self) -> PathBuf {
        self.state.join("ca.pem")
    }

    /// Folder of the TLS keys and certificates.
    #[must_use]
    pub fn tls_dir(&self) -> PathBuf {
        self.state.join("tls")
    }

    /// Certificates of the authorities that this installation put into trust stores.
    #[must_use]
    pub fn trusted_authorities_file(&self) -> PathBuf {
        self.state.join("trusted-authorities.pem")
    }

    /// Token with all rights, in demo mode only.
    #[must_use]
    pub fn demo_token_file(&self) -> PathBuf {
        self.state.join("demo-token")
    }

    /// File that the running agent keeps locked. In the state folder, because that is what two
    /// agents must not share.
    #[must_use]
    pub fn lock_file(&self) -> PathBuf {
        self.state.join("lock")
    }

    /// The mark of the format that the files of the state folder have.
    #[must_use]
    pub fn format_file(&self) -> PathBuf {
        self.state.join("format.json")
    }

    /// What the check for newer versions remembers.
    #[must_use]
    pub fn update_check_file(&self) -> PathBuf {
        self.state.join("update-check.json")
    }

    /// Folder of the log, where it is kept here.
    #[must_use]
    pub fn log_dir(&self) -> PathBuf {
        self.state.join("log")
    }

    /// Salt that makes the ids of cards this installation's own.
    #[must_use]
    pub fn card_id_salt_file(&self) -> PathBuf {
        self.state.join("card-id-salt")
    }

    /// Folder of what is kept of the cards seen before.
    #[must_use]
    pub fn seen_cards_dir(&self) -> PathBuf {
        self.state.join("seen-cards")
    }

    /// Grants that the holder gave.
    #[must_use]
    pub fn grants_file(&self) -> PathBuf {
        self.state.join("grants.json")
    }

    /// Grants that were given where test cards alone are used.
    #[must_use]
    pub fn test_grants_file(&self) -> PathBuf {
        self.state.join("grants-test.json")
    }

    /// Folder of the journal.
    #[must_use]
    pub fn journal_dir(&self) -> PathBuf {
        self.state.join("journal")
    }

    /// Where the head of the journal is kept apart from the journal, in a folder of its own.
    #[must_use]
    pub fn journal_anchor_file(&self) -> PathBuf {
        self.state.join("journal-anchor").join("head")
    }

    /// What the tray keeps: its language, and which cards it spoke of today.
    #[must_use]
    pub fn tray_file(&self) -> PathBuf {
        self.state.join("tray.json")
    }

    /// File that the running tray keeps locked.
    #[must_use]
    pub fn tray_lock_file(&self) -> PathBuf {
        self.runtime.join("tray.lock")
    }

    /// Writes `endpoint.json` and makes the link in the state folder lead to it.
    ///
    /// # Errors
    /// [`PrivateFileError::Io`] with the step that failed.
    pub fn publish_endpoint(&self, contents: &[u8]) -> Result<(), PrivateFileError> {
        system::publish_endpoint(&self.endpoint_file(), &self.endpoint_link(), contents)
    }

    /// Reads `endpoint.json` where the link leads, for the agent that wrote it last may have been
    /// started with another `XDG_RUNTIME_DIR`.
    ///
    /// # Errors
    /// [`PrivateFileError`] when no agent announced itself, or the file is not this user's alone.
    pub fn read_endpoint(&self) -> Result<Vec<u8>, PrivateFileError> {
        read_private(&system::announced_endpoint(&self.endpoint_link())?)
    }

    /// Removes `endpoint.json` and the link to it, so that nobody looks for an agent that ended.
    ///
    /// # Errors
    /// [`PrivateFileError::Io`] with the step that failed; being absent is no failure.
    pub fn withdraw_endpoint(&self) -> Result<(), PrivateFileError> {
        remove_if_there(&self.endpoint_link())?;
        remove_if_there(&self.endpoint_file())
    }

    /// Where a client looks for the agent's socket: where its own surroundings say, then where
    /// the link in the state folder leads, for an agent that was started with another
    /// `XDG_RUNTIME_DIR` (a login without a session manager has none), then where the service
    /// manager waits to start one.
    pub(crate) fn sockets_to_try(&self) -> Vec<PathBuf> {
        let announced = system::announced_endpoint(&self.endpoint_link())
            .ok()
            .and_then(|endpoint| Some(system::socket_path(endpoint.parent()?)));
        let mut sockets = vec![self.socket_path()];
        sockets.extend(announced.filter(|socket| *socket != self.socket_path()));
        sockets.extend(self.service_socket.clone());
        sockets
    }
}

/// The folders of a user that other programs' data are looked for in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UserFolders {
    pub(crate) home: PathBuf,
    /// `XDG_CONFIG_HOME`.
    pub(crate) config: PathBuf,
    /// `XDG_DATA_HOME`.
    pub(crate) data: PathBuf,
}

impl UserFolders {
    /// None for a user without a home folder.
    pub(crate) fn of_this_process() -> Option<Self> {
        let surroundings = Surroundings::of_this_process();
        let home = surroundings.home?;
        let data = env::var_os("XDG_DATA_HOME").map(PathBuf::from);
        Some(Self {
            config: surroundings
                .xdg_config_home
                .unwrap_or_else(|| home.join(".config")),
            data: data
                .and_then(absolute)
                .unwrap_or_else(|| home.join(".local/share")),
            home,
        })
    }
}

/// What of the process's surroundings decides where files are; a value, so that tests need
/// not change the environment of all threads.
#[derive(Clone, Debug)]
struct Surroundings {
    home: Option<PathBuf>,
    xdg_config_home: Option<PathBuf>,
    xdg_state_home: Option<PathBuf>,
    xdg_runtime_dir: Option<PathBuf>,
    /// Where a folder with a short name can be made when the others' are too long.
    short_root: PathBuf,
}

impl Surroundings {
    fn of_this_process() -> Self {
        let variable = |name| env::var_os(name).map(PathBuf::from);
        Self {
            home: env::home_dir().and_then(absolute),
            xdg_config_home: variable("XDG_CONFIG_HOME").and_then(absolute),
            xdg_state_home: variable("XDG_STATE_HOME").and_then(absolute),
            xdg_runtime_dir: variable("XDG_RUNTIME_DIR").and_then(absolute),
            short_root: PathBuf::from("/tmp"),
        }
    }

    fn config_files(&self) -> ConfigFiles {
        ConfigFiles {
            user: self.user_config_file(),
            machine: system::machine_config_file(),
        }
    }

    fn user_config_file(&self) -> Option<PathBuf> {
        match &self.xdg_config_home {
            Some(config) => Some(config.join("cpxd/cpxd.toml")),
            None => system::usual_config_file(self.home.as_deref()),
        }
    }

    fn usual_state_dir(&self) -> Option<PathBuf> {
        match &self.xdg_state_home {
            Some(state) => Some(state.join("cpxd")),
            None => system::usual_state_dir(self.home.as_deref()),
        }
    }

    fn agent_paths(&self, state_dir: Option<&Path>) -> Result<AgentPaths, PathsError> {
        let state = self.named_or_usual(state_dir)?;
        ensure_private_folder(&state)?;
        let state = system::one_name_of(&state).map_err(unresolvable(&state))?;
        let runtime = self.runtime_dir(&state);
        ensure_private_folder(&runtime)?;
        let service_socket = self.service_socket(&state);
        Ok(AgentPaths {
            state,
            runtime,
            service_socket,
        })
    }

    fn paths_to_look_at(&self, state_dir: Option<&Path>) -> Result<AgentPaths, PathsError> {
        let state = self.named_or_usual(state_dir)?;
        // In a folder that is not there nobody listens, whatever its name.
        let state = system::one_name_of(&state).unwrap_or(state);
        let runtime = self.runtime_dir(&state);
        let service_socket = self.service_socket(&state);
        Ok(AgentPaths {
            state,
            runtime,
            service_socket,
        })
    }

    fn named_or_usual(&self, state_dir: Option<&Path>) -> Result<PathBuf, PathsError> {
        match state_dir {
            Some(path) => std::path::absolute(path).map_err(unresolvable(path)),
            None => self.usual_state_dir().ok_or(PathsError::NoHome),
        }
    }

    fn service_socket(&self, state: &Path) -> Option<PathBuf> {
        let usual = self.usual_state_dir()?;
        let usual = system::one_name_of(&usual).unwrap_or(usual);
        let session = self.xdg_runtime_dir.as_deref();
        system::service_socket(session.filter(|_| usual == state)?)
    }

    /// The session's runtime folder, or one in the state folder, or, where the socket's path
    /// would be too long for the system, one in the short root.
    fn runtime_dir(&self, state: &Path) -> PathBuf {
        let session = self.xdg_runtime_dir.as_deref();
        system::runtime_dir(state, session, &self.short_root)
    }
}

fn absolute(path: PathBuf) -> Option<PathBuf> {
    path.is_absolute().then_some(path)
}

fn unresolvable(path: &Path) -> impl FnOnce(io::Error) -> PathsError + use<> {
    let path = path.to_owned();
    move |source| PathsError::Unresolvable { path, source }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
