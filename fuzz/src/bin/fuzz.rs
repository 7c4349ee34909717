//! `fuzz`: one target, named by the variable `FUZZ_TARGET`, under libFuzzer; without the feature
//! `libfuzzer`, the files given are run through it once, which is how a finding is looked at in a debugger.
#![cfg_attr(feature = "libfuzzer", no_main)]
#![expect(clippy::panic, reason = "without a target there is nothing to run")]

use std::sync::OnceLock;

use fuzz_targets::Target;

/// Name of the variable.
const TARGET: &str = "FUZZ_TARGET";

#[cfg(feature = "libfuzzer")]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (target().run)(bytes));

#[cfg(not(feature = "libfuzzer"))]
fn main() -> std::io::Result<()> {
    for path in std::env::args_os().skip(1) {
        (target().run)(&std::fs::read(path)?);
    }
    Ok(())
}

fn target() -> &'static Target {
    static CHOSEN: OnceLock<Target> = OnceLock::new();
    CHOSEN.get_or_init(|| {
        let name = std::env::var(TARGET).unwrap_or_default();
        let known: Vec<&str> = fuzz_targets::TARGETS
            .iter()
            .map(|target| target.name)
            .collect();
        let found = fuzz_targets::find(&name);
        found.unwrap_or_else(|| panic!("{TARGET}={name} is none of {known:?}"))
    })
}
