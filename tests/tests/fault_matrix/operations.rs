//! The operations of the matrix.

use std::time::Duration;

use card_emulator::DemoCard;
use daemon_operations::Operations;
use daemon_types::{
    AuthenticateRequest, Caller, CardId, DigestToSign, ErrorCode, HashAlgorithm, OperationError,
    Origin, ReaderCondition, SignRequest, SignatureAlgorithm, SocketProgram,
};
use tokio::time::Instant;

use crate::desk::Desk;

/// A part of the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operation {
    FirstReading,
    List,
    Authenticate,
    Sign,
    Activities,
    Change,
    Unblock,
}

impl Operation {
    /// What a kind of card can do at all.
    pub(crate) fn of(kind: DemoCard) -> &'static [Self] {
        match kind {
            DemoCard::Cps3Contactless => &[Self::FirstReading, Self::List],
            DemoCard::Cps3
            | DemoCard::Cps4
            | DemoCard::Cpf
            | DemoCard::Cpe
            | DemoCard::CpeNonNominative
            | DemoCard::Cpa => &[
                Self::FirstReading,
                Self::List,
                Self::Authenticate,
                Self::Sign,
                Self::Activities,
                Self::Change,
                Self::Unblock,
            ],
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::FirstReading => "first reading",
            Self::List => "list",
            Self::Authenticate => "authenticate",
            Self::Sign => "sign",
            Self::Activities => "activities",
            Self::Change => "change",
            Self::Unblock => "unblock",
        }
    }

    /// Codes that the holder types for it to prove who they are.
    pub(crate) fn codes_typed(self) -> usize {
        match self {
            Self::FirstReading | Self::List => 0,
            Self::Authenticate | Self::Sign | Self::Activities | Self::Change | Self::Unblock => 1,
        }
    }

    /// Whether the card has another code for its holder after it.
    pub(crate) fn sets_a_code(self) -> bool {
        matches!(self, Self::Change | Self::Unblock)
    }

    /// Does it on a card that the agent knows, or finds out which card has just been put in.
    pub(crate) async fn run(
        self,
        desk: &mut Desk,
        operations: &Operations,
        card: Option<&CardId>,
    ) -> Result<(), OperationError> {
        let deadline = Instant::now() + DEADLINE;
        let Some(card) = card else {
            return desk.identified().await.map(drop).map_err(told);
        };
        match self {
            Self::FirstReading | Self::List => operations.cards(&caller()).await.map(drop),
            Self::Authenticate => {
                let request = AuthenticateRequest {
                    nonce: "A".repeat(44),
                    origin: Origin::parse("https://service.example").unwrap(),
                    algorithm: RS256,
                    session: None,
                };
                let caller = caller();
                let token = operations.authenticate(&caller, card, request, deadline);
                token.await.map(drop)
            }
            Self::Sign => {
                let digest = DigestToSign {
                    value: vec![0x5A; 32],
                    description: "Ordonnance".to_owned(),
                };
                let request = SignRequest {
                    algorithm: RS256,
                    session: None,
                    digests: vec![digest],
                };
                let signed = operations.sign(&caller(), card, request, deadline).await;
                signed.map(drop)
            }
            Self::Activities => {
                let read = operations.activities(&caller(), card, deadline).await;
                read.map(drop)
            }
            Self::Change => {
                let changed = operations.change_pin(&caller(), card, None, deadline).await;
                changed.map(drop)
            }
            Self::Unblock => {
                let unblocked = operations
                    .unblock_pin(&caller(), card, None, deadline)
                    .await;
                unblocked.map(drop)
            }
        }
    }
}

/// What is said of a card that could not be identified.
fn told(condition: ReaderCondition) -> OperationError {
    OperationError::new(match condition {
        ReaderCondition::Empty => ErrorCode::CardRemoved,
        ReaderCondition::CardProblem(code, _) => code,
        ReaderCondition::Busy => ErrorCode::ReaderBusy,
        ReaderCondition::Unreachable => ErrorCode::CardMute,
        ReaderCondition::Card => ErrorCode::Internal,
    })
}

fn caller() -> Caller {
    Caller::SocketProgram(SocketProgram {
        pid: None,
        executable: None,
    })
}

/// What callers give an operation; its card may then need half a minute more.
const DEADLINE: Duration = Duration::from_secs(30);
const RS256: SignatureAlgorithm = SignatureAlgorithm::RsaPkcs1(HashAlgorithm::Sha256);
