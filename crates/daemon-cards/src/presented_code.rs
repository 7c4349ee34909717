//! A code that stays presented to its card for as long as somebody holds on to it.

use std::sync::mpsc::Sender;
use std::sync::{Arc, Weak};

use crate::worker::Message;

/// Holds on to the code that was presented to a card: uses of its keys may rest on it. With the last
/// one the code is dropped from the card, by the worker that alone speaks to it.
///
/// The card may lose the code before, by a reset or a wrong code; whoever holds this has to present
/// it again then.
#[derive(Clone, Debug)]
pub struct PresentedCode(Arc<Hold>);

#[derive(Debug)]
struct Hold {
    worker: Sender<Message>,
}

impl Drop for Hold {
    fn drop(&mut self) {
        // A worker that is gone has dropped the code before.
        let _: Result<(), _> = self.worker.send(Message::CodeReleased);
    }
}

impl PresentedCode {
    pub(crate) fn new(worker: Sender<Message>) -> Self {
        Self(Arc::new(Hold { worker }))
    }

    /// A claim to it, which keeps nothing presented.
    #[must_use]
    pub fn claim(&self) -> CodeClaim {
        CodeClaim(Arc::downgrade(&self.0))
    }
}

/// A claim to a code for as long as somebody else holds on to it.
#[derive(Clone, Debug)]
pub struct CodeClaim(Weak<Hold>);

impl CodeClaim {
    /// Holds on to it for one use; `None` where nobody does any more.
    #[must_use]
    pub fn hold(&self) -> Option<PresentedCode> {
        self.0.upgrade().map(PresentedCode)
    }
}

/// The code that a card knows of, as far as this program knows, and who holds on to it.
#[derive(Debug)]
pub(crate) struct KeptCode {
    /// No other program had presented it before: it is ours to drop.
    pub(crate) is_ours: bool,
    holders: Vec<Weak<Hold>>,
}

impl KeptCode {
    pub(crate) fn held_by(code: &PresentedCode, is_ours: bool) -> Self {
        Self {
            is_ours,
            holders: vec![Arc::downgrade(&code.0)],
        }
    }

    /// One more holds on to it.
    pub(crate) fn hold(&mut self, code: &PresentedCode) {
        self.holders.retain(|holder| holder.strong_count() > 0);
        if !self.is_held_by(code) {
            self.holders.push(Arc::downgrade(&code.0));
        }
    }

    /// Nobody rests on it any more: the card may have lost it, or not.
    pub(crate) fn let_go(&mut self) {
        self.holders.clear();
    }

    pub(crate) fn is_held(&self) -> bool {
        self.holders.iter().any(|holder| holder.strong_count() > 0)
    }

    /// Whether it was presented for this one, or after it and while it was there.
    pub(crate) fn is_held_by(&self, code: &PresentedCode) -> bool {
        let code = Arc::as_ptr(&code.0);
        self.holders.iter().any(|holder| holder.as_ptr() == code)
    }
}
