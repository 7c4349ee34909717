//! A card as PKCS#11 shows it: its names, and its objects with their attributes.

use cryptoki_sys::{
    CK_ATTRIBUTE_TYPE, CK_MECHANISM_TYPE, CK_OBJECT_CLASS, CK_OBJECT_HANDLE, CK_TRUE, CK_ULONG,
    CKA_ALWAYS_AUTHENTICATE, CKA_ALWAYS_SENSITIVE, CKA_APPLICATION, CKA_CERTIFICATE_CATEGORY,
    CKA_CERTIFICATE_TYPE, CKA_CLASS, CKA_COEFFICIENT, CKA_DECRYPT, CKA_DERIVE, CKA_ENCRYPT,
    CKA_EXPONENT_1, CKA_EXPONENT_2, CKA_EXTRACTABLE, CKA_ID, CKA_ISSUER, CKA_KEY_GEN_MECHANISM,
    CKA_KEY_TYPE, CKA_LABEL, CKA_LOCAL, CKA_MODIFIABLE, CKA_MODULUS, CKA_MODULUS_BITS,
    CKA_NEVER_EXTRACTABLE, CKA_OBJECT_ID, CKA_PRIME_1, CKA_PRIME_2, CKA_PRIVATE,
    CKA_PRIVATE_EXPONENT, CKA_PUBLIC_EXPONENT, CKA_SENSITIVE, CKA_SERIAL_NUMBER, CKA_SIGN,
    CKA_SIGN_RECOVER, CKA_SUBJECT, CKA_TOKEN, CKA_TRUSTED, CKA_UNWRAP, CKA_VALUE, CKA_VERIFY,
    CKA_VERIFY_RECOVER, CKA_WRAP, CKC_X_509, CKK_RSA, CKO_CERTIFICATE, CKO_DATA, CKO_PRIVATE_KEY,
    CKO_PUBLIC_KEY, CKR_ATTRIBUTE_SENSITIVE, CKR_ATTRIBUTE_TYPE_INVALID, CKR_DEVICE_ERROR,
};
use daemon_wire::{CardBody, ObjectBody, ObjectList};

use crate::answer::Answer;
use crate::certificate::Certificate;
use crate::key_use::{AUTHENTICATION, TECHNICAL};
use crate::manner::Manner;
use crate::mechanisms;
use crate::memory::Input;

/// One card, for as long as it stays in its reader.
pub(crate) struct Token {
    /// Its opaque name in the API.
    pub(crate) card: String,
    pub(crate) label: String,
    pub(crate) manufacturer: String,
    pub(crate) serial_number: String,
    pub(crate) mechanisms: Vec<CK_MECHANISM_TYPE>,
    objects: Vec<Object>,
}

/// One object, with its attributes as PKCS#11 writes them.
pub(crate) struct Object {
    pub(crate) class: CK_OBJECT_CLASS,
    /// The role of a private key.
    pub(crate) role: Option<String>,
    /// The label of data, whose value is asked of the card each time.
    pub(crate) data: Option<String>,
    /// It is seen after the log-in alone.
    pub(crate) is_private: bool,
    attributes: Vec<(CK_ATTRIBUTE_TYPE, Vec<u8>)>,
}

impl Token {
    /// The card as the agent lists it. Of each key: private key, public key, certificate, as the official module
    /// has them.
    ///
    /// # Errors
    /// `CKR_DEVICE_ERROR` for a list that cannot be understood, or is longer than that of any card.
    pub(crate) fn new(card: &CardBody, list: &ObjectList, manner: Manner) -> Answer<Self> {
        if list.objects.len() > MOST_OBJECTS {
            return Err(CKR_DEVICE_ERROR);
        }
        let mut objects = Vec::new();
        for key in of_kind(list, ObjectBody::PRIVATE_KEY) {
            // No caller has the use of this key: it would be seen and never sign.
            let is_offered = key.role.as_deref() != Some(TECHNICAL);
            let certificate = of_kind(list, ObjectBody::CERTIFICATE)
                .find(|certificate| certificate.id == key.id && certificate.role == key.role);
            let Some(der) = certificate.and_then(ObjectBody::certificate_der) else {
                continue;
            };
            let parsed = Certificate::parse(der).ok_or(CKR_DEVICE_ERROR)?;
            let id = key.id_bytes().ok_or(CKR_DEVICE_ERROR)?;
            if is_offered {
                objects.push(Object::private_key(key, &id, &parsed, manner));
            }
            if let Some(named) = certificate {
                objects.push(Object::public_key(named, &id, &parsed, manner));
                objects.push(Object::certificate(named, &id, &parsed));
            }
        }
        // No browser looks for data.
        let data = of_kind(list, ObjectBody::DATA).filter(|_| manner == Manner::LogIn);
        objects.extend(data.map(Object::data));
        Ok(Self {
            card: card.id.clone(),
            label: list.label.clone().unwrap_or_else(|| card.number.clone()),
            manufacturer: list.manufacturer.clone().unwrap_or_default(),
            serial_number: list.serial_number.clone(),
            mechanisms: mechanisms::of_card(card, objects.iter().any(Object::signs), manner),
            objects,
        })
    }

    /// Whether it has a key that signs.
    pub(crate) fn signs(&self) -> bool {
        self.objects.iter().any(Object::signs)
    }

    /// Whether it has a key that deciphers.
    pub(crate) fn deciphers(&self) -> bool {
        self.objects.iter().any(Object::deciphers)
    }

    /// A card with nothing on it.
    #[cfg(test)]
    pub(crate) fn empty(card: &str) -> Self {
        Self {
            card: card.into(),
            label: String::new(),
            manufacturer: String::new(),
            serial_number: String::new(),
            mechanisms: Vec::new(),
            objects: Vec::new(),
        }
    }

    /// The object of a handle; handles begin at 1.
    pub(crate) fn object(&self, handle: CK_OBJECT_HANDLE) -> Option<&Object> {
        let number = usize::try_from(handle).ok()?.checked_sub(1)?;
        self.objects.get(number)
    }

    /// All objects with their handles.
    pub(crate) fn objects(&self) -> impl Iterator<Item = (CK_OBJECT_HANDLE, &Object)> {
        (1..).zip(&self.objects)
    }
}

fn of_kind<'a>(list: &'a ObjectList, kind: &'static str) -> impl Iterator<Item = &'a ObjectBody> {
    list.objects
        .iter()
        .filter(move |object| object.kind == kind)
}

impl Object {
    fn private_key(key: &ObjectBody, id: &[u8], of: &Certificate, manner: Manner) -> Self {
        // A browser uses a key that it sees without a log-in, and asks its holder no more than that.
        let is_private = manner == Manner::LogIn;
        let mut object = Self::key(CKO_PRIVATE_KEY, key.label.as_bytes(), id, of, is_private);
        object.role = key.role.clone();
        // Browsers are told of what they need alone.
        let deciphers = is_private && key.role.as_deref() == Some(AUTHENTICATION);
        object.flags(&[
            (CKA_SIGN, true),
            (CKA_SENSITIVE, true),
            (CKA_ALWAYS_SENSITIVE, true),
            (CKA_NEVER_EXTRACTABLE, true),
            (CKA_EXTRACTABLE, false),
            (CKA_SIGN_RECOVER, false),
            (CKA_DECRYPT, deciphers),
            (CKA_UNWRAP, false),
            (CKA_ALWAYS_AUTHENTICATE, false),
        ]);
        object
    }

    fn public_key(named: &ObjectBody, id: &[u8], of: &Certificate, manner: Manner) -> Self {
        let label = format!("{PUBLIC_KEY_OF}{}", named.label);
        let mut object = Self::key(CKO_PUBLIC_KEY, label.as_bytes(), id, of, false);
        // Browsers have functions of their own for public keys.
        let is_used = manner == Manner::LogIn;
        object.flags(&[
            (CKA_VERIFY, is_used),
            (CKA_VERIFY_RECOVER, false),
            (CKA_ENCRYPT, is_used),
            (CKA_WRAP, false),
            (CKA_TRUSTED, false),
        ]);
        object
    }

    fn certificate(named: &ObjectBody, id: &[u8], of: &Certificate) -> Self {
        let mut object = Self::new(CKO_CERTIFICATE, named.label.as_bytes(), false);
        object.number(CKA_CERTIFICATE_TYPE, CKC_X_509);
        object.number(CKA_CERTIFICATE_CATEGORY, TOKEN_USER);
        object.flags(&[(CKA_TRUSTED, false)]);
        object.attributes.extend([
            (CKA_ID, id.to_vec()),
            (CKA_SUBJECT, of.subject.clone()),
            (CKA_ISSUER, of.issuer.clone()),
            (CKA_SERIAL_NUMBER, of.serial_number.clone()),
            (CKA_VALUE, of.der.clone()),
        ]);
        object
    }

    /// As the official module has them, but that none can be changed here.
    fn data(data: &ObjectBody) -> Self {
        let mut object = Self::new(CKO_DATA, data.label.as_bytes(), data.private);
        object.data = Some(data.label.clone());
        let application = data.application.as_deref().unwrap_or_default();
        object.attributes.extend([
            (CKA_APPLICATION, application.as_bytes().to_vec()),
            (CKA_OBJECT_ID, data.object_id_der().unwrap_or_default()),
        ]);
        object
    }

    fn key(
        class: CK_OBJECT_CLASS,
        label: &[u8],
        id: &[u8],
        of: &Certificate,
        is_private: bool,
    ) -> Self {
        let mut object = Self::new(class, label, is_private);
        object.number(CKA_KEY_TYPE, CKK_RSA);
        object.number(CKA_KEY_GEN_MECHANISM, CK_ULONG::MAX);
        object.number(CKA_MODULUS_BITS, of.modulus_bits);
        object.flags(&[(CKA_DERIVE, false), (CKA_LOCAL, false)]);
        object.attributes.extend([
            (CKA_ID, id.to_vec()),
            (CKA_SUBJECT, of.subject.clone()),
            (CKA_MODULUS, of.modulus.clone()),
            (CKA_PUBLIC_EXPONENT, of.public_exponent.clone()),
        ]);
        object
    }

    fn new(class: CK_OBJECT_CLASS, label: &[u8], is_private: bool) -> Self {
        let mut object = Self {
            class,
            role: None,
            data: None,
            is_private,
            attributes: vec![(CKA_LABEL, label.to_vec())],
        };
        object.number(CKA_CLASS, class);
        object.flags(&[
            (CKA_TOKEN, true),
            (CKA_PRIVATE, is_private),
            (CKA_MODIFIABLE, false),
        ]);
        object
    }

    fn flags(&mut self, flags: &[(CK_ATTRIBUTE_TYPE, bool)]) {
        let flags = flags
            .iter()
            .map(|(kind, flag)| (*kind, vec![u8::from(*flag)]));
        self.attributes.extend(flags);
    }

    fn number(&mut self, kind: CK_ATTRIBUTE_TYPE, value: CK_ULONG) {
        self.attributes.push((kind, value.to_ne_bytes().to_vec()));
    }

    /// The value of an attribute.
    ///
    /// # Errors
    /// `CKR_ATTRIBUTE_SENSITIVE` for what no card gives, `CKR_ATTRIBUTE_TYPE_INVALID` for what it has not.
    pub(crate) fn attribute(&self, kind: CK_ATTRIBUTE_TYPE) -> Answer<Vec<u8>> {
        let mut attributes = self.attributes.iter();
        if let Some((_, value)) = attributes.find(|(known, _)| *known == kind) {
            return Ok(value.clone());
        }
        if self.class == CKO_PRIVATE_KEY && SECRETS.contains(&kind) {
            return Err(CKR_ATTRIBUTE_SENSITIVE);
        }
        Err(CKR_ATTRIBUTE_TYPE_INVALID)
    }

    /// Whether it is a key that signs.
    fn signs(&self) -> bool {
        self.class == CKO_PRIVATE_KEY
    }

    /// Whether it is a key that deciphers.
    pub(crate) fn deciphers(&self) -> bool {
        self.attribute(CKA_DECRYPT) == Ok(vec![CK_TRUE])
    }

    /// Whether it has this attribute. The official module ends a public key's label with a zero byte: software written
    /// for it finds the key by that, too.
    pub(crate) fn has(&self, kind: CK_ATTRIBUTE_TYPE, value: Input) -> bool {
        let mut own = self.attributes.iter().filter(|(own, _)| *own == kind);
        own.any(|(_, own)| {
            value.is(own) || (kind == CKA_LABEL && value.is(&[own.as_slice(), &[0]].concat()))
        })
    }

    /// Bytes of all its attributes.
    pub(crate) fn size(&self) -> usize {
        self.attributes.iter().map(|(_, value)| value.len()).sum()
    }
}

const SECRETS: [CK_ATTRIBUTE_TYPE; 6] = [
    CKA_PRIVATE_EXPONENT,
    CKA_PRIME_1,
    CKA_PRIME_2,
    CKA_EXPONENT_1,
    CKA_EXPONENT_2,
    CKA_COEFFICIENT,
];
/// A card has some twenty.
const MOST_OBJECTS: usize = 1000;
/// `CK_CERTIFICATE_CATEGORY_TOKEN_USER`.
const TOKEN_USER: CK_ULONG = 1;
const PUBLIC_KEY_OF: &str = "Cle publique - ";
