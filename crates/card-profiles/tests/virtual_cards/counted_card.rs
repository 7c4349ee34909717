//! A virtual card as a channel that counts what goes over the line.

use card_apdu::{Atr, CardChannel, Protocol, ReaderFault, WireBytes};
use card_emulator::VirtualCard;
use card_profiles::{
    CardMemory, CpxCard, Digest, HashAlgorithm, Identity, KeyRole, Recognition, Signable,
    SignatureAlgorithm, recognise,
};
use rsa::pkcs8::DecodePublicKey;
use rsa::{Pkcs1v15Sign, Pss, RsaPublicKey};
use sha2::{Digest as _, Sha256, Sha384, Sha512};

pub(crate) struct CountedCard {
    card: Box<dyn VirtualCard>,
    memory: CardMemory,
    commands: usize,
    bytes: usize,
    tamper: Box<Tamper>,
}

/// What becomes of an answer, by its command.
type Tamper = dyn FnMut(&[u8], Vec<u8>) -> Vec<u8>;

impl CountedCard {
    pub(crate) fn new(card: impl VirtualCard + 'static) -> Self {
        Self::from(Box::new(card) as Box<dyn VirtualCard>)
    }

    /// What was read of it since it was inserted.
    pub(crate) fn memory(&self) -> &CardMemory {
        &self.memory
    }

    /// As if it had just been inserted.
    pub(crate) fn forget(&mut self) {
        self.memory = CardMemory::default();
        self.counts();
    }

    /// What becomes of each answer, by its command.
    pub(crate) fn tampered_by(
        mut self,
        tamper: impl FnMut(&[u8], Vec<u8>) -> Vec<u8> + 'static,
    ) -> Self {
        self.tamper = Box::new(tamper);
        self
    }

    /// Does one thing in one transaction, by the profile that the ATR names.
    pub(crate) fn with<T>(&mut self, act: impl FnOnce(&mut dyn CpxCard) -> T) -> T {
        let atr = Atr::parse(self.card.atr()).unwrap();
        let profile = match recognise(&atr) {
            Recognition::Known(profile) => Some(profile),
            Recognition::UnsupportedCpx | Recognition::Unknown => None,
        };
        let profile = profile.unwrap();
        let mut memory = std::mem::take(&mut self.memory);
        let outcome = act(&mut *profile.open(self, &mut memory));
        self.memory = memory;
        outcome
    }

    /// Commands and bytes both ways since the last call.
    pub(crate) fn counts(&mut self) -> (usize, usize) {
        let counts = (self.commands, self.bytes);
        (self.commands, self.bytes) = (0, 0);
        counts
    }

    /// What another program sends, and what it gets.
    pub(crate) fn disturb(&mut self, command: &[u8]) -> Vec<u8> {
        self.card.process(command)
    }
}

impl From<Box<dyn VirtualCard>> for CountedCard {
    fn from(card: Box<dyn VirtualCard>) -> Self {
        Self {
            card,
            memory: CardMemory::default(),
            commands: 0,
            bytes: 0,
            tamper: Box::new(|_, answer| answer),
        }
    }
}

impl CardChannel for CountedCard {
    fn protocol(&self) -> Protocol {
        self.card.protocol()
    }

    fn exchange(&mut self, command: &WireBytes) -> Result<Vec<u8>, ReaderFault> {
        let answer = self.card.process(command.expose());
        let answer = (self.tamper)(command.expose(), answer);
        self.commands += 1;
        self.bytes += command.len() + answer.len();
        Ok(answer)
    }
}

pub(crate) fn public_key(identity: &Identity, role: KeyRole) -> RsaPublicKey {
    let mut certificates = identity.certificates.iter();
    let (_, certificate) = certificates.find(|(known, _)| *known == role).unwrap();
    RsaPublicKey::from_public_key_der(certificate.public_key_der()).unwrap()
}

/// Signs a message with a key and asks the key's certificate whether it did.
pub(crate) fn assert_signs(card: &mut dyn CpxCard, role: KeyRole, algorithm: SignatureAlgorithm) {
    let value = match algorithm.hash() {
        HashAlgorithm::Sha256 => Sha256::digest(b"message").to_vec(),
        HashAlgorithm::Sha384 => Sha384::digest(b"message").to_vec(),
        HashAlgorithm::Sha512 => Sha512::digest(b"message").to_vec(),
    };
    let digest = Digest {
        algorithm,
        value: &value,
    };
    let signature = card.sign(role, &Signable::Digest(digest)).unwrap();
    let key = public_key(&card.identity().unwrap(), role);
    let verdict = match algorithm {
        SignatureAlgorithm::RsaPkcs1(HashAlgorithm::Sha256) => {
            key.verify(Pkcs1v15Sign::new::<Sha256>(), &value, &signature)
        }
        SignatureAlgorithm::RsaPkcs1(HashAlgorithm::Sha384) => {
            key.verify(Pkcs1v15Sign::new::<Sha384>(), &value, &signature)
        }
        SignatureAlgorithm::RsaPkcs1(HashAlgorithm::Sha512) => {
            key.verify(Pkcs1v15Sign::new::<Sha512>(), &value, &signature)
        }
        SignatureAlgorithm::RsaPss(_) => {
            key.verify(Pss::new_with_salt::<Sha256>(32), &value, &signature)
        }
    };
    assert!(verdict.is_ok(), "{role} {algorithm:?}");
}
