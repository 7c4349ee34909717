//! Who is let in, and what of it is taken back.

use std::sync::Arc;

use daemon_core::authorise;
use daemon_journal::{Decision, Entry, Name, PairingStep};
use daemon_types::{
    AllowedSite, Caller, CallerKey, ErrorCode, GrantId, GrantQuestion, Happening, OperationError,
    ProgramGrant, Reason, Right, Rights, SessionEnd, SiteGrant,
};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::task::spawn_blocking;
use tokio::time::Instant;

use crate::row::Place;
use crate::site_grants::told;
use crate::{GrantBook, Operations};

/// All grants that are not over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GrantOverview {
    /// Programs that the holder paired.
    pub programs: Vec<ProgramGrant>,
    /// Sites that the holder let in.
    pub sites: Vec<SiteGrant>,
    /// Sites that the machine's policy lets in.
    pub allowed: Vec<AllowedSite>,
}

impl Operations {
    /// The program that a presented token belongs to.
    ///
    /// # Errors
    /// `token-invalid`; `rate-limited` after too many of them.
    pub fn caller_with_token(&self, token: &str) -> Result<Caller, OperationError> {
        if let Some(demo) = self.0.demo_tokens.program(token) {
            return Ok(Caller::PairedProgram(demo.clone()));
        }
        let known = self.grant_book().program(token, self.now());
        let known = known.ok_or_else(|| self.counted_failure(ErrorCode::TokenInvalid));
        let (program, is_first_use) = known?;
        if is_first_use {
            let parts = Arc::clone(&self.0);
            spawn_blocking(move || parts.grants.keep_uses());
        }
        Ok(Caller::PairedProgram(program))
    }

    /// What somebody is told who showed a token or a code that is worth nothing.
    #[must_use]
    pub fn wrong_token(&self) -> OperationError {
        self.counted_failure(ErrorCode::TokenInvalid)
    }

    /// The name that a paired program gave itself; `None` for everybody else, and once its grant is over.
    #[must_use]
    pub fn program_name(&self, caller: &CallerKey) -> Option<String> {
        let CallerKey::Program(id) = caller else {
            return None;
        };
        let now = self.now();
        let name = |program: &ProgramGrant| program.name.clone();
        self.grant_book()
            .read(|grants| grants.program(id, now).map(name))
    }

    /// Changes the grants where it does not matter that a disk is slow. The change is made even
    /// if nobody waits for it any more.
    pub(crate) async fn change_grants<T: Send + 'static>(
        &self,
        change: impl FnOnce(&GrantBook) -> Result<T, OperationError> + Send + 'static,
    ) -> Result<T, OperationError> {
        let parts = Arc::clone(&self.0);
        let changed = spawn_blocking(move || {
            let changed = change(&parts.grants);
            // A grant that is taken back is so even where that is not kept.
            parts.cards.announce(Happening::GrantsChanged);
            changed
        });
        let changed = changed.await;
        changed.map_err(|error| OperationError::new(ErrorCode::Internal).caused_by(error))?
    }

    /// All grants, for the user's own programs.
    ///
    /// # Errors
    /// `right-missing` for everybody else.
    pub fn grants(&self, caller: &Caller) -> Result<GrantOverview, OperationError> {
        self.check_is_own_program(caller)?;
        let (book, now) = (self.grant_book(), self.now());
        Ok(book.read(|grants| GrantOverview {
            programs: grants.programs(now).cloned().collect(),
            sites: grants.sites(now).cloned().collect(),
            allowed: book.allowed().to_vec(),
        }))
    }

    /// Takes a grant of the holder back, from the next request on.
    ///
    /// # Errors
    /// `right-missing` for everybody but the user's own programs, `not-found`, and `internal` when
    /// it would be there again after a new start: it may be revoked once more then.
    pub async fn revoke_grant(&self, caller: &Caller, id: &GrantId) -> Result<(), OperationError> {
        let grants = self.grants(caller)?;
        let (operations, id) = (self.clone(), id.clone());
        // Its caller may leave meanwhile: what a revocation ends is ended nevertheless.
        let revoking = tokio::spawn(async move { operations.revoke(&grants, &id).await });
        let revoked = revoking.await;
        revoked
            .unwrap_or_else(|error| Err(OperationError::new(ErrorCode::Internal).caused_by(error)))
    }

    async fn revoke(&self, grants: &GrantOverview, id: &GrantId) -> Result<(), OperationError> {
        let revoked_id = id.clone();
        let revoking = self.change_grants(move |book| book.revoke(&revoked_id));
        let revoked = revoking.await;
        let is_kept = revoked.is_ok();
        tracing::info!(
            event = "grant-revoked",
            grant = id.0,
            is_kept,
            "a grant is revoked"
        );
        let owners = owners(grants, id);
        let telling = self.close_sessions(|sessions| {
            sessions.close(|_, owner, _| owners.contains(owner).then_some(SessionEnd::GrantRevoked))
        });
        if let Some(entry) = revocation(grants, id) {
            self.record_if_possible(entry).await;
        }
        if let Some(telling) = telling {
            // It tells of the ends by itself too; whoever revokes waits until the codes are dropped.
            let _ = telling.await;
        }
        revoked
    }

    /// Asks the holder whether somebody may call, in turn with all other questions, and where the
    /// agent itself asks: at a terminal that the asker lends, it could answer itself.
    pub(crate) async fn ask_for_grant(
        &self,
        asker: &CallerKey,
        mut place: Place<'_>,
        question: &GrantQuestion,
        deadline: Instant,
    ) -> Result<(), OperationError> {
        let turn = self.0.prompt.turn(asker, None, deadline).await?;
        place.put();
        tracing::info!(
            event = "grant-asked",
            "the holder is asked to let somebody in"
        );
        let agreed = turn.ask_for_grant(question, deadline).await;
        let agreed = agreed.map(drop).map_err(OperationError::from);
        place.answered(&agreed);
        agreed
    }

    /// Grants are listed and revoked by the user, who is whoever may connect to the socket, and the
    /// product's own page that was opened from there: a program that holds a token has no say in them.
    pub(crate) fn check_is_own_program(&self, caller: &Caller) -> Result<(), OperationError> {
        match caller {
            Caller::SocketProgram(_) | Caller::Console => Ok(authorise(caller, Right::Manage)?),
            Caller::PairedProgram(_) | Caller::Page(_) => Err(ErrorCode::RightMissing.into()),
        }
    }
}

/// Whose sessions end with a grant.
fn owners(grants: &GrantOverview, id: &GrantId) -> Vec<CallerKey> {
    let sites = grants.sites.iter().filter(|grant| grant.id == *id);
    let sites = sites.map(|grant| CallerKey::Site(grant.site.clone()));
    sites.chain([CallerKey::Program(id.clone())]).collect()
}

/// What the journal tells of a revocation; nothing where there is no such grant.
fn revocation(grants: &GrantOverview, id: &GrantId) -> Option<Entry> {
    let program = grants.programs.iter().find(|grant| grant.id == *id);
    let site = grants.sites.iter().find(|grant| grant.id == *id);
    let of_program = program.map(|grant| Entry::Pairing {
        step: PairingStep::Revoked,
        id: Name::of(&grant.id.0),
        name: Name::of(&grant.name),
        rights: names(&grant.rights),
    });
    of_program.or_else(|| {
        let grant = site?;
        Some(told(Decision::Revoked, &grant.site, &grant.rights, None))
    })
}

/// Whether the holder had no say: they never saw the question, or could not answer it any more.
pub(crate) fn was_never_decided(agreed: &Result<(), OperationError>) -> bool {
    matches!(agreed, Err(error) if error.reason.is_some_and(is_undecided))
}

/// Whether this is why a holder has decided nothing.
pub(crate) const fn is_undecided(reason: Reason) -> bool {
    matches!(reason, Reason::NeverAsked | Reason::WorkstationLocked)
}

/// Rights by their names in the API, as the journal tells them.
pub(crate) fn names(rights: &Rights) -> Vec<String> {
    rights
        .iter()
        .map(|right| right.as_str().to_owned())
        .collect()
}

/// The end of a grant, as the journal tells it.
pub(crate) fn until(end: OffsetDateTime) -> String {
    end.format(&Rfc3339).unwrap_or_default()
}
