//! What the user's own programs ask of a card by its keys, as PKCS#11 has it: a log-in that belongs to one process,
//! signatures over bytes of their choice, deciphering, the names of objects, random bytes.

use daemon_cards::OperationClock;
use daemon_core::{authorise, process_owner};
use daemon_types::{
    Caller, CardId, CertificateSummary, DataRequest, DecipherRequest, ErrorCode, HashAlgorithm,
    KeyAlgorithm, KeyRole, KeySignRequest, OperationError, Purpose, Right, SessionEnd, SessionId,
    SessionSummary, SignatureAlgorithm, SignedHash, TokenObject, TokenObjectKind, TokenObjects,
};
use secrets::SecretBytes;
use tokio::time::Instant;

use crate::Operations;
use crate::key_work::{Deciphering, KeyWork, ReadingData, Signing};
use crate::metrics::Operation;
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
        let measured = self.measure(Operation::OpenSession);
        let opened = self.open_session_of(caller, owner, id, deadline, measured.clock());
        let opened = opened.await;
        measured.end(opened)
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
        let measured = self.measure(Operation::UseKey);
        let signed = self.sign_value(caller, id, request, deadline, measured.clock());
        let signed = signed.await;
        measured.end(signed)
    }

    async fn sign_value(
        &self,
        caller: &Caller,
        id: &CardId,
        request: KeySignRequest,
        deadline: Instant,
        clock: &OperationClock,
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
                let known = KnownDigest::of(algorithm, value)?;
                let purpose = Purpose::Sign {
                    documents: vec![description],
                    digests: vec![known.digest],
                    hash: known.hash,
                };
                (known.algorithm, known.value, purpose)
            }
            // No code protects it, so nobody could be asked for one.
            KeyRole::Technical => return Err(ErrorCode::KeyAbsent.into()),
        };
        let (card, _) = self.usable_card(id, role, algorithm)?;
        let (session, code) = self.code_of_work(caller, session.as_ref(), &card, role)?;
        let work = KeyWork {
            task: Signing {
                role,
                algorithm,
                digests: vec![value],
            },
            purpose,
            code,
        };
        let card = card.on_clock(clock);
        let used = self.use_key(caller, card, &work, session, deadline).await?;
        let signature = used.into_iter().next();
        signature.ok_or(OperationError::new(ErrorCode::Internal))
    }

    /// What was enciphered for the authentication key. It asks nobody in a log-in, and the holder each time without one.
    /// Certificates out of their dates do no harm here: what was enciphered before stays the holder's.
    ///
    /// # Errors
    /// Every code about rights, card, code and holder; `bad-request` with [`Reason::NotDeciphered`] for every fault of
    /// the cryptogram.
    ///
    /// [`Reason::NotDeciphered`]: daemon_types::Reason::NotDeciphered
    pub async fn decipher(
        &self,
        caller: &Caller,
        id: &CardId,
        request: DecipherRequest,
        deadline: Instant,
    ) -> Result<SecretBytes, OperationError> {
        let measured = self.measure(Operation::UseKey);
        let deciphered = self.decipher_cryptogram(caller, id, request, deadline, measured.clock());
        let deciphered = deciphered.await;
        measured.end(deciphered)
    }

    async fn decipher_cryptogram(
        &self,
        caller: &Caller,
        id: &CardId,
        request: DecipherRequest,
        deadline: Instant,
        clock: &OperationClock,
    ) -> Result<SecretBytes, OperationError> {
        self.check_is_program_of_user(caller)?;
        authorise(caller, Right::Decipher)?;
        let role = KeyRole::Authentication;
        let card = self.card_of_environment(id)?.on_clock(clock);
        if card.card.summary.certificate(role).is_none() {
            return Err(ErrorCode::KeyAbsent.into());
        }
        let (session, code) = self.code_of_work(caller, request.session.as_ref(), &card, role)?;
        let work = KeyWork {
            task: Deciphering {
                cryptogram: request.cryptogram,
            },
            purpose: Purpose::Decipher,
            code,
        };
        self.use_key(caller, card, &work, session, deadline).await
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
        let _turn = self.turn_at(caller, &card).await?;
        let objects = self.0.cards.token_objects(&card).await?;
        Ok((objects, card.card.summary.certificates))
    }

    /// The bytes of a data object. A private one is told in a log-in alone, and to the journal.
    ///
    /// # Errors
    /// `right-missing`, also for a private object without a log-in, `not-found` for one that the card does not list,
    /// and every code about card, code and holder.
    pub async fn data_of_card(
        &self,
        caller: &Caller,
        id: &CardId,
        request: DataRequest,
        deadline: Instant,
    ) -> Result<Vec<u8>, OperationError> {
        self.check_is_program_of_user(caller)?;
        let DataRequest { label, session } = request;
        let card = self.0.cards.find(id)?;
        let turn = self.turn_at(caller, &card).await?;
        let listed = self.0.cards.token_objects(&card).await?.objects;
        let is_it =
            |object: &&TokenObject| object.kind == TokenObjectKind::Data && object.label == label;
        let object = listed.iter().find(is_it).ok_or(ErrorCode::NotFound)?;
        if !object.is_private {
            return self.0.cards.public_data(&card, label).await;
        }
        drop(turn);
        let session = session.ok_or(ErrorCode::RightMissing)?;
        self.private_data_of_card(caller, id, label, &session, deadline)
            .await
    }

    async fn private_data_of_card(
        &self,
        caller: &Caller,
        id: &CardId,
        label: String,
        session: &SessionId,
        deadline: Instant,
    ) -> Result<Vec<u8>, OperationError> {
        let measured = self.measure(Operation::ReadActivities);
        let read = async {
            let card = self.card_of_environment(id)?.on_clock(measured.clock());
            let role = KeyRole::Authentication;
            let (session, code) = self.code_of_work(caller, Some(session), &card, role)?;
            let work = KeyWork {
                task: ReadingData { label },
                // All private data of these cards say where the holder works.
                purpose: Purpose::ReadActivities,
                code,
            };
            self.use_key(caller, card, &work, session, deadline).await
        };
        let read = read.await;
        measured.end(read)
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
        let _turn = self.turn_at(caller, &card).await?;
        self.0.cards.random_bytes(&card, len).await
    }
}

/// A digest of which the holder can be told what made it.
#[derive(Debug, PartialEq, Eq)]
struct KnownDigest {
    /// How the key signs `value`.
    algorithm: KeyAlgorithm,
    value: Vec<u8>,
    /// What the holder is shown.
    digest: Vec<u8>,
    hash: SignedHash,
}

impl KnownDigest {
    /// Bytes that are to be padded are a DigestInfo of SHA-256 or SHA-1, or, as the official module takes them, such a
    /// digest alone.
    fn of(algorithm: KeyAlgorithm, value: Vec<u8>) -> Result<Self, OperationError> {
        if let KeyAlgorithm::Signature(by) = algorithm {
            return Ok(Self {
                algorithm,
                digest: value.clone(),
                value,
                hash: by.hash().into(),
            });
        }
        let sha256 = HashAlgorithm::Sha256;
        let digest_in = |info: &[u8]| value.strip_prefix(info).unwrap_or(&value).to_vec();
        let digest = digest_in(SHA256_DIGEST_INFO);
        if digest.len() == sha256.digest_len() {
            return Ok(Self {
                algorithm: SignatureAlgorithm::RsaPkcs1(sha256).into(),
                value: digest.clone(),
                digest,
                hash: sha256.into(),
            });
        }
        let digest = digest_in(SHA1_DIGEST_INFO);
        if digest.len() == SHA1_LEN {
            return Ok(Self {
                algorithm,
                value: [SHA1_DIGEST_INFO, &digest].concat(),
                digest,
                hash: SignedHash::Sha1,
            });
        }
        Err(ErrorCode::AlgorithmUnsupported.into())
    }
}

/// DigestInfo of SHA-256 up to the digest (RFC 8017, 9.2, note 1).
const SHA256_DIGEST_INFO: &[u8] = &[
    0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];

/// The same of SHA-1.
const SHA1_DIGEST_INFO: &[u8] = &[
    0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2B, 0x0E, 0x03, 0x02, 0x1A, 0x05, 0x00, 0x04, 0x14,
];
const SHA1_LEN: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn known(value: &[u8]) -> Result<KnownDigest, OperationError> {
        KnownDigest::of(KeyAlgorithm::RsaType1, value.to_vec())
    }

    #[test]
    fn the_signature_key_signs_what_is_known_to_be_a_digest() {
        for (info, len, name) in [
            (SHA256_DIGEST_INFO, 32, "SHA-256"),
            (SHA1_DIGEST_INFO, 20, "SHA-1"),
        ] {
            let digest = vec![7; len];
            for value in [[info, &digest].concat(), digest.clone()] {
                let known = known(&value).unwrap();
                assert_eq!(known.digest, digest);
                assert_eq!(known.hash.as_str(), name);
            }
        }
    }

    #[test]
    fn it_signs_nothing_else() {
        let sha256 = [SHA256_DIGEST_INFO, &[7; 32]].concat();
        let too_long = [&sha256[..], &[0]].concat();
        let of_another_length = [SHA256_DIGEST_INFO, &[7; 20]].concat();
        for value in [
            &sha256[1..],
            &too_long,
            &of_another_length,
            &[7; 48],
            b"hello",
        ] {
            let error = known(value).unwrap_err();
            assert_eq!(error.code, ErrorCode::AlgorithmUnsupported, "{value:02X?}");
        }
    }
}
