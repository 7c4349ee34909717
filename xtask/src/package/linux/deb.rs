//! The package for Debian and Ubuntu, by dpkg-deb.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::tree::{PLACE_OF_MODULE, put, zip};
use super::{DESCRIPTION, FAREWELL, Label, SUMMARY};
use crate::commands::{run, workspace_root};
use crate::package::make_folder;
use crate::package::programs::PROGRAMS;

/// What the window opens while it runs, where the display needs it, and what gives trust to browsers.
const RECOMMENDS: &str = "libnss3-tools, libx11-6, libx11-xcb1, libxcursor1, libxi6, libxkbcommon-x11-0, \
     libxkbcommon0";

const MAINTAINER: &str = "The cpxd authors <cpxd@example.org>";

pub(super) fn pack(label: &Label, work: &Path, tree: &Path, out: &Path) -> Result<PathBuf> {
    describe_this_packaging(label, tree)?;
    let control = tree.join("DEBIAN");
    make_folder(&control)?;
    let architecture = output(Command::new("dpkg").arg("--print-architecture"))?;
    let libraries = libraries(work, tree)?;
    fs::write(
        control.join("control"),
        format!(
            "Package: cpxd\n\
             Version: {version}-1\n\
             Architecture: {architecture}\n\
             Section: utils\n\
             Priority: optional\n\
             Maintainer: {MAINTAINER}\n\
             Depends: {libraries}, pcscd\n\
             Recommends: {RECOMMENDS}\n\
             Installed-Size: {size}\n\
             Description: {SUMMARY}\n{description}\n",
            version = label.version,
            description = DESCRIPTION.map(|line| format!(" {line}")).join("\n"),
            size = output(
                Command::new("du")
                    .args(["--summarize", "--apparent-size", "--block-size=1024"])
                    .arg(tree)
            )?
            .split_whitespace()
            .next()
            .unwrap_or("0"),
        ),
    )?;
    fs::write(control.join("conffiles"), files_below_etc(tree)?)?;
    say_farewell(&control.join("postrm"))?;
    let deb = out.join(format!("cpxd_{}-1_{architecture}.deb", label.version));
    let mut build = Command::new("dpkg-deb");
    build.args(["--root-owner-group", "-Zxz"]);
    if label.is_for_tests {
        build.arg("-z0");
    }
    run(build
        .arg("--build")
        .arg(tree)
        .arg(&deb)
        .env("SOURCE_DATE_EPOCH", &label.date))?;
    println!("    {}", deb.display());
    Ok(deb)
}

/// Where dpkg has removed for good what it knows of.
fn say_farewell(script: &Path) -> Result<()> {
    let [english, french] = FAREWELL;
    fs::write(
        script,
        format!(
            "#!/bin/sh\nset -e\nif [ \"$1\" = purge ]; then\n    \
             echo '{english}'\n    echo '{french}'\nfi\n"
        ),
    )?;
    fs::set_permissions(script, Permissions::from_mode(0o755))?;
    Ok(())
}

/// What Debian asks of a package beside the changes of what is in it.
fn describe_this_packaging(label: &Label, tree: &Path) -> Result<()> {
    let date = output(Command::new("date").args([
        "--utc",
        "--rfc-email",
        "--date",
        &format!("@{}", label.date),
    ]))?;
    let changelog = tree.join("usr/share/doc/cpxd/changelog.Debian");
    fs::write(
        &changelog,
        format!(
            "cpxd ({}-1) unstable; urgency=medium\n\n  * See changelog.gz.\n\n -- {MAINTAINER}  {date}\n",
            label.version
        ),
    )?;
    fs::set_permissions(&changelog, Permissions::from_mode(0o644))?;
    zip(&[changelog])?;
    let overrides = workspace_root().join("packaging/linux/lintian-overrides");
    put(
        &overrides,
        &tree.join("usr/share/lintian/overrides/cpxd"),
        0o644,
    )
}

/// The packages of the libraries that the programs are linked to, with the versions they need at least.
fn libraries(work: &Path, tree: &Path) -> Result<String> {
    make_folder(&work.join("debian"))?;
    fs::write(
        work.join("debian/control"),
        "Source: cpxd\n\nPackage: cpxd\nArchitecture: any\n",
    )?;
    let found = output(
        Command::new("dpkg-shlibdeps")
            .arg("-O")
            .args(PROGRAMS.map(|program| tree.join("usr/bin").join(program)))
            .arg(tree.join(PLACE_OF_MODULE))
            .current_dir(work),
    )?;
    let libraries = found.strip_prefix("shlibs:Depends=");
    Ok(libraries
        .with_context(|| format!("dpkg-shlibdeps says {found:?}"))?
        .to_owned())
}

/// What an administrator may have changed, and keeps until the package is purged.
fn files_below_etc(tree: &Path) -> Result<String> {
    let found = output(
        Command::new("find")
            .args(["etc", "-type", "f", "-printf", "/%p\n"])
            .current_dir(tree),
    )?;
    let mut files: Vec<&str> = found.lines().collect();
    files.sort_unstable();
    Ok(format!("{}\n", files.join("\n")))
}

fn output(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .with_context(|| format!("{name} did not start"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{name}: {said}");
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
