//! All scenarios with the official module, on cards of both generations.

use cpxd_tests::official_module::official_module;

use crate::scenarios;
use crate::station::Source;

type Scenario = fn(&Source);

#[test]
fn the_official_module_does_all_that_the_others_do() {
    let Some(module) = official_module() else {
        return;
    };
    let scenarios: [(&str, Scenario); 8] = [
        ("shows the card", scenarios::shows_the_card),
        (
            "makes tokens and signatures",
            scenarios::makes_tokens_and_signatures,
        ),
        ("blocks and unblocks", scenarios::blocks_and_unblocks),
        ("changes the code", scenarios::changes_the_code),
        ("keeps the last try", scenarios::keeps_the_last_try),
        (
            "loses and finds the card",
            scenarios::loses_and_finds_the_card,
        ),
        (
            "opens no session",
            scenarios::opens_a_session_where_the_code_is_kept,
        ),
        (
            "tells the places of work",
            scenarios::tells_the_places_of_work,
        ),
    ];
    for kind in ["cps3", "cps4"] {
        for (name, scenario) in scenarios {
            scenario(&Source::Cryptolib(module.clone(), kind));
            println!("official module, {kind}: {name}");
        }
    }
}
