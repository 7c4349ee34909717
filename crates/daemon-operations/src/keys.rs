//! What the user's own programs ask of a card by its keys, as PKCS#11 has it: a log-in that belongs to one process,
//! signatures over bytes of their choice, the names of objects, random bytes.

use daemon_core::{authorise, process_owner};
use daemon_types::{
    Caller, CardId, CertificateSummary, ErrorCode, HashAlgorithm, KeyAlgorithm, KeyRole,
    KeySignRequest, OperationError, Purpose, Right, SessionEnd, SessionId, SessionSummary,
    SignatureAlgorithm, TokenObjects,
};
use tokio::time::Instant;

use crate::Operations;
use crate::key_work::KeyWork;
use crate::sessions::ended;

impl Operations {
    /// Whether the caller is a program of the user on their socket, to whom alone this is open: no page, no paired
    /// program, and not the product's own page.
    ///
    /// # Errors
    /// `right-missing`.
    pub fn check_is_program_of_user(&self, caller: &Caller) -> Result<(), OperationError> {
        match caller {
            Caller::SocketProgram(_) => Ok(authorise(caller, Right::Identify)?),
            Caller::PairedProgram(_) | Caller::Page(_) | Caller::Console => {
                Err(ErrorCode::RightMissing.into())
            }
        }
    }

    /// Logs one process in: its holder types the code once, and it stays presented for this process alone, by the
    /// rules of sessions.
    ///
    /// # Errors
    /// Every code about card, code and holder; `right-missing` for a process that the system does not tell.
    pub async fn log_in(
        &self,
        caller: &Caller,
        id: &CardId,
        deadline: Instant,
    ) -> Result<SessionSummary, OperationError> {
        self.check_is_program_of_user(caller)?;
        authorise(caller, Right::Authenticate)?;
        let owner = process_owner(caller).ok_or(ErrorCode::RightMissing)?;
        self.open_session_of(caller, owner, id, deadline).await
    }

    /// Waits for the end of a session that is open; nothing to wait for is the end, too.
    pub async fn session_over(&self, id: &SessionId) -> SessionEnd {
        let end = self.live_sessions().code_and_end(id).map(|(_, end)| end);
        match end {
            Some(mut end) => ended(&mut end).await,
            None => SessionEnd::Ended,
        }
    }

    /// Logs a process out that is gone.
    pub async fn log_out(&self, id: &SessionId) {
        self.end_one_session(id).await;
    }

    /// One signature with a key of the caller's choice. The authentication key asks nobody in a log-in; the
    /// signature key is confirmed each time, and signs digests whose hash function is known alone.
    ///
    /// # Errors
    /// Every code about rights, card, certificate, algorithm, code and holder.
    pub async fn sign_by_key(
        &self,
        caller: &Caller,
        id: &CardId,
        request: KeySignRequest,
        deadline: Instant,
    ) -> Result<Vec<u8>, OperationError> {
        self.check_is_program_of_user(caller)?;
        let KeySignRequest {
            role,
            algorithm,
            value,
            description,
            session,
        } = request;
        let (algorithm, value, purpose) = match role {
            KeyRole::Authentication => {
                authorise(caller, Right::Authenticate)?;
                (algorithm, value, Purpose::UseAuthenticationKey)
            }
            KeyRole::Signature => {
                authorise(caller, Right::Sign)?;
                let (algorithm, digest) = known_digest(algorithm, value)?;
                let purpose = Purpose::Sign {
                    documents: vec![description],
                    digests: vec![digest.clone()],
                    hash: algorithm.hash(),
                };
                (algorithm.into(), digest, purpose)
            }
            // No code protects it, so nobody could be asked for one.
            KeyRole::Technical => return Err(ErrorCode::KeyAbsent.into()),
        };
        let (card, _) = self.usable_card(id, role, algorithm)?;
        let (session, code) = self.code_of_work(caller, session.as_ref(), &card, role)?;
        let work = KeyWork {
            role,
            algorithm,
            digests: vec![value],
            purpose,
            code,
        };
        let used = self.use_key(caller, card, &work, session, deadline).await?;
        let signature = used.into_iter().next();
        signature.ok_or(OperationError::new(ErrorCode::Internal))
    }

    /// The names of a card and of what is on it, and its certificates.
    ///
    /// # Errors
    /// `right-missing`, `not-found`, `card-removed`, and what the card says.
    pub async fn token_objects(
        &self,
        caller: &Caller,
        id: &CardId,
    ) -> Result<(TokenObjects, Vec<CertificateSummary>), OperationError> {
        self.check_is_program_of_user(caller)?;
        let card = self.0.cards.find(id)?;
        let objects = self.0.cards.token_objects(&card).await?;
        Ok((objects, card.card.summary.certificates))
    }

    /// Random bytes of a card.
    ///
    /// # Errors
    /// `right-missing`, `not-found`, `card-removed`, and what the card says.
    pub async fn random_bytes(
        &self,
        caller: &Caller,
        id: &CardId,
        len: usize,
    ) -> Result<Vec<u8>, OperationError> {
        self.check_is_program_of_user(caller)?;
        let card = self.0.cards.find(id)?;
        self.0.cards.random_bytes(&card, len).await
    }
}

/// The digest that is to be signed, and by which algorithm: bytes that are to be padded are a DigestInfo of SHA-256,
/// or, as the official module takes them, such a digest itself.
fn known_digest(
    algorithm: KeyAlgorithm,
    value: Vec<u8>,
) -> Result<(SignatureAlgorithm, Vec<u8>), OperationError> {
    match algorithm {
        KeyAlgorithm::Signature(algorithm) => Ok((algorithm, value)),
        KeyAlgorithm::RsaType1 => {
            let digest = value.strip_prefix(SHA256_DIGEST_INFO).unwrap_or(&value);
            if digest.len() != HashAlgorithm::Sha256.digest_len() {
                return Err(ErrorCode::AlgorithmUnsupported.into());
            }
            Ok((
                SignatureAlgorithm::RsaPkcs1(HashAlgorithm::Sha256),
                digest.to_vec(),
            ))
        }
    }
}

/// DigestInfo of SHA-256 up to the digest (RFC 8017, 9.2, note 1).
const SHA256_DIGEST_INFO: &[u8] = &[
    0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_key_signs_what_is_known_to_be_a_digest_of_sha_256() {
        let digest = [7; 32];
        let info = [SHA256_DIGEST_INFO, &digest].concat();
        for value in [info.clone(), digest.to_vec()] {
            let (algorithm, found) = known_digest(KeyAlgorithm::RsaType1, value).unwrap();
            assert_eq!(algorithm.as_str(), "RS256");
            assert_eq!(found, digest);
        }
        for value in [vec![7; 20], info[1..].to_vec(), [&info[..], &[0]].concat()] {
            let error = known_digest(KeyAlgorithm::RsaType1, value).unwrap_err();
            assert_eq!(error.code, ErrorCode::AlgorithmUnsupported);
        }
    }
}
