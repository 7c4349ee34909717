//! The package for Fedora, RHEL and openSUSE, by rpmbuild.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::{DESCRIPTION, FAREWELL, Label, SUMMARY};
use crate::commands::run;

pub(super) fn pack(label: &Label, work: &Path, tree: &Path, out: &Path) -> Result<PathBuf> {
    let spec = work.join("cpxd.spec");
    fs::write(&spec, spec_of(label, tree)?)?;
    let top = work.join("rpmbuild");
    let made = work.join("rpms");
    let define = |name: &str, value: &Path| format!("{name} {}", value.display());
    let mut build = Command::new("rpmbuild");
    build.args(["-bb", "--quiet", "--target", std::env::consts::ARCH]);
    for definition in [
        define("_topdir", &top),
        define("_rpmdir", &made),
        define("tree", tree),
        "_buildhost reproducible".to_owned(),
        "use_source_date_epoch_as_buildtime 1".to_owned(),
        "clamp_mtime_to_source_date_epoch 1".to_owned(),
        format!(
            "_binary_payload {}",
            if label.is_for_tests {
                "w0.gzdio"
            } else {
                "w7.xzdio"
            }
        ),
    ] {
        build.args(["--define", &definition]);
    }
    run(build.arg(&spec).env("SOURCE_DATE_EPOCH", &label.date))?;
    let name = format!("cpxd-{}-1.{}.rpm", label.version, std::env::consts::ARCH);
    let package = made.join(std::env::consts::ARCH).join(&name);
    let rpm = out.join(name);
    fs::copy(&package, &rpm).with_context(|| format!("{} was not made", package.display()))?;
    println!("    {}", rpm.display());
    Ok(rpm)
}

/// Folders that every system has before; rpm takes the others away again, where nobody else has them.
const OF_THE_SYSTEM: [&str; 11] = [
    "/etc",
    "/etc/opt",
    "/etc/xdg",
    "/usr",
    "/usr/bin",
    "/usr/lib",
    "/usr/lib64",
    "/usr/share",
    "/usr/share/doc",
    "/usr/share/man",
    "/usr/share/man/man1",
];

/// rpmbuild's own steps change nothing: the tree is the package. The farewell is for rpm's own interpreter: no
/// program is started.
fn spec_of(label: &Label, tree: &Path) -> Result<String> {
    let mut found = Vec::new();
    find(tree, &mut found)?;
    found.sort();
    let mut list = String::new();
    for path in found {
        let place = Path::new("/").join(path.strip_prefix(tree)?);
        let kind = if path.is_dir() && !path.is_symlink() {
            if OF_THE_SYSTEM.iter().any(|known| place == Path::new(known)) {
                continue;
            }
            "%dir "
        } else if place.starts_with("/etc") {
            "%config(noreplace) "
        } else if place.starts_with("/usr/share/doc") {
            "%doc "
        } else {
            ""
        };
        list.push_str(&format!("{kind}{}\n", place.display()));
    }
    Ok(format!(
        "%global debug_package %{{nil}}\n\
         %global _build_id_links none\n\
         %global __os_install_post %{{nil}}\n\
         Name: cpxd\n\
         Version: {version}\n\
         Release: 1\n\
         Summary: {SUMMARY}\n\
         License: MIT OR Apache-2.0\n\
         Requires: pcsc-lite\n\
         Recommends: nss-tools, libX11, libX11-xcb, libXcursor, libXi, libxkbcommon, libxkbcommon-x11\n\
         %description\n{description}\n\
         %install\n\
         cp --archive %{{tree}}/. %{{buildroot}}/\n\
         %postun -p <lua>\n\
         if tonumber(arg[2]) == 0 then print([[{farewell}]]) end\n\
         %files\n\
         %defattr(-,root,root)\n\
         {list}",
        version = label.version,
        description = DESCRIPTION.join("\n"),
        farewell = FAREWELL.join("\n"),
    ))
}

fn find(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            find(&entry.path(), found)?;
        }
        found.push(entry.path());
    }
    Ok(())
}
