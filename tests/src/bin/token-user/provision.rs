//! A SoftHSM token in the image of a card: its keys, certificates and data objects.

use card_emulator::pki::KeySet;
use card_emulator::{IssuedData, IssuedIdentity};
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::object::{Attribute, CertificateType, KeyType, ObjectClass};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use time::OffsetDateTime;

/// Makes the token: user code 1234, security officer's code 12345678.
pub(crate) fn provision(module: &str, label: &str, card: &str, keys: &str) {
    let keys: u8 = keys.parse().expect("a number of a set of keys");
    let card: card_emulator::DemoCard = card.parse().expect("the name of a card");
    let keys = KeySet::from_number(keys).expect("there is such a set of keys");
    let objects = card
        .parameters(keys, OffsetDateTime::now_utc())
        .issued_objects()
        .expect("the objects of the card");

    let pkcs11 = Pkcs11::new(module).expect("SoftHSM loads");
    pkcs11
        .initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK))
        .expect("SoftHSM is initialised");
    let session = new_token(&pkcs11, label);
    for identity in &objects.identities {
        add_identity(&session, identity);
    }
    for data in &objects.data {
        add_data(&session, data);
    }
}

/// A session with the token, as its user.
fn new_token(pkcs11: &Pkcs11, label: &str) -> Session {
    let so_code = AuthPin::new("12345678".into());
    let user_code = AuthPin::new("1234".into());
    let slot = free_slot(pkcs11);
    pkcs11
        .init_token(slot, &so_code, label)
        .expect("the token is initialised");
    let session = pkcs11.open_rw_session(slot).expect("a session");
    session
        .login(UserType::So, Some(&so_code))
        .expect("the security officer logs in");
    session.init_pin(&user_code).expect("the user has a code");
    session.logout().expect("the security officer logs out");
    session
        .login(UserType::User, Some(&user_code))
        .expect("the user logs in");
    session
}

/// SoftHSM has always one slot more than tokens.
fn free_slot(pkcs11: &Pkcs11) -> Slot {
    let is_free = |slot: &Slot| {
        let info = pkcs11.get_token_info(*slot).expect("the token's state");
        !info.token_initialized()
    };
    let slots = pkcs11.get_all_slots().expect("slots");
    slots.into_iter().find(is_free).expect("a free slot")
}

fn add_identity(session: &Session, identity: &IssuedIdentity) {
    let key = identity.key.clone();
    let key = [
        Attribute::Class(ObjectClass::PRIVATE_KEY),
        Attribute::KeyType(KeyType::RSA),
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Modifiable(false),
        Attribute::Id(identity.id.clone()),
        Attribute::Label(identity.key_label.into()),
        Attribute::Sign(true),
        Attribute::Decrypt(identity.deciphers),
        Attribute::Modulus(key.modulus),
        Attribute::PublicExponent(key.public_exponent),
        Attribute::PrivateExponent(key.private_exponent),
        Attribute::Prime1(key.prime1),
        Attribute::Prime2(key.prime2),
        Attribute::Exponent1(key.exponent1),
        Attribute::Exponent2(key.exponent2),
        Attribute::Coefficient(key.coefficient),
    ];
    session.create_object(&key).expect("the key is written");
    let certificate = [
        Attribute::Class(ObjectClass::CERTIFICATE),
        Attribute::CertificateType(CertificateType::X_509),
        Attribute::Token(true),
        Attribute::Private(false),
        Attribute::Id(identity.id.clone()),
        Attribute::Label(identity.certificate_label.into()),
        Attribute::Subject(identity.subject.clone()),
        Attribute::Issuer(identity.issuer.clone()),
        Attribute::SerialNumber(identity.serial_number.clone()),
        Attribute::Value(identity.certificate.clone()),
    ];
    session
        .create_object(&certificate)
        .expect("the certificate is written");
}

fn add_data(session: &Session, data: &IssuedData) {
    let object = [
        Attribute::Class(ObjectClass::DATA),
        Attribute::Token(true),
        Attribute::Private(data.is_private),
        Attribute::Modifiable(data.is_modifiable),
        Attribute::Application("CPS".into()),
        Attribute::Label(data.label.as_str().into()),
        Attribute::Value(data.value.clone()),
    ];
    session
        .create_object(&object)
        .expect("the data are written");
}
