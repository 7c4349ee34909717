//! Work that rests on the holder's code, in one transaction: signatures, deciphering, private data.

use card_profiles::{CardError, CpxCard, Digest, Signable};
use daemon_types::{KeyAlgorithm, KeyRole};
use secrets::SecretBytes;
use tokio::sync::oneshot;

use crate::card::{profile_algorithm, profile_role};
use crate::fault::{from_card_error, from_key_error};
use crate::job::Job;
use crate::open_card::{AfterCode, GoOn, OpenCard};
use crate::signature_check::check_signature;
use crate::worker_link::Unanswered;
use crate::{AfterUse, CardInReader, Cards, CodeForKey, HolderCodeError, KeyUse};

/// What a card does once its code is presented.
pub(crate) trait OnCode: Send + 'static {
    /// What comes of it.
    type Outcome: Send;

    /// Whether the card can do it at all, before its code is presented for it.
    fn check(&self, card: &mut dyn CpxCard) -> Result<(), CardError>;

    /// Does it; the code is presented.
    fn run(
        &self,
        card: &mut dyn CpxCard,
        code: &CodeForKey,
        go_on: &GoOn<'_>,
    ) -> Result<Self::Outcome, HolderCodeError>;
}

impl Cards {
    /// Uses a key in one transaction, in which the code is presented unless it was kept.
    ///
    /// Dropping the future before the worker took the job takes the job back.
    ///
    /// # Errors
    /// [`HolderCodeError`]; the card of another insertion is never touched.
    pub async fn use_key(
        &self,
        card: &CardInReader,
        key_use: KeyUse,
    ) -> Result<Vec<Vec<u8>>, HolderCodeError> {
        let KeyUse {
            role,
            algorithm,
            digests,
            code,
        } = key_use;
        let signing = Signing {
            role,
            algorithm,
            digests,
        };
        self.work_on_code(card, signing, code).await
    }

    /// Deciphers what was enciphered for the authentication key, as [`use_key`](Self::use_key) uses one.
    ///
    /// # Errors
    /// [`HolderCodeError`]; one for every fault of the padding.
    pub async fn decipher(
        &self,
        card: &CardInReader,
        cryptogram: Vec<u8>,
        code: CodeForKey,
    ) -> Result<SecretBytes, HolderCodeError> {
        self.work_on_code(card, Deciphering { cryptogram }, code)
            .await
    }

    /// The bytes of a data object that is private, as [`use_key`](Self::use_key) uses a key.
    ///
    /// # Errors
    /// [`HolderCodeError`].
    pub async fn private_data(
        &self,
        card: &CardInReader,
        label: String,
        code: CodeForKey,
    ) -> Result<Vec<u8>, HolderCodeError> {
        self.work_on_code(card, DataReading { label }, code).await
    }

    async fn work_on_code<W: OnCode>(
        &self,
        card: &CardInReader,
        work: W,
        code: CodeForKey,
    ) -> Result<W::Outcome, HolderCodeError> {
        let (reply, answer) = oneshot::channel();
        let insertion = card.insertion;
        let job = Job::OnCode {
            code,
            work: Box::new(move |worker, code, clock| {
                worker.work_on_code(insertion, work, code, reply, clock);
            }),
        };
        let progress = self.give(card, job, |queue| &queue.uses)?;
        let done = progress.answer(answer).await;
        done.map_err(Unanswered::into_error)
    }
}

impl OpenCard {
    /// VERIFY and the work, in one transaction; the work alone where the code was kept.
    pub(crate) fn on_code<W: OnCode>(
        &mut self,
        work: &W,
        code: &CodeForKey,
        after_use: AfterUse,
        go_on: &GoOn<'_>,
    ) -> Result<W::Outcome, HolderCodeError> {
        let (after, pin) = match code {
            CodeForKey::Typed(pin) => (after_use.into(), pin),
            CodeForKey::TypedToKeep(pin, kept) => (AfterCode::Keep(kept), pin),
            CodeForKey::Kept(kept) => {
                return self.with_kept_code(kept, |card| {
                    work.check(card).map_err(from_card_error)?;
                    work.run(card, code, go_on)
                });
            }
        };
        self.present_code(after, |card| {
            work.check(card).map_err(from_card_error)?;
            go_on()?;
            pin.present(card)?;
            work.run(card, code, go_on)
        })
    }
}

/// Signatures with one key, each verified.
struct Signing {
    role: KeyRole,
    algorithm: KeyAlgorithm,
    /// Digests, or bytes to be padded.
    digests: Vec<Vec<u8>>,
}

impl OnCode for Signing {
    type Outcome = Vec<Vec<u8>>;

    fn check(&self, card: &mut dyn CpxCard) -> Result<(), CardError> {
        let role = profile_role(self.role);
        let capabilities = card.capabilities()?;
        let mut keys = capabilities.signature_algorithms.iter();
        match keys.find(|(known, _)| *known == role) {
            None => Err(CardError::KeyAbsent(role)),
            Some((_, algorithms)) => match self.algorithm {
                KeyAlgorithm::Signature(algorithm)
                    if !algorithms.contains(&profile_algorithm(algorithm)) =>
                {
                    Err(CardError::AlgorithmUnsupported)
                }
                KeyAlgorithm::Signature(_) | KeyAlgorithm::RsaType1 => Ok(()),
            },
        }
    }

    fn run(
        &self,
        card: &mut dyn CpxCard,
        code: &CodeForKey,
        go_on: &GoOn<'_>,
    ) -> Result<Self::Outcome, HolderCodeError> {
        let role = profile_role(self.role);
        let certificates = card.identity().map_err(from_card_error)?.certificates;
        let mut certificates = certificates.iter();
        let (_, certificate) = certificates
            .find(|(known, _)| *known == role)
            .ok_or_else(|| from_card_error(CardError::KeyAbsent(role)))?;
        let mut signatures = Vec::with_capacity(self.digests.len());
        for value in &self.digests {
            go_on()?;
            let signable = match self.algorithm {
                KeyAlgorithm::Signature(algorithm) => Signable::Digest(Digest {
                    algorithm: profile_algorithm(algorithm),
                    value,
                }),
                KeyAlgorithm::RsaType1 => Signable::Type1(value),
            };
            let signed = card.sign(role, &signable);
            let signature = signed.map_err(|error| from_key_error(error, code))?;
            check_signature(certificate, &signable, &signature)?;
            signatures.push(signature);
        }
        Ok(signatures)
    }
}

/// What the authentication key deciphers.
struct Deciphering {
    cryptogram: Vec<u8>,
}

impl OnCode for Deciphering {
    type Outcome = SecretBytes;

    fn check(&self, card: &mut dyn CpxCard) -> Result<(), CardError> {
        if card.capabilities()?.decipher {
            Ok(())
        } else {
            Err(CardError::AlgorithmUnsupported)
        }
    }

    fn run(
        &self,
        card: &mut dyn CpxCard,
        code: &CodeForKey,
        go_on: &GoOn<'_>,
    ) -> Result<Self::Outcome, HolderCodeError> {
        go_on()?;
        let deciphered = card.decipher(&self.cryptogram);
        deciphered.map_err(|error| from_key_error(error, code))
    }
}

/// A data object that is read.
struct DataReading {
    label: String,
}

impl OnCode for DataReading {
    type Outcome = Vec<u8>;

    fn check(&self, _: &mut dyn CpxCard) -> Result<(), CardError> {
        Ok(())
    }

    fn run(
        &self,
        card: &mut dyn CpxCard,
        code: &CodeForKey,
        go_on: &GoOn<'_>,
    ) -> Result<Self::Outcome, HolderCodeError> {
        go_on()?;
        let read = card.data(&self.label);
        read.map_err(|error| from_key_error(error, code))
    }
}
