//! Agents whose holder is a file.

use std::io::Write as _;

use tempfile::NamedTempFile;

use crate::agent::Agent;

/// `cpxd demo --headless` with this scripted holder, and its card.
#[must_use]
pub fn demo_with_holder(script: &str) -> Agent {
    let file = text_file(script);
    let agent = Agent::demo(&["--scripted-holder", &file.path().to_string_lossy()]);
    let _ = agent.card();
    agent
}

/// A temporary file with this text.
#[must_use]
pub fn text_file(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a temporary file");
    file.write_all(text.as_bytes()).expect("the text");
    file
}
