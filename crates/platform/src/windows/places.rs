//! The folders of Windows, and the name of the user's pipe.

use std::env;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::accounts::UserId;
use crate::private_files::{PrivateFileError, write_private};

/// `%LOCALAPPDATA%`, which does not roam: keys and cards seen are this machine's.
pub(crate) fn usual_state_dir(home: Option<&Path>) -> Option<PathBuf> {
    Some(folder_of("LOCALAPPDATA", home, "AppData/Local")?.join("cpxd"))
}

pub(crate) fn usual_config_file(home: Option<&Path>) -> Option<PathBuf> {
    Some(
        folder_of("APPDATA", home, "AppData/Roaming")?
            .join("cpxd")
            .join("cpxd.toml"),
    )
}

/// Beside the program, which only administrators may change once it is installed.
pub(crate) fn machine_config_file() -> PathBuf {
    let own = env::current_exe().unwrap_or_default();
    own.with_file_name("cpxd.toml")
}

/// The state folder is private, and the running agent's files may as well lie in it.
pub(crate) fn runtime_dir(state: &Path, _session: Option<&Path>, _short_root: &Path) -> PathBuf {
    state.join("run")
}

/// The name of the pipe tells the agents of one user apart by their folder, and those of the
/// sessions of one account. It is no secret: who listens there is looked up.
pub(crate) fn socket_path(runtime: &Path) -> PathBuf {
    let user = UserId::of_this_process().map_or_else(|_| String::new(), |user| user.to_string());
    let folder = runtime.to_string_lossy().to_lowercase();
    let mut name = hex::encode(Sha256::digest(format!("{user}\n{folder}")));
    name.truncate(32);
    PathBuf::from(format!(r"\\.\pipe\cpxd-{name}"))
}

/// No service manager keeps a pipe for an agent that does not run.
pub(crate) fn service_socket(_session: &Path) -> Option<PathBuf> {
    None
}

/// Absolute is enough: two names of one folder have one lock, and the second agent ends there.
pub(crate) fn one_name_of(folder: &Path) -> io::Result<PathBuf> {
    std::path::absolute(folder)
}

/// Links are an administrator's privilege on this system, so the file is written twice.
pub(crate) fn publish_endpoint(
    file: &Path,
    link: &Path,
    contents: &[u8],
) -> Result<(), PrivateFileError> {
    write_private(file, contents)?;
    write_private(link, contents)
}

pub(crate) fn announced_endpoint(link: &Path) -> Result<PathBuf, PrivateFileError> {
    Ok(link.to_owned())
}

fn folder_of(variable: &str, home: Option<&Path>, below: &str) -> Option<PathBuf> {
    let named = env::var_os(variable).map(PathBuf::from);
    named
        .filter(|folder| folder.is_absolute())
        .or_else(|| Some(home?.join(below)))
}
