//! The objects of a token.

use cryptoki::object::{Attribute, AttributeType, CertificateType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;

use super::returned::fault_of;
use crate::fault::ModuleFault;
use crate::protocol::{CertificateObject, DataObject, KeyChoice};

/// All X.509 certificates that are visible now.
pub(super) fn certificates(session: &Session) -> Result<Vec<CertificateObject>, ModuleFault> {
    let template = [
        Attribute::Class(ObjectClass::CERTIFICATE),
        Attribute::CertificateType(CertificateType::X_509),
    ];
    let mut certificates = Vec::new();
    for object in find(session, &template)? {
        let of_token = Described::read(session, object, &[AttributeType::Value])?;
        certificates.push(CertificateObject {
            label: of_token.label,
            id: of_token.id,
            der: of_token.value,
        });
    }
    Ok(certificates)
}

/// The data objects whose labels begin so and that are visible now.
pub(super) fn data(session: &Session, prefix: &str) -> Result<Vec<DataObject>, ModuleFault> {
    let mut data = Vec::new();
    for object in find(session, &[Attribute::Class(ObjectClass::DATA)])? {
        let label = Described::read(session, object, &[])?.label;
        if label.starts_with(prefix) {
            let value = Described::read(session, object, &[AttributeType::Value])?.value;
            data.push(DataObject { label, value });
        }
    }
    Ok(data)
}

/// The private key with the label, or else the one with the id.
pub(super) fn private_key(
    session: &Session,
    choice: &KeyChoice,
) -> Result<ObjectHandle, ModuleFault> {
    let mut with_id = None;
    for object in find(session, &[Attribute::Class(ObjectClass::PRIVATE_KEY)])? {
        let of_key = Described::read(session, object, &[])?;
        if of_key.label == choice.label {
            return Ok(object);
        }
        if !choice.id.is_empty() && of_key.id == choice.id {
            with_id = Some(object);
        }
    }
    with_id.ok_or(ModuleFault::NoKey)
}

fn find(session: &Session, template: &[Attribute]) -> Result<Vec<ObjectHandle>, ModuleFault> {
    let mut found = Vec::new();
    for object in session.iter_objects(template).map_err(fault_of)? {
        if found.len() == MAXIMUM_OBJECTS {
            return Err(ModuleFault::Nonsense("its objects never end".into()));
        }
        found.push(object.map_err(fault_of)?);
    }
    Ok(found)
}

/// CKA_LABEL, CKA_ID and what else was asked of an object; what it does not have is empty.
#[derive(Default)]
struct Described {
    label: String,
    id: Vec<u8>,
    value: Vec<u8>,
}

impl Described {
    fn read(
        session: &Session,
        object: ObjectHandle,
        more: &[AttributeType],
    ) -> Result<Self, ModuleFault> {
        let asked = [&[AttributeType::Label, AttributeType::Id], more].concat();
        let mut described = Self::default();
        let attributes = session.get_attributes(object, &asked).map_err(fault_of)?;
        for attribute in attributes {
            if let Attribute::Label(label) = attribute {
                described.label = text(&label);
            } else if let Attribute::Id(id) = attribute {
                described.id = id;
            } else if let Attribute::Value(value) = attribute {
                described.value = value;
            }
        }
        Ok(described)
    }
}

/// Some labels end with a zero byte, or with blanks.
fn text(label: &[u8]) -> String {
    let label = String::from_utf8_lossy(label);
    label.trim_end_matches(['\0', ' ']).to_owned()
}

/// A card of the family has some thirty.
const MAXIMUM_OBJECTS: usize = 1000;
