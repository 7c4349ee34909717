//! What a command shows: lines for people, JSON for programs.

use std::io::{self, Write as _};

use serde::Serialize;

/// Prints a value as JSON.
///
/// # Errors
/// When standard output is closed.
pub(crate) fn json<T: Serialize>(value: &T) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(value)?;
    line(&text)
}

/// Prints a line.
///
/// # Errors
/// When standard output is closed.
pub(crate) fn line(text: &str) -> anyhow::Result<()> {
    writeln!(io::stdout(), "{text}")?;
    Ok(())
}

/// Tells the person something beside the result, on standard error; nobody may be listening.
pub(crate) fn remark(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}
