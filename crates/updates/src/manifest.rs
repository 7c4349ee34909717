//! The manifest of a release.

use std::collections::BTreeSet;

use ring::digest::{SHA256, digest};
use semver::Version;
use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::{ReleaseKey, UpdateError};

/// What a release is made of, as its signer said it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The version that is released.
    pub version: Version,
    /// When it was announced.
    pub published: OffsetDateTime,
    /// Until when the announcement is good; a later one comes before.
    pub expires: OffsetDateTime,
    /// Every file of it, each name once.
    pub files: Vec<ReleaseFile>,
    /// SHA-256 of the manifest's bytes.
    pub digest: [u8; 32],
}

/// A file of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseFile {
    /// Its name, which is no path.
    pub name: String,
    /// Its length in bytes.
    pub size: u64,
    /// Its SHA-256.
    pub sha256: [u8; 32],
}

impl Manifest {
    /// Reads a manifest that this key signed. Nothing of it is looked at before the signature.
    ///
    /// # Errors
    /// [`UpdateError`] when the signature is not of this key and these bytes, or they are no manifest of
    /// this product.
    pub fn verified(bytes: &[u8], signature: &str, key: &ReleaseKey) -> Result<Self, UpdateError> {
        key.verify(bytes, signature)?;
        Self::parse(bytes)
    }

    fn parse(bytes: &[u8]) -> Result<Self, UpdateError> {
        let head: Head = parsed(bytes)?;
        if head.product != PRODUCT {
            return Err(UpdateError::AnotherProduct(head.product));
        }
        if head.format != FORMAT {
            return Err(UpdateError::Format(head.format));
        }
        let body: Body = parsed(bytes)?;
        let files = body.files.into_iter().map(FileBody::read);
        let files = files.collect::<Option<Vec<_>>>();
        let files = files.ok_or(UpdateError::NotAManifest)?;
        let names: BTreeSet<_> = files.iter().map(|file| &file.name).collect();
        if files.is_empty() || names.len() != files.len() {
            return Err(UpdateError::NotAManifest);
        }
        Ok(Self {
            version: body.version,
            published: time_of(&body.published)?,
            expires: time_of(&body.expires)?,
            files,
            digest: sha256(bytes),
        })
    }
}

/// SHA-256 of some bytes.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    for (place, byte) in hash.iter_mut().zip(digest(&SHA256, bytes).as_ref()) {
        *place = *byte;
    }
    hash
}

fn parsed<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, UpdateError> {
    serde_json::from_slice(bytes).map_err(|_| UpdateError::NotAManifest)
}

fn time_of(text: &str) -> Result<OffsetDateTime, UpdateError> {
    OffsetDateTime::parse(text, &Rfc3339).map_err(|_| UpdateError::NotAManifest)
}

/// What every format says, so that a later one is told as that.
#[derive(Deserialize)]
struct Head {
    product: String,
    format: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    #[serde(rename = "product")]
    _product: String,
    #[serde(rename = "format")]
    _format: u32,
    version: Version,
    published: String,
    expires: String,
    files: Vec<FileBody>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileBody {
    name: String,
    size: u64,
    sha256: String,
}

impl FileBody {
    /// `None` for a name that leads out of its folder, or a hash that is none.
    fn read(self) -> Option<ReleaseFile> {
        let is_plain = !self.name.is_empty()
            && !self.name.starts_with('.')
            && !self.name.contains(['/', '\\', ':'])
            && !self.name.chars().any(char::is_control);
        Some(ReleaseFile {
            sha256: hex::decode(self.sha256).ok()?.try_into().ok()?,
            name: is_plain.then_some(self.name)?,
            size: self.size,
        })
    }
}

const PRODUCT: &str = "cpxd";
const FORMAT: u32 = 1;

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) const SAMPLE: &str = r#"{
        "product": "cpxd", "format": 1, "version": "0.2.0",
        "published": "2026-12-01T10:00:00Z", "expires": "2027-03-01T10:00:00Z",
        "files": [{ "name": "cpxd_0.2.0_amd64.deb", "size": 3,
            "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" }]
    }"#;

    pub(crate) fn sample() -> Manifest {
        Manifest::parse(SAMPLE.as_bytes()).unwrap()
    }

    fn refused(from: &str, to: &str) -> &'static str {
        assert!(SAMPLE.contains(from), "{from}");
        let changed = SAMPLE.replace(from, to);
        Manifest::parse(changed.as_bytes()).unwrap_err().code()
    }

    #[test]
    fn a_manifest_names_the_version_and_every_file() {
        let manifest = sample();
        assert_eq!(manifest.version, Version::new(0, 2, 0));
        let [file] = manifest.files.as_slice() else {
            panic!("one file: {manifest:?}")
        };
        assert_eq!((file.size, file.sha256), (3, sha256(b"abc")));
    }

    #[test]
    fn a_manifest_of_another_product_or_format_is_named_as_that() {
        assert_eq!(refused("\"cpxd\"", "\"cryptolib\""), "another-product");
        assert_eq!(
            refused("\"format\": 1", "\"format\": 2, \"more\": 1"),
            "format"
        );
    }

    #[test]
    fn one_wrong_value_spoils_the_manifest() {
        for (from, to) in [
            ("0.2.0\",", "two\","),
            ("2026-12-01T10:00:00Z", "yesterday"),
            ("2027-03-01T10:00:00Z", ""),
            ("\"size\": 3", "\"size\": -3"),
            ("ba7816bf", "ba78"),
            ("ba7816bf", "zz7816bf"),
            ("\"files\"", "\"file\""),
            ("\"name\"", "\"url\""),
            ("cpxd_0.2.0_amd64.deb", "../cpxd"),
            ("cpxd_0.2.0_amd64.deb", "C:cpxd"),
            ("cpxd_0.2.0_amd64.deb", ".hidden"),
            ("cpxd_0.2.0_amd64.deb", ""),
            ("\"version\"", "\"more\": 1, \"version\""),
        ] {
            assert_eq!(refused(from, to), "not-a-manifest", "{from} → {to}");
        }
        let (start, end) = SAMPLE.split_once("[{").unwrap();
        let (file, end) = end.split_once("}]").unwrap();
        let twice = format!("{start}[{{{file}}},{{{file}}}]{end}");
        assert!(Manifest::parse(twice.as_bytes()).is_err(), "{twice}");
        let none = format!("{start}[]{end}");
        assert!(Manifest::parse(none.as_bytes()).is_err(), "{none}");
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>, at: usize, byte: u8) {
            let _ = Manifest::parse(&bytes);
            let mut good = SAMPLE.as_bytes().to_vec();
            let at = at % good.len();
            good[at] = byte;
            let _ = Manifest::parse(&good);
        }
    }
}
