//! The use of a key, for which the holder types the code, or typed it when they opened a session.

use std::sync::atomic::{AtomicBool, Ordering};

use daemon_cards::{CardInReader, Cards, CodeClaim, CodeForKey, HolderCodeError, KeyUse};
use daemon_core::{blocked_error, certificate_may_sign, code_entry, key_signs_by};
use daemon_types::{
    CardId, CertificateSummary, CodesAsked, CodesOfCard, ErrorCode, KeyAlgorithm, KeyRole,
    OperationError, Purpose, SessionId,
};
use prompt::CallersTerminal;
use secrets::SecretBytes;

use crate::Operations;
use crate::holder::{HolderWork, holder_pin};
use crate::keypad::Entered;

/// What is to be done on the holder's code once they agreed.
pub(crate) struct KeyWork<T> {
    pub(crate) task: T,
    pub(crate) purpose: Purpose,
    pub(crate) code: CodeOfWork,
}

/// What a card does on the holder's code.
pub(crate) trait KeyTask: Sync {
    /// What comes of it.
    type Outcome: Send;

    /// Whether a session is enough for it: the holder agreed to it when they opened that.
    fn is_quiet_in_session(&self) -> bool;

    /// Does it on this code.
    fn run(
        &self,
        cards: &Cards,
        card: &CardInReader,
        code: CodeForKey,
    ) -> impl Future<Output = Result<Self::Outcome, HolderCodeError>> + Send;
}

/// It signs.
pub(crate) struct Signing {
    pub(crate) role: KeyRole,
    pub(crate) algorithm: KeyAlgorithm,
    pub(crate) digests: Vec<Vec<u8>>,
}

impl KeyTask for Signing {
    type Outcome = Vec<Vec<u8>>;

    fn is_quiet_in_session(&self) -> bool {
        self.role == KeyRole::Authentication
    }

    async fn run(
        &self,
        cards: &Cards,
        card: &CardInReader,
        code: CodeForKey,
    ) -> Result<Self::Outcome, HolderCodeError> {
        let key_use = KeyUse {
            role: self.role,
            algorithm: self.algorithm,
            digests: self.digests.clone(),
            code,
        };
        cards.use_key(card, key_use).await
    }
}

/// The authentication key deciphers.
pub(crate) struct Deciphering {
    pub(crate) cryptogram: Vec<u8>,
}

impl KeyTask for Deciphering {
    type Outcome = SecretBytes;

    fn is_quiet_in_session(&self) -> bool {
        true
    }

    async fn run(
        &self,
        cards: &Cards,
        card: &CardInReader,
        code: CodeForKey,
    ) -> Result<Self::Outcome, HolderCodeError> {
        cards.decipher(card, self.cryptogram.clone(), code).await
    }
}

/// Where the code for a use of a key comes from.
#[derive(Debug)]
pub(crate) enum CodeOfWork {
    /// It is typed for this use, and dropped after it.
    Typed,
    /// It is that of a session.
    OfSession(SessionCode),
}

/// The code of a session, in a use of it.
#[derive(Debug)]
pub(crate) struct SessionCode {
    session: SessionId,
    code: CodeClaim,
    /// It has to be typed again: the policy wants it so, or the card knows of it no more.
    is_asked: AtomicBool,
}

impl CodeOfWork {
    pub(crate) fn of_session(session: &SessionId, code: &CodeClaim, is_asked: bool) -> Self {
        Self::OfSession(SessionCode {
            session: session.clone(),
            code: code.clone(),
            is_asked: AtomicBool::new(is_asked),
        })
    }

    fn is_asked(&self) -> bool {
        match self {
            Self::Typed => true,
            Self::OfSession(code) => code.is_asked.load(Ordering::Relaxed),
        }
    }

    /// The card knows of the session's code no more, so that the next question asks for it.
    fn ask_again(&self) {
        if let Self::OfSession(code) = self {
            code.is_asked.store(true, Ordering::Relaxed);
        }
    }
}

impl Operations {
    /// The card and the certificate of a key, if they may be used now and in this way.
    pub(crate) fn usable_card(
        &self,
        id: &CardId,
        role: KeyRole,
        algorithm: impl Into<KeyAlgorithm>,
    ) -> Result<(CardInReader, CertificateSummary), OperationError> {
        let card = self.card_of_environment(id)?;
        let certificate = card.card.summary.certificate(role);
        let certificate = certificate
            .cloned()
            .ok_or(OperationError::new(ErrorCode::KeyAbsent))?;
        certificate_may_sign(&certificate, self.now())?;
        if let KeyAlgorithm::Signature(algorithm) = algorithm.into() {
            key_signs_by(&certificate, algorithm)?;
        }
        Ok((card, certificate))
    }
}

/// A private data object is read.
pub(crate) struct ReadingData {
    pub(crate) label: String,
}

impl KeyTask for ReadingData {
    type Outcome = Vec<u8>;

    fn is_quiet_in_session(&self) -> bool {
        true
    }

    async fn run(
        &self,
        cards: &Cards,
        card: &CardInReader,
        code: CodeForKey,
    ) -> Result<Self::Outcome, HolderCodeError> {
        cards.private_data(card, self.label.clone(), code).await
    }
}

impl<T: KeyTask> HolderWork for KeyWork<T> {
    type Outcome = T::Outcome;

    fn callers_terminal(&self) -> Option<&CallersTerminal> {
        None
    }

    fn purpose(&self) -> Purpose {
        self.purpose.clone()
    }

    fn session(&self) -> Option<&SessionId> {
        match &self.code {
            CodeOfWork::Typed => None,
            CodeOfWork::OfSession(code) => Some(&code.session),
        }
    }

    fn codes_asked(
        &self,
        codes: &CodesOfCard,
        previous_was_wrong: bool,
    ) -> Result<CodesAsked, OperationError> {
        let entry = || code_entry(codes, previous_was_wrong);
        Ok(CodesAsked {
            pin: self.code.is_asked().then(entry).transpose()?,
            ..CodesAsked::default()
        })
    }

    async fn present(
        &self,
        cards: &Cards,
        card: &CardInReader,
        asked: CodesAsked,
        entered: Entered,
    ) -> Result<Self::Outcome, HolderCodeError> {
        let code = self.code_for_key(asked, entered)?;
        self.use_key(cards, card, code).await
    }

    fn wrong_code(&self) -> ErrorCode {
        ErrorCode::PinWrong
    }

    fn blocked(&self, codes: &CodesOfCard) -> ErrorCode {
        blocked_error(&codes.unblock_code)
    }

    fn timed_out(&self) -> OperationError {
        ErrorCode::Timeout.into()
    }
}

impl<T: KeyTask> KeyWork<T> {
    /// Uses the key on this code. A session's code that is gone is asked for the next time.
    pub(crate) async fn use_key(
        &self,
        cards: &Cards,
        card: &CardInReader,
        code: CodeForKey,
    ) -> Result<T::Outcome, HolderCodeError> {
        let used = self.task.run(cards, card, code).await;
        if matches!(used, Err(HolderCodeError::NotPresented)) {
            self.code.ask_again();
        }
        used
    }

    fn code_for_key(
        &self,
        asked: CodesAsked,
        entered: Entered,
    ) -> Result<CodeForKey, OperationError> {
        let held = |of_session: &SessionCode| {
            let code = of_session.code.hold();
            code.ok_or(OperationError::from(ErrorCode::SessionClosed))
        };
        match &self.code {
            CodeOfWork::OfSession(of_session) if asked.pin.is_none() => {
                Ok(CodeForKey::Kept(held(of_session)?))
            }
            CodeOfWork::OfSession(of_session) => {
                let pin = holder_pin(&asked, entered)?;
                Ok(CodeForKey::TypedToKeep(pin, held(of_session)?))
            }
            CodeOfWork::Typed => Ok(CodeForKey::Typed(holder_pin(&asked, entered)?)),
        }
    }
}
