//! When an agent announces itself, without looking for it again and again.

use std::ffi::OsString;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;

use platform::paths::AgentPaths;
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};

/// Room for several events with names of ordinary length, in bytes.
const ROOM: usize = 2048;

/// Watches the state folder of an agent for the link that announces it.
#[derive(Debug)]
pub(crate) struct AgentWatch {
    inotify: OwnedFd,
    /// Name of the link.
    name: OsString,
}

impl AgentWatch {
    /// Watches from now on.
    ///
    /// # Errors
    /// Of the system, as where the folder is not there.
    pub(crate) fn start(paths: &AgentPaths) -> io::Result<Self> {
        let inotify = inotify::init(CreateFlags::CLOEXEC)?;
        let kinds = WatchFlags::CREATE | WatchFlags::MOVED_TO | WatchFlags::ONLYDIR;
        inotify::add_watch(&inotify, paths.state_dir(), kinds)?;
        let name = paths.endpoint_link().file_name().map(OsString::from);
        Ok(Self {
            inotify,
            name: name.unwrap_or_default(),
        })
    }

    /// Waits until an agent has announced itself after the last wait, or the start.
    ///
    /// # Errors
    /// Of the system, also where the folder is gone: this watch sees nothing any more.
    pub(crate) fn wait(&self) -> io::Result<()> {
        let mut room = [MaybeUninit::uninit(); ROOM];
        let mut events = inotify::Reader::new(&self.inotify, &mut room);
        loop {
            let event = match events.next() {
                Err(rustix::io::Errno::INTR) => continue,
                event => event?,
            };
            if event.events().contains(ReadFlags::IGNORED) {
                return Err(io::ErrorKind::NotFound.into());
            }
            let name = event.file_name();
            if name.is_some_and(|name| name.to_bytes() == self.name.as_bytes()) {
                return Ok(());
            }
        }
    }
}
