//! What became of the holder's answer, in words.

use daemon_types::{ErrorCode, OperationError, Purpose, Reason};
use texts::{ErrorFacts, PromptTexts};

/// What a holder is told of an operation that failed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Failure {
    pub(crate) code: ErrorCode,
    pub(crate) tries_left: Option<u8>,
    pub(crate) reason: Option<Reason>,
}

impl Failure {
    pub(crate) const fn of(error: &OperationError) -> Self {
        Self {
            code: error.code,
            tries_left: error.tries_left,
            reason: error.reason,
        }
    }
}

/// The line that ends a question which was answered.
pub(crate) fn render_outcome(
    purpose: &Purpose,
    failure: Option<&Failure>,
    texts: PromptTexts,
) -> String {
    if let Some(failure) = failure {
        let facts = ErrorFacts {
            tries_left: failure.tries_left,
            reason: failure.reason.map(Reason::as_str),
            ..ErrorFacts::default()
        };
        let code = failure.code.as_str();
        let title = texts::error_title(code, texts.language());
        return texts.not_done(&title, &texts::error_detail(code, texts.language(), &facts));
    }
    done(purpose, texts)
}

/// The line that says that what was asked for is done.
pub(crate) fn done(purpose: &Purpose, texts: PromptTexts) -> String {
    match purpose {
        Purpose::Authenticate { origin } => texts.done_authenticating(origin.as_str()),
        Purpose::UseAuthenticationKey => texts.done_using_authentication_key(),
        Purpose::Decipher => texts.done_deciphering(),
        Purpose::Sign { documents, .. } => {
            texts.done_signing(u64::try_from(documents.len()).unwrap_or(u64::MAX))
        }
        Purpose::ReadActivities => texts.done_reading_activities(),
        Purpose::ChangePin => texts.done_changing_pin(),
        Purpose::UnblockPin => texts.done_unblocking_pin(),
        Purpose::OpenSession(_) => texts.done_opening_session(),
    }
}
