//! What lines of the input say, done through the module; each is answered by one line: `ok …`, or `error`
//! and the name of the return value as `cryptoki` writes it.

use std::io::{BufRead as _, Write as _};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::Error;
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use serde_json::json;

type Answer = Result<String, Error>;

/// Talks until the input ends.
pub(crate) fn converse(module: &str) {
    let pkcs11 = Pkcs11::new(module).expect("the module loads");
    let mut user = User {
        pkcs11,
        session: None,
    };
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("a line");
        let words: Vec<&str> = line.split(' ').collect();
        let answer = match user.obey(&words) {
            Ok(text) => format!("ok {text}"),
            Err(Error::Pkcs11(value, _)) => format!("error {value:?}"),
            Err(other) => format!("error {other}"),
        };
        let mut out = std::io::stdout().lock();
        writeln!(out, "{}", answer.trim_end()).expect("somebody listens");
        out.flush().expect("somebody listens");
    }
}

struct User {
    pkcs11: Pkcs11,
    session: Option<Session>,
}

impl User {
    fn obey(&mut self, words: &[&str]) -> Answer {
        match words {
            ["initialize"] => {
                let arguments = CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK);
                self.pkcs11.initialize(arguments).map(done)
            }
            ["slots"] => Ok(self.pkcs11.get_slots_with_token()?.len().to_string()),
            ["slot"] => self.slot(),
            ["token"] => self.token(),
            ["mechanisms"] => self.mechanisms(),
            ["event"] => Ok(match self.pkcs11.get_slot_event()? {
                Some(_) => "event".to_owned(),
                None => "none".to_owned(),
            }),
            ["wait"] => self.pkcs11.wait_for_slot_event().map(|_| done(())),
            ["open", kind] => self.open(kind),
            ["close"] => {
                self.session = None;
                Ok(String::new())
            }
            ["login", who] => self.session().login(user_type(who), None).map(done),
            ["login", who, code] => {
                let code = AuthPin::new((*code).into());
                self.session().login(user_type(who), Some(&code)).map(done)
            }
            ["logout"] => self.session().logout().map(done),
            ["set-pin", old, new] => {
                let (old, new) = (AuthPin::new((*old).into()), AuthPin::new((*new).into()));
                self.session().set_pin(&old, &new).map(done)
            }
            ["init-pin", new] => {
                let new = AuthPin::new((*new).into());
                self.session().init_pin(&new).map(done)
            }
            ["objects"] => self.objects(),
            ["value", label @ ..] => self.value(&label.join(" ")),
            ["sign", label, mechanism, data] => self.sign(label, mechanism, data),
            ["random"] => self.session().generate_random_vec(8).map(hex::encode),
            other => panic!("{other:?} is no order"),
        }
    }

    fn slot(&self) -> Answer {
        let slot = self.any_slot()?;
        let info = self.pkcs11.get_slot_info(slot)?;
        let told = json!({
            "description": info.slot_description(),
            "present": info.token_present(),
        });
        Ok(told.to_string())
    }

    fn token(&self) -> Answer {
        let slot = self.any_slot()?;
        let info = self.pkcs11.get_token_info(slot)?;
        let told = json!({
            "label": info.label(),
            "model": info.model(),
            "serial": info.serial_number(),
            "lengths": [info.min_pin_length(), info.max_pin_length()],
            "keypad": info.protected_authentication_path(),
            "userLow": info.user_pin_count_low(),
            "userFinal": info.user_pin_final_try(),
            "userLocked": info.user_pin_locked(),
            "soLow": info.so_pin_count_low(),
            "soFinal": info.so_pin_final_try(),
            "soLocked": info.so_pin_locked(),
        });
        Ok(told.to_string())
    }

    fn mechanisms(&self) -> Answer {
        let slot = self.any_slot()?;
        let list = self.pkcs11.get_mechanism_list(slot)?;
        let names: Vec<String> = list.iter().map(ToString::to_string).collect();
        Ok(names.join(" "))
    }

    fn any_slot(&self) -> Result<cryptoki::slot::Slot, Error> {
        let slots = self.pkcs11.get_all_slots()?;
        Ok(*slots.first().expect("there is a slot"))
    }

    fn open(&mut self, kind: &str) -> Answer {
        self.session = None;
        let slot = self.any_slot()?;
        let session = match kind {
            "rw" => self.pkcs11.open_rw_session(slot),
            "ro" => self.pkcs11.open_ro_session(slot),
            other => panic!("{other} is no kind of session"),
        };
        self.session = Some(session?);
        Ok(String::new())
    }

    fn session(&self) -> &Session {
        self.session.as_ref().expect("a session was opened")
    }

    fn objects(&self) -> Answer {
        let session = self.session();
        let mut labels = Vec::new();
        for object in session.find_objects(&[])? {
            for attribute in session.get_attributes(object, &[AttributeType::Label])? {
                if let Attribute::Label(label) = attribute {
                    labels.push(String::from_utf8_lossy(&label).into_owned());
                }
            }
        }
        labels.sort();
        Ok(json!(labels).to_string())
    }

    fn value(&self, label: &str) -> Answer {
        let object = self.object(label)?;
        let attributes = self
            .session()
            .get_attributes(object, &[AttributeType::Value])?;
        match attributes.first() {
            Some(Attribute::Value(value)) => Ok(hex::encode(value)),
            other => panic!("{other:?} is no value"),
        }
    }

    fn sign(&self, label: &str, mechanism: &str, data: &str) -> Answer {
        let mechanism = match mechanism {
            "RSA_PKCS" => Mechanism::RsaPkcs,
            "SHA256_RSA_PKCS" => Mechanism::Sha256RsaPkcs,
            other => panic!("{other} is no mechanism"),
        };
        let data = hex::decode(data).map_err(|_| Error::InvalidValue)?;
        let signature = self
            .session()
            .sign(&mechanism, self.object(label)?, &data)?;
        Ok(hex::encode(signature))
    }

    fn object(&self, label: &str) -> Result<ObjectHandle, Error> {
        let template = [Attribute::Label(label.into())];
        let found = self.session().find_objects(&template)?;
        found.first().copied().ok_or(Error::InvalidValue)
    }
}

fn done((): ()) -> String {
    String::new()
}

fn user_type(who: &str) -> UserType {
    match who {
        "user" => UserType::User,
        "so" => UserType::So,
        other => panic!("{other} cannot log in"),
    }
}
