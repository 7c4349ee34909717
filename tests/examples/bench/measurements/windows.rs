//! From a request to its window on the screen, and what many windows leave in the agent.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use cpxd_tests::screen::title::QUESTION;
use cpxd_tests::window_desk::{WindowDesk, answer_of};

use super::memory::{megabytes, resident_kilobytes};
use super::statistics::{Durations, milliseconds};
use super::table::{Row, Table, Verdict};

pub(super) fn measure(windows: u32) -> Result<Table> {
    let desk = WindowDesk::with("cps3", CODE);
    let mut shown = Durations::default();
    // What the first window leaves (a runtime's buffers) every agent has once.
    ask(&desk, &mut Durations::default())?;
    let before = resident_kilobytes(&desk.agent)?;
    for _ in 0..windows {
        ask(&desk, &mut shown)?;
    }
    let after = resident_kilobytes(&desk.agent)?;
    let median = shown.median();
    let title = format!("the window under Xvfb, {windows} questions");
    let mut table = Table::new(title, "");
    table.push(Row {
        what: "from the request to the window on the screen, median".to_owned(),
        ours: milliseconds(median),
        target: format!("under {}", milliseconds(TARGET)),
        verdict: Verdict::of(median < TARGET),
        ..Row::default()
    });
    table.push(Row {
        what: "resident memory of the agent after one window".to_owned(),
        ours: megabytes(before),
        ..Row::default()
    });
    table.push(Row {
        what: format!("after {windows} more"),
        ours: megabytes(after),
        target: format!("at most {}", megabytes(before * 11 / 10)),
        verdict: Verdict::of(after <= before * 11 / 10),
        ..Row::default()
    });
    Ok(table)
}

/// One question, answered as soon as it is there: who is refused some times in a row has to be silent for a while.
fn ask(desk: &WindowDesk, shown: &mut Durations) -> Result<()> {
    thread::scope(|scope| {
        let asking = desk.authenticate(scope);
        shown.time(|| {
            let patience = Instant::now() + Duration::from_secs(30);
            // Each look costs the start of xdotool, some milliseconds, which are in the result.
            while !desk.screen.shows_a_window() {
                if asking.is_finished() {
                    break;
                }
                ensure!(Instant::now() < patience, "no window came up");
            }
            Ok(())
        })?;
        if asking.is_finished() {
            let answer = answer_of(asking);
            bail!("no window came up: {}", answer.text);
        }
        desk.screen.window(QUESTION);
        desk.screen.enter(CODE);
        let answer = answer_of(asking);
        ensure!(answer.status == 200, "{}", answer.text);
        desk.screen.nothing();
        Ok(())
    })
}

const CODE: &str = "1234";
const TARGET: Duration = Duration::from_millis(300);
