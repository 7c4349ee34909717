//! One card over PC/SC: connection, transaction, reset.

use std::ffi::{CStr, CString};
use std::fmt;
use std::thread;
use std::time::{Duration, Instant};

use card_apdu::{
    Atr, CardChannel, Keypad, KeypadAbilities, KeypadCodes, KeypadEntry, Protocol, ReaderFault,
    WireBytes,
};
use pcsc::{Card, Context, Disposition, Error, Protocols, Scope, ShareMode};
use zeroize::{Zeroize, Zeroizing};

use crate::fault::reader_fault;
use crate::keypad::{self, Knowledge};
use crate::silence::fault_behind_silence;

/// Opens the card in a reader, shared with other programs, over T=0 or T=1 as
/// the card prefers.
///
/// While another program is in a transaction on this card, pcsc-lite makes
/// this wait until that is over.
///
/// # Errors
/// [`ReaderFault::ReaderGone`] when there is no such reader,
/// [`ReaderFault::Removed`] when there is no card in it,
/// [`ReaderFault::Mute`] when the card does not answer its reset,
/// [`ReaderFault::Busy`] when another program holds it for itself.
pub fn connect(reader: &str) -> Result<PcscConnection, ReaderFault> {
    let name = CString::new(reader).map_err(|_| ReaderFault::ReaderGone)?;
    let context = Context::establish(Scope::User).map_err(reader_fault)?;
    let mut card = SharedCard::connect(&context, &name).map_err(reader_fault)?;
    let (atr, protocol) = atr_and_protocol(card.open()?)?;
    Ok(PcscConnection {
        context,
        name,
        card,
        atr,
        protocol,
        keypad: Knowledge::NotAsked,
        response: response_buffer(),
    })
}

/// An open card. It is left as it is, never reset, when this is dropped.
///
/// The connection stands for one card: once that was taken out, every call
/// fails, also when another card has come in its place. Only
/// [`reconnect`](Self::reconnect) takes whatever card is there.
pub struct PcscConnection {
    context: Context,
    name: CString,
    card: SharedCard,
    atr: Atr,
    protocol: Protocol,
    keypad: Knowledge,
    response: Zeroizing<Box<[u8]>>,
}

impl PcscConnection {
    /// The answer to the last reset that this connection knows of.
    #[must_use]
    pub fn atr(&self) -> &Atr {
        &self.atr
    }

    /// The protocol in use.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Keeps other programs away from the card until the transaction is dropped.
    ///
    /// Waits, without limit, for as long as another program is in one;
    /// pcsc-lite asks for its end only ten times a second.
    ///
    /// # Errors
    /// [`ReaderFault::Reset`] when another program reset the card since this
    /// connection was opened or reconnected, [`ReaderFault::Removed`] when the
    /// card was taken out since, even if a card is in the reader now.
    pub fn transaction(&mut self) -> Result<PcscTransaction<'_>, ReaderFault> {
        let transaction = self.card.open()?.transaction().map_err(reader_fault)?;
        if matches!(self.keypad, Knowledge::NotAsked) {
            self.keypad = keypad::find(&transaction, &self.name.to_string_lossy());
        }
        Ok(PcscTransaction {
            context: &self.context,
            reader: &self.name,
            transaction,
            atr: &mut self.atr,
            protocol: &mut self.protocol,
            keypad: self.keypad,
            response: &mut self.response,
        })
    }

    /// Takes note of a reset by another program, without another reset.
    ///
    /// PC/SC remembers only the last event: a card that was exchanged and then
    /// reset by another program shows as [`ReaderFault::Reset`] alone. Whoever
    /// reconnects must therefore find out anew which card this is.
    ///
    /// SCardReconnect does not wait for the end of another program's transaction as SCardBeginTransaction does:
    /// pcsc-lite refuses it, so it is asked again for a while.
    ///
    /// # Errors
    /// As for [`connect`].
    pub fn reconnect(&mut self) -> Result<(), ReaderFault> {
        let card = self.card.open()?;
        let until = Instant::now() + LONGEST_TURN;
        loop {
            let leave = Disposition::LeaveCard;
            match card.reconnect(ShareMode::Shared, PROTOCOLS, leave) {
                Err(Error::SharingViolation) if Instant::now() < until => {
                    thread::sleep(BETWEEN_TURNS);
                }
                reconnected => break reconnected.map_err(reader_fault)?,
            }
        }
        (self.atr, self.protocol) = atr_and_protocol(card)?;
        Ok(())
    }
}

impl fmt::Debug for PcscConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PcscConnection")
            .field("atr", &self.atr)
            .field("protocol", &self.protocol)
            .finish_non_exhaustive()
    }
}

/// The exclusive use of an open card; the card is left as it is when this is dropped.
pub struct PcscTransaction<'a> {
    context: &'a Context,
    reader: &'a CStr,
    transaction: pcsc::Transaction<'a>,
    atr: &'a mut Atr,
    protocol: &'a mut Protocol,
    keypad: Knowledge,
    response: &'a mut Zeroizing<Box<[u8]>>,
}

impl PcscTransaction<'_> {
    /// Resets the card, so that it forgets which codes were presented, and ends
    /// the transaction. Other programs see [`ReaderFault::Reset`]; this
    /// connection does not, and goes on with the same card.
    ///
    /// The reset is asked for by SCardReconnect within the transaction. The
    /// other way, SCardEndTransaction with SCARD_RESET_CARD, marks our own
    /// handle as reset too (measured), and between that and the reconnection
    /// that it then needs, the card could be exchanged unseen.
    ///
    /// # Errors
    /// [`ReaderFault::Removed`] when the card is gone, and with its power all it
    /// knew. After any other fault the codes may still count as presented.
    pub fn end_with_reset(mut self) -> Result<(), ReaderFault> {
        // SCardReconnect would take any card for ours; this asks whether it still is.
        self.transaction.status2_owned().map_err(reader_fault)?;
        if let Err(error) = reset(&mut self.transaction) {
            settle_failed_reset(&mut self.transaction);
            return Err(reader_fault(error));
        }
        (*self.atr, *self.protocol) = atr_and_protocol(&self.transaction)?;
        Ok(())
    }
}

impl PcscTransaction<'_> {
    fn fault_behind_silence(&self) -> ReaderFault {
        fault_behind_silence(self.context, self.reader, &self.transaction)
    }
}

impl CardChannel for PcscTransaction<'_> {
    fn protocol(&self) -> Protocol {
        *self.protocol
    }

    fn exchange(&mut self, command: &WireBytes) -> Result<Vec<u8>, ReaderFault> {
        let result = self.transaction.transmit(command.expose(), self.response);
        let answer = result.map(<[u8]>::to_vec).map_err(reader_fault);
        self.take_answer(answer)
    }

    fn keypad(&mut self) -> Option<&mut dyn Keypad> {
        matches!(self.keypad, Knowledge::Keypad(_)).then_some(self as &mut dyn Keypad)
    }
}

impl Keypad for PcscTransaction<'_> {
    fn abilities(&self) -> KeypadAbilities {
        match &self.keypad {
            Knowledge::Keypad(keypad) => keypad.abilities,
            Knowledge::NotAsked | Knowledge::None => KeypadAbilities::NONE,
        }
    }

    fn enter(&mut self, entry: &KeypadEntry) -> Result<Vec<u8>, ReaderFault> {
        let Knowledge::Keypad(keypad) = self.keypad else {
            return Ok(REFUSED.to_vec());
        };
        let code = match entry.codes {
            KeypadCodes::Present => keypad.features.verify,
            KeypadCodes::NewTwice | KeypadCodes::OldThenNewTwice => keypad.features.modify,
        };
        let Some(code) = code else {
            return Ok(REFUSED.to_vec());
        };
        let structure = entry.structure(&keypad.abilities);
        let result = self
            .transaction
            .control(code.into(), &structure, self.response);
        let answer = match result {
            Err(error) if keypad::is_refusal(error) => Ok(REFUSED.to_vec()),
            result => result.map(<[u8]>::to_vec).map_err(reader_fault),
        };
        self.take_answer(answer)
    }
}

impl PcscTransaction<'_> {
    /// Wipes what came of it from the buffer, and finds out why nothing came.
    fn take_answer(
        &mut self,
        answer: Result<Vec<u8>, ReaderFault>,
    ) -> Result<Vec<u8>, ReaderFault> {
        let used_len = answer.as_ref().map_or(RESPONSE_LEN, Vec::len);
        if let Some(used) = self.response.get_mut(..used_len) {
            used.zeroize();
        }
        match answer {
            Err(ReaderFault::Mute) => Err(self.fault_behind_silence()),
            // What vpcd makes of a card that is pulled within a command.
            Ok(answer) if answer.is_empty() => Err(self.fault_behind_silence()),
            answer => answer,
        }
    }
}

impl fmt::Debug for PcscTransaction<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PcscTransaction")
            .field("atr", &self.atr)
            .field("protocol", &self.protocol)
            .finish_non_exhaustive()
    }
}

/// A card that is left as it is on drop, where the binding alone would reset it.
struct SharedCard(Option<Card>);

impl SharedCard {
    fn connect(context: &Context, reader: &CStr) -> Result<Self, Error> {
        let card = context.connect(reader, ShareMode::Shared, PROTOCOLS)?;
        Ok(Self(Some(card)))
    }

    /// The card, which is there until drop takes it.
    fn open(&mut self) -> Result<&mut Card, ReaderFault> {
        self.0.as_mut().ok_or(ReaderFault::Removed)
    }
}

impl Drop for SharedCard {
    fn drop(&mut self) {
        let Some(card) = self.0.take() else {
            return;
        };
        // On failure the binding tries once more, with a reset; but only a
        // service that is gone makes this fail, and it hears neither.
        if let Err((_, error)) = card.disconnect(Disposition::LeaveCard) {
            tracing::debug!(%error, "disconnecting from a card");
        }
    }
}

fn reset(card: &mut pcsc::Transaction<'_>) -> Result<(), Error> {
    card.reconnect(ShareMode::Shared, PROTOCOLS, Disposition::ResetCard)
}

/// Leaves no reader behind that a failed reset has put out of use.
///
/// When a reset meets no card, pcsc-lite takes the reader for empty (1.9.9, SCardReconnect), but a card
/// that is back before it looks itself it does not announce, and connects nobody to it. Another reset
/// brings such a card back. One that the service missed tells so on this handle, and is announced.
fn settle_failed_reset(card: &mut pcsc::Transaction<'_>) {
    for _ in 0..RESETS_AFTER_A_FAILED_ONE {
        thread::sleep(NEXT_LOOK_OF_SERVICE);
        match card.status2_owned() {
            Ok(_) | Err(Error::ResetCard) => {}
            Err(_) => return,
        }
        if reset(card).is_ok() {
            return;
        }
    }
}

/// Reads what SCardStatus tells; fails when the card was reset or removed.
fn atr_and_protocol(card: &Card) -> Result<(Atr, Protocol), ReaderFault> {
    let status = card.status2_owned().map_err(reader_fault)?;
    let atr = Atr::parse(status.atr()).map_err(|_| reader_fault(Error::InvalidAtr))?;
    let protocol = match status.protocol2() {
        Some(pcsc::Protocol::T0) => Protocol::T0,
        Some(pcsc::Protocol::T1) => Protocol::T1,
        Some(pcsc::Protocol::RAW) | None => return Err(reader_fault(Error::ProtoMismatch)),
    };
    Ok((atr, protocol))
}

fn response_buffer() -> Zeroizing<Box<[u8]>> {
    Zeroizing::new(vec![0; RESPONSE_LEN].into_boxed_slice())
}

/// What a reader answers to a structure that it does not understand (part 10, 2.5.2).
const REFUSED: [u8; 2] = [0x6B, 0x80];
const PROTOCOLS: Protocols = Protocols::T0.union(Protocols::T1);
/// pcsc-lite looks every 400 ms at a reader that does not tell by itself.
const NEXT_LOOK_OF_SERVICE: Duration = Duration::from_millis(500);
/// Longer than any program needs the card at a stretch that means well.
const LONGEST_TURN: Duration = Duration::from_secs(5);
const BETWEEN_TURNS: Duration = Duration::from_millis(20);
const RESETS_AFTER_A_FAILED_ONE: usize = 3;
/// The longest answer of ISO/IEC 7816-4 (5.1): 65536 bytes and a status word.
const RESPONSE_LEN: usize = 65_538;
