//! What a worker is asked to do with the card of one stay.

use daemon_types::{Activity, CodesOfCard, OperationError};
use tokio::sync::oneshot;

use crate::open_card::OpenCard;
use crate::worker::Worker;
use crate::{CodeForKey, HolderCodeError, HolderPin, NewCode, OperationClock, PresentedCode};

/// Something that is asked of the card of a stay, or of nothing where that is gone.
pub(crate) type Errand = Box<dyn FnOnce(Result<&mut OpenCard, OperationError>) + Send>;

/// Something that rests on a code, and answers whoever waits for it.
pub(crate) type WorkOnCode = Box<dyn FnOnce(&mut Worker, CodeForKey, &OperationClock) + Send>;

/// What somebody wants of a card, and where the answer goes.
pub(crate) enum Job {
    /// It lets a few others go first, since it is nothing that its holder waits for.
    Errand {
        insertion: u64,
        errand: Errand,
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
    OnCode {
        code: CodeForKey,
        work: WorkOnCode,
    },
    PresentPin {
        insertion: u64,
        pin: HolderPin,
        code: PresentedCode,
        reply: oneshot::Sender<Result<(), HolderCodeError>>,
    },
}
