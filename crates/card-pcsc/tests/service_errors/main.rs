//! Every error of PC/SC at every call: what is made of it, and that the next call works.
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::unwrap_in_result,
    reason = "a service that does something else than planned fails its test"
)]

mod errors;
mod fake_service;
mod keypad;

use card_apdu::{CardChannel, CommandApdu, ReaderFault};
use card_pcsc::{PcscConnection, ReaderWatcher, WatchError, connect};
use pcsc_sys::{
    LONG, SCARD_E_COMM_DATA_LOST, SCARD_E_INSUFFICIENT_BUFFER, SCARD_E_NO_READERS_AVAILABLE,
    SCARD_E_NOT_TRANSACTED, SCARD_E_SHARING_VIOLATION, SCARD_E_TIMEOUT, SCARD_E_UNKNOWN_READER,
    SCARD_W_UNRESPONSIVE_CARD,
};

use errors::errors;
use fake_service::{Call, READER, fail_once, is_to_come, pull_in_mid_command, transmits};

#[test]
fn an_error_while_connecting_is_told_and_the_next_connection_works() {
    for call in [Call::EstablishContext, Call::Connect, Call::Status] {
        for_each_error(|error, fault| {
            fail_once(call, error);
            assert_eq!(connect(READER).unwrap_err(), fault, "{call:?}");
            works(&mut connect(READER).unwrap());
        });
    }
}

#[test]
fn an_error_of_a_transaction_is_told_and_the_next_one_works() {
    for_each_error(|error, fault| {
        let mut card = connect(READER).unwrap();
        fail_once(Call::BeginTransaction, error);
        assert_eq!(card.transaction().unwrap_err(), fault);
        works(&mut card);
    });
}

#[test]
fn an_error_of_a_command_is_told_and_the_command_is_never_sent_again() {
    for_each_error(|error, fault| {
        let mut card = connect(READER).unwrap();
        fail_once(Call::Transmit, error);
        assert_eq!(send(&mut card).unwrap_err(), fault);
        assert_eq!(transmits(), 1);
        works(&mut card);
    });
}

#[test]
fn an_error_after_the_answer_changes_nothing() {
    for_each_error(|error, _| {
        let mut card = connect(READER).unwrap();
        fail_once(Call::EndTransaction, error);
        works(&mut card);
        assert!(!is_to_come());
        works(&mut card);
        fail_once(Call::Disconnect, error);
        drop(card);
        assert!(!is_to_come());
        works(&mut connect(READER).unwrap());
    });
}

#[test]
fn an_error_while_the_card_is_reset_is_told_and_the_next_reset_works() {
    for call in [Call::Status, Call::Reconnect] {
        for_each_error(|error, fault| {
            let mut card = connect(READER).unwrap();
            fail_once(call, error);
            let reset = card.transaction().unwrap().end_with_reset();
            assert_eq!(reset.unwrap_err(), fault, "{call:?}");
            assert!(card.transaction().unwrap().end_with_reset().is_ok());
            works(&mut card);
        });
    }
}

#[test]
fn an_error_while_reconnecting_is_told_and_the_next_attempt_works() {
    for call in [Call::Reconnect, Call::Status] {
        for_each_error(|error, fault| {
            let mut card = connect(READER).unwrap();
            fail_once(call, error);
            if call == Call::Reconnect && error == SCARD_E_SHARING_VIOLATION {
                // Another program's turn, whose end is waited for.
                assert_eq!(card.reconnect(), Ok(()));
            } else {
                assert_eq!(card.reconnect().unwrap_err(), fault, "{call:?}");
                assert_eq!(card.reconnect(), Ok(()));
            }
            works(&mut card);
        });
    }
}

#[test]
fn an_error_while_watching_is_told_and_the_reader_comes_back() {
    for call in [
        Call::EstablishContext,
        Call::ListReaders,
        Call::GetStatusChange,
    ] {
        for_each_error(|error, fault| {
            let mut watcher = ReaderWatcher::new();
            fail_once(call, error);
            let mut listed = watcher.wait_for_change();
            if !is_no_failure(call, error) {
                assert_eq!(listed, Err(WatchError::Service(fault)), "{call:?}");
                listed = watcher.wait_for_change();
            } else if listed == Ok(vec![]) {
                listed = watcher.wait_for_change();
            }
            assert_eq!(listed.unwrap()[0].name, READER, "{call:?}");
        });
    }
}

/// Whether a call ends so although nothing is wrong: the list grew or is empty, nothing changed, or a
/// reader left meanwhile.
fn is_no_failure(call: Call, error: LONG) -> bool {
    let passed_over: &[LONG] = match call {
        Call::ListReaders => &[SCARD_E_INSUFFICIENT_BUFFER, SCARD_E_NO_READERS_AVAILABLE],
        Call::GetStatusChange => &[SCARD_E_TIMEOUT, SCARD_E_UNKNOWN_READER],
        Call::EstablishContext
        | Call::Connect
        | Call::Reconnect
        | Call::Disconnect
        | Call::BeginTransaction
        | Call::EndTransaction
        | Call::Transmit
        | Call::Control
        | Call::Status => &[],
    };
    passed_over.contains(&error)
}

#[test]
fn a_card_pulled_in_mid_command_is_no_mute_card() {
    for error in [
        SCARD_E_NOT_TRANSACTED,
        SCARD_W_UNRESPONSIVE_CARD,
        SCARD_E_COMM_DATA_LOST,
    ] {
        let in_a_reader_of_its_own = std::thread::spawn(move || {
            let mut card = connect(READER).unwrap();
            pull_in_mid_command(error);
            assert_eq!(send(&mut card), Err(ReaderFault::Removed));
            assert_eq!(transmits(), 1);
        });
        in_a_reader_of_its_own.join().unwrap();
    }
}

fn send(card: &mut PcscConnection) -> Result<Vec<u8>, ReaderFault> {
    let mut transaction = card.transaction().unwrap();
    let command = CommandApdu::new(0x00, 0x20, 0x00, 0x01);
    let command = command.to_wire(transaction.protocol()).unwrap();
    transaction.exchange(&command)
}

fn works(card: &mut PcscConnection) {
    assert_eq!(send(card), Ok(vec![0x90, 0x00]));
}

/// Runs a check for each error, each with a service of its own.
fn for_each_error(check: impl Fn(LONG, ReaderFault) + Sync) {
    std::thread::scope(|scope| {
        for (error, fault) in errors() {
            let check = &check;
            scope.spawn(move || check(error, fault));
        }
    });
}
