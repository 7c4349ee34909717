//! Codes that nobody knows before a run, and every way in which a text might show them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use ring::rand::{SecureRandom as _, SystemRandom};

/// Two different codes of the longest length, which nobody knows before the run.
#[must_use]
pub fn two_random_codes() -> [String; 2] {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).expect("random bytes");
    let digits: String = bytes
        .iter()
        .map(|byte| char::from(b'0' + byte % 10))
        .collect();
    let (right, wrong) = digits.split_at(8);
    if right == wrong {
        return two_random_codes();
    }
    [right.to_owned(), wrong.to_owned()]
}

/// Every way in which a log might show the bytes of a code.
#[must_use]
pub fn ways_to_write(code: &str) -> Vec<String> {
    let bytes = code.as_bytes();
    let listed = |format: fn(&u8) -> String, separator: &str| {
        bytes.iter().map(format).collect::<Vec<_>>().join(separator)
    };
    let digit = |byte: &u8| char::from(*byte).to_string();
    let hexadecimal = |byte: &u8| format!("{byte:02X}");
    let prefixed = |byte: &u8| format!("0x{byte:02x}");
    let decimal = |byte: &u8| byte.to_string();
    let mut ways = vec![STANDARD_NO_PAD.encode(bytes)];
    for separator in ["", " ", ":", ",", ", "] {
        ways.push(listed(digit, separator));
        ways.push(listed(hexadecimal, separator));
        ways.push(listed(prefixed, separator));
        ways.push(listed(decimal, separator));
    }
    ways
}
