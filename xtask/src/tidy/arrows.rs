//! An arrow (a normal or build dependency between two of our crates) goes down, and only where the table lets it.
//!
//! Development dependencies are no arrows: a test may stand wherever it likes.

use std::path::Path;

use anyhow::{Context, Result};
use cargo_metadata::{DependencyKind, MetadataCommand, Package};

use super::Finding;
use super::floors::{Arrows, EXEMPT_FOLDERS, GROUND, NAMED_BY_FEW, Place, place_of};

/// One crate of the workspace, and every crate that it names, ours or not.
#[derive(Debug)]
pub(super) struct CrateNode {
    name: String,
    folder: String,
    uses: Vec<String>,
}

/// The crates as `cargo metadata` tells them; it needs neither registry nor network for that.
pub(super) fn read_graph(root: &Path) -> Result<Vec<CrateNode>> {
    let metadata = MetadataCommand::new()
        .current_dir(root)
        .no_deps()
        .exec()
        .context("cargo metadata does not tell the crates of the workspace")?;
    Ok(metadata.packages.iter().map(CrateNode::from).collect())
}

impl From<&Package> for CrateNode {
    fn from(package: &Package) -> Self {
        let folder = package
            .manifest_path
            .parent()
            .and_then(|path| path.file_name());
        let uses = package
            .dependencies
            .iter()
            .filter(|dependency| {
                matches!(
                    dependency.kind,
                    DependencyKind::Normal | DependencyKind::Build
                )
            })
            .map(|dependency| dependency.name.clone());
        Self {
            name: package.name.to_string(),
            folder: folder.unwrap_or_default().to_owned(),
            uses: uses.collect(),
        }
    }
}

/// Every arrow that the table does not allow, and every crate that it does not know.
pub(super) fn check(graph: &[CrateNode]) -> Vec<Finding> {
    graph
        .iter()
        .filter(|node| !EXEMPT_FOLDERS.contains(&node.folder.as_str()))
        .flat_map(|node| check_crate(node, graph))
        .collect()
}

fn check_crate(node: &CrateNode, graph: &[CrateNode]) -> Vec<Finding> {
    let Some(from) = place_of(&node.name) else {
        let message = "the table does not know this crate; \
            give it a floor in xtask/src/tidy/floors.rs and a line in ARCHITECTURE.md";
        return vec![Finding::new(&node.name, message)];
    };
    node.uses
        .iter()
        .filter_map(|target| {
            let ours = graph.iter().any(|other| other.name == *target);
            let fault = if ours {
                fault_of_arrow(from, target)
            } else {
                fault_of_name(from, target)
            };
            fault.map(|message| Finding::new(format!("{} → {target}", node.name), message))
        })
        .collect()
}

/// Why one of our crates may not use another of ours.
fn fault_of_arrow(from: &Place, target: &str) -> Option<String> {
    let Some(to) = place_of(target) else {
        return Some("nothing may use a crate that is not in the table".to_owned());
    };
    if to.floor >= from.floor {
        let (start, end) = (from.floor, to.floor);
        return Some(format!(
            "an arrow goes down, this one goes from floor {start} to floor {end}"
        ));
    }
    if let Some(invariant) = broken_invariant(from.name, to.name) {
        return Some(invariant.to_owned());
    }
    let listed = match from.arrows {
        Arrows::AllBelow => true,
        Arrows::Only(names) => names.contains(&to.name),
    };
    (to.floor > GROUND && !listed)
        .then(|| "this arrow is not in the table of xtask/src/tidy/floors.rs".to_owned())
}

/// The first invariant of `ARCHITECTURE.md`; it also holds for floor 1, which is otherwise open.
fn broken_invariant(from: &str, to: &str) -> Option<&'static str> {
    let knows_cards = from.starts_with("card-") || ["daemon-cards", "cpxd"].contains(&from);
    if to.starts_with("card-") && !knows_cards {
        Some("only card crates, daemon-cards and cpxd know how a card answers")
    } else if from.starts_with("card-") && to.starts_with("daemon-") {
        Some("no card crate knows who asks")
    } else {
        None
    }
}

/// Why one of our crates may not name a crate of the registry.
fn fault_of_name(from: &Place, target: &str) -> Option<String> {
    let (_, owners) = NAMED_BY_FEW.iter().find(|(name, _)| *name == target)?;
    (!owners.contains(&from.name)).then(|| {
        let owners = owners.join(" and ");
        format!("only {owners} may name {target}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::floors::TABLE;

    /// A graph from lines such as `daemon-api: daemon-wire platform`; every crate named on the left is ours.
    fn graph(lines: &[&str]) -> Vec<CrateNode> {
        lines
            .iter()
            .map(|line| {
                let (name, uses) = line.split_once(':').unwrap();
                CrateNode {
                    name: name.to_owned(),
                    folder: name.to_owned(),
                    uses: uses.split_whitespace().map(str::to_owned).collect(),
                }
            })
            .collect()
    }

    fn places(lines: &[&str]) -> Vec<String> {
        check(&graph(lines))
            .into_iter()
            .map(|finding| finding.place)
            .collect()
    }

    #[test]
    fn fails_on_an_arrow_that_goes_up() {
        let findings = check(&graph(&["card-profiles:", "card-apdu: card-profiles"]));
        let expected = Finding::new(
            "card-apdu → card-profiles",
            "an arrow goes down, this one goes from floor 1 to floor 2",
        );
        assert_eq!(findings, [expected]);
    }

    #[test]
    fn fails_on_an_arrow_along_a_floor() {
        let found = places(&["card-profiles: card-transcript", "card-transcript:"]);
        assert_eq!(found, ["card-profiles → card-transcript"]);
    }

    #[test]
    fn fails_on_an_arrow_down_that_is_not_in_the_table() {
        let found = places(&[
            "daemon-api: daemon-core daemon-wire",
            "daemon-core:",
            "daemon-wire:",
        ]);
        assert_eq!(found, ["daemon-api → daemon-core"]);
    }

    #[test]
    fn accepts_the_arrows_of_the_table() {
        for place in TABLE {
            let Arrows::Only(listed) = place.arrows else {
                continue;
            };
            let mut lines = vec![format!("{}: {}", place.name, listed.join(" "))];
            lines.extend(listed.iter().map(|name| format!("{name}:")));
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            assert_eq!(check(&graph(&lines)), []);
        }
    }

    #[test]
    fn the_ground_floor_is_open_to_every_floor_above() {
        let found = places(&[
            "secrets:",
            "card-apdu: secrets",
            "card-profiles: card-apdu secrets",
            "daemon-api: secrets",
            "tray: secrets",
        ]);
        assert_eq!(found, ["card-apdu → secrets"]);
    }

    #[test]
    fn the_binary_may_use_all_but_the_edge() {
        let found = places(&[
            "cpxd: card-pcsc daemon-api tray",
            "card-pcsc:",
            "daemon-api:",
            "tray:",
        ]);
        assert_eq!(found, ["cpxd → tray"]);
    }

    #[test]
    fn only_those_who_know_cards_use_a_card_crate() {
        let found = places(&[
            "card-apdu:",
            "daemon-cards: card-apdu",
            "daemon-operations: card-apdu",
            "tray: card-apdu",
        ]);
        assert_eq!(found, ["daemon-operations → card-apdu", "tray → card-apdu"]);
    }

    #[test]
    fn no_card_crate_knows_who_asks() {
        let found = places(&["daemon-types:", "card-profiles: daemon-types"]);
        assert_eq!(found, ["card-profiles → daemon-types"]);
    }

    #[test]
    fn fails_on_an_unknown_crate() {
        let findings = check(&graph(&["card-magic:"]));
        assert_eq!(findings.len(), 1);
        assert!(findings[0].message.contains("xtask/src/tidy/floors.rs"));
    }

    #[test]
    fn fails_on_an_arrow_to_an_unknown_crate() {
        assert_eq!(places(&["cpxd: xtask", "xtask:"]), ["cpxd → xtask"]);
    }

    #[test]
    fn tests_and_xtask_may_use_everything() {
        assert_eq!(
            check(&graph(&["tests: cpxd rsa", "xtask: cpxd", "cpxd:"])),
            []
        );
    }

    #[test]
    fn one_crate_alone_names_pcsc_and_one_rsa() {
        let found = places(&[
            "card-pcsc: pcsc",
            "card-emulator: rsa",
            "cpxd: pcsc",
            "card-profiles: rsa serde",
        ]);
        assert_eq!(found, ["cpxd → pcsc", "card-profiles → rsa"]);
    }
}
