//! The floors of `ARCHITECTURE.md` as data. A new arrow is a line here and a commit of its own.

use Arrows::{AllBelow, Only};

/// A crate's place in the house.
#[derive(Debug)]
pub(super) struct Place {
    /// Its package name.
    pub(super) name: &'static str,
    /// 1 is the ground; programs at the edge stand on the highest, so that nothing may use them.
    pub(super) floor: u8,
    /// What it may use beside floor 1.
    pub(super) arrows: Arrows,
}

/// The crates above floor 1 that a crate may use.
#[derive(Debug)]
pub(super) enum Arrows {
    /// These.
    Only(&'static [&'static str]),
    /// Every crate of a lower floor.
    AllBelow,
}

/// The floor that is open to every crate above it.
pub(super) const GROUND: u8 = 1;

/// Packages in these folders may use everything, and nothing uses them. `module` stands in `tests` and in `fuzz`.
pub(super) const EXEMPT_FOLDERS: [&str; 4] = ["fuzz", "module", "tests", "xtask"];

/// Crates of the registry that only these crates may name, so that their subject has one home: `rsa` does
/// private-key arithmetic in the virtual card, and uses public keys in `daemon-cards` and `pkcs11-module`.
pub(super) const NAMED_BY_FEW: [(&str, &[&str]); 4] = [
    ("cryptoki", &["card-pkcs11"]),
    ("pcsc", &["card-pcsc"]),
    ("pcsc-sys", &["card-pcsc"]),
    ("rsa", &["card-emulator", "daemon-cards", "pkcs11-module"]),
];

/// Every crate, those included that are not born yet.
pub(super) const TABLE: &[Place] = &[
    place("card-apdu", 1, Only(&[])),
    place("secrets", 1, Only(&[])),
    place("texts", 1, Only(&[])),
    place("igc-sante", 1, Only(&[])),
    place("daemon-types", 1, Only(&[])),
    place("card-pcsc", 2, Only(&[])),
    place("card-emulator", 2, Only(&[])),
    place("card-transcript", 2, Only(&[])),
    place("card-profiles", 2, Only(&[])),
    place("daemon-core", 2, Only(&[])),
    place("daemon-wire", 2, Only(&[])),
    place("platform", 2, Only(&[])),
    place("updates", 2, Only(&[])),
    place("signatures", 2, Only(&[])),
    place("diagnosis", 2, Only(&[])),
    place("card-pkcs11", 3, Only(&["card-profiles"])),
    place("daemon-journal", 3, Only(&["platform"])),
    place("prompt", 3, Only(&["daemon-wire", "platform"])),
    place("daemon-cards", 4, Only(&["card-profiles"])),
    place("daemon-client", 4, Only(&["daemon-wire", "platform"])),
    place(
        "daemon-operations",
        5,
        Only(&[
            "daemon-core",
            "daemon-cards",
            "prompt",
            "daemon-journal",
            "signatures",
        ]),
    ),
    place(
        "daemon-api",
        6,
        Only(&["daemon-operations", "daemon-wire", "platform"]),
    ),
    place("cpxd", 7, AllBelow),
    place("prompt-window", EDGE, ONLY_THE_WIRE),
    place("tray", EDGE, ONLY_THE_WIRE),
    place("native-host", EDGE, ONLY_THE_WIRE),
    place("pkcs11-module", EDGE, ONLY_THE_WIRE),
];

const EDGE: u8 = 8;
const ONLY_THE_WIRE: Arrows = Only(&["daemon-wire", "daemon-client", "platform"]);

const fn place(name: &'static str, floor: u8, arrows: Arrows) -> Place {
    Place {
        name,
        floor,
        arrows,
    }
}

/// Where a crate stands, if the table knows it.
pub(super) fn place_of(name: &str) -> Option<&'static Place> {
    TABLE.iter().find(|place| place.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_arrow_goes_down_to_a_crate_of_the_table() {
        for place in TABLE {
            let Only(listed) = place.arrows else { continue };
            for name in listed {
                let target = place_of(name).unwrap_or_else(|| panic!("{name} is not in the table"));
                assert!(
                    target.floor < place.floor,
                    "{} → {name} does not go down",
                    place.name
                );
                assert!(
                    target.floor > GROUND,
                    "{} → {name} needs no line",
                    place.name
                );
            }
        }
    }

    #[test]
    fn every_crate_stands_once() {
        for place in TABLE {
            let count = TABLE
                .iter()
                .filter(|other| other.name == place.name)
                .count();
            assert_eq!(count, 1, "{}", place.name);
        }
    }
}
