//! A disk that fails: the entry is refused, the chain stays whole, and goes on.

use std::io;

use super::place::{NOW, Place, intent};
use crate::{Entry, JournalError, OutcomeResult};

#[test]
fn an_entry_that_did_not_reach_the_disk_is_refused_and_is_not_in_the_journal() {
    let place = Place::new();
    let journal = place.open();
    journal.append(NOW, intent("before")).unwrap();
    journal.replace_sync(|_| Err(io::Error::from(io::ErrorKind::StorageFull)));
    let refused = journal.append(NOW, intent("a longer name, so that remains would show"));
    assert!(matches!(refused, Err(JournalError::NoSpace { .. })));
    journal.replace_sync(|_| Ok(()));
    journal.append(NOW, intent("after")).unwrap();
    let told: Vec<_> = place
        .newest(None, 9)
        .into_iter()
        .map(|line| line.entry)
        .collect();
    assert_eq!(told, [intent("after"), intent("before")]);
    let report = place.report();
    assert!(report.is_whole() && !report.is_unfinished, "{report:?}");
}

#[test]
fn an_outcome_that_did_not_reach_the_disk_is_written_before_the_next_entry() {
    let place = Place::new();
    let journal = place.open();
    let seq = journal.append(NOW, intent("first")).unwrap();
    journal.replace_sync(|_| Err(io::Error::other("the disk is gone")));
    journal.outcome(NOW, seq, OutcomeResult::ok());
    assert!(matches!(journal.sync(), Err(JournalError::Write { .. })));
    assert!(journal.append(NOW, intent("refused")).is_err());
    journal.replace_sync(|_| Ok(()));
    journal.append(NOW, intent("second")).unwrap();
    let told: Vec<_> = place
        .newest(None, 9)
        .into_iter()
        .map(|line| line.entry)
        .collect();
    let outcome = Entry::Outcome {
        of: seq,
        result: OutcomeResult::ok(),
    };
    assert_eq!(told, [intent("second"), outcome, intent("first")]);
    assert!(place.report().is_whole());
}

#[test]
fn an_outcome_is_in_the_file_before_it_is_on_the_disk() {
    let place = Place::new();
    let journal = place.open();
    let seq = journal.append(NOW, intent("first")).unwrap();
    journal.outcome(NOW, seq, OutcomeResult::caller_left());
    assert_eq!(place.newest(None, 9).len(), 2);
    assert!(place.report().is_whole(), "the anchor lags, which is sound");
}

#[test]
fn a_file_in_the_way_of_the_next_one_is_not_written_over() {
    let place = Place::new();
    let journal = place.open();
    let mut seq = 0;
    while place.files().len() < 2 {
        seq = journal.append(NOW, intent("program")).unwrap();
    }
    let next_names: Vec<_> = (seq + 1..seq + 9)
        .map(|seq| place.folder().join(format!("journal-{seq:020}.jsonl")))
        .collect();
    for path in &next_names {
        platform::private_files::write_private(path, b"evidence").unwrap();
    }
    let refused = (0..9).find_map(|_| journal.append(NOW, intent("program")).err());
    assert!(matches!(refused, Some(JournalError::InTheWay { .. })));
    for path in &next_names {
        assert_eq!(std::fs::read(path).unwrap(), b"evidence");
    }
}
