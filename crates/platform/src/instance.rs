//! One agent, and one tray, per state folder.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use crate::private_files::{Opening, PrivateFileError, failed, open_private};
use crate::system;

/// Proof that this process is the only one of its kind for a state folder.
///
/// The kernel gives the lock up when the process ends, however it ends, so no
/// stale lock can ever keep an agent from starting.
#[derive(Debug)]
pub struct InstanceLock {
    file: File,
}

/// Why this process may not be it.
#[derive(Debug, thiserror::Error)]
pub enum InstanceError {
    /// Another process holds the lock.
    #[error("another one is already running for this state folder{}", pid_suffix(*pid))]
    AlreadyRunning {
        /// The process that holds it, when it already wrote so.
        pid: Option<u32>,
    },
    /// The lock file could not be used.
    #[error("cannot take the lock")]
    LockFile(#[from] PrivateFileError),
}

impl InstanceLock {
    /// Takes the lock and writes this process's id into the file, for people to read.
    ///
    /// # Errors
    /// [`InstanceError`]; nothing was changed then.
    pub fn acquire(lock_file: &Path) -> Result<Self, InstanceError> {
        let mut file = open_private(lock_file, Opening::ToWriteOrMake)?;
        if !system::try_lock(&file).map_err(failed("lock", lock_file))? {
            let pid = written_pid(&mut file);
            return Err(InstanceError::AlreadyRunning { pid });
        }
        file.set_len(0)
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(failed("write", lock_file))?;
        Ok(Self { file })
    }
}

impl Drop for InstanceLock {
    fn drop(&mut self) {
        // Closing alone would leave the lock with a child that is just being started and still
        // has a copy of the file. A failure leaves it to the end of the process.
        let _ = system::unlock(&self.file);
    }
}

fn written_pid(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

fn pid_suffix(pid: Option<u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" (process {pid})"))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::process::{Command, Stdio};

    /// Set in the environment of the child that
    /// `the_kernel_releases_the_lock_of_a_process_that_died` starts from this same test binary.
    const CHILD_LOCK_FILE: &str = "PLATFORM_TEST_LOCK_FILE";

    #[test]
    fn a_second_agent_learns_who_is_first() {
        let root = tempfile::tempdir().unwrap();
        let lock_file = root.path().join("lock");
        let _first = InstanceLock::acquire(&lock_file).unwrap();
        let error = InstanceLock::acquire(&lock_file).unwrap_err();
        assert!(matches!(
            error,
            InstanceError::AlreadyRunning { pid } if pid == Some(std::process::id())
        ));
    }

    #[test]
    fn the_lock_is_free_again_when_its_holder_lets_go() {
        let root = tempfile::tempdir().unwrap();
        let lock_file = root.path().join("lock");
        drop(InstanceLock::acquire(&lock_file).unwrap());
        InstanceLock::acquire(&lock_file).unwrap();
        assert_eq!(
            fs::read_to_string(&lock_file).unwrap(),
            format!("{}\n", std::process::id())
        );
    }

    #[test]
    fn a_lock_file_that_others_could_hold_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let lock_file = root.path().join("lock");
        fs::write(&lock_file, "").unwrap();
        fs::set_permissions(&lock_file, fs::Permissions::from_mode(0o666)).unwrap();
        assert!(matches!(
            InstanceLock::acquire(&lock_file),
            Err(InstanceError::LockFile(
                PrivateFileError::OpenToOthers { .. }
            ))
        ));
    }

    #[test]
    fn the_kernel_releases_the_lock_of_a_process_that_died() {
        if let Some(lock_file) = std::env::var_os(CHILD_LOCK_FILE) {
            hold_until_killed(Path::new(&lock_file));
        }
        let root = tempfile::tempdir().unwrap();
        let lock_file = root.path().join("lock");
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "the_kernel_releases_the_lock_of_a_process_that_died",
                "--nocapture",
            ])
            .env(CHILD_LOCK_FILE, &lock_file)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        wait_for_the_word_locked(child.stdout.take().unwrap());

        let error = InstanceLock::acquire(&lock_file).unwrap_err();
        assert!(matches!(
            error,
            InstanceError::AlreadyRunning { pid } if pid == Some(child.id())
        ));
        child.kill().unwrap();
        child.wait().unwrap();
        InstanceLock::acquire(&lock_file).unwrap();
    }

    fn hold_until_killed(lock_file: &Path) -> ! {
        let _lock = InstanceLock::acquire(lock_file).unwrap();
        println!("\nlocked");
        loop {
            std::thread::park();
        }
    }

    fn wait_for_the_word_locked(output: impl Read) {
        use std::io::BufRead;
        let mut lines = std::io::BufReader::new(output).lines();
        assert!(lines.any(|line| line.unwrap() == "locked"));
    }
}
