//! Plugs a virtual card into a real pcscd through vpcd, the virtual reader of vsmartcard.
//!
//! vpcd listens (port 35963 for its first reader); the card connects. Each message is a length of
//! two bytes and so many bytes. A message of one byte is an event of the reader, any other is a
//! command for the card. Closing the connection takes the card out.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};

use card_apdu::ReaderFault;

use crate::fault_plan::{FaultPlan, Line};
use crate::pace::Pace;
use crate::virtual_card::VirtualCard;

/// Why a card left its virtual reader other than by being taken out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VpcdError {
    /// Nothing listens there, or the address does not resolve.
    #[error("connecting to vpcd")]
    Connect(#[source] std::io::Error),
    /// The connection broke.
    #[error("talking to vpcd")]
    Connection(#[source] std::io::Error),
    /// The answer of the card does not fit into a message.
    #[error("the answer of the card is longer than 65535 bytes")]
    AnswerTooLong,
}

/// A virtual reader of vpcd with nothing in it yet.
#[derive(Debug)]
pub struct VpcdReader {
    stream: TcpStream,
    plan: FaultPlan,
    pace: Pace,
}

impl VpcdReader {
    /// Connects to vpcd, which announces a card to pcscd at once.
    ///
    /// # Errors
    /// [`VpcdError::Connect`].
    pub fn connect(address: impl ToSocketAddrs) -> Result<Self, VpcdError> {
        let stream = TcpStream::connect(address).map_err(VpcdError::Connect)?;
        stream.set_nodelay(true).map_err(VpcdError::Connect)?;
        Ok(Self {
            stream,
            plan: FaultPlan::default(),
            pace: Pace::default(),
        })
    }

    /// Lets this plan spoil the day.
    ///
    /// vpcd knows of no other fault than a card that leaves. So a removal and a reset close the
    /// connection, in the middle of a command as ordered; pcscd then gives its client an answer of
    /// no bytes. A card that is mute, silent or without power says nothing more: pcscd waits for it
    /// until this program ends.
    #[must_use]
    pub fn with_fault_plan(mut self, plan: FaultPlan) -> Self {
        self.plan = plan;
        self
    }

    /// Makes the card as slow as a real one.
    #[must_use]
    pub fn with_pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// Lets the card answer until vpcd closes the connection or a fault takes the card out.
    ///
    /// # Errors
    /// [`VpcdError`] when the connection breaks inside a message.
    pub fn serve(mut self, card: &mut dyn VirtualCard) -> Result<(), VpcdError> {
        while let Some(message) = self.receive().map_err(VpcdError::Connection)? {
            match message.as_slice() {
                [POWER_OFF | POWER_ON | RESET] => card.reset(),
                [SEND_ATR] => self.send(card.atr())?,
                [] | [_] => {}
                command => match self.plan.exchange(&mut Powered(card), command) {
                    Ok(answer) => {
                        std::thread::sleep(self.pace.time(command, &answer));
                        self.send(&answer)?;
                    }
                    Err(ReaderFault::Mute) => {}
                    Err(_) => return Ok(()),
                },
            }
        }
        Ok(())
    }

    /// The next message, or nothing when vpcd hung up between two.
    fn receive(&mut self) -> std::io::Result<Option<Vec<u8>>> {
        let mut len = [0; 2];
        acknowledge_at_once(&self.stream)?;
        match self.stream.read_exact(&mut len) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error),
        }
        let mut message = vec![0; usize::from(u16::from_be_bytes(len))];
        acknowledge_at_once(&self.stream)?;
        self.stream.read_exact(&mut message)?;
        Ok(Some(message))
    }

    /// Length and bytes go in one write, so that the other side never waits for the second.
    fn send(&mut self, bytes: &[u8]) -> Result<(), VpcdError> {
        let len = u16::try_from(bytes.len()).map_err(|_| VpcdError::AnswerTooLong)?;
        let message = [&len.to_be_bytes(), bytes].concat();
        self.stream
            .write_all(&message)
            .map_err(VpcdError::Connection)
    }
}

/// The card in this reader.
struct Powered<'a>(&'a mut dyn VirtualCard);

impl Line for Powered<'_> {
    fn answer(&mut self, command: &[u8]) -> Result<Vec<u8>, ReaderFault> {
        Ok(self.0.process(command))
    }

    /// The connection closes after the fault, and that takes the card out.
    fn pull(&mut self) {}

    fn reset(&mut self) {
        self.0.reset();
    }
}

/// vpcd writes length and bytes separately, so a delayed acknowledgement of the first costs 44 ms
/// for every command. Linux forgets the option, hence once before each receive.
#[cfg(target_os = "linux")]
fn acknowledge_at_once(stream: &TcpStream) -> std::io::Result<()> {
    Ok(rustix::net::sockopt::set_tcp_quickack(stream, true)?)
}

/// Other systems have no such option; TCP_NODELAY is all there is.
#[cfg(not(target_os = "linux"))]
fn acknowledge_at_once(_: &TcpStream) -> std::io::Result<()> {
    Ok(())
}

const POWER_OFF: u8 = 0;
const POWER_ON: u8 = 1;
const RESET: u8 = 2;
const SEND_ATR: u8 = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CardParameters, Cps3Card};
    use std::net::TcpListener;
    use std::thread::JoinHandle;
    use time::macros::datetime;

    /// The other end: what vpcd does.
    struct Vpcd(TcpStream);

    impl Vpcd {
        fn with_card() -> (Self, JoinHandle<Result<(), VpcdError>>) {
            Self::with_card_in(|reader| reader)
        }

        fn with_card_in(
            prepare: impl FnOnce(VpcdReader) -> VpcdReader + Send + 'static,
        ) -> (Self, JoinHandle<Result<(), VpcdError>>) {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = listener.local_addr().unwrap();
            let card = std::thread::spawn(move || {
                let parameters = CardParameters::new(datetime!(2026-11-21 19:00 UTC));
                let mut card = Cps3Card::new(&parameters).unwrap();
                prepare(VpcdReader::connect(address)?).serve(&mut card)
            });
            (Self(listener.accept().unwrap().0), card)
        }

        fn send(&mut self, message: &[u8]) {
            let len = u16::try_from(message.len()).unwrap().to_be_bytes();
            self.0.write_all(&len).unwrap();
            self.0.write_all(message).unwrap();
        }

        fn ask(&mut self, message: &[u8]) -> Vec<u8> {
            self.send(message);
            let mut len = [0; 2];
            self.0.read_exact(&mut len).unwrap();
            let mut answer = vec![0; usize::from(u16::from_be_bytes(len))];
            self.0.read_exact(&mut answer).unwrap();
            answer
        }
    }

    const VERIFY: [u8; 9] = [0, 0x20, 0, 1, 4, 0x31, 0x32, 0x33, 0x34];
    const PIN_STATE: [u8; 5] = [0, 0x20, 0, 1, 0];

    #[test]
    fn serves_atr_and_commands_until_vpcd_hangs_up() {
        let (mut vpcd, card) = Vpcd::with_card();
        vpcd.send(&[POWER_ON]);
        assert_eq!(vpcd.ask(&[SEND_ATR]), Cps3Card::ATR);
        assert_eq!(vpcd.ask(&PIN_STATE), [0x63, 0xC3]);
        drop(vpcd);
        card.join().unwrap().unwrap();
    }

    #[test]
    fn power_and_reset_forget_a_verified_code() {
        let (mut vpcd, card) = Vpcd::with_card();
        for event in [POWER_OFF, POWER_ON, RESET] {
            assert_eq!(vpcd.ask(&VERIFY), [0x90, 0x00]);
            assert_eq!(vpcd.ask(&PIN_STATE), [0x90, 0x00]);
            vpcd.send(&[event]);
            assert_eq!(vpcd.ask(&PIN_STATE), [0x63, 0xC3]);
        }
        drop(vpcd);
        card.join().unwrap().unwrap();
    }

    #[test]
    fn a_message_cut_short_is_an_error() {
        let (mut vpcd, card) = Vpcd::with_card();
        vpcd.0.write_all(&[0, 5, 0, 0x20]).unwrap();
        drop(vpcd);
        let error = card.join().unwrap().unwrap_err();
        assert!(matches!(error, VpcdError::Connection(_)));
    }

    #[test]
    fn unknown_events_are_ignored() {
        let (mut vpcd, card) = Vpcd::with_card();
        vpcd.send(&[9]);
        vpcd.send(&[]);
        assert_eq!(vpcd.ask(&[SEND_ATR]), Cps3Card::ATR);
        drop(vpcd);
        card.join().unwrap().unwrap();
    }

    #[test]
    fn a_removal_hangs_up_and_a_mute_card_says_nothing() {
        let (mut vpcd, card) = Vpcd::with_card_in(|reader| {
            let plan = FaultPlan::default();
            plan.arm("mute@1".parse().unwrap());
            plan.arm("removal-after@3".parse().unwrap());
            reader.with_fault_plan(plan)
        });
        vpcd.send(&PIN_STATE);
        assert_eq!(vpcd.ask(&VERIFY), [0x90, 0x00], "the first got no answer");
        vpcd.send(&PIN_STATE);
        card.join().unwrap().unwrap();
    }
}
