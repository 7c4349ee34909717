//! A Debian of its own in a folder, with nothing but what every Debian has and what the life needs to look at it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::commands::{run, shown};

/// The release that it is.
const RELEASE: &str = "bookworm";
/// What comes with it: the units' socket is kept by systemd's own program, and a paired program calls by curl.
const INCLUDED: &str = "systemd,curl,ca-certificates";

/// A folder into which programs are locked (`chroot`).
#[derive(Debug)]
pub(super) struct CleanRoot {
    folder: PathBuf,
}

impl CleanRoot {
    /// Makes it, from where this machine has its own packages.
    pub(super) fn make(folder: &Path) -> Result<Self> {
        let log = folder.with_extension("log");
        let output = fs::File::create(&log)?;
        let made = Command::new("debootstrap")
            .args([
                "--variant=minbase",
                &format!("--include={INCLUDED}"),
                RELEASE,
            ])
            .arg(folder)
            .args(mirror())
            .stdout(output.try_clone()?)
            .stderr(output)
            .status()
            .context("debootstrap did not start")?;
        let said = fs::read_to_string(&log)?;
        ensure!(made.success(), "debootstrap: {said}");
        let root = Self {
            folder: folder.to_owned(),
        };
        run(Command::new("mount")
            .args(["--types", "proc", "proc"])
            .arg(root.place("/proc")))?;
        Ok(root)
    }

    /// A place in it, as programs outside see it.
    pub(super) fn place(&self, place: &str) -> PathBuf {
        self.folder.join(place.trim_start_matches('/'))
    }

    /// A program in it.
    pub(super) fn command(&self, program: &[&str]) -> Command {
        let mut command = Command::new("chroot");
        command
            .arg(&self.folder)
            .args(program)
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("LC_ALL", "C.UTF-8")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdin(Stdio::null());
        command
    }

    /// What a program in it says, provided that it succeeds.
    pub(super) fn told(&self, program: &[&str]) -> Result<String> {
        told(&mut self.command(program))
    }

    /// Installs a package from outside, with what it depends on.
    pub(super) fn install_local(&self, deb: &Path) -> Result<()> {
        let name = deb.file_name().context("a package has a name")?;
        let inside = format!("/tmp/{}", name.to_string_lossy());
        fs::copy(deb, self.place(&inside))?;
        println!("    # apt install ./{}", name.to_string_lossy());
        self.told(&["apt-get", "install", "--yes", &inside])?;
        fs::remove_file(self.place(&inside))?;
        Ok(())
    }

    /// The version of cpxd that is installed.
    pub(super) fn version(&self) -> Result<String> {
        self.told(&["dpkg-query", "--show", "cpxd"])
            .map(|line| line.replace('\t', " "))
    }

    /// The names of what is installed.
    pub(super) fn packages(&self) -> Result<BTreeSet<String>> {
        let names = self.told(&["dpkg-query", "--show", "--showformat", "${Package}\\n"])?;
        Ok(names.lines().map(str::to_owned).collect())
    }

    /// Every file, link and folder that stays over a restart, but for the books of apt, dpkg and rpm, caches and logs.
    pub(super) fn files(&self) -> Result<BTreeSet<String>> {
        const PASSING: [&str; 10] = [
            "./proc",
            "./sys",
            "./dev",
            "./run",
            "./tmp",
            "./var/cache",
            "./var/log",
            "./var/lib/apt",
            "./var/lib/dpkg",
            "./var/lib/rpm",
        ];
        let mut find = Command::new("find");
        find.arg(".").current_dir(&self.folder);
        for place in PASSING {
            find.args(["-path", place, "-prune", "-o"]);
        }
        let found = told(find.arg("-print"))?;
        Ok(found
            .lines()
            .filter_map(|line| line.strip_prefix('.'))
            .map(str::to_owned)
            .collect())
    }
}

/// Runs a command to its end; what it says on both its outputs is in the error where it fails.
pub(super) fn told(command: &mut Command) -> Result<String> {
    let shown = shown(command);
    let output = command
        .output()
        .with_context(|| format!("`{shown}` did not start"))?;
    let said = String::from_utf8_lossy(&output.stdout);
    let complaints = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "`{shown}` failed ({}):\n{said}{complaints}",
        output.status
    );
    Ok(said.trim_end().to_owned())
}

/// Where this machine's apt has the release from; where it does not tell, debootstrap knows Debian's own.
fn mirror() -> Option<String> {
    let asked = told(Command::new("apt-get").args([
        "indextargets",
        "--format",
        "$(REPO_URI)",
        "Created-By: Packages",
        &format!("Codename: {RELEASE}"),
    ]));
    asked.ok()?.lines().next().map(str::to_owned)
}
