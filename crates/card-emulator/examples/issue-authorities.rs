//! Writes the certificates of the test authorities anew, after a change of their keys or contents.

use std::path::Path;

use card_emulator::pki::{Level, issue_authorities};

fn main() -> anyhow::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("certificates");
    for (level, prefix) in [(Level::Fort, "test"), (Level::Standard, "test-standard")] {
        let authorities = issue_authorities(level)?;
        let file = |name| folder.join(format!("{prefix}-{name}.cer"));
        std::fs::write(file("root"), authorities.root)?;
        std::fs::write(file("intermediate"), authorities.intermediate)?;
    }
    Ok(())
}
