//! What an agent takes of the machine's memory.

use std::fs;

/// Resident and proportional set size, as smaps_rollup of proc(5) has them.
pub(crate) fn of(pid: u32) -> String {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))
        .expect("only root reads the memory of a process that forbids dumps: run this as root");
    let kilobytes = |name: &str| -> u64 {
        let line = rollup.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        number.expect("a size in kilobytes")
    };
    let megabytes =
        |kilobytes: u64| format!("{}.{}", kilobytes / 1024, kilobytes % 1024 * 10 / 1024);
    let threads = fs::read_dir(format!("/proc/{pid}/task")).map_or(0, Iterator::count);
    format!(
        "RSS {} MB, PSS {} MB, of it {} MB written to, {threads} threads",
        megabytes(kilobytes("Rss:")),
        megabytes(kilobytes("Pss:")),
        megabytes(kilobytes("Private_Dirty:")),
    )
}
