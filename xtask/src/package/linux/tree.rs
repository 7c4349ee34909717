//! The files of the packages, each at its place.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::Package;
use crate::commands::{run, workspace_root};
use crate::package::programs::{MODULE, PROGRAMS};

/// Places that are not the same everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flavour {
    /// Debian, Ubuntu.
    Debian,
    /// Fedora, openSUSE, RHEL.
    Rpm,
}

/// From the project's folder to the system's.
const FILES: &[(&str, &str)] = &[
    (
        "packaging/linux/cpxd.service",
        "usr/lib/systemd/user/cpxd.service",
    ),
    (
        "packaging/linux/cpxd.socket",
        "usr/lib/systemd/user/cpxd.socket",
    ),
    (
        "packaging/linux/cpxd-tray.desktop",
        "usr/share/applications/cpxd-tray.desktop",
    ),
    (
        "packaging/linux/cpxd-tray.desktop",
        "etc/xdg/autostart/cpxd-tray.desktop",
    ),
    (
        "packaging/linux/cpxd.metainfo.xml",
        "usr/share/metainfo/dev.cpxd.cpxd.metainfo.xml",
    ),
    ("packaging/linux/copyright", "usr/share/doc/cpxd/copyright"),
    ("packaging/linux/README.md", "usr/share/doc/cpxd/README.md"),
    ("packaging/EVENTS.md", "usr/share/doc/cpxd/EVENTS.md"),
    (
        "packaging/linux/cpxd.toml.example",
        "usr/share/doc/cpxd/examples/cpxd.toml",
    ),
    (
        "packaging/linux/50-cpxd-pcscd.rules.example",
        "usr/share/doc/cpxd/examples/50-cpxd-pcscd.rules",
    ),
    (
        "packaging/linux/stricter.conf.example",
        "usr/share/doc/cpxd/examples/stricter.conf",
    ),
    (
        "packaging/linux/native-messaging/chromium.json",
        "etc/chromium/native-messaging-hosts/cpxd.native_host.json",
    ),
    (
        "packaging/linux/native-messaging/chromium.json",
        "etc/opt/chrome/native-messaging-hosts/cpxd.native_host.json",
    ),
    (
        "packaging/linux/native-messaging/chromium.json",
        "etc/opt/edge/native-messaging-hosts/cpxd.native_host.json",
    ),
    (
        "packaging/linux/native-messaging/firefox.json",
        "usr/lib/mozilla/native-messaging-hosts/cpxd.native_host.json",
    ),
    (
        "browser/extension/icons/16.png",
        "usr/share/icons/hicolor/16x16/apps/cpxd.png",
    ),
    (
        "browser/extension/icons/32.png",
        "usr/share/icons/hicolor/32x32/apps/cpxd.png",
    ),
    (
        "browser/extension/icons/48.png",
        "usr/share/icons/hicolor/48x48/apps/cpxd.png",
    ),
    (
        "browser/extension/icons/128.png",
        "usr/share/icons/hicolor/128x128/apps/cpxd.png",
    ),
];

/// Firefox of systems that keep 64-bit libraries apart.
const OF_RPM: &[(&str, &str)] = &[(
    "packaging/linux/native-messaging/firefox.json",
    "usr/lib64/mozilla/native-messaging-hosts/cpxd.native_host.json",
)];

/// Units that a session starts by itself, as links: a machine's administrator takes one away by
/// `systemctl --global mask`.
const LINKS: &[(&str, &str)] = &[
    (
        "../cpxd.socket",
        "usr/lib/systemd/user/sockets.target.wants/cpxd.socket",
    ),
    (
        "../cpxd.service",
        "usr/lib/systemd/user/graphical-session.target.wants/cpxd.service",
    ),
];

/// Programs are told of it by this path, which is the same on all systems.
pub(super) const PLACE_OF_MODULE: &str = "usr/lib/cpxd/libcpxd_pkcs11.so";

/// Lays the files into an empty folder.
pub(super) fn lay(package: &Package<'_>, flavour: Flavour, tree: &Path) -> Result<()> {
    let root = workspace_root();
    let of_flavour = match flavour {
        Flavour::Debian => &[],
        Flavour::Rpm => OF_RPM,
    };
    for (from, to) in FILES.iter().chain(of_flavour) {
        put(&root.join(from), &tree.join(to), 0o644)?;
    }
    for program in PROGRAMS {
        let installed = tree.join("usr/bin").join(program);
        put(&package.programs.join(program), &installed, 0o755)?;
        strip(&installed)?;
    }
    let module = tree.join(PLACE_OF_MODULE);
    put(&package.programs.join(MODULE), &module, 0o644)?;
    strip(&module)?;
    for (target, link) in LINKS {
        let link = tree.join(link);
        make_parent(&link)?;
        symlink(target, &link).with_context(|| format!("linking {}", link.display()))?;
    }
    // So that a removal tells of a policy that is still in it.
    crate::package::make_folder(&tree.join("etc/cpxd"))?;
    changelog(&root, tree)?;
    for document in package
        .documents
        .map(files_of)
        .transpose()?
        .unwrap_or_default()
    {
        let name = document.file_name().unwrap_or_default();
        put(
            &document,
            &tree.join("usr/share/doc/cpxd").join(name),
            0o644,
        )?;
    }
    words_of_the_command_line(tree, flavour)?;
    open_folders(tree)
}

/// Whatever the mask of who packs: folders are everybody's to read.
fn open_folders(tree: &Path) -> Result<()> {
    run(Command::new("find")
        .arg(tree)
        .args(["-type", "d", "-exec", "chmod", "755", "{}", "+"]))
}

/// What the program itself tells `man` and the shells.
fn words_of_the_command_line(tree: &Path, flavour: Flavour) -> Result<()> {
    let program = tree.join("usr/bin/cpxd");
    let pages = tree.join("usr/share/man/man1");
    run(Command::new(&program).arg("manual-pages").arg(&pages))?;
    let pages = files_of(&pages)?;
    for page in &pages {
        fs::set_permissions(page, Permissions::from_mode(0o644))?;
    }
    zip(&pages)?;
    let zsh = match flavour {
        Flavour::Debian => "usr/share/zsh/vendor-completions/_cpxd",
        Flavour::Rpm => "usr/share/zsh/site-functions/_cpxd",
    };
    for (shell, place) in [
        ("bash", "usr/share/bash-completion/completions/cpxd"),
        ("fish", "usr/share/fish/vendor_completions.d/cpxd.fish"),
        ("zsh", zsh),
    ] {
        let output = Command::new(&program)
            .args(["completions", shell])
            .output()?;
        anyhow::ensure!(output.status.success(), "no completions for {shell}");
        let file = tree.join(place);
        make_parent(&file)?;
        fs::write(&file, output.stdout)?;
        fs::set_permissions(&file, Permissions::from_mode(0o644))?;
    }
    Ok(())
}

fn changelog(root: &Path, tree: &Path) -> Result<()> {
    let file = tree.join("usr/share/doc/cpxd/changelog");
    put(&root.join("CHANGELOG.md"), &file, 0o644)?;
    zip(&[file])
}

/// Without name and time, so that the same page is the same bytes.
pub(super) fn zip(files: &[PathBuf]) -> Result<()> {
    run(Command::new("gzip").args(["-9", "--no-name"]).args(files))
}

/// Leaves out what only a debugger reads, and the number of the build: the linker makes it also of symbols that
/// are left out here, whose names are not the same in two folders.
pub(in crate::package) fn strip(program: &Path) -> Result<()> {
    let options = ["--strip-unneeded", "--remove-section=.note.gnu.build-id"];
    run(Command::new("strip").args(options).arg(program))
}

/// Copies a file to its place.
pub(super) fn put(from: &Path, to: &Path, mode: u32) -> Result<()> {
    make_parent(to)?;
    fs::copy(from, to).with_context(|| format!("{} is not there", from.display()))?;
    fs::set_permissions(to, Permissions::from_mode(mode))?;
    Ok(())
}

fn make_parent(file: &Path) -> Result<()> {
    let parent = file.parent().context("a file stands in a folder")?;
    crate::package::make_folder(parent)
}

fn files_of(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        files.push(entry?.path());
    }
    files.sort();
    Ok(files)
}
