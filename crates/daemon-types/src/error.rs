//! What can go wrong, by stable name.

use std::error::Error;
use std::fmt;
use std::time::Duration;

macro_rules! error_codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $text:literal,)+) => {
        /// Stable code of an error at the API. Callers branch on it; it never changes its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorCode {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl ErrorCode {
            /// Every code there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The text on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }
    };
}

error_codes! {
    /// No reader is connected.
    NoReader = "no-reader",
    /// No card is in a reader.
    NoCard = "no-card",
    /// The card left, or was swapped or reset in mid-operation.
    CardRemoved = "card-removed",
    /// The card is none of the family.
    CardUnknown = "card-unknown",
    /// The card does not answer, or what comes is no answer.
    CardMute = "card-mute",
    /// The card is of the family, but this version cannot drive it.
    CardUnsupported = "card-unsupported",
    /// Another program holds the reader.
    ReaderBusy = "reader-busy",
    /// The reader went away.
    ReaderLost = "reader-lost",
    /// The PC/SC service is not there.
    PcscUnavailable = "pcsc-unavailable",
    /// The code was wrong; `triesLeft` says how many tries remain, where that is known.
    PinWrong = "pin-wrong",
    /// The code is blocked.
    PinBlocked = "pin-blocked",
    /// The code has a length that the card does not take; no try was spent.
    PinLength = "pin-length",
    /// One try is left and the holder did not say yes to risking it.
    LastTryNotConfirmed = "last-try-not-confirmed",
    /// The unblock code was wrong.
    UnblockWrong = "unblock-wrong",
    /// The unblock code is blocked.
    UnblockBlocked = "unblock-blocked",
    /// Nothing on the card helps any more.
    CardDefinitivelyBlocked = "card-definitively-blocked",
    /// The holder said no, or nobody could be asked.
    Cancelled = "cancelled",
    /// Nobody answered in time.
    Timeout = "timeout",
    /// Too many requests are waiting.
    Busy = "busy",
    /// The card has no such key.
    KeyAbsent = "key-absent",
    /// The key cannot be used with this algorithm.
    AlgorithmUnsupported = "algorithm-unsupported",
    /// The certificate is past its dates.
    CertificateExpired = "certificate-expired",
    /// The certificate was revoked.
    CertificateRevoked = "certificate-revoked",
    /// The certificate is before its dates.
    CertificateNotYetValid = "certificate-not-yet-valid",
    /// A test card in a production agent, or the converse.
    EnvironmentMismatch = "environment-mismatch",
    /// The site has no grant, or the program's grant does not name it.
    OriginNotGranted = "origin-not-granted",
    /// The caller's grant does not hold the right.
    RightMissing = "right-missing",
    /// The token is unknown or was revoked, or there is none.
    TokenInvalid = "token-invalid",
    /// The other end of the connection is not this user's.
    PeerRefused = "peer-refused",
    /// The session is over.
    SessionClosed = "session-closed",
    /// Too many requests in too short a time.
    RateLimited = "rate-limited",
    /// The request has a wrong form; `field` says where.
    BadRequest = "bad-request",
    /// There is no such thing.
    NotFound = "not-found",
    /// The body is over the limit.
    BodyTooLarge = "body-too-large",
    /// The `Host` header names another host.
    WrongHost = "wrong-host",
    /// The `X-Cpxd-Client` header is missing.
    ClientHeaderMissing = "client-header-missing",
    /// The vendor's PKCS#11 module failed.
    ModuleFailed = "module-failed",
    /// A fault of ours.
    Internal = "internal",
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

macro_rules! reasons {
    ($(#[doc = $doc:literal] $variant:ident = $text:literal,)+) => {
        /// What an error code alone does not tell: what the holder does next, or what the developer
        /// of the caller mends.
        ///
        /// Stable like the codes; more may come.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Reason {
            $(#[doc = $doc] $variant,)+
        }

        impl Reason {
            /// Every reason there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The text on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }
    };
}

reasons! {
    /// With `bad-request`: the card is to be unblocked and is not blocked.
    PinNotBlocked = "pin-not-blocked",
    /// With `bad-request`: the new code is the old one; nothing was sent.
    NewPinUnchanged = "new-pin-unchanged",
    /// With `pin-length`: it is the new code that the card does not take; the old one holds.
    NewPinRefused = "new-pin-refused",
    /// With `pin-length`: it is the unblock code that has the wrong form; nothing was sent.
    UnblockCodeLength = "unblock-code-length",
    /// With any code: the way to the card broke while it took a new code, which may hold or not.
    OutcomeUnknown = "outcome-unknown",
    /// With `cancelled` and `reader-busy`: the reader may still wait for a code, for a question that is over.
    KeypadStillOpen = "keypad-still-open",
    /// With `card-mute`: what came for a signature does not fit the certificate; nobody was given it.
    SignatureWrong = "signature-wrong",
    /// With `internal`: the journal could not be written, so the card was not used.
    JournalUnavailable = "journal-unavailable",
    /// With `environment-mismatch`: a test card, and an agent that works with real ones.
    TestCard = "test-card",
    /// With `environment-mismatch`: a real card, and an agent that works with test cards.
    RealCard = "real-card",
    /// With `module-failed`: the module never does what was asked of it.
    ModuleCannot = "module-cannot",
    /// With `card-unsupported`: whoever drives the card keeps no code, so that it has no session.
    CodeNotKept = "code-not-kept",
    /// With `session-closed`: nothing was asked in it for too long.
    SessionInactivity = "session-inactivity",
    /// With `session-closed`: it was as old as a session may be.
    SessionAge = "session-age",
    /// With `session-closed`: its card left the reader.
    SessionCardRemoved = "session-card-removed",
    /// With `session-closed`: the reader of its card left.
    SessionReaderLost = "session-reader-lost",
    /// With `session-closed`: the machine slept.
    SessionSleep = "session-sleep",
    /// With `session-closed`: the agent stops.
    SessionAgentStopped = "session-agent-stopped",
    /// With `session-closed`: its caller ended it, or its holder did.
    SessionEnded = "session-ended",
    /// With `session-closed`: what its caller was let in by was taken back.
    SessionGrantRevoked = "session-grant-revoked",
    /// With `not-found`: the path is there, but not for this method; `Allow` names those that are.
    MethodNotAllowed = "method-not-allowed",
    /// With `client-header-missing`: the header is there, but is no `name/version`.
    ClientHeaderForm = "client-header-form",
    /// With `bad-request`: the body is no JSON object.
    NoJsonObject = "no-json-object",
    /// With `bad-request`: the body broke off, or came too slowly.
    BodyIncomplete = "body-incomplete",
    /// With `bad-request`: the body is not announced as JSON.
    ContentType = "content-type",
    /// With `bad-request`: the call has no such field.
    FieldUnknown = "field-unknown",
    /// With `bad-request`: a field is missing.
    FieldMissing = "field-missing",
    /// With `bad-request`: a field is there twice.
    FieldRepeated = "field-repeated",
    /// With `bad-request`: a field has a value of another type.
    FieldType = "field-type",
    /// With `bad-request`: no base64 of 44 to 128 characters for 32 bytes or more.
    NonceForm = "nonce-form",
    /// With `bad-request`: no `https` origin in its canonical form.
    OriginForm = "origin-form",
    /// With `bad-request`: no hash function of the API.
    HashUnknown = "hash-unknown",
    /// With `bad-request`: no signature algorithm of the API, or one of another hash function.
    AlgorithmUnknown = "algorithm-unknown",
    /// With `bad-request`: no digest, or more than a hundred.
    DigestCount = "digest-count",
    /// With `bad-request`: no base64 of a digest of this hash function.
    DigestForm = "digest-form",
    /// With `bad-request`: no base64 of a digest of this algorithm, or of 1 to 245 bytes to be padded.
    KeyValueForm = "key-value-form",
    /// With `bad-request`: no base64 of the 256 bytes of a cryptogram.
    CryptogramForm = "cryptogram-form",
    /// With `bad-request`: what was given cannot be deciphered; nobody is told why.
    NotDeciphered = "not-deciphered",
    /// With `bad-request`: not 1 to 256 bytes.
    RandomLength = "random-length",
    /// With `bad-request`: a description that is empty or over 200 characters.
    DescriptionLength = "description-length",
    /// With `bad-request`: not 1 to 600 seconds.
    TimeoutRange = "timeout-range",
    /// With `bad-request`: a page names a site, and may name none.
    OriginNamed = "origin-named",
    /// With `bad-request`: no name of 1 to 60 characters, none of them a control character.
    NameForm = "name-form",
    /// With `bad-request`: no right, or none that this caller may ask for.
    RightUnknown = "right-unknown",
    /// With `bad-request`: no site, or more than twenty, with `authenticate`; any without it.
    OriginCount = "origin-count",
    /// With `busy`: so many questions of this same caller wait that it gets no further place.
    OwnQuestionsWait = "own-questions-wait",
    /// With `timeout`: other questions came first, and the holder never saw this one.
    NeverAsked = "never-asked",
    /// With `cancelled`: the workstation is locked, so that nobody can be asked.
    WorkstationLocked = "workstation-locked",
    /// With `cancelled`: a script stands for the holder, and lacks the answer to this question.
    ScriptLacksAnswer = "script-lacks-answer",
    /// With `bad-request`: no number of an event.
    EventIdForm = "event-id-form",
}

/// An operation that did not succeed: the code for the caller, the chain for the log.
#[derive(Debug)]
pub struct OperationError {
    /// What the caller branches on.
    pub code: ErrorCode,
    /// Tries that remain, where the error is about a code and the number is known.
    pub tries_left: Option<u8>,
    /// The field of the request that is wrong.
    pub field: Option<String>,
    /// Who is in the way, such as the program that holds the reader.
    pub culprit: Option<String>,
    /// What the code alone does not tell.
    pub reason: Option<Reason>,
    /// How long to wait before the next attempt.
    pub retry_after: Option<Duration>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl OperationError {
    /// An error that needs no more words than its code.
    #[must_use]
    pub fn new(code: ErrorCode) -> Self {
        Self {
            code,
            tries_left: None,
            field: None,
            culprit: None,
            reason: None,
            retry_after: None,
            source: None,
        }
    }

    /// One request too many; the next one may come after `wait`.
    #[must_use]
    pub fn rate_limited(wait: Duration) -> Self {
        Self {
            retry_after: Some(wait),
            ..Self::new(ErrorCode::RateLimited)
        }
    }

    /// A request whose `field` is wrong; the reason says what was expected.
    #[must_use]
    pub fn bad_request(field: impl Into<String>, reason: Reason) -> Self {
        Self {
            field: Some(field.into()),
            reason: Some(reason),
            ..Self::new(ErrorCode::BadRequest)
        }
    }

    /// Says how many tries remain, where that is known.
    #[must_use]
    pub fn with_tries_left(mut self, tries_left: Option<u8>) -> Self {
        self.tries_left = tries_left;
        self
    }

    /// Says what the code alone does not tell.
    #[must_use]
    pub fn because(mut self, reason: Reason) -> Self {
        self.reason = Some(reason);
        self
    }

    /// Keeps the cause for the log.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
}

impl fmt::Display for OperationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)
    }
}

impl Error for OperationError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.source {
            Some(source) => Some(&**source),
            None => None,
        }
    }
}

impl From<ErrorCode> for OperationError {
    fn from(code: ErrorCode) -> Self {
        Self::new(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_has_a_text_of_its_own() {
        let mut texts: Vec<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), ErrorCode::ALL.len());
        assert_eq!(texts.len(), 38);
    }

    #[test]
    fn each_reason_has_a_text_of_its_own() {
        let mut texts: Vec<_> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), Reason::ALL.len());
    }
}
