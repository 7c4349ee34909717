//! The same calls to an agent that reaches its card by different ways: a virtual card, PC/SC, and PKCS#11 modules,
//! each within what it can do.
#![cfg(target_os = "linux")]
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "an agent that cannot be asked fails its test"
)]

mod cryptolib;
mod scenarios;
mod station;

use station::Source;

#[test]
fn every_source_shows_the_card_its_holder_and_its_certificates() {
    Source::of_any_machine()
        .iter()
        .for_each(scenarios::shows_the_card);
}

#[test]
fn every_source_makes_tokens_and_signatures_that_openssl_verifies() {
    Source::of_any_machine()
        .iter()
        .for_each(scenarios::makes_tokens_and_signatures);
}

#[test]
fn every_source_blocks_after_three_wrong_codes_and_unblocks() {
    Source::of_any_machine()
        .iter()
        .for_each(scenarios::blocks_and_unblocks);
}

#[test]
fn every_source_changes_the_code() {
    Source::of_any_machine()
        .iter()
        .for_each(scenarios::changes_the_code);
}

#[test]
fn every_source_keeps_the_last_try_until_the_holder_says_yes() {
    Source::of_any_machine()
        .iter()
        .for_each(scenarios::keeps_the_last_try);
}

#[test]
fn every_source_loses_a_card_that_is_pulled_and_finds_it_again() {
    Source::of_any_machine()
        .iter()
        .filter(|source| source.can_be_pulled())
        .for_each(scenarios::loses_and_finds_the_card);
}

#[test]
fn a_session_is_opened_where_the_code_is_kept_and_refused_elsewhere_before_anybody_is_asked() {
    Source::of_any_machine()
        .iter()
        .for_each(scenarios::opens_a_session_where_the_code_is_kept);
}

#[test]
fn every_source_tells_the_places_of_work_after_the_code() {
    Source::of_any_machine()
        .iter()
        .for_each(scenarios::tells_the_places_of_work);
}
