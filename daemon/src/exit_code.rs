//! Exit codes of the command line.

use std::process::ExitCode;

use daemon_client::ClientError;

use crate::screen;

/// A refusal that the command line itself found, by the API's code.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) code: &'static str,
    pub(crate) sentence: String,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl std::error::Error for Refusal {}

/// Says on standard error what went wrong and gives the exit code that scripts branch on.
pub(crate) fn explain(error: &anyhow::Error) -> ExitCode {
    screen::remark(&format!("cpxd: {error:#}"));
    let client_error = error.downcast_ref::<ClientError>();
    let code = match (client_error, error.downcast_ref::<Refusal>()) {
        (Some(ClientError::AgentNotRunning { .. }), _) => return ExitCode::from(8),
        (Some(ClientError::Problem { code, .. }), _) => code.as_str(),
        (_, Some(refusal)) => refusal.code,
        _ => "",
    };
    ExitCode::from(of_code(code))
}

/// The contract's numbers: 1 refused or failed, 3 no reader, 4 no card, 5 code wrong, 6 blocked, 7 cancelled.
fn of_code(code: &str) -> u8 {
    match code {
        "no-reader" => 3,
        "no-card" | "card-removed" => 4,
        "pin-wrong" | "unblock-wrong" => 5,
        "pin-blocked" | "unblock-blocked" | "card-definitively-blocked" => 6,
        "cancelled" => 7,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_scripts_branch_on_have_numbers_of_their_own() {
        for (code, number) in [
            ("no-reader", 3),
            ("no-card", 4),
            ("pin-wrong", 5),
            ("unblock-wrong", 5),
            ("pin-blocked", 6),
            ("unblock-blocked", 6),
            ("card-definitively-blocked", 6),
            ("cancelled", 7),
            ("right-missing", 1),
        ] {
            assert_eq!(of_code(code), number, "{code}");
        }
    }
}
