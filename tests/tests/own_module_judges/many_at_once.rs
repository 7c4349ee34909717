//! Several programs at the same time on one card.

use std::thread;

use cpxd_tests::operations::{assert_token, authenticate};

use crate::workstation::{
    AUTHENTICATION, Demanding, GENERATIONS, Run, SIGNATURE, Workstation, module,
};

const SIGNING: &str = r#"
import base64, sys
import PyKCS11
from PyKCS11 import LowLevel as P

library = PyKCS11.PyKCS11Lib()
library.load(sys.argv[1])
[slot] = library.getSlotList(tokenPresent=True)
session = library.openSession(slot, P.CKF_SERIAL_SESSION)
session.login("")
[key] = session.findObjects([(P.CKA_CLASS, P.CKO_PRIVATE_KEY), (P.CKA_LABEL, "CPS_PRIV_AUT")])
for number in range(10):
    signature = session.sign(key, b"message %d" % number, PyKCS11.Mechanism(P.CKM_SHA256_RSA_PKCS))
    print(base64.b64encode(bytes(signature)).decode())
"#;

/// The rule of sessions: each process that logs in has its holder asked once, and each use of the signature key once
/// more; nobody spends another's log-in.
#[test]
fn five_programs_sign_at_once_on_one_card_with_one_code_each() {
    for kind in GENERATIONS {
        let desk = Workstation::with(kind);
        let (tls, name) = desk.tls();
        let site = Demanding::of(tls);
        let desk = &desk;
        desk.file("document", b"a document");
        let [first, second] = thread::scope(|scope| {
            let python = [(); 2].map(|()| scope.spawn(|| desk.python(SIGNING, &[]).bytes()));
            let curl = scope.spawn(|| desk.curl_with_card(&site).success());
            let openssl = scope.spawn(|| {
                let mut openssl = desk.openssl();
                openssl
                    .args(["dgst", "-engine", "pkcs11", "-keyform", "engine", "-sha256"])
                    .args([
                        "-sign",
                        &AUTHENTICATION.uri(),
                        "-out",
                        "signature-of-openssl",
                        "document",
                    ]);
                Run::of(&mut openssl).success()
            });
            let tool = scope.spawn(|| {
                let (module, id) = (module(), desk.id_of(SIGNATURE));
                let arguments = [
                    "--module",
                    &module,
                    "--login",
                    "--sign",
                    "--id",
                    &id,
                    "--mechanism",
                    "SHA256-RSA-PKCS",
                    "--input-file",
                    "document",
                    "--output-file",
                    "signature-of-tool",
                ];
                desk.run("pkcs11-tool", &arguments).success()
            });
            // The agent's other way in works meanwhile, too.
            assert_token(&authenticate(desk.agent(), desk.card()));
            let page = curl.join().unwrap();
            Demanding::assert_welcomes(&page, name);
            openssl.join().unwrap();
            tool.join().unwrap();
            python.map(|python| String::from_utf8(python.join().unwrap()).unwrap())
        });
        for signatures in [first, second] {
            assert_eq!(signatures.lines().count(), 10);
            for (number, signature) in signatures.lines().enumerate() {
                let signature = cpxd_tests::judge::bytes(&signature.into());
                let message = format!("message {number}");
                desk.assert_verifies(AUTHENTICATION, "RS256", &signature, message.as_bytes());
            }
        }
        let signed = [
            (AUTHENTICATION, "signature-of-openssl"),
            (SIGNATURE, "signature-of-tool"),
        ];
        for (key, file) in signed {
            desk.assert_verifies(key, "RS256", &desk.bytes_of(file), b"a document");
        }
        assert_eq!(desk.asked("open-session"), 5);
    }
}

/// A log-in is its process' own: what one program does after another's log-out needs a code of its own.
#[test]
fn the_end_of_one_program_takes_nothing_from_another() {
    for kind in GENERATIONS {
        let desk = Workstation::with(kind);
        let desk = &desk;
        thread::scope(|scope| {
            let python = scope.spawn(|| desk.python(SIGNING, &[]).bytes());
            for _ in 0..3 {
                let listing = ["--module", &module(), "--login", "--list-objects"];
                desk.run("pkcs11-tool", &listing).success();
            }
            let signatures = String::from_utf8(python.join().unwrap()).unwrap();
            assert_eq!(signatures.lines().count(), 10);
        });
        assert_eq!(desk.asked("open-session"), 4);
    }
}
