//! `cargo xtask tidy`: the rules of this project that no other tool knows. It runs as a test, too.

mod arrows;
mod files;
mod fixtures;
mod floors;
mod manifests;
mod sources;

use std::fmt;
use std::path::Path;

use anyhow::{Result, bail};

use crate::commands::workspace_root;

/// A rule that is broken somewhere, and what to do about it.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    place: String,
    message: String,
}

impl Finding {
    fn new(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            message: message.into(),
        }
    }

    fn at_line(path: &str, number: usize, message: impl Into<String>) -> Self {
        Self::new(format!("{path}:{number}"), message)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// Prints every finding; one is enough to fail.
pub(crate) fn run() -> Result<()> {
    let findings = findings(&workspace_root())?;
    if findings.is_empty() {
        println!("    tidy");
        return Ok(());
    }
    for finding in &findings {
        println!("    {finding}");
    }
    bail!("{} findings of tidy", findings.len())
}

fn findings(root: &Path) -> Result<Vec<Finding>> {
    let files = files::read_all(root)?;
    let mut findings = arrows::check(&arrows::read_graph(root)?);
    findings.extend(manifests::check(&files));
    findings.extend(fixtures::check(&files));
    findings.extend(sources::check(&files));
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_is_tidy() {
        let findings = findings(&workspace_root()).unwrap();
        let lines: Vec<String> = findings.iter().map(Finding::to_string).collect();
        assert!(lines.is_empty(), "{}", lines.join("\n"));
    }
}
