//! Runs of `cpxd` that must end by themselves, such as a start that is refused.

use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::programs::program;

/// How a run of `cpxd` ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub output: String,
    /// What it said on standard error.
    pub complaint: String,
}

impl Ended {
    /// `cpxd` with these arguments, in English; fails when it does not end.
    #[must_use]
    pub fn cpxd(arguments: &[&str]) -> Self {
        let mut cpxd = Command::new(program("cpxd"))
            .args(arguments)
            .env("LC_ALL", "en_US.UTF-8")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("cpxd starts");
        let patience = Instant::now() + Duration::from_secs(30);
        while cpxd.try_wait().expect("its state").is_none() {
            if Instant::now() > patience {
                let _ = cpxd.kill();
                let output = cpxd.wait_with_output();
                panic!("cpxd {arguments:?} does not end: {output:?}");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        cpxd.wait_with_output().expect("its output").into()
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            code: output.status.code(),
            output: text(&output.stdout),
            complaint: text(&output.stderr),
        }
    }
}
