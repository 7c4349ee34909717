//! The certification authority of an agent in the hands of a thief, and openssl to make and judge
//! what it issues.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::agent::Agent;

/// The authority of an agent in the hands of a thief, who has its key.
#[derive(Debug)]
pub struct StolenAuthority {
    /// Its certificate.
    pub ca: PathBuf,
    key: PathBuf,
    folder: TempDir,
}

impl StolenAuthority {
    /// That of an agent.
    #[must_use]
    pub fn of(agent: &Agent) -> Self {
        Self {
            ca: agent.state_dir().join("ca.pem"),
            key: agent.state_dir().join("tls/ca.pem"),
            folder: tempfile::tempdir().expect("a temporary folder"),
        }
    }

    /// Makes a certificate with this extension, valid for so many days, and its key.
    #[must_use]
    pub fn issue(&self, issuer: (&Path, &Path), extension: &str, days: &str) -> (PathBuf, PathBuf) {
        let file = |name: &str| self.folder.path().join(name);
        let name = format!(
            "leaf-{}",
            fs::read_dir(self.folder.path())
                .expect("its folder")
                .count()
        );
        let (request, key, leaf) = (
            file(&format!("{name}.csr")),
            file(&format!("{name}.key")),
            file(&format!("{name}.pem")),
        );
        let requested = openssl(&[
            "req",
            "-new",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-subj",
            "/O=TEST",
            "-addext",
            extension,
            "-keyout",
            text(&key),
            "-out",
            text(&request),
        ]);
        assert!(requested.status.success(), "{}", said(&requested));
        let issued = openssl(&[
            "x509",
            "-req",
            "-in",
            text(&request),
            "-CA",
            text(issuer.0),
            "-CAkey",
            text(issuer.1),
            "-CAcreateserial",
            "-CAserial",
            text(&file("serial")),
            "-days",
            days,
            "-copy_extensions",
            "copy",
            "-out",
            text(&leaf),
        ]);
        assert!(issued.status.success(), "{}", said(&issued));
        (leaf, key)
    }

    /// The authority itself as an issuer.
    #[must_use]
    pub fn own(&self) -> (&Path, &Path) {
        (&self.ca, &self.key)
    }

    /// What openssl says of a certificate.
    #[must_use]
    pub fn verify(&self, leaf: &Path, more: &[&str]) -> String {
        let verify = ["verify", "-CAfile", text(&self.ca)];
        said(&openssl(&[&verify[..], more, &[text(leaf)]].concat()))
    }

    /// Puts a leaf for this machine, with 60 days to go, in the place of that of an agent, which must
    /// have stopped.
    pub fn put_a_leaf_about_to_end(&self, agent: &Agent) {
        let names = "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1";
        let (leaf, key) = self.issue(self.own(), names, "60");
        let both = [key, leaf].map(|file| fs::read(file).expect("what openssl made"));
        let place = agent.state_dir().join("tls/leaf.pem");
        fs::write(place, both.concat()).expect("the leaf's place");
    }
}

/// Runs openssl.
#[must_use]
pub fn openssl(arguments: &[&str]) -> Output {
    Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("openssl is installed (cargo xtask test installs it)")
}

/// All that it said.
#[must_use]
pub fn said(output: &Output) -> String {
    let both = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&both).into_owned()
}

/// A path as an argument.
#[must_use]
pub fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}
