//! The use of a key, for which the holder types the code.

use daemon_cards::{CardInReader, Cards, HolderCodeError, KeyUse};
use daemon_core::{blocked_error, certificate_may_sign, check_code_len, code_entry, key_signs_by};
use daemon_types::{
    CardId, CertificateSummary, CodesAsked, CodesOfCard, ErrorCode, KeyRole, OperationError,
    Purpose, SignatureAlgorithm,
};
use prompt::{Answer, CallersTerminal};

use crate::Operations;
use crate::holder::HolderWork;

/// What is to be done with a key once the holder agreed.
pub(crate) struct KeyWork {
    pub(crate) role: KeyRole,
    pub(crate) algorithm: SignatureAlgorithm,
    pub(crate) digests: Vec<Vec<u8>>,
    pub(crate) purpose: Purpose,
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
        Ok(CodesAsked {
            pin: Some(code_entry(codes, previous_was_wrong)?),
            ..CodesAsked::default()
        })
    }

    async fn present(
        &self,
        cards: &Cards,
        card: &CardInReader,
        asked: CodesAsked,
        answer: Answer,
    ) -> Result<Self::Outcome, HolderCodeError> {
        let key_use = self.key_use(asked, answer)?;
        cards.use_key(card, key_use).await
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
    fn key_use(&self, asked: CodesAsked, answer: Answer) -> Result<KeyUse, OperationError> {
        let (Some(entry), Some(pin)) = (asked.pin, answer.code) else {
            return Err(ErrorCode::Cancelled.into());
        };
        check_code_len(&pin, entry)?;
        Ok(KeyUse {
            role: self.role,
            algorithm: self.algorithm,
            digests: self.digests.clone(),
            pin,
            last_try_confirmed: answer.last_try_confirmed,
        })
    }
}
