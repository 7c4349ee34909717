//! Strangers judge what tells the crates in the programs: the published schema of CycloneDX judges the lists;
//! what cargo-auditable wrote into each program, read back, must be on its list; and what cargo links into it must
//! be on the page of licences. The second names more than the third: also what optional parts could bring.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::programs::{MODULE, all_that_run};
use crate::cargo_tools::RUST_AUDIT_INFO;
use crate::commands::{cargo, run, target_folder, workspace_root};

/// Fails at the first fault.
pub(super) fn judge(programs: &Path, documents: &Path) -> Result<()> {
    judge_by_the_schema(documents)?;
    let page = fs::read_to_string(documents.join("licences.html"))?;
    for program in all_that_run() {
        let inside = crates_inside(&programs.join(program))?;
        let listed = crates_listed(&documents.join(list_of(program)))?;
        let missing = inside.difference(&listed).collect::<Vec<_>>();
        ensure!(
            missing.is_empty(),
            "{program} has in it what its list has not: {missing:?}"
        );
        for (name, version) in crates_linked(program)? {
            ensure!(
                page.contains(&format!("<li>{name} {version}</li>")),
                "the page of licences has no {name} {version}, which is in {program}"
            );
        }
        println!(
            "    {program}: {} crates inside, all on its list ({}); those that are linked, on the page of licences",
            inside.len(),
            listed.len()
        );
    }
    Ok(())
}

fn list_of(program: &str) -> String {
    format!("{program}.cdx.json")
}

/// In a virtual environment of its own, with exactly the versions that are pinned.
fn judge_by_the_schema(documents: &Path) -> Result<()> {
    let sources = workspace_root().join("packaging/sbom");
    let requirements = sources.join("requirements.txt");
    let pinned = fs::read_to_string(&requirements)?;
    let judge = target_folder()?.join("tools/cyclonedx");
    let installed = judge.join("installed.txt");
    if fs::read_to_string(&installed).ok().as_ref() != Some(&pinned) {
        run(Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(&judge))?;
        run(Command::new(judge.join("bin/pip"))
            .args(["install", "--quiet", "--disable-pip-version-check"])
            .arg("--requirement")
            .arg(&requirements))?;
        fs::write(&installed, pinned)?;
    }
    run(Command::new(judge.join("bin/python"))
        .arg(sources.join("validate.py"))
        .args(all_that_run().map(|program| documents.join(list_of(program)))))
}

type Crate = (String, String);

/// Those that cargo-auditable wrote into a program, but for those that only built it.
fn crates_inside(program: &Path) -> Result<BTreeSet<Crate>> {
    let tool = RUST_AUDIT_INFO.install()?;
    let output = Command::new(tool).arg(program).output()?;
    let complaints = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{} does not tell its crates: {complaints}",
        program.display()
    );
    let told: Value = serde_json::from_slice(&output.stdout)?;
    let packages = told.get("packages").and_then(Value::as_array);
    let built_in = packages
        .into_iter()
        .flatten()
        .filter(|one| one.get("kind").and_then(Value::as_str) != Some("build"));
    let crates: BTreeSet<Crate> = built_in.map(crate_of).collect::<Result<_>>()?;
    if crates.is_empty() {
        bail!("{} tells no crate", program.display());
    }
    Ok(crates)
}

/// Those of a CycloneDX document, and the program's own.
fn crates_listed(list: &Path) -> Result<BTreeSet<Crate>> {
    let list: Value = serde_json::from_str(&fs::read_to_string(list)?)?;
    let components = list.get("components").and_then(Value::as_array);
    let own = list.pointer("/metadata/component");
    components
        .into_iter()
        .flatten()
        .chain(own)
        .map(crate_of)
        .collect()
}

fn crate_of(value: &Value) -> Result<Crate> {
    let word = |member: &str| {
        let word = value.get(member).and_then(Value::as_str);
        word.map(str::to_owned)
            .with_context(|| format!("a crate without {member}: {value}"))
    };
    Ok((word("name")?, word("version")?))
}

/// Those of others that cargo links into a program. The window's toolkit is told in words of the page.
fn crates_linked(program: &str) -> Result<BTreeSet<Crate>> {
    let package = match program {
        "cpxd" => program,
        MODULE => "pkcs11-module",
        other => other.trim_start_matches("cpxd-"),
    };
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let mut tree = cargo(["tree", "--package", package, "--target", &target]);
    tree.args(["--edges", "normal,no-proc-macro"]);
    tree.args(["--prefix", "none", "--format", "{p}"]);
    let output = tree.current_dir(workspace_root()).output()?;
    ensure!(
        output.status.success(),
        "cargo tells no tree of {package}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let ours = ours()?;
    let told = String::from_utf8(output.stdout)?;
    let crates = told.lines().filter_map(|line| {
        let mut words = line.split(' ');
        let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
        Some((name.to_owned(), version.to_owned()))
    });
    let is_of_the_toolkit = |name: &str| name == "slint" || name.starts_with("i-slint-");
    Ok(crates
        .filter(|(name, _)| !ours.contains(name) && !is_of_the_toolkit(name))
        .collect())
}

/// The names of this workspace's own crates, whose licence the page says in words.
fn ours() -> Result<BTreeSet<String>> {
    let metadata = cargo_metadata::MetadataCommand::new()
        .current_dir(workspace_root())
        .no_deps()
        .exec()?;
    Ok(metadata
        .packages
        .iter()
        .map(|package| package.name.to_string())
        .collect())
}
