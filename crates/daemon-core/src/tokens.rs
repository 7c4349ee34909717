//! Tokens of desktop programs, kept as digests only.

use std::fmt;

use daemon_types::PairedProgram;
use ring::digest::{SHA256, digest};

/// A bearer token: 32 random bytes in hexadecimal.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A token from 32 bytes of fresh randomness.
    #[must_use]
    pub fn from_random(bytes: [u8; 32]) -> Self {
        Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// A token that was kept as text; `None` for a text that is none.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (text.len() == 64 && text.bytes().all(is_digit)).then(|| Self(text.to_owned()))
    }

    /// The text that goes to the program, once.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token([redacted])")
    }
}

/// What is kept of a token. Digests are compared in place of tokens, so the time that a comparison
/// takes tells nothing about a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenDigest(pub(crate) [u8; 32]);

impl TokenDigest {
    /// The digest of whatever was presented as a token.
    #[must_use]
    pub fn of(presented: &str) -> Self {
        let mut bytes = [0; 32];
        let hash = digest(&SHA256, presented.as_bytes());
        for (byte, value) in bytes.iter_mut().zip(hash.as_ref()) {
            *byte = *value;
        }
        Self(bytes)
    }
}

/// The programs that hold a token which nobody paired: the demo's.
#[derive(Debug, Default)]
pub struct Tokens {
    programs: Vec<(TokenDigest, PairedProgram)>,
}

impl Tokens {
    /// Lets a program in that shows this token.
    pub fn add(&mut self, token: &Token, program: PairedProgram) {
        let digest = TokenDigest::of(token.expose());
        self.programs.push((digest, program));
    }

    /// The program that a presented token belongs to.
    #[must_use]
    pub fn program(&self, presented: &str) -> Option<&PairedProgram> {
        let presented = TokenDigest::of(presented);
        self.programs
            .iter()
            .find(|(digest, _)| *digest == presented)
            .map(|(_, program)| program)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use daemon_types::{AllowedOrigins, Rights};

    #[test]
    fn only_the_exact_token_is_known() {
        let token = Token::from_random([7; 32]);
        let mut tokens = Tokens::default();
        let program = PairedProgram {
            name: "demo".into(),
            rights: Rights::all(),
            origins: AllowedOrigins::Any,
            grant: None,
        };
        tokens.add(&token, program.clone());
        assert_eq!(tokens.program(token.expose()), Some(&program));
        for other in [
            "",
            "07",
            &token.expose()[1..],
            &token.expose().to_uppercase(),
        ] {
            let known = tokens.program(other).is_some();
            assert_eq!(known, other == token.expose(), "{other}");
        }
    }

    #[test]
    fn a_kept_token_is_the_same_one_and_any_other_text_is_none() {
        let token = Token::from_random([7; 32]);
        assert_eq!(Token::from_text(token.expose()), Some(token.clone()));
        for other in ["", "07", &"g".repeat(64), &"A".repeat(64), &"0".repeat(65)] {
            assert_eq!(Token::from_text(other), None, "{other}");
        }
    }

    #[test]
    fn prints_nothing_of_a_token() {
        assert_eq!(
            format!("{:?}", Token::from_random([7; 32])),
            "Token([redacted])"
        );
    }
}
