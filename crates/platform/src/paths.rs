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
    /// `XDG_RUNTIME_DIR` (a login without a session manager has none).
    pub(crate) fn sockets_to_try(&self) -> Vec<PathBuf> {
        let announced = system::announced_endpoint(&self.endpoint_link())
            .ok()
            .and_then(|endpoint| Some(system::socket_path(endpoint.parent()?)));
        let mut sockets = vec![self.socket_path()];
        sockets.extend(announced.filter(|socket| *socket != self.socket_path()));
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
        Ok(AgentPaths { state, runtime })
    }

    fn paths_to_look_at(&self, state_dir: Option<&Path>) -> Result<AgentPaths, PathsError> {
        let state = self.named_or_usual(state_dir)?;
        // In a folder that is not there nobody listens, whatever its name.
        let state = system::one_name_of(&state).unwrap_or(state);
        let runtime = self.runtime_dir(&state);
        Ok(AgentPaths { state, runtime })
    }

    fn named_or_usual(&self, state_dir: Option<&Path>) -> Result<PathBuf, PathsError> {
        match state_dir {
            Some(path) => std::path::absolute(path).map_err(unresolvable(path)),
            None => self.usual_state_dir().ok_or(PathsError::NoHome),
        }
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
mod tests {
    use super::*;
    use crate::current_user;
    use crate::unix::LONGEST_SOCKET_PATH;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use tempfile::TempDir;

    fn surroundings(root: &TempDir) -> Surroundings {
        let short_root = root.path().join("short");
        fs::create_dir_all(&short_root).unwrap();
        Surroundings {
            home: Some(root.path().join("home")),
            xdg_config_home: None,
            xdg_state_home: None,
            xdg_runtime_dir: None,
            short_root,
        }
    }

    fn mode_of(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn both_folders_are_made_and_closed_to_others() {
        let root = tempfile::tempdir().unwrap();
        let paths = surroundings(&root).agent_paths(None).unwrap();
        assert!(paths.state_dir().starts_with(root.path().join("home")));
        assert_eq!(mode_of(paths.state_dir()), 0o700);
        assert_eq!(mode_of(paths.runtime_dir()), 0o700);
    }

    #[test]
    fn who_only_looks_finds_the_same_folders_and_makes_none() {
        let root = tempfile::tempdir().unwrap();
        let surroundings = surroundings(&root);
        let state = root.path().join("state");
        let before = surroundings.paths_to_look_at(Some(&state)).unwrap();
        assert!(!state.exists());
        assert!(!before.runtime_dir().exists());
        let made = surroundings.agent_paths(Some(&state)).unwrap();
        assert_eq!(surroundings.paths_to_look_at(Some(&state)).unwrap(), made);
    }

    #[test]
    fn a_state_folder_open_to_others_is_tightened() {
        let root = tempfile::tempdir().unwrap();
        let state = root.path().join("state");
        fs::create_dir(&state).unwrap();
        fs::set_permissions(&state, fs::Permissions::from_mode(0o755)).unwrap();
        surroundings(&root).agent_paths(Some(&state)).unwrap();
        assert_eq!(mode_of(&state), 0o700);
    }

    #[test]
    fn without_a_session_folder_the_runtime_folder_is_in_the_state_folder() {
        let root = tempfile::tempdir().unwrap();
        let state = root.path().join("state");
        let mut without = surroundings(&root);
        let paths = without.agent_paths(Some(&state)).unwrap();
        assert_eq!(paths.runtime_dir(), paths.state_dir().join("run"));

        without.xdg_runtime_dir = Some(root.path().join("absent"));
        assert_eq!(without.agent_paths(Some(&state)).unwrap(), paths);
    }

    #[test]
    fn each_state_folder_has_its_own_runtime_folder_in_the_session() {
        let root = tempfile::tempdir().unwrap();
        let session = root.path().join("session");
        fs::create_dir(&session).unwrap();
        let mut with = surroundings(&root);
        with.xdg_runtime_dir = Some(session.clone());
        let one = with.agent_paths(Some(&root.path().join("one"))).unwrap();
        let two = with.agent_paths(Some(&root.path().join("two"))).unwrap();
        let one_by_another_name = with
            .agent_paths(Some(&root.path().join("two/../one")))
            .unwrap();
        assert_eq!(one.runtime_dir().parent(), Some(session.as_path()));
        assert_ne!(one.runtime_dir(), two.runtime_dir());
        assert_eq!(one, one_by_another_name);
    }

    #[test]
    fn a_session_folder_behind_a_link_is_not_used() {
        let root = tempfile::tempdir().unwrap();
        let link = root.path().join("session");
        symlink(root.path(), &link).unwrap();
        let mut with = surroundings(&root);
        with.xdg_runtime_dir = Some(link);
        let paths = with.agent_paths(None).unwrap();
        assert_eq!(paths.runtime_dir(), paths.state_dir().join("run"));
    }

    #[test]
    fn a_path_too_long_for_a_socket_moves_to_the_short_root() {
        let root = tempfile::tempdir().unwrap();
        let surroundings = surroundings(&root);
        let state = root.path().join("s".repeat(LONGEST_SOCKET_PATH));
        let paths = surroundings.agent_paths(Some(&state)).unwrap();
        let name = paths.runtime_dir().file_name().unwrap().to_str().unwrap();
        assert_eq!(
            paths.runtime_dir().parent(),
            Some(surroundings.short_root.as_path())
        );
        assert!(name.starts_with(&format!("cpxd-{}-", current_user())));
        assert_eq!(mode_of(paths.runtime_dir()), 0o700);
    }

    #[test]
    fn a_link_put_in_the_short_root_by_somebody_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let surroundings = surroundings(&root);
        let state = root.path().join("s".repeat(LONGEST_SOCKET_PATH));
        let expected = surroundings.agent_paths(Some(&state)).unwrap();
        fs::remove_dir(expected.runtime_dir()).unwrap();
        symlink(root.path(), expected.runtime_dir()).unwrap();
        assert!(matches!(
            surroundings.agent_paths(Some(&state)),
            Err(PathsError::Folder(PrivateFileError::NotAFolder { .. }))
        ));
    }

    #[test]
    fn a_user_without_home_must_name_a_state_folder() {
        let root = tempfile::tempdir().unwrap();
        let mut homeless = surroundings(&root);
        homeless.home = None;
        assert!(matches!(
            homeless.agent_paths(None),
            Err(PathsError::NoHome)
        ));
        assert!(homeless.config_files().user.is_none());
        let state = root.path().join("state");
        assert!(homeless.agent_paths(Some(&state)).is_ok());
    }

    #[test]
    fn xdg_variables_win_over_the_home_folder() {
        let root = tempfile::tempdir().unwrap();
        let mut with = surroundings(&root);
        with.xdg_state_home = Some(root.path().join("state"));
        with.xdg_config_home = Some(root.path().join("config"));
        let paths = with.agent_paths(None).unwrap();
        assert_eq!(paths.state_dir(), root.path().join("state/cpxd"));
        assert_eq!(
            with.config_files().user,
            Some(root.path().join("config/cpxd/cpxd.toml"))
        );
    }

    #[test]
    fn relative_paths_in_variables_are_ignored() {
        assert_eq!(absolute(PathBuf::from("relative/state")), None);
        assert_eq!(absolute(PathBuf::new()), None);
        assert_eq!(absolute(PathBuf::from("/x")), Some(PathBuf::from("/x")));
    }

    #[test]
    fn a_client_without_a_session_folder_reads_the_endpoint_of_an_agent_that_has_one() {
        let root = tempfile::tempdir().unwrap();
        let session = root.path().join("session");
        fs::create_dir(&session).unwrap();
        let client = surroundings(&root).agent_paths(None).unwrap();
        assert!(client.read_endpoint().is_err(), "nobody announced itself");
        let mut with_session = surroundings(&root);
        with_session.xdg_runtime_dir = Some(session);
        let agent = with_session.agent_paths(None).unwrap();
        agent.publish_endpoint(b"here").unwrap();
        assert_ne!(agent.endpoint_file(), client.endpoint_file());
        assert_eq!(client.read_endpoint().unwrap(), b"here");
        assert_eq!(agent.read_endpoint().unwrap(), b"here");
    }

    #[test]
    fn the_link_in_the_state_folder_leads_to_the_endpoint() {
        let root = tempfile::tempdir().unwrap();
        let paths = surroundings(&root).agent_paths(None).unwrap();
        for contents in ["first", "second"] {
            paths.publish_endpoint(contents.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(paths.endpoint_link()).unwrap(), contents);
            assert_eq!(
                read_private(&paths.endpoint_file()).unwrap(),
                contents.as_bytes()
            );
        }
        paths.withdraw_endpoint().unwrap();
        paths.withdraw_endpoint().unwrap();
        assert!(fs::symlink_metadata(paths.endpoint_link()).is_err());
        assert!(!paths.endpoint_file().exists());
    }
}
