//! Signatures with the signature key.

use daemon_cards::OperationClock;
use daemon_core::{authorise, authorise_digests};
use daemon_types::{
    Caller, CardId, KeyRole, OperationError, Purpose, Right, SignRequest, Signatures,
};
use tokio::time::Instant;

use crate::Operations;
use crate::key_work::{KeyWork, Signing};
use crate::metrics::Operation;

impl Operations {
    /// Signs digests; the holder confirms all of them as one list.
    ///
    /// # Errors
    /// Every code about rights, card, certificate, algorithm, code and holder.
    pub async fn sign(
        &self,
        caller: &Caller,
        id: &CardId,
        request: SignRequest,
        deadline: Instant,
    ) -> Result<Signatures, OperationError> {
        let measured = self.measure(Operation::Sign);
        let signed = self.sign_digests(caller, id, request, deadline, measured.clock());
        let signed = signed.await;
        measured.end(signed)
    }

    async fn sign_digests(
        &self,
        caller: &Caller,
        id: &CardId,
        request: SignRequest,
        deadline: Instant,
        clock: &OperationClock,
    ) -> Result<Signatures, OperationError> {
        authorise(caller, Right::Sign)?;
        let digests = request.digests.iter();
        authorise_digests(caller, digests.map(|digest| digest.value.as_slice()))?;
        let role = KeyRole::Signature;
        let algorithm = request.algorithm;
        let (card, certificate) = self.usable_card(id, role, algorithm)?;
        let (documents, digests): (Vec<_>, Vec<_>) = request
            .digests
            .into_iter()
            .map(|digest| (digest.description, digest.value))
            .unzip();
        let (session, code) = self.code_of_work(caller, request.session.as_ref(), &card, role)?;
        let work = KeyWork {
            task: Signing {
                role,
                algorithm: algorithm.into(),
                digests: digests.clone(),
            },
            purpose: Purpose::Sign {
                documents,
                digests,
                hash: algorithm.hash().into(),
            },
            code,
        };
        let card = card.on_clock(clock);
        let used = self.use_key(caller, card, &work, session, deadline);
        let signatures = used.await?;
        Ok(Signatures {
            algorithm,
            certificate: certificate.der,
            signatures,
        })
    }
}
