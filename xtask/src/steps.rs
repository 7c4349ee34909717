//! The steps of a verb: announced, timed, and named when one fails.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// The steps of one verb so far.
#[derive(Debug)]
pub(crate) struct Steps {
    verb: &'static str,
    finished: Vec<(&'static str, Duration)>,
}

impl Steps {
    /// No step yet.
    pub(crate) fn of(verb: &'static str) -> Self {
        Self {
            verb,
            finished: Vec::new(),
        }
    }

    /// Announces a step and does its work. The error of a failed step says which one it was.
    pub(crate) fn run<T>(
        &mut self,
        step: &'static str,
        work: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        println!("==> {}: {step}", self.verb);
        let started = Instant::now();
        let done =
            work().with_context(|| format!("`cargo xtask {}` stopped at: {step}", self.verb))?;
        self.finished.push((step, started.elapsed()));
        Ok(done)
    }

    /// Prints how long each step took, and all of them.
    pub(crate) fn print_summary(&self) {
        println!("{}", self.summary());
    }

    fn summary(&self) -> String {
        let total = self.finished.iter().map(|(_, duration)| *duration).sum();
        let mut lines = vec![format!(
            "==> {}: done in {}",
            self.verb,
            clock(total).trim_start()
        )];
        for (step, duration) in &self.finished {
            lines.push(format!("    {}  {step}", clock(*duration)));
        }
        lines.join("\n")
    }
}

/// Minutes and seconds in a fixed width, so that durations stand in a column.
fn clock(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let tenths = duration.subsec_millis() / 100;
    format!("{:>3} min {:02}.{tenths} s", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_step_says_its_verb_and_its_name() {
        let mut steps = Steps::of("test");
        let error = steps
            .run("build everything", || -> Result<()> {
                anyhow::bail!("no compiler")
            })
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "`cargo xtask test` stopped at: build everything"
        );
        assert_eq!(error.root_cause().to_string(), "no compiler");
    }

    #[test]
    fn a_step_hands_on_what_its_work_made() {
        let made = Steps::of("test").run("make seven", || Ok(7)).unwrap();
        assert_eq!(made, 7);
    }

    #[test]
    fn the_summary_lists_each_step_and_the_sum() {
        let steps = Steps {
            verb: "test",
            finished: vec![
                ("build everything", Duration::from_millis(125_250)),
                ("run every test", Duration::from_secs(5)),
            ],
        };
        assert_eq!(
            steps.summary(),
            "==> test: done in 2 min 10.2 s\n      2 min 05.2 s  build everything\n      0 min 05.0 s  run every test"
        );
    }
}
