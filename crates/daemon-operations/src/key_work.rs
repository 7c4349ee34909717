//! The use of a key, for which the holder types the code.

use std::sync::atomic::{AtomicBool, Ordering};

use daemon_cards::{CardInReader, Cards, CodeForKey, HolderCodeError, KeyUse};
use daemon_core::{blocked_error, certificate_may_sign, code_entry, key_signs_by};
use daemon_types::{
    CardId, CertificateSummary, CodesAsked, CodesOfCard, ErrorCode, KeyRole, OperationError,
    Purpose, SignatureAlgorithm,
};
use prompt::CallersTerminal;

use crate::Operations;
use crate::holder::{HolderWork, holder_pin};
use crate::keypad::Entered;

/// What is to be done with a key once the holder agreed.
pub(crate) struct KeyWork {
    pub(crate) role: KeyRole,
    pub(crate) algorithm: SignatureAlgorithm,
    pub(crate) digests: Vec<Vec<u8>>,
    pub(crate) purpose: Purpose,
    pub(crate) code: CodeOfWork,
}

/// Where the code for a use of a key comes from.
#[derive(Debug)]
pub(crate) enum CodeOfWork {
    /// It is typed for this use, and dropped after it.
    Typed,
    /// It is that of a session.
    OfSession {
        /// It has to be typed again: the card knows of it no more, or the policy wants it so.
        is_asked: AtomicBool,
    },
}

impl CodeOfWork {
    fn is_asked(&self) -> bool {
        match self {
            Self::Typed => true,
            Self::OfSession { is_asked } => is_asked.load(Ordering::Relaxed),
        }
    }

    /// The card knows of the session's code no more.
    pub(crate) fn ask_again(&self) {
        if let Self::OfSession { is_asked } = self {
            is_asked.store(true, Ordering::Relaxed);
        }
    }
}

impl Operations {
    /// The card and the certificate of a key, if they may be used now and in this way.
    pub(crate) fn usable_card(
        &self,
        id: &CardId,
        role: KeyRole,
        algorithm: SignatureAlgorithm,
    ) -> Result<(CardInReader, CertificateSummary), OperationError> {
        let card = self.card_of_environment(id)?;
        let certificate = card.card.summary.certificate(role);
        let certificate = certificate
            .cloned()
            .ok_or(OperationError::new(ErrorCode::KeyAbsent))?;
        certificate_may_sign(&certificate, self.now())?;
        key_signs_by(&certificate, algorithm)?;
        Ok((card, certificate))
    }
}

impl HolderWork for KeyWork {
    type Outcome = Vec<Vec<u8>>;

    fn callers_terminal(&self) -> Option<&CallersTerminal> {
        None
    }

    fn purpose(&self) -> Purpose {
        self.purpose.clone()
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

impl KeyWork {
    /// Uses the key on this code. A session's code that is gone is asked for the next time.
    pub(crate) async fn use_key(
        &self,
        cards: &Cards,
        card: &CardInReader,
        code: CodeForKey,
    ) -> Result<Vec<Vec<u8>>, HolderCodeError> {
        let key_use = KeyUse {
            role: self.role,
            algorithm: self.algorithm,
            digests: self.digests.clone(),
            code,
        };
        let used = cards.use_key(card, key_use).await;
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
        if asked.pin.is_none() {
            return Ok(CodeForKey::Kept);
        }
        let pin = holder_pin(&asked, entered)?;
        Ok(match self.code {
            CodeOfWork::Typed => CodeForKey::Typed(pin),
            CodeOfWork::OfSession { .. } => CodeForKey::TypedInSession(pin),
        })
    }
}
