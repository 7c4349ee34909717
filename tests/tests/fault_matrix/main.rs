//! Every fault at every command of every operation, on the agent's own cards and operations.
//!
//! Each attempt has a card that is new, a fault at one command (or another program's deed before one
//! transaction), and the same demands: what the caller is told is true of that fault, in time; no
//! code reaches the card that the holder did not type; no try is lost; the next operation works. The
//! table is left in the target folder for `cargo xtask test` to print.
#![expect(
    clippy::unwrap_used,
    clippy::unreachable,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a workstation that does something else than planned fails its test"
)]

mod attempt;
mod desk;
mod faults;
mod operations;
mod source;
mod table;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use card_emulator::DemoCard;

use attempt::Cell;
use faults::Trouble;
use operations::Operation;
use table::Table;

#[test]
fn no_fault_lies_costs_a_try_lasts_too_long_or_spoils_what_comes_next() {
    let cells = cells();
    let next = AtomicUsize::new(0);
    let table = Mutex::new(Table::default());
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(cell) = cells.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcomes = cell.try_everywhere();
                    table.lock().unwrap().enter(cell, outcomes);
                }
            });
        }
    });
    let table = table.into_inner().unwrap();
    table.write_to_target_folder();
    assert!(
        table.complaints().is_empty(),
        "{}",
        table.complaints().join("\n")
    );
}

fn cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    for kind in KINDS {
        for operation in Operation::of(kind) {
            for trouble in Trouble::ALL {
                cells.push(Cell {
                    kind,
                    operation: *operation,
                    trouble,
                });
            }
        }
    }
    cells
}

/// The columns.
const KINDS: [DemoCard; 3] = [DemoCard::Cps3, DemoCard::Cps4, DemoCard::Cps3Contactless];
/// More than there are processors, since many attempts wait.
const THREADS: usize = 6;
