//! What the agent holds of the machine.

use std::fmt;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use cpxd_tests::agent::Agent;

/// Memory, threads and open files of the agent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Footprint {
    resident_kilobytes: u64,
    threads: usize,
    files: usize,
}

impl Footprint {
    /// That of an agent that nobody asks anything.
    pub(crate) fn of_resting(agent: &Agent) -> Self {
        thread::sleep(REST);
        Self::now(agent)
    }

    /// The first that is no more than this one, or the last that was looked at.
    pub(crate) fn no_more_than(before: &Self, agent: &Agent) -> Self {
        let patience = Instant::now() + 10 * REST;
        loop {
            let now = Self::of_resting(agent);
            if now.is_no_more_than(before) || Instant::now() > patience {
                return now;
            }
        }
    }

    /// Memory may be a tenth more, or two megabytes for what an allocator keeps.
    pub(crate) fn is_no_more_than(&self, before: &Self) -> bool {
        let memory = before.resident_kilobytes;
        self.resident_kilobytes <= memory + (memory / 10).max(2048)
            && self.threads <= before.threads
            && self.files <= before.files
    }

    fn now(agent: &Agent) -> Self {
        let process = format!("/proc/{}", agent.pid());
        let count = |folder| fs::read_dir(format!("{process}/{folder}")).map_or(0, Iterator::count);
        let status = fs::read_to_string(format!("{process}/status")).unwrap_or_default();
        let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let memory = memory.and_then(|line| line.split_whitespace().next()?.parse().ok());
        Self {
            resident_kilobytes: memory.expect("VmRSS of the agent"),
            threads: count("task"),
            files: count("fd"),
        }
    }
}

impl fmt::Display for Footprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, tenth) = (
            self.resident_kilobytes / 1024,
            self.resident_kilobytes % 1024 * 10 / 1024,
        );
        write!(
            f,
            "{whole}.{tenth} MB resident, {} threads, {} open files",
            self.threads, self.files
        )
    }
}

const REST: Duration = Duration::from_secs(2);
