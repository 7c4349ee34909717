//! Letting a desktop program in: it asks, the holder compares the code and agrees, it fetches its
//! token.

use std::path::PathBuf;
use std::time::Instant as StdInstant;

use daemon_core::{OpenedPairing, PairingToAsk, Token};
use daemon_journal::{Entry, Name, PairingStep};
use daemon_types::{
    Applicant, CallerKey, ErrorCode, GrantQuestion, OperationError, PairingId, PairingRequest,
    ProgramGrant,
};
use tokio::time::Instant;

use crate::Operations;
use crate::grants::{is_undecided, names, was_never_decided};
use crate::randomness::{random, random_id};

impl Operations {
    /// Takes the request of a program; nobody is asked yet.
    ///
    /// # Errors
    /// `rate-limited`, `busy` when too many wait.
    pub fn open_pairing(&self, request: PairingRequest) -> Result<OpenedPairing, OperationError> {
        self.limits().pairing(StdInstant::now())?;
        let opened = self.pairings().open(request, random()?, self.now())?;
        tracing::info!(
            event = "pairing-asked",
            pairing = opened.id.0,
            "a program asks to be paired"
        );
        Ok(opened)
    }

    /// Asks the holder about a pairing, for the program that has its secret, and gives the token,
    /// once. A program that leaves takes the question along and may come back.
    ///
    /// # Errors
    /// `not-found`, `token-invalid`, `busy`, `rate-limited`, `cancelled`, `timeout`, `internal` also
    /// when the journal cannot be written.
    pub async fn pair(
        &self,
        id: &PairingId,
        secret: &str,
        executable: Option<PathBuf>,
    ) -> Result<(Token, ProgramGrant), OperationError> {
        let asked = self.pairings().ask(id, secret, self.now());
        let asked = asked.map_err(|code| self.counted_failure(code))?;
        let mut asking = AskingForPairing {
            operations: self,
            id,
            is_decided: false,
        };
        self.record(told(PairingStep::Asked, &id.0, &asked)).await?;
        let agreed = self.ask_about_pairing(&asked, executable).await;
        asking.is_decided = match &agreed {
            Ok(()) => true,
            Err(error) => ![ErrorCode::Busy, ErrorCode::RateLimited].contains(&error.code),
        } && !was_never_decided(&agreed);
        drop(asking);
        if let Err(error) = agreed {
            tracing::info!(event = "pairing-refused", pairing = id.0, code = %error.code, "a program was not paired");
            // Behind a lock, or where its turn never came, nobody refused anything.
            if error.reason.is_none_or(|reason| !is_undecided(reason)) {
                let refused = told(PairingStep::Refused, &id.0, &asked);
                self.record_if_possible(refused).await;
            }
            return Err(error);
        }
        let token = Token::from_random(random()?);
        let (grant, now) = (random_id()?, self.now());
        let accepted = told(PairingStep::Accepted, &grant.0, &asked);
        self.record(accepted).await?;
        let (digested, request) = (token.clone(), asked.request);
        let added = self.change_grants(move |book| {
            book.add(|grants| grants.add_program(grant.clone(), &digested, request.clone(), now))
        });
        let grant = added.await?;
        tracing::info!(
            event = "pairing-done",
            grant = grant.id.0,
            "a program was paired"
        );
        Ok((token, grant))
    }

    async fn ask_about_pairing(
        &self,
        pairing: &PairingToAsk,
        executable: Option<PathBuf>,
    ) -> Result<(), OperationError> {
        let (name, now) = (pairing.request.name.clone(), self.now());
        let asker = match &executable {
            Some(_) => CallerKey::Socket(executable.clone()),
            None => CallerKey::Unpaired,
        };
        let question = GrantQuestion {
            applicant: Applicant::Program {
                name_is_taken: self
                    .grant_book()
                    .read(|book| book.has_program_named(&name, now)),
                name,
                executable,
                origins: pairing.request.origins.clone(),
                code: pairing.code.clone(),
            },
            rights: pairing.request.rights.clone(),
            environment: self.environment(),
        };
        let left = (pairing.expires - now).unsigned_abs();
        let place = self.place_in_the_row(&asker)?;
        let deadline = Instant::now() + left;
        self.ask_for_grant(&asker, place, &question, deadline).await
    }
}

/// What the journal tells of a pairing, under its own name, and from the holder's yes on under that
/// of the grant.
fn told(step: PairingStep, id: &str, pairing: &PairingToAsk) -> Entry {
    Entry::Pairing {
        step,
        id: Name::of(id),
        name: Name::of(&pairing.request.name),
        rights: names(&pairing.request.rights),
    }
}

/// A pairing whose holder is being asked. It is closed with the answer, and waits again when the
/// program leaves before that.
struct AskingForPairing<'a> {
    operations: &'a Operations,
    id: &'a PairingId,
    is_decided: bool,
}

impl Drop for AskingForPairing<'_> {
    fn drop(&mut self) {
        let mut pairings = self.operations.pairings();
        if self.is_decided {
            pairings.close(self.id);
        } else {
            pairings.put_back(self.id);
        }
    }
}
