//! The agency's acceptance list of its PKCS#11 module, number by number, in our words and with our calls.
//!
//! The agency published what its own program called on real cards, and which codes it expected. Here the product's
//! module does the same on virtual cards behind a real pcscd; `docs/pkcs11-acceptance.md` is written from the same
//! tables. Where `CPXD_CRYPTOLIB_MODULE` names the official module, that is run, too: it shows that the calls are
//! those that the numbers mean.
#![cfg(target_os = "linux")]
#![expect(
    unsafe_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "the calls of a C interface; a run that cannot go on fails its test, and says so"
)]

mod card_data;
mod data;
mod decryption;
mod digests;
mod document;
mod encryption;
mod general;
mod list;
mod long_message;
mod mute_card;
mod objects;
mod pss;
mod run;
mod sessions;
mod signature;
mod slots;
mod verification;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use cpxd_tests::cryptoki_calls::{in_a_process_of_its_own, lead_to, use_agent};
use cpxd_tests::official_module::official_module;
use cpxd_tests::pcsc_stack::{AGREEING, PcscService, Reader, TEST_ENVIRONMENT, VirtualCardProgram};
use cpxd_tests::programs::own_module;
use expect_test::expect_file;

use crate::list::Line;
use crate::run::{Run, Whose};

/// The tables, in the order of a run.
const TABLES: [&[Line]; 12] = [
    general::TABLE,
    slots::TABLE,
    sessions::TABLE,
    objects::TABLE,
    encryption::TABLE,
    decryption::TABLE,
    signature::TABLE,
    verification::TABLE,
    digests::TABLE,
    card_data::TABLE,
    long_message::TABLE,
    pss::TABLE,
];

#[test]
fn the_document_says_of_each_number_what_the_tables_say() {
    expect_file!["../../../docs/pkcs11-acceptance.md"].assert_eq(&document::text());
}

#[test]
fn each_number_has_its_code_on_a_cps3() {
    in_a_process_of_its_own("each_number_has_its_code_on_a_cps3", || {
        assert_eq!(differences(&own_module(), Whose::Own, "cps3"), NONE);
    });
}

#[test]
fn each_number_has_its_code_on_a_cps4() {
    in_a_process_of_its_own("each_number_has_its_code_on_a_cps4", || {
        assert_eq!(differences(&own_module(), Whose::Own, "cps4"), NONE);
    });
}

#[test]
fn the_official_module_has_the_agencys_code_for_each_number_on_a_cps3() {
    if let Some(module) = official_module() {
        in_a_process_of_its_own(
            "the_official_module_has_the_agencys_code_for_each_number_on_a_cps3",
            || assert_eq!(differences(&module, Whose::Official, "cps3"), NONE),
        );
    }
}

#[test]
fn the_official_module_has_the_agencys_code_for_each_number_on_a_cps4() {
    if let Some(module) = official_module() {
        in_a_process_of_its_own(
            "the_official_module_has_the_agencys_code_for_each_number_on_a_cps4",
            || assert_eq!(differences(&module, Whose::Official, "cps4"), NONE),
        );
    }
}

/// Runs the whole list; what was not as it has to be.
fn differences(module: &Path, whose: Whose, kind: &str) -> Vec<String> {
    let service = PcscService::start();
    lead_to(&service.client_environment());
    let card = service.plug(Reader::First, &["--card", kind]);
    let agent = (whose == Whose::Own).then(|| {
        let agent = service.agent(TEST_ENVIRONMENT, AGREEING, &[]);
        use_agent(&agent);
        let _ = agent.card();
        agent
    });
    let mut run = Run::new(module, whose, kind == "cps4");
    let mut found: Vec<_> = TABLES
        .iter()
        .filter(|table| is_for(table, kind == "cps4"))
        .flat_map(|table| differences_in(table, &mut run))
        .collect();
    card.pull();
    // Nobody looks whether it is there: who asks a mute card waits as long as its reader does.
    let address = service.vpcd_address(Reader::First);
    let mute = ["--card", kind, "--fault", "mute-after@1"];
    let _mute = VirtualCardProgram::plug(&address, &mute);
    found.extend(differences_in(mute_card::TABLE, &mut run));
    drop(agent);
    found
}

/// Whether the card can do any number of a table.
fn is_for(table: &[Line], is_cps4: bool) -> bool {
    table
        .iter()
        .any(|line| matches!(line, Line::Number(number) if number.is_for(is_cps4)))
}

/// Runs one table. A step that fails ends the table, since its other numbers stand on it.
fn differences_in(table: &[Line], run: &mut Run) -> Vec<String> {
    let mut found = Vec::new();
    let mut last = 0;
    for line in table {
        let outcome = catch_unwind(AssertUnwindSafe(|| match line {
            Line::Step(step) => {
                step(run);
                None
            }
            Line::Number(number) if number.is_for(run.is_cps4) => {
                Some((number, (number.call)(run)))
            }
            Line::Number(_) => None,
        }));
        match outcome {
            Ok(None) => {}
            Ok(Some((number, code))) => {
                last = number.number;
                let wanted = match run.whose {
                    Whose::Own => number.own_code(),
                    Whose::Official => number.expected,
                };
                if code != wanted {
                    let (code, wanted) = (document::name(code), document::name(wanted));
                    found.push(format!("{last} {}: {code}, not {wanted}", number.function));
                }
            }
            Err(_) => {
                found.push(format!("after {last}: the run could not go on (see above)"));
                run.abandon();
                break;
            }
        }
    }
    found
}

const NONE: [String; 0] = [];
