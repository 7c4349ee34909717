//! Each fault in each call of each operation, tried at each place where it can come.
//!
//! Each attempt has a card as it was made, and the same demands: the caller is told what is true of the fault;
//! no code reaches the card but those that the holder typed and the one that shows that a new code holds; no try
//! is lost; with the fault gone, the next operation works.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use card_pkcs11::Patience;
use cpxd_tests::soft_reader::SoftReader;
use cpxd_tests::waiting::until;
use igc_sante::KeyRole;
use serde_json::Value;

use crate::faults::{FUNCTIONS, Fault};
use crate::operations::{NEW_PIN, Operation, PIN, UNBLOCK_CODE, sign, unblock};
use crate::stay::{LONG, Stay};
use crate::told::Told;

#[test]
fn no_fault_of_any_call_lies_costs_a_try_or_spoils_what_comes_next() {
    let cells = cells();
    let next = AtomicUsize::new(0);
    let table = Mutex::new(Table::default());
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let reader = SoftReader::with_cps();
                while let Some(cell) = cells.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let tried = cell.try_everywhere(&reader);
                    table.lock().unwrap().enter(cell, tried);
                }
            });
        }
    });
    let table = table.into_inner().unwrap();
    table.write_to_target_folder();
    assert!(
        table.complaints.is_empty(),
        "{}",
        table.complaints.join("\n")
    );
    let reached: usize = table.cells.values().map(BTreeMap::len).sum();
    assert!(
        reached > FUNCTIONS.len() * Fault::ALL.len(),
        "{reached} cells are no matrix"
    );
}

fn cells() -> Vec<Cell> {
    let reader = SoftReader::with_cps();
    let mut cells = Vec::new();
    for operation in Operation::ALL {
        let trace = undisturbed(operation, &reader);
        for function in FUNCTIONS {
            let of_function = |line: &&String| line.split(' ').next() == Some(function);
            let calls = trace.iter().filter(of_function).count().try_into().unwrap();
            for fault in Fault::ALL {
                cells.push(Cell {
                    operation,
                    function,
                    fault,
                    calls,
                });
            }
        }
    }
    cells
}

/// All calls of an operation.
fn undisturbed(operation: Operation, reader: &SoftReader) -> Vec<String> {
    reader.make_anew();
    let mut stay = Stay::new(reader, LONG);
    operation.prepare(reader, &reader.token(), &mut stay);
    let before = reader.trace().len();
    let outcome = operation.run(&mut stay);
    let is_wrong = operation == Operation::WrongCode;
    assert_eq!(outcome.is_err(), is_wrong, "{operation:?}: {outcome:?}");
    reader.trace().split_off(before)
}

#[derive(Clone, Copy, Debug)]
struct Cell {
    operation: Operation,
    function: &'static str,
    fault: Fault,
    /// How often the operation calls the function when nothing goes wrong.
    calls: u64,
}

#[derive(Default)]
struct Tried {
    told: Vec<String>,
    complaints: Vec<String>,
}

impl Cell {
    fn try_everywhere(self, reader: &SoftReader) -> Tried {
        let mut tried = Tried::default();
        for at in 1..=self.calls.min(MAXIMUM_PLACES) {
            if !self.attempt(reader, at, &mut tried) {
                break;
            }
        }
        if self.calls > 1 {
            self.attempt(reader, EACH, &mut tried);
        }
        tried
    }

    /// Whether the fault came at all.
    fn attempt(self, reader: &SoftReader, at: u64, tried: &mut Tried) -> bool {
        reader.no_faults();
        reader.make_anew();
        let label = reader.token();
        let mut stay = Stay::new(reader, self.patience());
        self.operation.prepare(reader, &label, &mut stay);
        reader.count_calls_anew();
        let lines_before = reader.trace().len();
        let presented_before = presented(&reader.memory(&label));
        reader.fault(self.function, at, self.fault.name());
        let outcome = self.operation.run(&mut stay);
        reader.no_faults();
        if !self.came(&reader.trace()[lines_before..]) {
            return false;
        }
        tried
            .told
            .push(outcome.map_or_else(Told::name, |()| "ok".to_owned()));
        let mut complain = |complaint: String| {
            let Self {
                operation,
                function,
                fault,
                ..
            } = self;
            let place = if at == EACH {
                "each call".to_owned()
            } else {
                format!("call {at}")
            };
            tried.complaints.push(format!(
                "{operation:?} {function} {fault:?} at {place}: {complaint}"
            ));
        };
        if !self.may_be_told(outcome) {
            complain(format!("told {outcome:?}"));
        }
        let memory = reader.memory(&label);
        let came = presented(&memory) - presented_before;
        if came > self.operation.codes() {
            complain(format!("{came} codes came to the card"));
        }
        if let Some(complaint) = self.lost_tries(&memory, outcome) {
            complain(complaint);
        }
        if let Err(told) = self.go_on(&memory, &mut stay) {
            complain(format!(
                "after {outcome:?} the next operation fails: {told:?}"
            ));
        }
        let memory = reader.memory(&label);
        if [&memory["user_tries_left"], &memory["so_tries_left"]] != [3, 3] {
            complain(format!("in the end tries are lost: {memory}"));
        }
        true
    }

    fn came(self, trace: &[String]) -> bool {
        trace.iter().any(|line| {
            let mut words = line.split(' ');
            words.next() == Some(self.function) && words.next_back() == Some(self.fault.name())
        })
    }

    fn may_be_told(self, outcome: Result<(), Told>) -> bool {
        let Err(told) = outcome else {
            return self.operation != Operation::WrongCode;
        };
        let is_wrong_code = self.operation == Operation::WrongCode && told == Told::PinWrong(None);
        let is_padding = self.operation == Operation::Decipher
            && self.fault == Fault::GeneralError
            && told == Told::NotDeciphered;
        is_wrong_code || is_padding || self.fault.may_be_told().contains(&told)
    }

    fn lost_tries(self, memory: &Value, outcome: Result<(), Told>) -> Option<String> {
        let tries = |code: &str| memory[code].as_u64().unwrap_or(3);
        let user = tries("user_tries_left");
        let is_as_it_should = match self.operation {
            Operation::WrongCode if matches!(outcome, Err(Told::PinWrong(_))) => user == 2,
            Operation::WrongCode => user >= 2,
            Operation::Unblock if outcome.is_err() => user == 0 || user == 3,
            _ => user == 3,
        };
        (!is_as_it_should || tries("so_tries_left") != 3)
            .then(|| format!("tries are lost: {memory}"))
    }

    /// What the holder does next, with the code that the card has.
    fn go_on(self, memory: &Value, stay: &mut Stay) -> Result<(), Told> {
        let pin = memory["user_code"].as_str().unwrap_or(PIN);
        assert!(
            pin == PIN || (self.operation.sets_a_code() && pin == NEW_PIN),
            "code {pin}"
        );
        let mut next = || match memory["user_tries_left"].as_u64() {
            Some(0) => unblock(stay, UNBLOCK_CODE, NEW_PIN),
            _ => sign(stay, pin, KeyRole::Authentication),
        };
        match next() {
            // The patience of this attempt is short, and a slow machine is no module that hangs.
            Err(_) if self.fault == Fault::Hang => {
                until("the next operation", || next().ok());
                Ok(())
            }
            // A worker of the agent looks at a card that was lost again before anybody can ask for it.
            Err(Told::CardRemoved) => next(),
            outcome => outcome,
        }
    }

    fn patience(self) -> Patience {
        if self.fault == Fault::Hang {
            SHORT
        } else {
            LONG
        }
    }
}

fn presented(memory: &Value) -> u64 {
    memory["presented"].as_u64().unwrap_or(0)
}

#[derive(Default)]
struct Table {
    cells: BTreeMap<(Operation, usize), BTreeMap<Fault, String>>,
    complaints: Vec<String>,
}

impl Table {
    fn enter(&mut self, cell: &Cell, tried: Tried) {
        self.complaints.extend(tried.complaints);
        if tried.told.is_empty() {
            return;
        }
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for told in &tried.told {
            *counts.entry(told).or_default() += 1;
        }
        let parts: Vec<_> = counts
            .iter()
            .map(|(told, times)| format!("{told} {times}"))
            .collect();
        let place = FUNCTIONS
            .iter()
            .position(|known| *known == cell.function)
            .unwrap();
        let row = self.cells.entry((cell.operation, place)).or_default();
        row.insert(cell.fault, parts.join(", "));
    }

    /// Where `cargo xtask test` looks for it.
    fn write_to_target_folder(&self) {
        let this_test = std::env::current_exe().unwrap();
        let target = this_test.ancestors().nth(3).unwrap();
        fs::write(target.join("hostile-module-matrix.txt"), self.on_paper()).unwrap();
    }

    fn on_paper(&self) -> String {
        let mut paper = String::from(
            "attempts by what the caller was told; each fault was tried at the first calls of a function, and at all\n",
        );
        for ((operation, place), row) in &self.cells {
            let mut by_told: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
            for (fault, told) in row {
                by_told.entry(told).or_default().push(fault.name());
            }
            for (told, faults) in by_told {
                let operation = format!("{operation:?}");
                let function = FUNCTIONS[*place];
                writeln!(
                    paper,
                    "{operation:<11}{function:<20}{told:<32}{}",
                    faults.join(" ")
                )
                .unwrap();
            }
        }
        paper
    }
}

/// Each process is disturbed at each call of the function.
const EACH: u64 = 0;
/// A function that is called for each of many objects is disturbed at the first of them.
const MAXIMUM_PLACES: u64 = 2;
/// More than there are processors, since attempts with a hang wait.
const THREADS: usize = 6;
const SHORT: Patience = Patience {
    start: Duration::from_millis(1500),
    call: Duration::from_millis(1000),
    code: Duration::from_millis(1000),
};
