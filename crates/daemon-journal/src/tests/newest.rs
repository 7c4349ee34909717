//! Whether the last lines are sound is said by their files, by what holds these together, and by the anchor.

use std::fs;

use super::place::{NOW, Place, intent, lines_of, write_lines};
use crate::{Journal, OutcomeResult};

/// What a running journal says of its last lines; of none of them, too.
#[track_caller]
fn assert_sound(journal: &Journal, expected: bool) {
    for limit in [0, 2, 100] {
        let (lines, is_sound) = journal.newest(limit).unwrap();
        assert!(lines.len() <= limit);
        assert_eq!(is_sound, expected, "the last {limit}: {lines:?}");
    }
}

#[test]
fn a_whole_journal_is_sound_whether_or_not_its_anchor_lags() {
    let place = Place::new();
    assert_sound(&place.open(), true);
    place.fill(30);
    assert!(place.files().len() > 3);
    let journal = place.open();
    assert_sound(&journal, true);
    assert_eq!(journal.newest(100).unwrap().0, place.newest(None, 100));
    let seq = journal.append(NOW, intent("program")).unwrap();
    journal.outcome(NOW, seq, OutcomeResult::ok());
    assert_sound(&journal, true);
}

#[test]
fn a_tail_that_was_cut_off_is_missed_though_the_rest_is_whole() {
    let place = Place::new();
    place.fill(6);
    let journal = place.open();
    place.edit_last_file(|lines| lines.truncate(lines.len() - 1));
    assert_sound(&journal, false);
}

#[test]
fn files_that_were_taken_away_are_missed() {
    let place = Place::new();
    place.fill(30);
    let journal = place.open();
    fs::remove_file(place.files().last().unwrap()).unwrap();
    assert_sound(&journal, false);
    for file in place.files() {
        fs::remove_file(file).unwrap();
    }
    assert_sound(&journal, false);
}

/// Another journal, as long as this one or longer, whose chain is whole in itself.
fn forged(count: u64) -> Place {
    let forged = Place::new();
    let journal = forged.open();
    for _ in 0..count {
        journal.append(NOW, intent("forger")).unwrap();
    }
    forged
}

#[test]
fn a_chain_that_was_made_anew_is_not_the_one_that_the_anchor_knows() {
    for count in [6, 60] {
        let place = Place::new();
        place.fill(6);
        let journal = place.open();
        for file in place.files() {
            fs::remove_file(file).unwrap();
        }
        for file in forged(count).files() {
            fs::copy(&file, place.folder().join(file.file_name().unwrap())).unwrap();
        }
        assert_sound(&journal, false);
    }
}

#[test]
fn a_newest_file_that_follows_another_journal_does_not_fit_the_one_before_it() {
    let place = Place::new();
    place.fill(6);
    let forged = forged(60);
    // It begins behind the anchor, which therefore knows none of its lines.
    let journal = place.open();
    let file = forged.files().pop().unwrap();
    fs::copy(&file, place.folder().join(file.file_name().unwrap())).unwrap();
    assert_sound(&journal, false);
}

#[test]
fn without_an_anchor_nothing_says_that_the_end_is_there() {
    let place = Place::new();
    place.fill(6);
    let journal = place.open();
    fs::write(place.anchor_file(), "no anchor").unwrap();
    assert_sound(&journal, false);
    fs::remove_file(place.anchor_file()).unwrap();
    assert_sound(&journal, false);
}

#[test]
fn what_the_agent_found_damaged_when_it_started_stays_told() {
    let place = Place::new();
    place.fill(6);
    let last = place.files().pop().unwrap();
    let mut lines = lines_of(&last);
    lines.pop();
    write_lines(&last, &lines);
    let journal = place.open();
    journal.append(NOW, intent("program")).unwrap();
    assert_sound(&journal, false);
}
