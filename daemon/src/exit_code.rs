//! Exit codes of the command line.

use std::io;
use std::process::ExitCode;

use crate::refusal::{CONFIGURATION_UNUSABLE, Refusal};
use crate::screen;

/// Says what went wrong, on standard error for people and, with `--json`, on standard output for
/// programs; gives the exit code that scripts branch on.
pub(crate) fn explain(error: &anyhow::Error, json: bool) -> ExitCode {
    if is_closed_output(error) {
        return ExitCode::SUCCESS;
    }
    let refusal = Refusal::of(error);
    screen::remark(&format!("cpxd: {refusal}"));
    if json {
        // Whoever closed standard output still has the exit code.
        let _ = screen::json(&refusal);
    }
    ExitCode::from(of(&refusal))
}

/// Whoever reads the output has seen enough of it, as `head` does.
fn is_closed_output(error: &anyhow::Error) -> bool {
    let causes = error.chain();
    let mut causes = causes.filter_map(|cause| cause.downcast_ref::<io::Error>());
    causes.any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

/// A wrong form of what was asked is wrong usage; all else goes by its code.
fn of(refusal: &Refusal) -> u8 {
    match refusal.code() {
        "bad-request" if refusal.names_a_field() => WRONG_USAGE,
        code => of_code(code),
    }
}

/// The contract's numbers, which `cpxd --help` lists.
fn of_code(code: &str) -> u8 {
    match code {
        "card-not-chosen" => WRONG_USAGE,
        "no-reader" => 3,
        "no-card" | "card-removed" | "not-found" => 4,
        "pin-wrong" | "unblock-wrong" => 5,
        "pin-blocked" | "unblock-blocked" | "card-definitively-blocked" => 6,
        "cancelled" => 7,
        "agent-not-running" => 8,
        CONFIGURATION_UNUSABLE => UNCONFIGURED,
        _ => 1,
    }
}

const WRONG_USAGE: u8 = 2;
/// An agent that ends with it ends so again until somebody changes the configuration.
pub(crate) const UNCONFIGURED: u8 = 9;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_scripts_branch_on_have_numbers_of_their_own() {
        for (code, number) in [
            ("card-not-chosen", 2),
            ("no-reader", 3),
            ("no-card", 4),
            ("not-found", 4),
            ("pin-wrong", 5),
            ("unblock-wrong", 5),
            ("pin-blocked", 6),
            ("unblock-blocked", 6),
            ("card-definitively-blocked", 6),
            ("cancelled", 7),
            ("agent-not-running", 8),
            ("configuration-unusable", 9),
            ("no-such-grant", 1),
            ("pcsc-unavailable", 1),
            ("right-missing", 1),
        ] {
            assert_eq!(of(&Refusal::of_code(code)), number, "{code}");
        }
    }
}
