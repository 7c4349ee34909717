//! Why a card did not answer, which PC/SC says only a moment later.

use std::ffi::CStr;
use std::time::{Duration, Instant};

use card_apdu::ReaderFault;
use pcsc::{Card, Context, Error, State};

use crate::fault::reader_fault;

/// The fault behind a command without an answer: a card that was just pulled has left only once the
/// service has looked at the reader again, and until then the handle is as good as ever.
pub(crate) fn fault_behind_silence(context: &Context, reader: &CStr, card: &Card) -> ReaderFault {
    let patience = Instant::now() + NEXT_LOOK;
    let mut question = [pcsc::ReaderState::new(reader, State::UNAWARE)];
    loop {
        if let Err(error) = card.status2_owned() {
            return reader_fault(error);
        }
        let left = patience.saturating_duration_since(Instant::now());
        match context.get_status_change(left, &mut question) {
            Ok(()) if !left.is_zero() => question
                .iter_mut()
                .for_each(pcsc::ReaderState::sync_current_state),
            Ok(()) | Err(Error::Timeout) => return ReaderFault::Mute,
            Err(error) => return reader_fault(error),
        }
    }
}

/// Some times the 400 ms after which pcsc-lite looks at a reader that does not tell by itself.
const NEXT_LOOK: Duration = Duration::from_millis(1500);
