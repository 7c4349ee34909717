//! The official module, which is not ours to ship: it is judged where `CPXD_CRYPTOLIB_MODULE` names it.

use std::path::PathBuf;

use crate::scenarios;
use crate::station::Source;

type Scenario = fn(&Source);

#[test]
fn the_official_module_does_all_that_the_others_do() {
    let Some(module) = std::env::var_os("CPXD_CRYPTOLIB_MODULE").map(PathBuf::from) else {
        not_run();
        return;
    };
    let scenarios: [(&str, Scenario); 7] = [
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

/// Past the capture of the test's own output: nobody may take this for a test that ran.
fn not_run() {
    use std::io::Write as _;

    let mut screen = std::io::stderr();
    let said = writeln!(
        screen,
        "\n!!! NOT RUN: the official Cryptolib CPS module was not judged, for CPXD_CRYPTOLIB_MODULE does not name it\n"
    );
    said.unwrap();
}
