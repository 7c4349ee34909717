//! What a program of the system says, within bounds of time and length.

use std::io::Read as _;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// What the first of these files that is there prints for these arguments, if it ends well until then and prints no
/// more than [`MOST_SAID`]. No path of search leads to it: a folder of the user's may stand first there.
pub(super) fn said_by(places: &[&str], arguments: &[&str], until: Instant) -> Option<String> {
    let program = places.iter().map(Path::new).find(|place| place.is_file())?;
    let mut command = Command::new(program);
    let command = command.args(arguments).stdin(Stdio::null());
    let command = command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut running = Running(command.spawn().ok()?);
    let said = read(running.0.stdout.take()?, until)?;
    running.ended(until)?.success().then_some(said)
}

/// A thread reads, since a pipe has no deadline; it ends with the program.
fn read(output: ChildStdout, until: Instant) -> Option<String> {
    let (tell, told) = mpsc::channel();
    let read = move || {
        let mut said = Vec::new();
        let read = output.take(MOST_SAID + 1).read_to_end(&mut said);
        let _ = tell.send(read.map(|_| said));
    };
    let reader = thread::Builder::new().name("asked-program".into());
    reader.spawn(read).ok()?;
    let left = until.saturating_duration_since(Instant::now());
    let said = told.recv_timeout(left).ok()?.ok()?;
    let is_whole = u64::try_from(said.len()).is_ok_and(|len| len <= MOST_SAID);
    String::from_utf8(said).ok().filter(|_| is_whole)
}

/// A program that is killed when nobody waits for it any more.
struct Running(Child);

impl Running {
    fn ended(&mut self, until: Instant) -> Option<ExitStatus> {
        loop {
            match self.0.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) if Instant::now() < until => thread::sleep(LOOK_AGAIN),
                Ok(None) | Err(_) => return None,
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Bytes; a version and the name of a package are far shorter.
const MOST_SAID: u64 = 4096;
const LOOK_AGAIN: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests {
    use super::*;

    fn said(script: &str, time: Duration) -> Option<String> {
        said_by(
            &["/nowhere/sh", "/bin/sh"],
            &["-c", script],
            Instant::now() + time,
        )
    }

    const A_WHILE: Duration = Duration::from_millis(300);
    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn a_program_that_says_little_and_ends_well_is_heard() {
        assert_eq!(said("printf 5.2.2", LONG).as_deref(), Some("5.2.2"));
        assert_eq!(said("printf 5.2.2; exit 1", LONG), None);
        assert_eq!(
            said_by(&["sh"], &["-c", "echo"], Instant::now() + LONG),
            None
        );
    }

    #[test]
    fn one_that_never_ends_or_says_too_much_is_killed() {
        assert_eq!(said("exec sleep 1000", A_WHILE), None);
        assert_eq!(said("exec >&-; exec sleep 1000", A_WHILE), None, "silent");
        assert_eq!(said("exec yes", LONG), None, "without end");
    }
}
