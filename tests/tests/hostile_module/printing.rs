//! What a module prints, and where codes are not.

use cpxd_tests::calls::path_of;
use cpxd_tests::operations::{assert_signature, assert_token, authenticate, sign};
use cpxd_tests::process_memory::{places, random_code};
use cpxd_tests::programs::test_module;
use cpxd_tests::soft_reader::SoftReader;
use cpxd_tests::written_codes::{two_random_codes, ways_to_write};
use serde_json::json;

use crate::agent::{Desk, types};

#[test]
fn what_a_module_prints_goes_nowhere_and_no_log_holds_a_code() {
    let [right, wrong] = two_random_codes();
    let len = right.len();
    let reader = SoftReader::with_cps();
    reader.set("pinLengths", json!([len, len]));
    reader.habit("prints");
    let logging = ["--log-level", "trace"];
    let holder = types(&[&right, &wrong, &right]);
    let mut desk = Desk::with_module(&reader, &test_module(), &holder, &logging);
    let agent = &desk.agent;
    let _card = agent.card();
    reader.change_memory(&reader.token(), "user_code", json!(right));
    assert_token(&authenticate(agent, &agent.card()));
    let refused = authenticate(agent, &agent.card());
    assert_eq!(refused.code(), "pin-wrong", "{}", refused.text);
    assert_signature(&sign(agent, &agent.card()));
    assert!(desk.agent.stop().success());
    let log = desk.agent.log();
    for code in [&right, &wrong] {
        for written in ways_to_write(code) {
            assert!(!log.contains(&written), "{written} in: {log}");
        }
    }
    for printed in ["C_GetTokenInfo", "C_Login user"] {
        assert!(!log.contains(printed), "{log}");
    }
}

/// The answers of the holder are used up, so that the script holds no code either.
#[test]
fn the_agent_keeps_no_code_that_it_gave_to_a_module() {
    let [right, new, wrong] = [random_code(), random_code(), random_code()];
    let reader = SoftReader::with_cps();
    reader.set("pinLengths", json!([8, 8]));
    let holder = format!(
        "answers = [ {{ pin = \"{right}\" }}, {{ pin = \"{right}\", new_pin = \"{new}\" }}, {{ pin = \"{wrong}\" }} ]"
    );
    let desk = Desk::new(&reader, &holder);
    let agent = &desk.agent;
    let _card = agent.card();
    reader.change_memory(&reader.token(), "user_code", json!(right));
    assert_token(&authenticate(agent, &agent.card()));
    let path = path_of(&agent.card(), "/pin/change");
    let changed = agent.call_socket(&path, &json!({}));
    assert_eq!(changed.status, 200, "{}", changed.text);
    let pid = agent.pid().to_string();
    assert!(
        !places(&pid, &wrong).is_empty(),
        "the script has it until it is typed"
    );
    assert_eq!(authenticate(agent, &agent.card()).code(), "pin-wrong");
    for code in [&right, &new, &wrong] {
        assert_eq!(places(&pid, code), [""; 0]);
    }
}
