//! PyKCS11, the module as Python has it.

use serde_json::Value;

use cpxd_tests::judge::bytes;

use crate::workstation::{GENERATIONS, KEYS, Run, Workstation, module};

/// Logs in once, signs in every way that the token lists, and prints what came of it as JSON.
const SCRIPT: &str = r#"
import base64, json, sys
import PyKCS11
from PyKCS11 import LowLevel as P

library = PyKCS11.PyKCS11Lib()
library.load(sys.argv[1])
[slot] = library.getSlotList(tokenPresent=True)
token = library.getTokenInfo(slot)
session = library.openSession(slot, P.CKF_SERIAL_SESSION)
text = lambda octets: base64.b64encode(bytes(octets)).decode()
find = lambda kind: session.findObjects([(P.CKA_CLASS, kind)])
before = len(find(P.CKO_PRIVATE_KEY))
session.login("a code that nobody reads")
message = b"signed from Python"
ways = {
    "CKM_SHA256_RSA_PKCS": ("RS256", PyKCS11.Mechanism(P.CKM_SHA256_RSA_PKCS)),
    "CKM_SHA256_RSA_PKCS_PSS": ("PS256", PyKCS11.RSA_PSS_Mechanism(
        P.CKM_SHA256_RSA_PKCS_PSS, P.CKM_SHA256, P.CKG_MGF1_SHA256, 32)),
}
mechanisms = library.getMechanismList(slot)
signatures = []
for key in find(P.CKO_PRIVATE_KEY):
    [label, ident] = session.getAttributeValue(key, [P.CKA_LABEL, P.CKA_ID])
    [certificate] = session.findObjects([(P.CKA_CLASS, P.CKO_CERTIFICATE), (P.CKA_ID, ident)])
    [der] = session.getAttributeValue(certificate, [P.CKA_VALUE])
    for name, (algorithm, mechanism) in ways.items():
        if name in mechanisms:
            signature = session.sign(key, message, mechanism)
            signatures.append([label, algorithm, text(signature), text(der)])
outcome = {
    "label": token.label.strip(), "before": before, "mechanisms": mechanisms, "signatures": signatures,
    "random": text(session.generateRandom(16)),
}
session.logout()
outcome["after"] = len(find(P.CKO_PRIVATE_KEY))
session.closeSession()
print(json.dumps(outcome))
"#;

/// Closes its only session and logs in again, logs out and logs in again.
const LOG_INS: &str = r#"
import sys
import PyKCS11
from PyKCS11 import LowLevel as P

library = PyKCS11.PyKCS11Lib()
library.load(sys.argv[1])
[slot] = library.getSlotList(tokenPresent=True)

def session():
    return library.openSession(slot, P.CKF_SERIAL_SESSION)

def keys(session):
    return len(session.findObjects([(P.CKA_CLASS, P.CKO_PRIVATE_KEY)]))

first = session()
first.login("")
first.closeSession()
second = session()
seen = [keys(second)]
second.login("")
[key] = second.findObjects([(P.CKA_CLASS, P.CKO_PRIVATE_KEY), (P.CKA_LABEL, "CPS_PRIV_AUT")])
second.sign(key, b"message", PyKCS11.Mechanism(P.CKM_SHA256_RSA_PKCS))
second.logout()
seen.append(keys(second))
if sys.argv[2] == "again":
    second.login("")
    library.closeAllSessions(slot)
    third = session()
    third.login("")
    seen.append(keys(third))
print(seen)
"#;

impl Workstation {
    pub(crate) fn python(&self, script: &str, arguments: &[&str]) -> Run {
        let mut python = self.starts("/usr/bin/python3");
        Run::of(python.args(["-c", script, &module()]).args(arguments))
    }
}

#[test]
fn pykcs11_signs_in_every_way_that_the_token_lists() {
    for kind in GENERATIONS {
        let desk = Workstation::with(kind);
        let outcome = desk.python(SCRIPT, &[]).bytes();
        let outcome: Value = serde_json::from_slice(&outcome).unwrap();
        assert_eq!(outcome["before"], 0);
        assert_eq!(outcome["after"], 0);
        assert_eq!(bytes(&outcome["random"]).len(), 16);
        let signatures = outcome["signatures"].as_array().unwrap();
        let ways = if desk.does_pss() { 2 } else { 1 };
        assert_eq!(signatures.len(), KEYS.len() * ways, "{outcome}");
        for signed in signatures {
            let key = KEYS.into_iter().find(|key| signed[0] == key.label).unwrap();
            assert_eq!(bytes(&signed[3]), desk.certificate(key));
            let algorithm = signed[1].as_str().unwrap();
            desk.assert_verifies(key, algorithm, &bytes(&signed[2]), b"signed from Python");
        }
        assert_eq!(desk.asked("open-session"), 1);
    }
}

/// Without its last session a token is logged out, but its process is not: GnuTLS does so between any two objects.
#[test]
fn a_log_in_outlives_the_sessions_of_its_process_and_no_log_out() {
    for kind in GENERATIONS {
        let desk = Workstation::with(kind);
        let seen = desk.python(LOG_INS, &["no more"]).success();
        assert!(seen.contains("[0, 0]"), "{seen}");
        assert_eq!(desk.asked("open-session"), 1);
        let seen = desk.python(LOG_INS, &["again"]).success();
        assert!(seen.contains("[0, 0, 2]"), "{seen}");
        assert_eq!(desk.asked("open-session"), 4);
    }
}
