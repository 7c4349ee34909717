//! What callers send over HTTP: bodies, nonces, origins.

use daemon_core::{check_nonce, token_digest};
use daemon_types::{HashAlgorithm, Origin};
use daemon_wire::{AuthenticateBody, NewPinBody, SignBody, parse_request};

/// The first byte says which body the rest is.
pub(crate) fn request(bytes: &[u8]) {
    let Some((kind, body)) = bytes.split_first() else {
        return;
    };
    match kind % 4 {
        0 => authenticate(body),
        1 => sign(body),
        2 => {
            if let Ok(body) = parse_request::<NewPinBody>(body) {
                let _ = body.timeout();
            }
        }
        _ => {
            let text = String::from_utf8_lossy(body);
            let _ = check_nonce(&text);
            let _ = origin(&text);
        }
    }
}

fn authenticate(body: &[u8]) {
    let Ok(body) = parse_request::<AuthenticateBody>(body) else {
        return;
    };
    let _ = body.timeout();
    if check_nonce(&body.nonce).is_ok() {
        assert!(body.nonce.is_ascii() && (44..=128).contains(&body.nonce.len()));
    }
    if let Some(origin) = body.origin.as_deref().and_then(origin) {
        assert_eq!(
            token_digest(&origin, &body.nonce, HashAlgorithm::Sha256).len(),
            32
        );
    }
}

fn sign(body: &[u8]) {
    let Ok(body) = parse_request::<SignBody>(body) else {
        return;
    };
    let _ = body.timeout();
    let Ok(request) = body.to_request() else {
        return;
    };
    assert!((1..=100).contains(&request.digests.len()));
    for digest in &request.digests {
        assert_eq!(digest.value.len(), request.algorithm.hash().digest_len());
        assert!((1..=200).contains(&digest.description.chars().count()));
    }
}

/// An origin that is taken is a plain `https` one, byte for byte what was sent.
fn origin(text: &str) -> Option<Origin> {
    let origin = Origin::parse(text).ok()?;
    assert_eq!(origin.as_str(), text);
    assert!(text.starts_with("https://") && text.is_ascii());
    Some(origin)
}
