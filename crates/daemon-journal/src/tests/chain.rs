//! What is written is read back whole, and the journal goes on after a kill and after damage.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use platform::private_files::write_private;

use super::place::{NOW, Place, SMALL, intent, lines_of, write_lines};
use crate::{
    AnchorStore as _, Entry, JournalError, Limits, Name, OutcomeResult, Query, Wrong, newest,
};

#[test]
fn a_journal_is_read_back_newest_first_and_is_whole() {
    let place = Place::new();
    let journal = place.open();
    let seq = journal.append(NOW, intent("program")).unwrap();
    journal.outcome(NOW, seq, OutcomeResult::ok());
    let second = journal.append(NOW, intent("other")).unwrap();
    assert_eq!((seq, second), (1, 3));
    let lines = place.newest(None, 10);
    assert_eq!(
        lines.iter().map(|line| line.seq).collect::<Vec<_>>(),
        [3, 2, 1]
    );
    assert!(matches!(lines[1].entry, Entry::Outcome { of: 1, .. }));
    assert_eq!(lines[2].entry, intent("program"));
    let report = place.report();
    assert!(report.is_whole(), "{report:?}");
    assert_eq!((report.entries, report.files), (3, 1));
    assert_eq!(place.anchor().read().unwrap(), report.head);
}

#[test]
fn pages_and_filters_go_back_through_all_files() {
    let place = Place::new();
    place.fill(30);
    assert!(place.files().len() > 3);
    let all: Vec<u64> = place
        .newest(None, 100)
        .iter()
        .map(|line| line.seq)
        .collect();
    assert_eq!(all, (1..=30).rev().collect::<Vec<_>>());
    let page: Vec<u64> = place
        .newest(Some(12), 5)
        .iter()
        .map(|line| line.seq)
        .collect();
    assert_eq!(page, [11, 10, 9, 8, 7]);
    let query = Query {
        before: None,
        limit: 3,
        keep: |entry: &Entry| matches!(entry, Entry::Outcome { .. }),
    };
    let outcomes = newest(&place.folder(), &query).unwrap();
    assert_eq!(
        outcomes.iter().map(|line| line.seq).collect::<Vec<_>>(),
        [30, 28, 26]
    );
}

#[test]
fn a_second_writer_is_refused_and_the_first_goes_on() {
    let place = Place::new();
    let first = place.open();
    assert!(matches!(
        place.try_open_with(SMALL),
        Err(JournalError::InUse(_))
    ));
    first.append(NOW, intent("program")).unwrap();
    drop(first);
    place.open().append(NOW, intent("program")).unwrap();
    assert!(place.report().is_whole());
}

#[test]
fn a_torn_last_line_is_taken_away_and_the_journal_says_so() {
    let place = Place::new();
    place.fill(2);
    let path = place.files().pop().unwrap();
    let mut bytes = fs::read(&path).unwrap();
    bytes.extend_from_slice(b"{\"seq\":3,\"ti");
    fs::write(&path, bytes).unwrap();
    let report = place.report();
    assert!(report.is_whole() && report.is_unfinished, "{report:?}");
    place.open().append(NOW, intent("program")).unwrap();
    let lines = place.newest(None, 2);
    assert_eq!(lines[1].entry, Entry::Recovered { dropped_bytes: 12 });
    assert_eq!(lines[0].seq, 4);
    let report = place.report();
    assert!(report.is_whole() && !report.is_unfinished, "{report:?}");
}

#[test]
fn a_tail_cut_at_a_line_is_found_by_the_anchor_and_stays_found() {
    let place = Place::new();
    place.fill(6);
    place.edit_last_file(|lines| lines.truncate(lines.len() - 1));
    let found = place.report();
    assert_eq!(found.faults[0].wrong, Wrong::TailMissing { anchored: 6 });
    // The agent goes on, but can hide nothing.
    place.open().append(NOW, intent("program")).unwrap();
    let faults = place.report().faults;
    assert_eq!(faults[0].wrong, Wrong::Missing { from: 6, to: 6 });
    assert_eq!(faults[0].line, 1);
    let damaged = &place.newest(None, 2)[1].entry;
    assert!(matches!(damaged, Entry::Damaged { what, .. } if what == "tail-missing"));
}

#[test]
fn a_chain_made_anew_from_some_line_on_differs_from_the_anchor() {
    let original = Place::new();
    let forged = Place::new();
    original.fill(5);
    let journal = forged.open();
    for _ in 0..5 {
        journal.append(NOW, intent("forger")).unwrap();
    }
    fs::copy(
        forged.files().pop().unwrap(),
        original.files().pop().unwrap(),
    )
    .unwrap();
    assert!(
        original
            .report()
            .faults
            .iter()
            .any(|fault| fault.wrong == Wrong::Rewritten)
    );
    // Even one that an agent opened since.
    original.open().append(NOW, intent("program")).unwrap();
    let faults = original.report().faults;
    let what = "rewritten".to_owned();
    assert!(
        faults
            .iter()
            .any(|fault| fault.wrong == Wrong::FoundBefore { what: what.clone() })
    );
}

#[test]
fn lines_and_files_of_another_journal_are_found_by_their_link() {
    let place = Place::new();
    let other = Place::new();
    for (place, name) in [(&place, "ours"), (&other, "them")] {
        let journal = place.open();
        for _ in 0..12 {
            journal.append(NOW, intent(name)).unwrap();
        }
    }
    let (file, second) = place.locate(1);
    let original = lines_of(&file);
    let mut lines = original.clone();
    lines[second] = lines_of(&other.locate(1).0)[second].clone();
    write_lines(&file, &lines);
    let fault = &place.report().faults[0];
    assert_eq!((&fault.wrong, fault.line), (&Wrong::BrokenLink, 2));
    write_lines(&file, &original);
    assert!(place.report().is_whole());
    let (ours, theirs) = (place.locate(5).0, other.locate(5).0);
    assert_eq!(ours.file_name(), theirs.file_name());
    fs::copy(theirs, &ours).unwrap();
    let fault = &place.report().faults[0];
    assert_eq!((&fault.wrong, fault.line), (&Wrong::BrokenLink, 1));
    assert!(ours.ends_with(&fault.file));
}

#[test]
fn a_fault_has_the_same_name_for_programs_and_in_the_journal() {
    let because = || String::new();
    for wrong in [
        Wrong::Unreadable { because: because() },
        Wrong::NotAnEntry,
        Wrong::Missing { from: 1, to: 2 },
        Wrong::OutOfOrder { seq: 1 },
        Wrong::TailMissing { anchored: 1 },
        Wrong::AnchorUnreadable { because: because() },
        Wrong::FoundBefore { what: because() },
    ] {
        let json = serde_json::to_value(&wrong).unwrap();
        assert_eq!(json["code"], wrong.code());
    }
}

#[test]
fn a_file_under_another_name_is_found() {
    let place = Place::new();
    place.fill(3);
    let renamed = place.folder().join("journal-00000000000000000002.jsonl");
    fs::rename(&place.files()[0], renamed).unwrap();
    let fault = &place.report().faults[0];
    assert_eq!((&fault.wrong, fault.line), (&Wrong::Misnamed, 1));
}

#[test]
fn an_anchor_that_lags_is_sound_and_one_that_is_missing_or_damaged_is_not() {
    let place = Place::new();
    place.fill(3);
    let lagging = place.anchor().read().unwrap();
    place.fill(3);
    let anchor = place.anchor_file();
    let current = fs::read(&anchor).unwrap();
    place.anchor().write(lagging.unwrap()).unwrap();
    assert!(place.report().is_whole());
    fs::write(&anchor, "nonsense").unwrap();
    assert_eq!(place.report().faults[0].wrong.code(), "anchor-unreadable");
    fs::remove_file(&anchor).unwrap();
    assert_eq!(place.report().faults[0].wrong, Wrong::AnchorMissing);
    write_private(&anchor, &current).unwrap();
    assert!(place.report().is_whole());
    fs::remove_file(&anchor).unwrap();
    drop(place.open());
    place.open().append(NOW, intent("program")).unwrap();
    assert!(
        !place.report().is_whole(),
        "a start must not make a removed anchor good"
    );
}

#[test]
fn old_files_are_removed_by_number_and_by_age_and_verify_knows() {
    let place = Place::new();
    let few = Limits {
        maximum_files: 3,
        ..SMALL
    };
    let journal = place.open_with(few);
    for _ in 0..60 {
        journal.append(NOW, intent("program")).unwrap();
    }
    drop(journal);
    assert_eq!(place.files().len(), 3);
    let report = place.report();
    assert!(report.is_whole(), "{report:?}");
    assert!(report.retired_through > 40);
    // What no limit removed is missing, though some limit removed what was before it.
    let oldest = place.files().remove(0);
    let bytes = fs::read(&oldest).unwrap();
    fs::remove_file(&oldest).unwrap();
    let fault = &place.report().faults[0];
    assert_eq!((fault.wrong.code(), fault.line), ("beginning-missing", 1));
    write_private(&oldest, &bytes).unwrap();
    let later = NOW + few.maximum_age + time::Duration::days(1);
    let journal = place.open();
    for _ in 0..5 {
        journal.append(later, intent("program")).unwrap();
    }
    drop(journal);
    assert!(
        place
            .newest(None, 100)
            .iter()
            .all(|line| line.time.starts_with("2027"))
    );
    assert!(place.report().is_whole());
}

#[test]
fn files_that_others_could_write_links_and_endless_lines_are_found_and_harmless() {
    let place = Place::new();
    place.fill(30);
    let files = place.files();
    let last = files.len() - 1;
    fs::set_permissions(&files[0], fs::Permissions::from_mode(0o666)).unwrap();
    let target = place.folder().join("elsewhere");
    fs::rename(&files[1], &target).unwrap();
    symlink(&target, &files[1]).unwrap();
    fs::write(&files[2], vec![0xFF; 300_000]).unwrap();
    let report = place.report();
    let faults: Vec<_> = report
        .faults
        .iter()
        .map(|fault| (fault.wrong.code(), &fault.file))
        .collect();
    let name = |place: usize| files[place].file_name().unwrap().to_str().unwrap();
    for expected in [("unreadable", 0), ("unreadable", 1), ("not-an-entry", 2)] {
        assert!(
            faults.contains(&(expected.0, &name(expected.1).to_owned())),
            "{faults:?}"
        );
    }
    assert!(report.head.is_some());
    assert!(!place.newest(None, 5).is_empty());
    // The writer goes on beside a newest file that it cannot trust.
    fs::set_permissions(&files[last], fs::Permissions::from_mode(0o644)).unwrap();
    place.open().append(NOW, intent("program")).unwrap();
    assert_eq!(place.newest(None, 1)[0].entry, intent("program"));
}

#[test]
fn names_of_others_are_bounded_and_cannot_break_a_line() {
    let place = Place::new();
    let journal = place.open();
    let name = "a\n{\"seq\":9}\u{1b}[2J\u{202e}\u{0}".repeat(1000);
    journal.append(NOW, intent(&name)).unwrap();
    let bytes = fs::read(&place.files()[0]).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.len() < 8000, "{}", text.len());
    assert!(!text.trim_end().contains(char::is_control));
    let text = Name::of(&name).as_str().to_owned();
    assert!(text.contains("[U+000A]") && text.contains("[U+202E]") && !text.contains('\u{1b}'));
}

#[test]
fn a_journal_and_anchor_removed_together_begin_anew_and_that_is_a_limit() {
    let place = Place::new();
    place.fill(3);
    fs::remove_dir_all(place.folder()).unwrap();
    assert_eq!(
        place.report().faults[0].wrong,
        Wrong::TailMissing { anchored: 3 }
    );
    fs::remove_file(place.anchor_file()).unwrap();
    let journal = place.open();
    journal.append(NOW, intent("program")).unwrap();
    assert!(place.report().is_whole());
}
