//! What the machine must have beside Rust, and how it gets there.
//!
//! Debian and Ubuntu: what is missing is installed by apt. Other systems with pcsc-lite: what is missing is named,
//! with the reason, and the verb fails. macOS and Windows: PC/SC is part of the system, nothing is missing.

mod apt;
mod by_hand;

use std::env::consts::OS;

use anyhow::Result;

use by_hand::Sign;

/// Something that a verb needs.
#[derive(Debug)]
pub(crate) struct SystemPackage {
    /// Its name in Debian and Ubuntu.
    debian: &'static str,
    /// What it is, in words that help to find it under another system's name.
    what: &'static str,
    /// Who needs it.
    why: &'static str,
    /// How one sees, without a package manager, that it is there.
    sign: Sign,
}

/// What the agent and its window need to be built.
pub(crate) const BUILDING: &[SystemPackage] =
    &[C_COMPILER, PKG_CONFIG, PCSC_HEADERS, FONTCONFIG_HEADERS];

/// What the lints need: the build, and a C compiler for Windows, whose code they look at, too.
pub(crate) const LINTING: &[SystemPackage] = &[
    C_COMPILER,
    PKG_CONFIG,
    PCSC_HEADERS,
    FONTCONFIG_HEADERS,
    MINGW,
];

/// What the tests need: the build, a PC/SC service with a virtual reader, and independent judges.
pub(crate) const TESTING: &[SystemPackage] = &[
    C_COMPILER,
    PKG_CONFIG,
    PCSC_HEADERS,
    FONTCONFIG_HEADERS,
    SystemPackage {
        debian: "pcscd",
        what: "the PC/SC service pcscd",
        why: "the tests start one of their own",
        sign: Sign::Program("pcscd"),
    },
    SystemPackage {
        debian: "vsmartcard-vpcd",
        what: "the virtual reader vpcd of the vsmartcard project",
        why: "it plugs the virtual card into pcscd",
        sign: Sign::AnyFile(&[
            "/usr/lib/pcsc/drivers/serial/libifdvpcd.so",
            "/usr/lib64/pcsc/drivers/serial/libifdvpcd.so",
            "/usr/local/lib/pcsc/drivers/serial/libifdvpcd.so",
        ]),
    },
    SystemPackage {
        debian: "opensc",
        what: "the OpenSC tools",
        why: "they judge the virtual card",
        sign: Sign::Program("pkcs15-tool"),
    },
    SystemPackage {
        debian: "softhsm2",
        what: "the PKCS#11 module SoftHSM 2",
        why: "cards behind a module are its tokens",
        sign: Sign::AnyFile(&[
            "/usr/lib/softhsm/libsofthsm2.so",
            "/usr/lib64/pkcs11/libsofthsm2.so",
            "/usr/lib64/softhsm/libsofthsm2.so",
            "/usr/local/lib/softhsm/libsofthsm2.so",
        ]),
    },
    SystemPackage {
        debian: "openssl",
        what: "the openssl program",
        why: "it judges every signature",
        sign: Sign::Program("openssl"),
    },
    SystemPackage {
        debian: "curl",
        what: "the curl program",
        why: "it calls the agent as a stranger would",
        sign: Sign::Program("curl"),
    },
    SystemPackage {
        debian: "ca-certificates",
        what: "the system's store of certification authorities, with update-ca-certificates",
        why: "trust of the system is given and taken by it",
        sign: Sign::Program("update-ca-certificates"),
    },
    SystemPackage {
        debian: "libnss3-tools",
        what: "NSS's program certutil (nss-tools)",
        why: "trust in browsers is given and taken by it",
        sign: Sign::Program("certutil"),
    },
    SystemPackage {
        debian: "p11-kit",
        what: "p11-kit",
        why: "it judges what it was told of the agent's PKCS#11 module",
        sign: Sign::Program("p11-kit"),
    },
    SystemPackage {
        debian: "gnutls-bin",
        what: "the programs p11tool and gnutls-cli of GnuTLS",
        why: "they judge the agent's PKCS#11 module",
        sign: Sign::Program("p11tool"),
    },
    SystemPackage {
        debian: "libengine-pkcs11-openssl",
        what: "OpenSSL's engine pkcs11 (libp11)",
        why: "openssl and curl judge the agent's PKCS#11 module through it",
        sign: Sign::AnyFile(&[
            "/usr/lib/x86_64-linux-gnu/engines-3/pkcs11.so",
            "/usr/lib/aarch64-linux-gnu/engines-3/pkcs11.so",
            "/usr/lib64/engines-3/pkcs11.so",
            "/usr/lib/engines-3/pkcs11.so",
        ]),
    },
    SystemPackage {
        debian: "default-jdk-headless",
        what: "a JDK, 17 or later, with jarsigner",
        why: "Java judges the agent's PKCS#11 module",
        sign: Sign::Program("jarsigner"),
    },
    SystemPackage {
        debian: "python3-pykcs11",
        what: "the Python module PyKCS11",
        why: "it judges the agent's PKCS#11 module",
        sign: Sign::AnyFile(&["/usr/lib/python3/dist-packages/PyKCS11/__init__.py"]),
    },
    SystemPackage {
        debian: "openssh-client",
        what: "the programs ssh-agent, ssh-add and ssh-keygen of OpenSSH",
        why: "they judge the agent's PKCS#11 module",
        sign: Sign::Program("ssh-agent"),
    },
    SystemPackage {
        debian: "chromium",
        what: "the browser Chromium",
        why: "it judges whom the agent's certificate convinces",
        sign: Sign::Program("chromium"),
    },
    SystemPackage {
        debian: "firefox-esr",
        what: "the browser Firefox ESR, also by this name",
        why: "it judges whom the agent's certificate convinces",
        sign: Sign::Program("firefox-esr"),
    },
    SystemPackage {
        debian: "apache2",
        what: "the web server Apache, with mod_ssl",
        why: "it demands a card of browsers and other programs",
        sign: Sign::Program("apache2"),
    },
    SystemPackage {
        debian: "libapache2-mod-auth-openidc",
        what: "mod_auth_openidc for Apache",
        why: "it is the relying party of a log-in with the card",
        sign: Sign::AnyFile(&["/usr/lib/apache2/modules/mod_auth_openidc.so"]),
    },
    SystemPackage {
        debian: "npm",
        what: "Node.js, 18 or later, with npm",
        why: "the SDK for web pages is TypeScript",
        sign: Sign::ProgramOfAnyOrigin("npm"),
    },
    PYTHON,
    SystemPackage {
        debian: "faketime",
        what: "the library libfaketime (faketime)",
        why: "an agent whose clock is wrong has one of its own",
        sign: Sign::Program("faketime"),
    },
    SystemPackage {
        debian: "strace",
        what: "the program strace",
        why: "it makes a disk slow for one agent, and tells what one listens on",
        sign: Sign::Program("strace"),
    },
    SystemPackage {
        debian: "iproute2",
        what: "the program ss of iproute2",
        why: "it tells, too, what an agent listens on",
        sign: Sign::Program("ss"),
    },
    SystemPackage {
        debian: "passwd",
        what: "the programs useradd and userdel",
        why: "three users of one machine are real ones",
        sign: Sign::Program("useradd"),
    },
    SystemPackage {
        debian: "minisign",
        what: "the program minisign",
        why: "it signs the manifests that the update check reads",
        sign: Sign::Program("minisign"),
    },
    SystemPackage {
        debian: "libxml2-utils",
        what: "the program xmllint",
        why: "it judges the files for macOS",
        sign: Sign::Program("xmllint"),
    },
    SystemPackage {
        debian: "libplist-utils",
        what: "the program plistutil",
        why: "it judges the property lists for macOS",
        sign: Sign::Program("plistutil"),
    },
    SystemPackage {
        debian: "xvfb",
        what: "the X server Xvfb",
        why: "the window's tests have a screen of their own",
        sign: Sign::Program("Xvfb"),
    },
    SystemPackage {
        debian: "xdotool",
        what: "the xdotool program",
        why: "it is the hands of the holder at the window",
        sign: Sign::Program("xdotool"),
    },
    SystemPackage {
        debian: "pinentry-qt",
        what: "the Qt pinentry",
        why: "it takes a code on a screen",
        sign: Sign::Program("pinentry-qt"),
    },
    SystemPackage {
        debian: "pinentry-gtk2",
        what: "the GTK pinentry (pinentry-gtk-2)",
        why: "it takes a code on a screen",
        sign: Sign::Program("pinentry-gtk-2"),
    },
    SystemPackage {
        debian: "pinentry-curses",
        what: "the curses pinentry",
        why: "it takes a code at a terminal",
        sign: Sign::Program("pinentry-curses"),
    },
    SystemPackage {
        debian: "pinentry-tty",
        what: "the plainest pinentry",
        why: "it takes a code at a terminal",
        sign: Sign::Program("pinentry-tty"),
    },
    SystemPackage {
        debian: "fonts-dejavu-core",
        what: "a font (DejaVu)",
        why: "the window has none of its own",
        sign: Sign::AnyFile(&[
            "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
            "/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf",
            "/usr/share/fonts/TTF/DejaVuSans.ttf",
        ]),
    },
    SystemPackage {
        debian: "at-spi2-core",
        what: "the accessibility bus AT-SPI",
        why: "a screen reader's view of the window is tested",
        sign: Sign::AnyFile(&[
            "/usr/libexec/at-spi-bus-launcher",
            "/usr/lib/at-spi-bus-launcher",
        ]),
    },
    SystemPackage {
        debian: "dbus-daemon",
        what: "the programs dbus-run-session and dbus-daemon",
        why: "the buses of a test, for accessibility and locks, are its own",
        sign: Sign::Program("dbus-run-session"),
    },
    SystemPackage {
        debian: "libglib2.0-bin",
        what: "the program gdbus",
        why: "it switches the accessibility bus of a test on",
        sign: Sign::Program("gdbus"),
    },
    SystemPackage {
        debian: "python3-pyatspi",
        what: "Python's pyatspi",
        why: "it reads the window as a screen reader does",
        sign: Sign::AnyFile(&["/usr/lib/python3/dist-packages/pyatspi/__init__.py"]),
    },
    SystemPackage {
        debian: "python3-gi",
        what: "Python's gi (PyGObject)",
        why: "it reads the tray's icon and menu as a stranger on the bus",
        sign: Sign::AnyFile(&["/usr/lib/python3/dist-packages/gi/__init__.py"]),
    },
    SystemPackage {
        debian: "python3-prometheus-client",
        what: "the Python module prometheus_client",
        why: "it reads the agent's numbers as Prometheus does",
        sign: Sign::AnyFile(&["/usr/lib/python3/dist-packages/prometheus_client/parser.py"]),
    },
    DPKG_DEV,
    RPM,
    SystemPackage {
        debian: "lintian",
        what: "Debian's lintian",
        why: "it judges the deb",
        sign: Sign::Program("lintian"),
    },
    SystemPackage {
        debian: "appstream",
        what: "appstreamcli",
        why: "it judges what software centres are told",
        sign: Sign::Program("appstreamcli"),
    },
    SystemPackage {
        debian: "desktop-file-utils",
        what: "desktop-file-validate",
        why: "it judges the desktop entry",
        sign: Sign::Program("desktop-file-validate"),
    },
    SystemPackage {
        debian: "python3-seccomp",
        what: "the Python module seccomp of libseccomp",
        why: "it restricts an agent as its unit does",
        sign: Sign::AnyFile(&[
            "/usr/lib/python3/dist-packages/seccomp.cpython-311-x86_64-linux-gnu.so",
        ]),
    },
    SystemPackage {
        debian: "systemd",
        what: "systemd, with systemd-socket-activate and systemd-analyze",
        why: "it keeps the agent's socket, and judges its units",
        sign: Sign::AnyFile(&["/usr/bin/systemd-socket-activate"]),
    },
    SystemPackage {
        debian: "man-db",
        what: "the man program",
        why: "it reads the manual pages",
        sign: Sign::Program("man"),
    },
    SystemPackage {
        debian: "xfce4-panel",
        what: "the panel of Xfce",
        why: "it shows the tray's icon",
        sign: Sign::Program("xfce4-panel"),
    },
    SystemPackage {
        debian: "dunst",
        what: "the notification daemon dunst",
        why: "it shows the tray's notifications",
        sign: Sign::Program("dunst"),
    },
];

/// What deb and rpm are made and judged by.
pub(crate) const PACKING: &[SystemPackage] = &[DPKG_DEV, RPM, PYTHON];

/// What a life of the packages in a clean root needs, beside what they are made by.
pub(crate) const CLEAN_ROOT: &[SystemPackage] = &[SystemPackage {
    debian: "debootstrap",
    what: "Debian's debootstrap",
    why: "it makes the clean root",
    sign: Sign::Program("debootstrap"),
}];

/// What the fuzz targets need to be built with libFuzzer.
pub(crate) const FUZZING: &[SystemPackage] = &[
    C_COMPILER,
    SystemPackage {
        debian: "g++",
        what: "a C++ compiler",
        why: "libFuzzer is written in C++",
        sign: Sign::Program("c++"),
    },
];

const DPKG_DEV: SystemPackage = SystemPackage {
    debian: "dpkg-dev",
    what: "Debian's dpkg-deb and dpkg-shlibdeps",
    why: "they make the deb",
    sign: Sign::Program("dpkg-shlibdeps"),
};
const PYTHON: SystemPackage = SystemPackage {
    debian: "python3-venv",
    what: "Python 3 with its module venv",
    why: "judges from PyPI, of the API and of lists of crates, have an environment of their own",
    sign: Sign::Program("python3"),
};
const RPM: SystemPackage = SystemPackage {
    debian: "rpm",
    what: "rpm, with rpmbuild",
    why: "it makes the rpm",
    sign: Sign::Program("rpmbuild"),
};
/// What the package of Windows is made with, and tried in.
pub(crate) const PACKAGING_WINDOWS: &[SystemPackage] = &[
    C_COMPILER,
    MINGW,
    SystemPackage {
        debian: "wixl",
        what: "wixl of msitools",
        why: "it makes the MSI",
        sign: Sign::Program("wixl"),
    },
    SystemPackage {
        debian: "msitools",
        what: "msibuild and msiinfo of msitools",
        why: "they complete and read the MSI",
        sign: Sign::Program("msibuild"),
    },
    SystemPackage {
        debian: "wine",
        what: "Wine",
        why: "the MSI is tried in it",
        sign: Sign::Program("wine"),
    },
    SystemPackage {
        debian: "wine64",
        what: "the 64-bit Wine",
        why: "the MSI is tried in it",
        sign: Sign::AnyFile(&["/usr/lib/wine/wine64", "/usr/bin/wine64"]),
    },
    SystemPackage {
        debian: "libp11-kit-dev",
        what: "the header of PKCS#11 of p11-kit",
        why: "a program that knows PKCS#11 by it tries the module of Windows",
        sign: Sign::AnyFile(&["/usr/include/p11-kit-1/p11-kit/pkcs11.h"]),
    },
];

const MINGW: SystemPackage = SystemPackage {
    debian: "gcc-mingw-w64-x86-64",
    what: "the compiler and linker of MinGW-w64",
    why: "they make programs of Windows",
    sign: Sign::Program("x86_64-w64-mingw32-gcc"),
};

const C_COMPILER: SystemPackage = SystemPackage {
    debian: "build-essential",
    what: "a C compiler and linker",
    why: "the crate ring has parts in C",
    sign: Sign::Program("cc"),
};
const PKG_CONFIG: SystemPackage = SystemPackage {
    debian: "pkg-config",
    what: "pkg-config",
    why: "the build finds the PC/SC library by it",
    sign: Sign::Program("pkg-config"),
};
const PCSC_HEADERS: SystemPackage = SystemPackage {
    debian: "libpcsclite-dev",
    what: "the PC/SC library of pcsc-lite, with its headers (pcsc-lite-devel, pcsclite)",
    why: "the agent talks to readers through it",
    sign: Sign::Library("libpcsclite"),
};

const FONTCONFIG_HEADERS: SystemPackage = SystemPackage {
    debian: "libfontconfig-dev",
    what: "fontconfig, with its headers (fontconfig-devel)",
    why: "the window finds the system's fonts by it",
    sign: Sign::Library("fontconfig"),
};

/// Installs what is missing, or fails and says exactly what it is.
pub(crate) fn install_missing(packages: &[SystemPackage]) -> Result<()> {
    match OS {
        "macos" | "windows" => {
            println!(
                "    nothing to install: PC/SC is part of {OS}, the C compiler came with Rust's linker"
            );
            println!("    the tests that need pcscd and OpenSC are for Linux");
            Ok(())
        }
        _ if apt::is_this_system() => apt::install_missing(packages),
        _ => by_hand::require(packages),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn testing_needs_all_that_building_needs() {
        for package in BUILDING {
            assert!(TESTING.iter().any(|other| other.debian == package.debian));
        }
    }
}
