//! What libFuzzer wrote of one run.

/// The figures of a run.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Summary {
    executions: u64,
    executions_per_second: u64,
    /// Edges of the program that some input took.
    coverage: u64,
    /// Neither a panic, nor an input that took too long or too much memory.
    pub(super) ended_well: bool,
}

/// The line above the rows.
pub(super) const TABLE_HEAD: &str = "target               executions   exec/s     cov  findings";

impl Summary {
    /// Reads the log of a run; the exit code of libFuzzer says whether it found a fault.
    pub(super) fn of_log(log: &str, ended_well: bool) -> Self {
        let last = |mark: &str| log.lines().rev().find_map(|line| number_after(line, mark));
        Self {
            executions: last("stat::number_of_executed_units:").unwrap_or(0),
            executions_per_second: last("stat::average_exec_per_sec:").unwrap_or(0),
            coverage: last(" cov:").unwrap_or(0),
            ended_well,
        }
    }

    /// The figures under [`TABLE_HEAD`].
    pub(super) fn table_row(&self, target: &str) -> String {
        format!(
            "{target:<18} {:>12} {:>8} {:>7}  {}",
            self.executions,
            self.executions_per_second,
            self.coverage,
            if self.ended_well { "none" } else { "FOUND" }
        )
    }
}

fn number_after(line: &str, mark: &str) -> Option<u64> {
    let (_, after) = line.split_once(mark)?;
    after.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "\
#111\tINITED cov: 45 ft: 49 corp: 4/71b exec/s: 0 rss: 29Mb
#842340\tDONE   cov: 73 ft: 128 corp: 60/1375b lim: 7849 exec/s: 120334 rss: 29Mb
stat::number_of_executed_units: 842340
stat::average_exec_per_sec:     120334
";

    #[test]
    fn reads_the_last_figures() {
        let summary = Summary::of_log(LOG, true);
        assert_eq!(
            summary.table_row("atr"),
            "atr                      842340   120334      73  none"
        );
        assert_eq!(
            TABLE_HEAD.find("findings"),
            summary.table_row("atr").find("none")
        );
    }

    #[test]
    fn a_run_that_broke_off_is_a_finding() {
        let summary = Summary::of_log("==1== ERROR: libFuzzer: deadly signal\n", false);
        assert!(summary.table_row("tlv").ends_with("FOUND"));
    }
}
