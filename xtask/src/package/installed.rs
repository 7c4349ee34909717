//! A life of the packages on a clean machine: installed with what they depend on, used by two people at
//! once, upgraded, and taken away again. It prints what it saw, and fails at the first thing that is not so.
//!
//! It lives in namespaces of its own (`unshare`): whatever it mounts and starts ends with it, however it ends.

mod clean_root;
mod machine;
mod person;
mod removal;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::linux::Made;
use crate::commands::{cargo, run, succeeds, target_folder};
use crate::steps::Steps;
use crate::system_packages::{self, CLEAN_ROOT};
use clean_root::CleanRoot;
use machine::Machine;
use person::Person;

/// The version that is upgraded.
pub(super) const OLDER: &str = "0.0.9";

/// Two people, the second with a home of a kind that breaks careless programs.
const PEOPLE: [(&str, &str); 2] = [("anne", "/home/anne"), ("zoe", "/home/Zoé Müller 🩺")];

/// The packages that live, as paths in a folder.
#[derive(Debug)]
pub(super) struct Packages {
    /// Of [`OLDER`].
    pub(super) older: Made,
    /// Of this version.
    pub(super) newer: Made,
}

/// Builds the card, and has this program live the life again in namespaces of its own.
pub(super) fn show(packages: &Packages, steps: &mut Steps) -> Result<()> {
    ensure!(
        succeeds(Command::new("sh").args(["-c", "test $(id -u) = 0"])),
        "only root makes a clean root: run it by sudo"
    );
    steps.run("system packages", || {
        system_packages::install_missing(CLEAN_ROOT)
    })?;
    steps.run("the card", || {
        run(&mut cargo([
            "build",
            "--package",
            "card-emulator",
            "--bin",
            "virtual-card",
        ]))
    })?;
    let folder = target_folder()?
        .join("installed")
        .join(std::process::id().to_string());
    super::make_folder(&folder)?;
    let lived = steps.run("a life in a clean root", || {
        run(Command::new("unshare")
            .args(["--mount", "--pid", "--fork", "--kill-child", "--mount-proc"])
            .arg(std::env::current_exe()?)
            .args(["package", "life", "--root"])
            .arg(folder.join("root"))
            .args([
                &packages.older.deb,
                &packages.newer.deb,
                &packages.newer.rpm,
            ]))
    });
    fs::remove_dir_all(&folder).with_context(|| format!("{} stays", folder.display()))?;
    lived
}

/// What [`show`] hands to itself.
#[derive(Debug, clap::Args)]
pub(super) struct Life {
    /// Folder of the clean root, which is made
    #[arg(long)]
    root: PathBuf,
    /// The deb that is upgraded
    older: PathBuf,
    /// The deb that it is upgraded to
    newer: PathBuf,
    /// The rpm
    rpm: PathBuf,
}

impl Life {
    /// Lives it.
    pub(super) fn live(&self, steps: &mut Steps) -> Result<()> {
        let root = steps.run("a clean root (debootstrap), with two accounts", || {
            CleanRoot::make(&self.root)
        })?;
        for (name, home) in PEOPLE {
            root.told(&["useradd", "--create-home", "--home-dir", home, name])?;
        }
        let clean = root.files()?;
        println!("    {} files", clean.len());
        steps.run("apt install, with what it depends on", || {
            install(&root, &self.older)
        })?;
        let mut machine = steps.run("pcscd, and a card", || Machine::start(&root))?;
        let mut people = steps.run("two people, each with a socket and a card", || {
            PEOPLE
                .iter()
                .map(|(name, home)| Person::arrive(&root, name, home))
                .collect::<Result<Vec<_>>>()
        })?;
        let before = steps.run("each pairs a program and logs in", || {
            people
                .iter()
                .map(Person::use_card)
                .collect::<Result<Vec<_>>>()
        })?;
        steps.run("apt upgrades it, and each has what they had", || {
            upgrade(&root, &self.newer, &mut people)?;
            for (person, before) in people.iter().zip(&before) {
                person.ensure_keeps(before)?;
            }
            Ok(())
        })?;
        steps.run("what a newer version kept is refused", || {
            people.iter_mut().try_for_each(Person::refuses_the_future)
        })?;
        people.iter_mut().try_for_each(Person::stop_agent)?;
        steps.run("apt purge", || removal::purge(&root, &people))?;
        steps.run("the rpm comes and goes", || {
            removal::rpm_comes_and_goes(&root, &self.rpm, &mut people, &before)
        })?;
        machine.stop();
        steps.run("nothing stays but the folders of people", || {
            removal::compare(&root, &clean, &people)
        })
    }
}

fn install(root: &CleanRoot, deb: &Path) -> Result<()> {
    let before = root.packages()?;
    root.told(&["apt-get", "update"])?;
    root.install_local(deb)?;
    let after = root.packages()?;
    let new: Vec<&str> = after.difference(&before).map(String::as_str).collect();
    println!("    came: {}", new.join(", "));
    for needed in ["cpxd", "pcscd", "libpcsclite1", "libfontconfig1"] {
        ensure!(new.contains(&needed), "{needed} did not come");
    }
    println!("    {}", root.version()?);
    let broken = root.told(&["dpkg", "--audit"])?;
    ensure!(broken.is_empty(), "dpkg finds fault: {broken}");
    Ok(())
}

/// Under agents that run, which go on; then each is started again, as at the next log-in.
fn upgrade(root: &CleanRoot, deb: &Path, people: &mut [Person<'_>]) -> Result<()> {
    let older = root.version()?;
    root.install_local(deb)?;
    let newer = root.version()?;
    println!("    {older} → {newer}");
    if older == newer || !older.contains(OLDER) {
        bail!("that was no upgrade");
    }
    for person in people {
        person.done(&["status"])?;
        person.stop_agent()?;
        person.start_agent()?;
    }
    Ok(())
}

/// Waits up to a minute.
fn until(what: &str, is_so: impl Fn() -> bool) -> Result<()> {
    let end = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        if Instant::now() > end {
            bail!("{what} did not come within a minute");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}
