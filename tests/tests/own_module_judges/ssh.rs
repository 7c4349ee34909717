//! OpenSSH: a card as the key of a log-in to a server.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Stdio};

use crate::workstation::{AUTHENTICATION, GENERATIONS, Run, Workstation, module};

#[test]
fn ssh_keygen_gives_the_public_keys_of_the_card() {
    for kind in GENERATIONS {
        let desk = Workstation::with(kind);
        let keys = desk.run("ssh-keygen", &["-D", &module()]).success();
        assert!(keys.contains(&desk.ssh_key()), "{keys}");
        assert_eq!(keys.matches("ssh-rsa ").count(), 2, "{keys}");
    }
}

/// A signature of the agent's, as a log-in makes it, that OpenSSH verifies.
#[test]
fn ssh_agent_signs_with_the_card_what_ssh_keygen_verifies() {
    for kind in GENERATIONS {
        let desk = Workstation::with(kind);
        let agent = SshAgent::of(&desk);
        // It refuses an empty word, and gives any other one to the module, which reads none.
        let ask = desk.program_that_says("x");
        let mut add = desk.starts("ssh-add");
        add.args(["-s", &module()])
            .env("SSH_AUTH_SOCK", desk.home().join("ssh-agent"))
            .env("SSH_ASKPASS", ask)
            .env("SSH_ASKPASS_REQUIRE", "force");
        Run::of(&mut add).success();
        desk.file("key.pub", desk.ssh_key());
        desk.file("message", b"a log-in");
        let mut sign = desk.starts("ssh-keygen");
        sign.args(["-Y", "sign", "-n", "test", "-U", "-f", "key.pub", "message"])
            .env("SSH_AUTH_SOCK", desk.home().join("ssh-agent"));
        Run::of(&mut sign).success();
        desk.file("signers", format!("holder {}", desk.ssh_key()));
        let verify = [
            "-Y",
            "verify",
            "-n",
            "test",
            "-I",
            "holder",
            "-f",
            "signers",
            "-s",
            "message.sig",
        ];
        let verifies = |message: &[u8]| {
            let mut command = desk.starts("ssh-keygen");
            Run::with_input(command.args(verify), message)
        };
        verifies(b"a log-in").success();
        verifies(b"another log-in").failure();
        assert_eq!(desk.asked("open-session"), 1);
        drop(agent);
    }
}

impl Workstation {
    fn program_that_says(&self, word: &str) -> PathBuf {
        let path = self.file("ask", format!("#!/bin/sh\necho {word}\n"));
        fs::set_permissions(&path, Permissions::from_mode(0o700)).unwrap();
        path
    }

    /// The key of the holder's certificate as OpenSSH writes it, made from the certificate without the module.
    fn ssh_key(&self) -> String {
        self.file("ssh-certificate.pem", self.pem(AUTHENTICATION));
        let public = ["x509", "-in", "ssh-certificate.pem", "-pubkey", "-noout"];
        self.file("ssh-public.pem", self.run("openssl", &public).bytes());
        let import = ["-i", "-m", "PKCS8", "-f", "ssh-public.pem"];
        let key = self.run("ssh-keygen", &import).bytes();
        String::from_utf8(key).unwrap().trim().to_owned()
    }
}

/// An agent of OpenSSH's own, which may load the module.
struct SshAgent(Child);

impl SshAgent {
    fn of(desk: &Workstation) -> Self {
        let socket = desk.home().join("ssh-agent");
        let agent = desk
            .starts("ssh-agent")
            .args(["-D", "-P", &module(), "-a"])
            .arg(&socket)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        cpxd_tests::waiting::until("ssh-agent", || socket.exists().then_some(()));
        Self(agent)
    }
}

impl Drop for SshAgent {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
