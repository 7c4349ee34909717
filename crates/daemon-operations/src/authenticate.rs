//! Authentication tokens.

use daemon_cards::OperationClock;
use daemon_core::{authorise, authorise_origin, check_nonce, token_digest};
use daemon_types::{
    AuthenticateRequest, AuthenticationToken, Caller, CardId, ErrorCode, KeyRole, OperationError,
    Purpose, Right,
};
use tokio::time::Instant;

use crate::Operations;
use crate::key_work::{KeyWork, Signing};
use crate::metrics::Operation;

impl Operations {
    /// Makes a Web eID authentication token, bound to the site and the relying party's nonce.
    ///
    /// # Errors
    /// Every code about rights, site, nonce, card, certificate, algorithm, code and holder.
    pub async fn authenticate(
        &self,
        caller: &Caller,
        id: &CardId,
        request: AuthenticateRequest,
        deadline: Instant,
    ) -> Result<AuthenticationToken, OperationError> {
        let measured = self.measure(Operation::Authenticate);
        let made = self.make_token(caller, id, request, deadline, measured.clock());
        let made = made.await;
        measured.end(made)
    }

    async fn make_token(
        &self,
        caller: &Caller,
        id: &CardId,
        request: AuthenticateRequest,
        deadline: Instant,
        clock: &OperationClock,
    ) -> Result<AuthenticationToken, OperationError> {
        authorise(caller, Right::Authenticate)?;
        authorise_origin(caller, &request.origin)?;
        check_nonce(&request.nonce)?;
        let role = KeyRole::Authentication;
        let algorithm = request.algorithm;
        let (card, certificate) = self.usable_card(id, role, algorithm)?;
        let digest = token_digest(&request.origin, &request.nonce, algorithm.hash());
        let (session, code) = self.code_of_work(caller, request.session.as_ref(), &card, role)?;
        let work = KeyWork {
            task: Signing {
                role,
                algorithm: algorithm.into(),
                digests: vec![digest],
            },
            purpose: Purpose::Authenticate {
                origin: request.origin,
            },
            code,
        };
        let card = card.on_clock(clock);
        let used = self.use_key(caller, card, &work, session, deadline);
        let signatures = used.await?;
        Ok(AuthenticationToken {
            certificate: certificate.der,
            algorithm,
            signature: signatures
                .into_iter()
                .next()
                .ok_or(OperationError::new(ErrorCode::Internal))?,
        })
    }
}
