//! Writes the certificates of the test authorities anew, after a change of their keys or contents.

use std::path::Path;

fn main() -> anyhow::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("certificates");
    let authorities = card_emulator::pki::issue_authorities()?;
    std::fs::write(folder.join("test-root.cer"), authorities.root)?;
    std::fs::write(
        folder.join("test-intermediate.cer"),
        authorities.intermediate,
    )?;
    Ok(())
}
