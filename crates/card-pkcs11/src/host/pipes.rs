//! The pipes to the agent, taken out of the module's reach.

use std::fs::File;
#[cfg(unix)]
use std::fs::OpenOptions;
use std::io;

/// Where requests come from and answers go. The standard descriptors are other ones from then on, so that a
/// module which prints cannot speak in the host's name, and what it prints of its calls goes nowhere.
pub(super) struct Pipes {
    pub(super) requests: File,
    pub(super) answers: File,
}

impl Pipes {
    #[cfg(unix)]
    pub(super) fn take() -> io::Result<Self> {
        use std::os::fd::AsFd as _;

        let requests = File::from(io::stdin().as_fd().try_clone_to_owned()?);
        let answers = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        let nowhere = OpenOptions::new()
            .read(true)
            .write(true)
            .open("/dev/null")?;
        rustix::stdio::dup2_stdin(&nowhere)?;
        rustix::stdio::dup2_stdout(&nowhere)?;
        rustix::stdio::dup2_stderr(&nowhere)?;
        Ok(Self { requests, answers })
    }

    #[cfg(windows)]
    pub(super) fn take() -> io::Result<Self> {
        use std::os::windows::io::AsHandle as _;

        let requests = File::from(io::stdin().as_handle().try_clone_to_owned()?);
        let answers = File::from(io::stdout().as_handle().try_clone_to_owned()?);
        Ok(Self { requests, answers })
    }
}

/// Ends this process at once, and what its module has started: what a module wants to do at the end of its process
/// may take for ever.
pub(super) fn end_now() {
    #[cfg(unix)]
    {
        use rustix::process::{Signal, getpgrp, getpid, kill_current_process_group, kill_process};

        // Started by hand, it belongs to a group of others.
        if getpgrp() == getpid() {
            let _ = kill_current_process_group(Signal::KILL);
        }
        let _ = kill_process(getpid(), Signal::KILL);
    }
    std::process::abort();
}
