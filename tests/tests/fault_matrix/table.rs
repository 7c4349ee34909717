//! The matrix on paper.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Write as _};
use std::fs;

use daemon_types::ErrorCode;

use crate::KINDS;
use crate::attempt::Cell;
use crate::faults::Trouble;
use crate::operations::Operation;

/// What became of the attempts of one cell.
#[derive(Debug, Default)]
pub(crate) struct Outcomes {
    pub(crate) succeeded: usize,
    pub(crate) failed: BTreeMap<&'static str, usize>,
    /// Demands that were not met.
    pub(crate) complaints: Vec<String>,
}

impl Outcomes {
    pub(crate) fn count(&mut self, told: Option<ErrorCode>) {
        match told {
            None => self.succeeded += 1,
            Some(code) => *self.failed.entry(code.as_str()).or_default() += 1,
        }
    }
}

impl Display for Outcomes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if self.succeeded > 0 {
            parts.push(format!("ok {}", self.succeeded));
        }
        parts.extend(
            self.failed
                .iter()
                .map(|(code, times)| format!("{code} {times}")),
        );
        if !self.complaints.is_empty() {
            parts.push(format!("WRONG {}", self.complaints.len()));
        }
        f.write_str(&parts.join(", "))
    }
}

/// All cells so far.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: BTreeMap<(Operation, Trouble), BTreeMap<&'static str, Outcomes>>,
}

impl Table {
    pub(crate) fn enter(&mut self, cell: &Cell, outcomes: Outcomes) {
        let row = self.rows.entry((cell.operation, cell.trouble)).or_default();
        row.insert(cell.kind.name(), outcomes);
    }

    pub(crate) fn complaints(&self) -> Vec<&str> {
        let cells = self.rows.values().flat_map(BTreeMap::values);
        cells
            .flat_map(|outcomes| &outcomes.complaints)
            .map(String::as_str)
            .collect()
    }

    /// Where `cargo xtask test` looks for it.
    pub(crate) fn write_to_target_folder(&self) {
        let this_test = std::env::current_exe().unwrap();
        let target = this_test.ancestors().nth(3).unwrap();
        fs::write(target.join("fault-matrix.txt"), self.to_string()).unwrap();
    }
}

impl Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |cells: [&str; 2], columns: [String; 3]| {
            let mut line = format!("{:<14}{:<15}", cells[0], cells[1]);
            for column in columns {
                write!(line, "{column:<26}  ").unwrap();
            }
            line.trim_end().to_owned()
        };
        writeln!(
            f,
            "attempts by what the caller was told; a fault was tried at each command, or before each transaction"
        )?;
        writeln!(
            f,
            "{}",
            line(
                ["operation", "fault"],
                KINDS.map(|kind| kind.name().to_owned())
            )
        )?;
        for ((operation, trouble), row) in &self.rows {
            let column = |kind: card_emulator::DemoCard| {
                row.get(kind.name())
                    .map_or_else(|| "-".to_owned(), Outcomes::to_string)
            };
            writeln!(
                f,
                "{}",
                line([operation.name(), trouble.name()], KINDS.map(column))
            )?;
        }
        Ok(())
    }
}
