//! Memory that an odd program gives to the module: at odd addresses, too long, too short, nowhere.
#![expect(
    unsafe_code,
    clippy::undocumented_unsafe_blocks,
    reason = "a C interface is judged: what is given to it is ours"
)]

use std::ptr::null_mut;

use cryptoki_sys::{
    CK_ATTRIBUTE, CK_ATTRIBUTE_TYPE, CK_MECHANISM, CK_MECHANISM_TYPE, CK_RSA_PKCS_PSS_PARAMS,
    CK_RV, CK_ULONG, CKA_CLASS, CKA_ID, CKA_LABEL, CKA_MODULUS, CKA_PRIVATE, CKA_PRIVATE_EXPONENT,
    CKA_TOKEN, CKA_VALUE, CKA_WRAP_TEMPLATE, CKM_AES_CBC, CKM_RSA_PKCS, CKM_RSA_PKCS_PSS,
    CKM_SHA_1, CKM_SHA1_RSA_PKCS, CKM_SHA256, CKM_SHA256_RSA_PKCS, CKM_SHA256_RSA_PKCS_PSS,
    CKM_SHA384, CKM_SHA512_RSA_PKCS, CKR_BUFFER_TOO_SMALL, CKR_OK,
};

use crate::input::Input;
use crate::pkcs11_program::{PSS, number};

/// Bytes at any address, with bytes around them that nobody may touch.
pub(crate) struct Guarded {
    bytes: Vec<u8>,
    start: usize,
    len: usize,
    is_null: bool,
}

impl Guarded {
    /// These bytes, so far behind an even address.
    pub(crate) fn holding(content: &[u8], behind: u8) -> Self {
        let start = AROUND + usize::from(behind % 8);
        let mut bytes = vec![UNTOUCHED; start + content.len() + AROUND];
        for (place, byte) in bytes.iter_mut().skip(start).zip(content) {
            *place = *byte;
        }
        Self {
            bytes,
            start,
            len: content.len(),
            is_null: false,
        }
    }

    /// Any value of C.
    pub(crate) fn of<T: Copy>(values: &[T], behind: u8) -> Self {
        let len = size_of_val(values);
        let mut guarded = Self::room(len, behind);
        let from = values.as_ptr().cast::<u8>();
        unsafe { guarded.pointer::<u8>().copy_from_nonoverlapping(from, len) };
        guarded
    }

    /// So many bytes for the module to write.
    pub(crate) fn room(len: usize, behind: u8) -> Self {
        Self::holding(&vec![UNTOUCHED; len], behind)
    }

    pub(crate) fn nowhere() -> Self {
        Self {
            is_null: true,
            ..Self::holding(&[], 0)
        }
    }

    /// The same, or nowhere.
    pub(crate) fn unless(self, is_null: bool) -> Self {
        Self { is_null, ..self }
    }

    pub(crate) fn pointer<T>(&mut self) -> *mut T {
        if self.is_null {
            return null_mut();
        }
        self.bytes.as_mut_ptr().wrapping_add(self.start).cast()
    }

    pub(crate) fn is_null(&self) -> bool {
        self.is_null
    }

    /// What stands there as a value of C, of which there is one at least.
    pub(crate) fn value<T: Copy>(&self, at: usize) -> T {
        let from = self.start + at * size_of::<T>();
        assert!(from + size_of::<T>() <= self.start + self.len);
        unsafe {
            let place = self.bytes.as_ptr().wrapping_add(from).cast::<T>();
            place.read_unaligned()
        }
    }

    pub(crate) fn is_unharmed(&self) {
        let before = self.bytes.iter().take(self.start);
        let mut around = before.chain(self.bytes.iter().skip(self.start + self.len));
        assert!(around.all(|byte| *byte == UNTOUCHED), "written beyond");
    }
}

/// Bytes that a program gives, and the length that it says.
pub(crate) struct Given {
    pub(crate) bytes: Guarded,
    pub(crate) len: CK_ULONG,
}

impl Given {
    /// Nothing, nothing of any length, or so many bytes.
    pub(crate) fn by(input: &mut Input<'_>) -> Self {
        let form = input.byte();
        let len = match form % 8 {
            0 => return Self::nothing(0),
            1 => return Self::nothing(CK_ULONG::from(form)),
            2 => return Self::nothing(CK_ULONG::MAX),
            3 => return Self::nothing(CK_ULONG::MAX / 2 + 1),
            4 => 256,
            5 => 5000,
            _ => usize::from(input.byte()),
        };
        Self {
            bytes: Guarded::holding(&vec![7; len], form / 8),
            len: number(len),
        }
    }

    fn nothing(len: CK_ULONG) -> Self {
        Self {
            bytes: Guarded::nowhere(),
            len,
        }
    }

    pub(crate) fn pointer(&mut self) -> *mut u8 {
        self.bytes.pointer()
    }
}

/// Has a function write what it gives, where and with as much room as the input says. Where it tells a length instead,
/// that is enough.
pub(crate) fn output<T>(
    input: &mut Input<'_>,
    is_constant: bool,
    call: impl Fn(*mut T, *mut CK_ULONG) -> CK_RV,
) {
    let form = input.byte();
    let room = match form >> 4 & 3 {
        0 => usize::from(input.byte()),
        1 => 256,
        2 => 245,
        _ => 0,
    };
    let mut len = Guarded::of(&[number(room)], form).unless(form & 4 != 0);
    let mut place = Guarded::room(room * size_of::<T>(), form).unless(form & 8 != 0);
    let value = call(place.pointer(), len.pointer());
    place.is_unharmed();
    len.is_unharmed();
    if len.is_null() {
        assert_ne!(value, CKR_OK, "without a place for the length");
        return;
    }
    let told: CK_ULONG = len.value(0);
    match value {
        CKR_BUFFER_TOO_SMALL => assert!(told > number(room), "{told} of {room} are too many"),
        CKR_OK if !place.is_null() => return assert!(told <= number(room)),
        CKR_OK => {}
        _ => return,
    }
    let told = usize::try_from(told).unwrap_or(usize::MAX);
    if told > MOST_BYTES || !is_constant {
        return;
    }
    let mut place = Guarded::room(told * size_of::<T>(), form / 2);
    let again = call(place.pointer(), len.pointer());
    place.is_unharmed();
    assert_ne!(again, CKR_BUFFER_TOO_SMALL, "the length that was told");
}

/// Attributes, with the memory that their values are in.
pub(crate) struct Template {
    pub(crate) attributes: Guarded,
    pub(crate) count: CK_ULONG,
    /// How many there are.
    len: usize,
    values: Vec<Guarded>,
}

impl Template {
    pub(crate) fn by(input: &mut Input<'_>) -> Self {
        let form = input.byte();
        let mut values = Vec::new();
        let mut attributes = Vec::new();
        for _ in 0..form % 8 {
            let (attribute, value) = attribute(input);
            attributes.push(attribute);
            values.push(value);
        }
        if form & 8 != 0 {
            attributes = attributes.repeat(usize::from(input.byte()));
        }
        let mut template = Self::of(&attributes, form / 8, values);
        match form >> 5 {
            6 => template.count = CK_ULONG::MAX,
            7 => template.attributes = Guarded::nowhere(),
            _ => {}
        }
        template
    }

    fn of(attributes: &[CK_ATTRIBUTE], behind: u8, values: Vec<Guarded>) -> Self {
        Self {
            attributes: Guarded::of(attributes, behind),
            count: number(attributes.len()),
            len: attributes.len(),
            values,
        }
    }

    /// A template with room for each value whose length this one was told, for a program that had asked for it.
    pub(crate) fn with_room(&self) -> Self {
        let mut values = Vec::new();
        let mut attributes = Vec::new();
        for at in 0..self.len {
            let mut asked: CK_ATTRIBUTE = self.attributes.value(at);
            let told = usize::try_from(asked.ulValueLen).unwrap_or(usize::MAX);
            if asked.pValue.is_null() && told <= MOST_BYTES {
                let mut value = Guarded::room(told, 1);
                asked.pValue = value.pointer();
                attributes.push(asked);
                values.push(value);
            }
        }
        Self::of(&attributes, 3, values)
    }

    pub(crate) fn is_unharmed(&self) {
        self.attributes.is_unharmed();
        self.values.iter().for_each(Guarded::is_unharmed);
    }
}

fn attribute(input: &mut Input<'_>) -> (CK_ATTRIBUTE, Guarded) {
    let kind = input.choice(&KINDS).unwrap_or_default();
    let form = input.byte();
    let len = usize::from(form / 8);
    let content: Vec<u8> = match form % 8 {
        5 => vec![1],
        6 => CK_ULONG::from(form / 8).to_ne_bytes().to_vec(),
        7 => (0..len).map(|_| input.byte()).collect(),
        _ => vec![1; len * 16],
    };
    let mut value = Guarded::holding(&content, form / 8).unless(form % 8 < 4);
    let attribute = CK_ATTRIBUTE {
        type_: kind,
        pValue: value.pointer(),
        ulValueLen: match form % 8 {
            0 | 1 => 0,
            2 => CK_ULONG::MAX,
            3 => CK_ULONG::MAX / 2,
            _ => number(content.len()),
        },
    };
    (attribute, value)
}

/// A mechanism, with the memory that its parameters are in.
pub(crate) struct Mechanism {
    pub(crate) place: Guarded,
    parameters: Guarded,
}

impl Mechanism {
    pub(crate) fn by(input: &mut Input<'_>) -> Self {
        let mechanism = input.choice(&MECHANISMS).unwrap_or_default();
        let form = input.byte();
        let mut parameters = match form % 8 {
            0 | 1 => Guarded::nowhere(),
            2 => Guarded::of(&[pss(input)], form / 8),
            3 => Guarded::room(usize::from(input.byte() % 64), form / 8),
            _ => Guarded::of(&[PSS], form / 8),
        };
        let len = match form % 8 {
            1 => size_of::<CK_RSA_PKCS_PSS_PARAMS>(),
            // Less than there is.
            4 => usize::from(input.byte()) % parameters.len,
            _ => parameters.len,
        };
        let mechanism = CK_MECHANISM {
            mechanism,
            pParameter: parameters.pointer(),
            ulParameterLen: number(len),
        };
        Self {
            place: Guarded::of(&[mechanism], form / 8).unless(form == u8::MAX),
            parameters,
        }
    }

    pub(crate) fn is_unharmed(&self) {
        self.place.is_unharmed();
        self.parameters.is_unharmed();
    }
}

fn pss(input: &mut Input<'_>) -> CK_RSA_PKCS_PSS_PARAMS {
    let mut odd = || CK_ULONG::from(input.byte());
    CK_RSA_PKCS_PSS_PARAMS {
        hashAlg: PSS.hashAlg + odd(),
        mgf: PSS.mgf ^ odd(),
        sLen: odd(),
    }
}

const UNTOUCHED: u8 = 0xA5;
const AROUND: usize = 16;
/// Longest value that the program makes room for.
const MOST_BYTES: usize = 64 * 1024;
const KINDS: [CK_ATTRIBUTE_TYPE; 10] = [
    CKA_CLASS,
    CKA_LABEL,
    CKA_ID,
    CKA_TOKEN,
    CKA_PRIVATE,
    CKA_VALUE,
    CKA_MODULUS,
    CKA_PRIVATE_EXPONENT,
    CKA_WRAP_TEMPLATE,
    CK_ATTRIBUTE_TYPE::MAX,
];
const MECHANISMS: [CK_MECHANISM_TYPE; 10] = [
    CKM_RSA_PKCS,
    CKM_SHA1_RSA_PKCS,
    CKM_SHA256_RSA_PKCS,
    CKM_SHA512_RSA_PKCS,
    CKM_RSA_PKCS_PSS,
    CKM_SHA256_RSA_PKCS_PSS,
    CKM_SHA_1,
    CKM_SHA256,
    CKM_SHA384,
    CKM_AES_CBC,
];
