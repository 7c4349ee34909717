//! Figures in columns: ours, what stands beside it, and what the contract asks.

use std::fmt;

/// A row of figures.
#[derive(Debug, Default)]
pub(super) struct Row {
    pub(super) what: String,
    pub(super) ours: String,
    pub(super) beside: String,
    pub(super) target: String,
    pub(super) verdict: Verdict,
}

/// Whether a target was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Verdict {
    Met,
    Missed,
    /// There is no target.
    #[default]
    NotJudged,
}

impl Verdict {
    pub(super) fn of(met: bool) -> Self {
        if met { Self::Met } else { Self::Missed }
    }

    /// Missed when either was.
    pub(super) fn and(self, other: Self) -> Self {
        Self::of(self != Self::Missed && other != Self::Missed)
    }
}

/// Rows under a title.
#[derive(Debug)]
pub(super) struct Table {
    title: String,
    beside: &'static str,
    rows: Vec<Row>,
}

impl Table {
    /// An empty table; `beside` heads the column of what stands beside our figures.
    pub(super) fn new(title: impl Into<String>, beside: &'static str) -> Self {
        Self {
            title: title.into(),
            beside,
            rows: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// Missed when any target was.
    pub(super) fn verdict(&self) -> Verdict {
        let missed = |row: &Row| row.verdict == Verdict::Missed;
        Verdict::of(!self.rows.iter().any(missed))
    }

    fn cells(&self) -> Vec<[&str; 5]> {
        let mut cells = vec![["", "cpxd", self.beside, "target", ""]];
        cells.extend(self.rows.iter().map(|row| {
            let verdict = match row.verdict {
                Verdict::Met => "met",
                Verdict::Missed => "MISSED",
                Verdict::NotJudged => "",
            };
            [
                row.what.as_str(),
                &row.ours,
                &row.beside,
                &row.target,
                verdict,
            ]
        }));
        cells
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cells = self.cells();
        let width = |column: usize| {
            let lens = cells.iter().filter_map(|row| row.get(column));
            lens.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..5).map(width).collect();
        writeln!(f, "==> bench: {}", self.title)?;
        for row in &cells {
            let padded = row
                .iter()
                .zip(&widths)
                .map(|(cell, width)| format!("{cell:<width$}"));
            let line = padded.collect::<Vec<_>>().join("  ");
            writeln!(f, "    {}", line.trim_end())?;
        }
        Ok(())
    }
}
