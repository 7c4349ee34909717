//! The end of the life: what a removal says, takes and leaves.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};

use super::clean_root::{CleanRoot, told};
use super::person::{Kept, Person};

/// What somebody who removes the packages is told.
const SAID: [&str; 2] = ["~/.local/state/cpxd", "/etc/cpxd"];

/// Every file of the package goes; what people and administrators wrote stays, and that is said.
pub(super) fn purge(root: &CleanRoot, people: &[Person<'_>]) -> Result<()> {
    let said = root.told(&["apt-get", "purge", "--yes", "cpxd"])?;
    print_from("Removing cpxd", &said);
    ensure_said(&said)?;
    ensure_gone(root, people)
}

/// The rpm where the deb was, beside the same libraries: the same people go on with what they had.
pub(super) fn rpm_comes_and_goes(
    root: &CleanRoot,
    rpm: &Path,
    people: &mut [Person<'_>],
    before: &[Kept],
) -> Result<()> {
    // Debian's rpm knows nothing of what dpkg installed.
    rpm_in(root, &["--install", "--nodeps"], Some(rpm))?;
    println!("    {}", rpm_in(root, &["--query", "cpxd"], None)?);
    let differing = rpm_in(root, &["--verify", "--nodeps", "cpxd"], None)?;
    ensure!(differing.is_empty(), "rpm finds fault: {differing}");
    for (person, before) in people.iter_mut().zip(before) {
        person.start_agent()?;
        person.ensure_keeps(before)?;
        person.stop_agent()?;
    }
    let said = rpm_in(root, &["--erase", "cpxd"], None)?;
    println!("    # rpm --erase cpxd\n      {said}");
    ensure_said(&said)?;
    ensure_gone(root, people)
}

/// After the last package that came with it has gone, too, the machine is as it was.
pub(super) fn compare(
    root: &CleanRoot,
    clean: &BTreeSet<String>,
    people: &[Person<'_>],
) -> Result<()> {
    fs::remove_dir_all(root.place("/etc/cpxd"))?;
    println!("    # rm -r /etc/cpxd");
    root.told(&["apt-get", "purge", "--yes", "vsmartcard-vpcd"])?;
    root.told(&[
        "apt-get",
        "autoremove",
        "--purge",
        "--yes",
        // What another package would merely like to have came with ours all the same.
        "--option=APT::AutoRemove::RecommendsImportant=false",
        "--option=APT::AutoRemove::SuggestsImportant=false",
    ])?;
    let now = root.files()?;
    let of_people = |file: &&String| people.iter().any(|person| is_below(file, person.home()));
    let (theirs, others): (Vec<_>, Vec<_>) = now.difference(clean).partition(of_people);
    let gone: Vec<_> = clean.difference(&now).collect();
    println!("    files of the clean root that are gone: {}", gone.len());
    println!(
        "    files that came and stay, outside the homes: {}",
        others.len()
    );
    println!("    files that stay in the homes: {}", theirs.len());
    for file in theirs.iter().filter(|file| file.contains("cpxd")) {
        println!("      {file}");
    }
    ensure!(
        gone.is_empty() && others.is_empty(),
        "gone: {gone:?}; stay: {others:?}"
    );
    people.iter().try_for_each(Person::ensure_has_files)
}

fn is_below(file: &str, folder: &str) -> bool {
    let below = file.strip_prefix(folder);
    below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn ensure_said(said: &str) -> Result<()> {
    for words in SAID {
        ensure!(said.contains(words), "nobody is told of {words}: {said}");
    }
    Ok(())
}

/// No file with our name is anywhere but at people's homes and where the administrator wrote one.
fn ensure_gone(root: &CleanRoot, people: &[Person<'_>]) -> Result<()> {
    let files = root.files()?;
    let mut left: Vec<_> = files
        .iter()
        .filter(|file| file.contains("cpxd") && !is_below(file, "/etc/cpxd"))
        .collect();
    left.retain(|file| !people.iter().any(|person| is_below(file, person.home())));
    ensure!(left.is_empty(), "{left:?} stay");
    ensure!(
        root.place("/etc/cpxd/cpxd.toml").exists(),
        "the administrator's policy is gone"
    );
    people.iter().try_for_each(Person::ensure_has_files)?;
    println!("    nothing of the package is left; homes and the administrator's policy are");
    Ok(())
}

fn print_from(start: &str, said: &str) {
    println!("    # apt purge cpxd");
    for line in said.lines().skip_while(|line| !line.starts_with(start)) {
        println!("      {line}");
    }
}

fn rpm_in(root: &CleanRoot, arguments: &[&str], package: Option<&Path>) -> Result<String> {
    let mut rpm = Command::new("rpm");
    rpm.arg("--root")
        .arg(root.place("/"))
        .args(["--dbpath", "/var/lib/rpm"])
        .args(arguments)
        .args(package);
    told(&mut rpm)
}
