//! The browser that this user has pages opened with.

use std::io;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Has the user's browser open an address of ours.
///
/// # Errors
/// When the system's program for it is not there, or says that it could not.
pub fn open(url: &str) -> io::Result<()> {
    let (program, arguments) = OPENER;
    let mut opener = Command::new(program)
        .args(arguments)
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    // One that goes on has become the browser itself, or waits for it.
    let until = Instant::now() + REFUSAL_TIME;
    while Instant::now() < until {
        match opener.try_wait()? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(io::Error::other(format!("{program} ended with {status}"))),
            None => thread::sleep(Duration::from_millis(50)),
        }
    }
    thread::spawn(move || opener.wait());
    Ok(())
}

/// Whether somebody could see it: without a display no browser opens.
#[must_use]
pub fn is_visible() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(target_os = "linux") || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")
}

/// The program of the system, and what it is given before the address. None of them is a shell.
#[cfg(windows)]
const OPENER: (&str, &[&str]) = ("rundll32.exe", &["url.dll,FileProtocolHandler"]);
#[cfg(target_os = "macos")]
const OPENER: (&str, &[&str]) = ("/usr/bin/open", &[]);
#[cfg(target_os = "linux")]
const OPENER: (&str, &[&str]) = ("xdg-open", &[]);

/// How long it may take to say that it could not.
const REFUSAL_TIME: Duration = Duration::from_secs(3);
