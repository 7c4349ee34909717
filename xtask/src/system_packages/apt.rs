//! Debian and Ubuntu.

use std::process::Command;

use anyhow::{Context, Result, bail};

use super::SystemPackage;
use super::by_hand::{Sign, is_there};
use crate::commands::{run, succeeds};

/// Whether packages come and go by apt here.
pub(super) fn is_this_system() -> bool {
    succeeds(Command::new("apt-get").arg("--version"))
        && succeeds(Command::new("dpkg-query").arg("--version"))
}

/// Installs what dpkg does not list as installed; when nothing is missing, apt is not called.
pub(super) fn install_missing(packages: &[SystemPackage]) -> Result<()> {
    let missing = missing(packages)?;
    if missing.is_empty() {
        println!("    nothing is missing");
        return Ok(());
    }
    for package in &missing {
        println!("    missing: {} ({})", package.debian, package.why);
    }
    let names: Vec<&str> = missing.iter().map(|package| package.debian).collect();
    install(&names, Right::of_this_user(&names)?)
}

fn missing(packages: &[SystemPackage]) -> Result<Vec<&SystemPackage>> {
    // The exit code says that one of the packages is unknown, which is an answer like any other.
    let output = Command::new("dpkg-query")
        .args([
            "--show",
            "--showformat",
            "${db:Status-Status} ${Package}\\n",
        ])
        .args(packages.iter().map(|package| package.debian))
        .output()
        .context("dpkg-query did not start")?;
    let listing = String::from_utf8_lossy(&output.stdout);
    Ok(packages
        .iter()
        .filter(|package| !is_installed(&listing, package.debian) && !is_from_elsewhere(package))
        .collect())
}

fn is_from_elsewhere(package: &SystemPackage) -> bool {
    matches!(package.sign, Sign::ProgramOfAnyOrigin(_)) && is_there(&package.sign)
}

fn is_installed(listing: &str, name: &str) -> bool {
    listing
        .lines()
        .any(|line| line.strip_prefix("installed ") == Some(name))
}

/// What lets this user install packages.
#[derive(Debug, Clone, Copy)]
enum Right {
    Root,
    Sudo,
}

impl Right {
    fn of_this_user(names: &[&str]) -> Result<Self> {
        if is_root() {
            Ok(Self::Root)
        } else if succeeds(Command::new("sudo").arg("--version")) {
            Ok(Self::Sudo)
        } else {
            bail!(
                "only root can install packages, and there is no sudo; as root, run: apt-get install --no-install-recommends {}",
                names.join(" ")
            )
        }
    }
}

fn is_root() -> bool {
    Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// The package lists are fetched only when they do not offer a package, or when what they name is gone.
fn install(names: &[&str], right: Right) -> Result<()> {
    let mut install = apt_get(right, &["install", "--yes", "--no-install-recommends"]);
    install.args(names);
    if lists_offer(names) && run(&mut install).is_ok() {
        return Ok(());
    }
    run(&mut apt_get(right, &["update"]))?;
    run(&mut install)
}

fn lists_offer(names: &[&str]) -> bool {
    let mut rehearsal = Command::new("apt-get");
    rehearsal.args(["--simulate", "--no-install-recommends", "install"]);
    succeeds(rehearsal.args(names))
}

/// Asks no question, and waits up to five minutes for another apt to be done.
fn apt_get(right: Right, arguments: &[&str]) -> Command {
    let mut command = match right {
        Right::Root => Command::new("env"),
        Right::Sudo => {
            let mut sudo = Command::new("sudo");
            sudo.arg("env");
            sudo
        }
    };
    command
        .args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet"])
        .args(["--option", "DPkg::Lock::Timeout=300"])
        .args(arguments);
    command
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::shown;

    const LISTING: &str =
        "installed curl\nnot-installed pcscd\nconfig-files opensc\ninstalled libc6\n";

    #[test]
    fn only_the_state_installed_counts() {
        assert!(is_installed(LISTING, "curl"));
        assert!(!is_installed(LISTING, "pcscd"));
        assert!(!is_installed(LISTING, "opensc"));
    }

    #[test]
    fn a_name_counts_only_when_it_is_whole() {
        assert!(!is_installed(LISTING, "cur"));
        assert!(!is_installed(LISTING, "libc"));
        assert!(!is_installed(LISTING, "vsmartcard-vpcd"));
    }

    #[test]
    fn apt_never_asks_a_question() {
        let as_user = shown(&apt_get(Right::Sudo, &["update"]));
        assert!(as_user.starts_with("sudo env DEBIAN_FRONTEND=noninteractive apt-get"));
        assert!(as_user.ends_with(" update"));
        let as_root = shown(&apt_get(Right::Root, &["update"]));
        assert!(as_root.starts_with("env DEBIAN_FRONTEND=noninteractive apt-get"));
    }
}
