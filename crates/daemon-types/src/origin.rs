//! The origin of a web service: scheme, host and port, compared exactly.

use std::fmt;

use url::Url;

/// An `https` origin in its canonical form, such as `https://service.example`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin(String);

/// Why a text is no origin that a token may be made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// It is no URL at all.
    #[error("not a URL")]
    NotAUrl,
    /// The scheme is not `https`.
    #[error("only https origins can be authenticated for")]
    NotHttps,
    /// It says more than scheme, host and port, or says it in another form.
    #[error("an origin is scheme, host and port alone, in canonical form")]
    NotCanonical,
}

impl Origin {
    /// Longest origin taken, in bytes: a host name of 253 and what stands around it.
    pub const MAXIMUM_LEN: usize = 270;

    /// Reads an origin as a browser writes it: no path, no user, no default port, host in lower case.
    ///
    /// # Errors
    /// [`OriginError`] says what is wrong. Nothing is mended: a token is bound to the bytes.
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        if text.len() > Self::MAXIMUM_LEN {
            return Err(OriginError::NotCanonical);
        }
        let url = Url::parse(text).map_err(|_| OriginError::NotAUrl)?;
        if url.scheme() != "https" {
            return Err(OriginError::NotHttps);
        }
        let canonical = url.origin().ascii_serialization();
        if canonical != text || !text.bytes().all(is_part_of_a_plain_origin) {
            return Err(OriginError::NotCanonical);
        }
        Ok(Self(canonical))
    }

    /// The canonical text, which is what a token is bound to.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// URLs allow `*`, `,` or `;` in a host name. No site has them, and a reader may take them for more.
const fn is_part_of_a_plain_origin(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'/' | b'[' | b']')
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn takes_scheme_host_and_port() {
        for text in [
            "https://service.example",
            "https://service.example:8443",
            "https://xn--exmple-cua.example",
            "https://192.0.2.1",
            "https://[2001:db8::1]:8443",
        ] {
            assert_eq!(Origin::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn refuses_every_other_form() {
        for (text, error) in [
            ("", OriginError::NotAUrl),
            ("null", OriginError::NotAUrl),
            ("service.example", OriginError::NotAUrl),
            ("http://service.example", OriginError::NotHttps),
            ("file:///etc/passwd", OriginError::NotHttps),
            ("https://service.example/", OriginError::NotCanonical),
            ("https://service.example:443", OriginError::NotCanonical),
            ("https://Service.example", OriginError::NotCanonical),
            ("https://user@service.example", OriginError::NotCanonical),
            ("https://service.example/login", OriginError::NotCanonical),
            (" https://service.example", OriginError::NotCanonical),
            ("https://*.service.example", OriginError::NotCanonical),
            (
                "https://service.example,evil.example",
                OriginError::NotCanonical,
            ),
        ] {
            assert_eq!(Origin::parse(text), Err(error), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_input_panics_and_what_parses_is_unchanged(text: String) {
            if let Ok(origin) = Origin::parse(&text) {
                prop_assert_eq!(origin.as_str(), text.as_str());
            }
        }
    }
}
