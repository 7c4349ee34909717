//! The cards over time: virtual cards, and a test that stands between the agent and them.

#![expect(
    clippy::unwrap_used,
    clippy::unwrap_in_result,
    clippy::expect_used,
    clippy::panic,
    reason = "readers that do something else than planned fail their test"
)]

mod bench;
mod codes;
mod errands;
mod giving_up;
mod interruptions;
mod inventory;
mod kept_code;
mod lost_cards;
mod moved_cards;
mod new_pin;
mod other_programs;
mod seen_before;
mod signatures;
mod silence;
mod sources;
mod stays;
mod test_source;
mod verified_state;
