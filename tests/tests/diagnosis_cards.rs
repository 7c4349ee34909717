//! The diagnosis names the root cause: the card, its codes, its certificates.
#![cfg(target_os = "linux")]
#![expect(clippy::expect_used, reason = "a time without a form fails its test")]

use std::ffi::OsString;

use cpxd_tests::agent::Agent;
use cpxd_tests::clock::beginning_at;
use cpxd_tests::diagnosed::Diagnosed;
use cpxd_tests::foreign_card::ForeignCard;
use cpxd_tests::operations::authenticate;
use cpxd_tests::pcsc_stack::{AGREEING, PcscService, Reader, TEST_ENVIRONMENT};
use cpxd_tests::waiting::until;
use time::macros::format_description;
use time::{Duration, OffsetDateTime};

/// What an agent finds once it has judged this check, which hangs on others.
fn once_judged(agent: &Agent, check: &str) -> Diagnosed {
    until(check, || {
        let found = Diagnosed::by(agent);
        let (state, _) = found.of(check);
        let is_judged = state != "notApplicable" && found.of("card-known").1 != "card-being-read";
        is_judged.then_some(found)
    })
}

/// A workstation with a virtual card, and what its agent finds.
fn found_with(card: &[&str], configuration: &str, check: &str) -> Diagnosed {
    let service = PcscService::start();
    let _card = service.plug(Reader::First, card);
    once_judged(&service.agent(configuration, AGREEING, &[]), check)
}

#[test]
fn with_a_good_card_nothing_failed_and_revocation_is_not_called_good() {
    let found = found_with(&[], TEST_ENVIRONMENT, "code");
    assert_eq!(found.first("failed"), None, "{:#}", found.0);
    assert_eq!(found.of("code"), ("ok", "code-ready"));
    assert_eq!(found.of("certificate-dates"), ("ok", "dates-good"));
    let revocation = found.of("certificate-revocation");
    assert_eq!(revocation, ("unknown", "revocation-not-checked"));
}

#[test]
fn the_command_alone_reads_the_card_as_the_agent_does_and_costs_no_try() {
    let service = PcscService::start();
    let _card = service.plug(Reader::First, &["--card", "cps4"]);
    let folder = tempfile::tempdir().unwrap();
    let configuration = service.file(TEST_ENVIRONMENT);
    let alone = || {
        let arguments = ["--config", configuration.to_str().unwrap()];
        let state = folder.path().join("state");
        Diagnosed::alone(&service.client_environment(), &state, &arguments)
    };
    for _ in 0..4 {
        let found = alone();
        assert_eq!(found.first("failed"), Some(("agent-runs", "agent-absent")));
        assert_eq!(found.of("code"), ("ok", "code-ready"), "{:#}", found.0);
        let cause = found.check("code")["cause"].as_str().unwrap();
        assert!(cause.contains("3 tries"), "{cause}");
    }
}

#[test]
fn a_card_of_another_kind_is_named() {
    let service = PcscService::start();
    let address = service.vpcd_address(Reader::First);
    let _card = ForeignCard::plug(&address, "3B 02 14 50");
    let agent = service.agent(TEST_ENVIRONMENT, AGREEING, &[]);
    let found = once_judged(&agent, "card-known");
    found.assert_first_failed("card-known", "card-unknown");
}

#[test]
fn a_card_whose_answer_to_reset_nobody_understands_keeps_its_reader_and_that_is_named() {
    let service = PcscService::start();
    let address = service.vpcd_address(Reader::First);
    let _card = ForeignCard::plug(&address, "00");
    let agent = service.agent(TEST_ENVIRONMENT, AGREEING, &[]);
    until("a reader that is kept", || {
        (Diagnosed::by(&agent).of("reader").0 == "failed").then_some(())
    });
    Diagnosed::by(&agent).assert_first_failed("reader", "reader-unreachable");
}

#[test]
fn a_card_that_falls_silent_keeps_its_reader_and_that_is_named() {
    let service = PcscService::start();
    let _card = service.plug(Reader::First, &["--fault", "mute-after@1"]);
    let agent = service.agent(TEST_ENVIRONMENT, AGREEING, &[]);
    until("a reader that is kept", || {
        (Diagnosed::by(&agent).of("reader").0 == "failed").then_some(())
    });
    Diagnosed::by(&agent).assert_first_failed("reader", "reader-unreachable");
}

#[test]
fn a_test_card_where_real_ones_are_used_is_named() {
    let found = found_with(&[], "environment = \"production\"", "card-environment");
    found.assert_first_failed("card-environment", "environment-test-card");
}

#[test]
fn the_last_try_is_warned_of_and_a_blocked_card_is_named_with_the_way_to_unblock_it() {
    let service = PcscService::start();
    let _card = service.plug(Reader::First, &[]);
    let wrong = "pin = \"0000\"\nconsent = true";
    let agent = service.agent(TEST_ENVIRONMENT, wrong, &[]);
    let card = agent.card();
    for _ in 0..2 {
        assert_eq!(authenticate(&agent, &card).code(), "pin-wrong");
    }
    let found = Diagnosed::by(&agent);
    assert_eq!(found.first("failed"), None, "{:#}", found.0);
    assert_eq!(found.first("warning"), Some(("code", "code-last-try")));
    assert_eq!(authenticate(&agent, &card).code(), "pin-blocked");
    let found = Diagnosed::by(&agent);
    found.assert_first_failed("code", "code-blocked");
    assert_eq!(found.check("code")["action"], "unblock-code");
}

#[test]
fn a_certificate_that_is_over_is_named_and_one_that_ends_soon_is_warned_of() {
    let over = found_with(
        &valid_until(-1).each(),
        TEST_ENVIRONMENT,
        "certificate-dates",
    );
    over.assert_first_failed("certificate-dates", "dates-over");
    let soon = found_with(
        &valid_until(30).each(),
        TEST_ENVIRONMENT,
        "certificate-dates",
    );
    assert_eq!(soon.first("failed"), None, "{:#}", soon.0);
    let warned = soon.first("warning");
    assert_eq!(warned, Some(("certificate-dates", "dates-end-soon")));
    let far = found_with(
        &valid_until(90).each(),
        TEST_ENVIRONMENT,
        "certificate-dates",
    );
    assert_eq!(far.of("certificate-dates"), ("ok", "dates-good"));
}

/// Arguments of a card that is valid for a year which ends so many days from now.
struct ValidUntil([String; 4]);

impl ValidUntil {
    fn each(&self) -> Vec<&str> {
        self.0.iter().map(String::as_str).collect()
    }
}

fn valid_until(days: i64) -> ValidUntil {
    let begin = OffsetDateTime::now_utc() + Duration::days(days - YEAR);
    let begin = begin.date().to_string();
    ValidUntil([
        "--valid-from".into(),
        begin,
        "--valid-days".into(),
        YEAR.to_string(),
    ])
}

#[test]
fn a_clock_of_the_past_is_named_and_not_the_card_that_is_not_valid_then() {
    let service = PcscService::start();
    let _card = service.plug(Reader::First, &[]);
    let configuration = service.file(TEST_ENVIRONMENT);
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["--config", configuration.to_str().unwrap()];
    let environment = [
        service.client_environment(),
        beginning_at("2020-02-03 12:00:00"),
    ]
    .concat();
    let found = Diagnosed::alone(&environment, &folder.path().join("state"), &arguments);
    found.assert_first_failed("clock", "clock-before-release");
    assert_eq!(found.of("certificate-dates"), ("notApplicable", "hangs-on"));
}

/// The variables that have a process begin so many days from now.
fn days_from_now(days: i64) -> Vec<(&'static str, OsString)> {
    let then = OffsetDateTime::now_utc() + Duration::days(days);
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
    beginning_at(&then.format(format).expect("a time"))
}

#[test]
fn a_clock_before_the_last_lines_of_the_journal_is_named() {
    let mut agent = Agent::demo(&[]);
    let _card = agent.card();
    agent.stop();
    let found = Diagnosed::alone(&days_from_now(-3), agent.state_dir(), &[]);
    found.assert_first_failed("clock", "clock-before-journal");
    // An agent's own lines are as wrong as its clock, however many they are.
    agent.start_again_in(&days_from_now(-3));
    for _ in 0..4 {
        assert_eq!(authenticate(&agent, &agent.card()).status, 200);
    }
    Diagnosed::by(&agent).assert_first_failed("clock", "clock-before-journal");
}

#[test]
fn a_right_clock_is_not_called_wrong_for_one_line_of_one_that_was_ahead() {
    let mut agent = Agent::demo(&[]);
    assert_eq!(authenticate(&agent, &agent.card()).status, 200);
    agent.stop();
    agent.start_again_in(&days_from_now(3));
    // Killed, it writes no more than that it started.
    agent.stop_by("-KILL");
    let told = ("warning", "clock-before-a-line");
    let found = Diagnosed::alone(&[], agent.state_dir(), &[]);
    assert_eq!(found.of("clock"), told);
    agent.start_again_in(&[]);
    assert_eq!(Diagnosed::by(&agent).of("clock"), told);
}

const YEAR: i64 = 365;
