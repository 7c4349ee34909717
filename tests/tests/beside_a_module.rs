//! `cpxd run` over PC/SC while another program uses the same card through a PKCS#11 module, both at once.
//!
//! OpenSC's module is on every machine; the official one is judged where `CPXD_CRYPTOLIB_MODULE` names it. Each
//! side makes 15 operations, or as many as `CPXD_INTERLEAVED` says.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a program that cannot be started fails its test"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use cpxd_tests::official_module::official_module;
use cpxd_tests::operations::{assert_token, authenticate};
use cpxd_tests::pcsc_stack::{AGREEING, PcscService, Reader, TEST_ENVIRONMENT};
use cpxd_tests::soft_reader::opensc_module;
use cpxd_tests::token_user::TokenUser;
use serde_json::Value;

/// How the other program uses the card.
#[derive(Clone, Copy, Debug)]
enum Habit {
    /// Logs in, signs and logs out, each time.
    LogsOut,
    /// Logs in once and signs on.
    StaysLoggedIn,
}

/// What went wrong, and how often.
#[derive(Debug, Default, PartialEq, Eq)]
struct Failures(BTreeMap<String, usize>);

impl Failures {
    fn note(&mut self, failure: String) {
        *self.0.entry(failure).or_default() += 1;
    }
}

/// A waiting program asks pcsc-lite ten times a second whether the card is free: one that never lets go of it
/// for a moment would keep all others out.
const BETWEEN_OPERATIONS: Duration = Duration::from_millis(50);

/// What both met.
#[derive(Debug)]
struct Met {
    agent: Failures,
    other: Failures,
    tries_left: u64,
}

fn meet(module: &Path, kind: &str, after_use: &str, habit: Habit) -> Met {
    let service = PcscService::start();
    let memory = service.file("").with_extension("card.json");
    let kept = ["--state-file", memory.to_str().unwrap()];
    let _card = service.plug(Reader::First, &[&["--card", kind], &kept[..]].concat());
    let configuration = format!("{TEST_ENVIRONMENT}\nafter-use = \"{after_use}\"");
    let agent = service.agent(&configuration, AGREEING, &[]);
    let card = agent.card();
    let is_over = AtomicBool::new(false);
    let mut failures = Failures::default();
    let other = thread::scope(|scope| {
        let other = scope.spawn(|| other_program(&service, module, habit, &is_over));
        for _ in 0..operations() {
            let answer = authenticate(&agent, &card);
            if answer.status == 200 {
                assert_token(&answer);
            } else {
                failures.note(answer.code().to_owned());
            }
        }
        is_over.store(true, Ordering::Release);
        other.join().unwrap()
    });
    Met {
        agent: failures,
        other,
        tries_left: tries_left_on(&memory),
    }
}

/// In the memory of the card, without a word to it.
fn tries_left_on(memory: &Path) -> u64 {
    let memory: Value = serde_json::from_slice(&fs::read(memory).unwrap()).unwrap();
    memory["pinTriesLeft"].as_u64().unwrap()
}

/// At least as many operations as the agent's, and for as long as that works.
fn other_program(
    service: &PcscService,
    module: &Path,
    habit: Habit,
    is_over: &AtomicBool,
) -> Failures {
    let mut user = TokenUser::of_module(module, service.client_environment());
    user.tell("initialize");
    let mut failures = Failures::default();
    let mut is_logged_in = false;
    let mut done = 0;
    while done < operations() || !is_over.load(Ordering::Acquire) {
        done += 1;
        let attempt = if is_logged_in {
            sign(&mut user)
        } else {
            log_in(&mut user).and_then(|()| sign(&mut user))
        };
        is_logged_in = attempt.is_ok();
        if let Err(failure) = attempt {
            failures.note(failure);
        }
        if matches!(habit, Habit::LogsOut) || !is_logged_in {
            // What is not logged in or open any more says so; the next turn begins anew.
            let _ = user.ask("logout");
            let _ = user.ask("close");
            is_logged_in = false;
        }
        thread::sleep(BETWEEN_OPERATIONS);
    }
    failures
}

fn log_in(user: &mut TokenUser) -> Result<(), String> {
    let named = |order: &str, answer: Result<String, String>| {
        answer
            .map(drop)
            .map_err(|error| format!("{order}: {error}"))
    };
    let opened = user.ask("open rw");
    named("open", opened)?;
    let logged_in = user.ask("login user 1234");
    named("login", logged_in)
}

fn sign(user: &mut TokenUser) -> Result<(), String> {
    let digest_info = "3031300d060960864801650304020105000420".to_owned() + &"5a".repeat(32);
    let signed = user.ask(&format!("sign CPS_PRIV_AUT RSA_PKCS {digest_info}"));
    signed.map(drop).map_err(|error| format!("sign: {error}"))
}

fn operations() -> usize {
    let named = std::env::var("CPXD_INTERLEAVED").ok();
    named.map_or(15, |number| number.parse().expect("a number"))
}

/// The modules of this machine, each with the kinds of cards that it knows.
fn modules() -> Vec<(PathBuf, Vec<&'static str>)> {
    let mut modules = vec![(opensc_module(), vec!["cps3"])];
    let official = official_module().into_iter();
    modules.extend(official.map(|module| (module, vec!["cps3", "cps4"])));
    modules
}

#[test]
fn with_leave_neither_meets_the_other_and_no_try_is_lost() {
    for (module, kinds) in modules() {
        for kind in kinds {
            for habit in [Habit::LogsOut, Habit::StaysLoggedIn] {
                let met = meet(&module, kind, "leave", habit);
                let of = format!("{} {kind} {habit:?}: {met:?}", module.display());
                println!("leave: {of}");
                assert_eq!(met.agent, Failures::default(), "{of}");
                assert_eq!(met.other, Failures::default(), "{of}");
                assert_eq!(met.tries_left, 3, "{of}");
            }
        }
    }
}

#[test]
fn with_reset_neither_meets_the_other_and_no_try_is_lost() {
    for (module, kinds) in modules() {
        for kind in kinds {
            for habit in [Habit::LogsOut, Habit::StaysLoggedIn] {
                let met = meet(&module, kind, "reset", habit);
                let of = format!("{} {kind} {habit:?}: {met:?}", module.display());
                println!("reset: {of}");
                assert_eq!(met.agent, Failures::default(), "{of}");
                assert_eq!(met.other, Failures::default(), "{of}");
                assert_eq!(met.tries_left, 3, "{of}");
            }
        }
    }
}
