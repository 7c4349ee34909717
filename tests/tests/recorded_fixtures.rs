//! The fixtures say what the virtual card answers to the profiles of today.

use cpxd_tests::fixtures::{Fixture, record_all};

#[test]
fn the_virtual_card_holds_every_recorded_dialogue_again() {
    for fixture in record_all() {
        let committed = std::fs::read_to_string(fixture.path()).unwrap_or_default();
        assert!(
            Fixture::without_source(&committed) == Fixture::without_source(&fixture.text),
            "{} changed: run `cargo run -p cpxd-tests --example record-fixtures` and look at the difference",
            fixture.file_name
        );
    }
}
