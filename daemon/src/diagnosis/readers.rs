//! The PC/SC service and the readers.

use card_apdu::ReaderFault;
use card_pcsc::{ReaderWatcher, WatchError};
use daemon_cards::Cards;
use daemon_types::{ErrorCode, ReaderCondition, ReaderSummary};
use diagnosis::facts::{ReaderFacts, ServiceFact};
use platform::workstation::{ServiceSocket, smart_card_service};

use super::looks::{Look, Round};

/// The socket says why nobody answers, and a client's first question whether this one is let in.
pub(crate) async fn service(is_used: bool, looks: &Round<'_>) -> ServiceFact {
    if !is_used {
        return ServiceFact::NotUsed;
    }
    match looks.at(Look::ServiceSocket, smart_card_service).await {
        Some(ServiceSocket::Nobody) => ServiceFact::NotRunning,
        Some(ServiceSocket::NotInstalled) => ServiceFact::NotInstalled,
        Some(ServiceSocket::AccessDenied) => ServiceFact::AccessDenied,
        Some(ServiceSocket::Listens | ServiceSocket::Unknown) => asked(looks).await,
        None => ServiceFact::Silent,
    }
}

async fn asked(looks: &Round<'_>) -> ServiceFact {
    let ask = || ReaderWatcher::new().wait_for_change();
    match looks.at(Look::ServiceClient, ask).await {
        Some(Ok(_)) => ServiceFact::Works,
        Some(Err(WatchError::Service(ReaderFault::ServiceGone))) => ServiceFact::NotRunning,
        Some(Err(WatchError::Service(ReaderFault::Other { name }))) if name == REFUSED => {
            ServiceFact::Refused
        }
        Some(Err(_)) => ServiceFact::Unknown,
        None => ServiceFact::Silent,
    }
}

/// The readers as the agent knows them.
pub(super) fn facts(cards: &Cards) -> Vec<ReaderFacts> {
    cards.readers().into_iter().map(reader).collect()
}

/// What kept a card from being read may be the reader's state.
fn reader(reader: ReaderSummary) -> ReaderFacts {
    let condition = match reader.condition {
        ReaderCondition::CardProblem(ErrorCode::ReaderBusy, _) => ReaderCondition::Busy,
        ReaderCondition::CardProblem(ErrorCode::ReaderLost, _) => ReaderCondition::Unreachable,
        ReaderCondition::CardProblem(ErrorCode::CardRemoved, _) => ReaderCondition::Empty,
        other @ (ReaderCondition::Empty
        | ReaderCondition::Card
        | ReaderCondition::CardProblem(..)
        | ReaderCondition::Busy
        | ReaderCondition::Unreachable) => other,
    };
    ReaderFacts {
        name: reader.name,
        condition,
    }
}

/// What pcscd says whose polkit does not allow the client (SCardEstablishContext).
const REFUSED: &str = "SCARD_W_SECURITY_VIOLATION";
