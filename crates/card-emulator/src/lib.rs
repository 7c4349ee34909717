//! Virtual cards of the CPx family, with memory, for tests, demonstrations and integrators.
//!
//! [`Cps3Card`] answers the bytes of a reader as a real CPS3 does; [`CardParameters`] says who
//! holds it. It can be used
//!
//! - in process: [`VirtualReaders`] are readers into which cards are put, with a
//!   [`CardChannel`](card_apdu::CardChannel) to each card;
//! - in a real pcscd: [`vpcd::VpcdReader`], or the program `virtual-card`, plugs the card into vpcd.
//!
//! Every card carries certificates of a test PKI ([`pki`]) whose keys everybody can read. Nothing
//! here is secret and nothing of it may be trusted outside of tests.
//!
//! What a real card answers comes from public logs; where none exists the doc comment says GUESS.

mod cps3;
mod parameters;
mod persistent_state;
pub mod pki;
mod transmission;
mod virtual_card;
mod virtual_reader;
pub mod vpcd;

pub use cps3::{CardError, Cps3Card, Observer};
pub use parameters::{CardNumber, CardParameters, Holder, ParameterError};
pub use persistent_state::StateFileError;
pub use virtual_card::VirtualCard;
pub use virtual_reader::{
    CardState, ReaderState, ReadersState, VirtualConnection, VirtualReaderError, VirtualReaders,
};
