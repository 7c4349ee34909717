//! The watch of the readers, while its calls go wrong.

use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use card_emulator::DemoCard;
use card_emulator::pki::KeySet;
use card_pkcs11::{ModuleReader, ModuleReaders, Patience, WatchError};
use cpxd_tests::agent::Agent;
use cpxd_tests::operations::{assert_token, authenticate};
use cpxd_tests::programs::test_module;
use cpxd_tests::soft_reader::SoftReader;
use cpxd_tests::waiting::until;
use serde_json::json;

use crate::agent::Desk;
use crate::stay::host_program;

struct Watch {
    told: Receiver<Result<Vec<ModuleReader>, WatchError>>,
    stopper: card_pkcs11::ReadersStopper,
}

impl Watch {
    fn start(reader: &SoftReader) -> Self {
        let patience = Patience {
            start: Duration::from_secs(20),
            call: Duration::from_secs(2),
            code: Duration::ZERO,
        };
        let mut readers = ModuleReaders::new(host_program(reader, &test_module(), patience));
        let stopper = readers.stopper();
        let (sender, told) = mpsc::channel();
        thread::spawn(move || {
            loop {
                let told = readers.wait_for_change();
                let is_over = told == Err(WatchError::Stopped);
                if sender.send(told).is_err() || is_over {
                    return;
                }
            }
        });
        Self { told, stopper }
    }

    fn until_seen(&self, has_token: bool) {
        until("the card as it is now", || {
            let told = self.told.recv_timeout(Duration::from_secs(1)).ok()?;
            told.ok()?
                .first()
                .filter(|seen| seen.has_token == has_token)
                .cloned()
        });
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stopper.stop();
    }
}

fn until_traced(reader: &SoftReader, line: &str) {
    until(line, || {
        reader
            .trace()
            .iter()
            .any(|traced| traced == line)
            .then_some(())
    });
}

#[test]
fn a_look_that_hangs_is_ended_and_the_next_one_sees_what_changed() {
    for (events, function) in [
        ("unsupported", "C_GetSlotList"),
        ("unsupported", "C_GetSlotInfo"),
        ("dont-block", "C_WaitForSlotEvent"),
    ] {
        let reader = SoftReader::with_cps();
        reader.set("events", json!(events));
        let watch = Watch::start(&reader);
        watch.until_seen(true);
        // The call that may block is over, in which a host may be silent for ever.
        until_traced(&reader, "C_WaitForSlotEvent CKR_FUNCTION_NOT_SUPPORTED");
        reader.fault(function, 0, "hang");
        until_traced(&reader, &format!("{function} hang"));
        reader.no_faults();
        reader.remove();
        watch.until_seen(false);
    }
}

#[test]
fn a_module_that_hangs_after_it_told_of_an_event_is_ended() {
    let reader = SoftReader::with_cps();
    let watch = Watch::start(&reader);
    watch.until_seen(true);
    until("the wait", || {
        let trace = reader.trace();
        trace
            .iter()
            .any(|line| line == "C_WaitForSlotEvent CKR_NO_EVENT")
            .then_some(())
    });
    reader.fault("C_GetSlotInfo", 0, "hang");
    reader.remove();
    until_traced(&reader, "C_GetSlotInfo hang");
    reader.no_faults();
    watch.until_seen(false);
}

#[test]
fn a_module_whose_events_fail_is_looked_at() {
    for value in [
        "CKR_GENERAL_ERROR",
        "CKR_DEVICE_REMOVED",
        "CKR_FUNCTION_FAILED",
    ] {
        let reader = SoftReader::with_cps();
        reader.fault("C_WaitForSlotEvent", 0, value);
        let watch = Watch::start(&reader);
        watch.until_seen(true);
        until("many looks", || {
            let trace = reader.trace();
            let looks = trace.iter().filter(|line| *line == "C_GetSlotList CKR_OK");
            (looks.count() > 10).then_some(())
        });
        let told = watch.told.try_recv();
        assert!(told.is_err(), "{value}: {told:?}");
        reader.remove();
        let told = watch.told.recv_timeout(Duration::from_secs(60)).unwrap();
        let told = told.unwrap_or_else(|error| panic!("{value}: {error:?}"));
        assert!(!told[0].has_token, "{value}");
    }
}

/// The one that watched crashed, and the next one is in C_Initialize for as long as the exchange takes.
#[test]
fn a_card_that_was_exchanged_while_no_host_waited_is_shown_as_another_one() {
    let reader = SoftReader::with_cps();
    let second = reader.add(DemoCard::Cps3, KeySet::Second);
    reader.set("events", json!("dont-block"));
    let watch = Watch::start(&reader);
    watch.until_seen(true);
    reader.fault("C_Initialize", 0, "wait");
    reader.fault("C_WaitForSlotEvent", 0, "crash");
    until_traced(&reader, "C_Initialize wait");
    reader.insert(&second);
    reader.no_faults();
    let told = watch.told.recv_timeout(Duration::from_secs(60)).unwrap();
    let seen = told.unwrap().remove(0);
    assert!(seen.has_token && seen.changes > 0, "{seen:?}");
}

#[test]
fn a_card_that_leaves_is_seen_where_no_event_ever_comes() {
    let reader = SoftReader::with_cps();
    reader.fault("C_WaitForSlotEvent", 0, "CKR_NO_EVENT");
    let watch = Watch::start(&reader);
    watch.until_seen(true);
    reader.remove();
    watch.until_seen(false);
}

#[test]
fn a_card_is_shown_once_where_events_never_end() {
    let reader = SoftReader::with_cps();
    reader.set("events", json!("endless"));
    assert_shown_without_flapping(&reader);
}

#[test]
fn a_card_is_shown_once_where_no_event_ever_comes() {
    let reader = SoftReader::with_cps();
    reader.fault("C_WaitForSlotEvent", 0, "CKR_NO_EVENT");
    assert_shown_without_flapping(&reader);
}

/// The card stays for some seconds, leaves and comes back.
#[track_caller]
fn assert_shown_without_flapping(reader: &SoftReader) {
    let desk = Desk::new(reader, "pin = \"1234\"");
    let _card = desk.agent.card();
    thread::sleep(LONG_ENOUGH_TO_FLAP);
    assert_token(&authenticate(&desk.agent, &desk.agent.card()));
    let events = desk.agent.events_after(0);
    let label = reader.token();
    reader.remove();
    until("an empty reader", || no_card(&desk.agent).then_some(()));
    let mut insertions = 0;
    let mut removals = 0;
    while removals == 0 || removals < insertions {
        match events.next().event.as_str() {
            "card-inserted" => insertions += 1,
            "card-removed" => removals += 1,
            _ => {}
        }
    }
    // Some events are believed before they are known for what they are.
    assert!(insertions <= 4, "{insertions} insertions");
    reader.insert(&label);
    let _card = desk.agent.card();
}

fn no_card(agent: &Agent) -> bool {
    let cards = agent.read_socket("/v1/cards");
    cards.body["cards"].as_array().is_some_and(Vec::is_empty)
}

const LONG_ENOUGH_TO_FLAP: Duration = Duration::from_secs(5);
