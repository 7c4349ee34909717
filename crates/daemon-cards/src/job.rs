//! What a worker is asked to do with the card of one stay.

use daemon_types::{Activity, CodesOfCard, OperationError};
use tokio::sync::oneshot;

use crate::open_card::OpenCard;
use crate::{HolderCodeError, HolderPin, KeyUse, NewCode, PresentedCode};

/// Something that is asked of the card of a stay, or of nothing where that is gone.
pub(crate) type Look = Box<dyn FnOnce(Result<&mut OpenCard, OperationError>) + Send>;

/// What somebody wants of a card, and where the answer goes.
pub(crate) enum Job {
    Look {
        insertion: u64,
        look: Look,
    },
    ReadCodes {
        insertion: u64,
        reply: oneshot::Sender<Result<(), OperationError>>,
    },
    ListActivities {
        insertion: u64,
        reply: oneshot::Sender<Result<Option<Vec<u8>>, OperationError>>,
    },
    ReadActivities {
        insertion: u64,
        pin: HolderPin,
        reply: oneshot::Sender<Result<Vec<Activity>, HolderCodeError>>,
    },
    SetPin {
        insertion: u64,
        new_code: NewCode,
        reply: oneshot::Sender<Result<Option<CodesOfCard>, HolderCodeError>>,
    },
    UseKey {
        insertion: u64,
        key_use: KeyUse,
        reply: oneshot::Sender<Result<Vec<Vec<u8>>, HolderCodeError>>,
    },
    PresentPin {
        insertion: u64,
        pin: HolderPin,
        code: PresentedCode,
        reply: oneshot::Sender<Result<(), HolderCodeError>>,
    },
}
