//! The cards, without a word about their holders.

use std::time::Duration;

use daemon_cards::{CardInReader, Cards};
use daemon_types::{CardSummary, CertificateSummary};
use diagnosis::facts::{CardFacts, CertificateFacts, ChainFact};
use igc_sante::CardCertificate;
use igc_sante::chain::{ChainError, verify_chain};
use time::OffsetDateTime;

/// The cards that can be read, with their counters as they are now, or as last known where a card works
/// for somebody else.
pub(super) async fn with_fresh_counters(cards: &Cards) -> Vec<CardSummary> {
    let mut found = Vec::new();
    for card in cards.cards() {
        let read = tokio::time::timeout(PATIENCE, cards.read_codes(&card)).await;
        let CardInReader { card, .. } = match read {
            Ok(Ok(read)) => read,
            Ok(Err(_)) | Err(_) => card,
        };
        found.push(card.summary);
    }
    found
}

/// What is judged of them; the authorities are DER.
pub(super) fn facts(
    cards: &[CardSummary],
    authorities: &[Vec<u8>],
    now: OffsetDateTime,
) -> Vec<CardFacts> {
    let authorities: Vec<&[u8]> = authorities.iter().map(Vec::as_slice).collect();
    let of_card = |card: &CardSummary| CardFacts {
        environment: card.environment,
        generation: card.generation,
        pin: card.pin,
        unblock_code: card.unblock_code,
        certificates: card
            .certificates
            .iter()
            .map(|certificate| CertificateFacts {
                not_before: certificate.not_before,
                not_after: certificate.not_after,
                chain: chain(certificate, &authorities, now),
            })
            .collect(),
        is_registered: is_registered(card),
    };
    cards.iter().map(of_card).collect()
}

/// Dates are judged elsewhere, so it is asked about a time in which the certificate is valid.
fn chain(
    certificate: &CertificateSummary,
    authorities: &[&[u8]],
    now: OffsetDateTime,
) -> ChainFact {
    if authorities.is_empty() || certificate.not_before > certificate.not_after {
        return ChainFact::NotProven;
    }
    let Ok(parsed) = CardCertificate::parse(&certificate.der) else {
        return ChainFact::NotProven;
    };
    let at = now.clamp(certificate.not_before, certificate.not_after);
    match verify_chain(&parsed, &[], authorities, at) {
        Ok(_) => ChainFact::Proven,
        Err(ChainError::SignatureInvalid { .. }) => ChainFact::Refused,
        // An old folder of authorities, or rules that it does not keep, say nothing against the card.
        Err(_) => ChainFact::NotProven,
    }
}

/// Professionals are in a national register; staff only where their identifier is one of it.
fn is_registered(card: &CardSummary) -> Option<bool> {
    let kind = card.holder.national_id.as_ref();
    let kind = kind.and_then(|id| id.kind.as_deref());
    match (card.card_type.as_deref(), kind) {
        (_, Some("RPPS" | "ADELI")) | (Some("CPS" | "CPF"), _) => Some(true),
        (Some("CPE" | "CPA"), _) => Some(false),
        _ => None,
    }
}

/// How long a card may work for somebody else.
const PATIENCE: Duration = Duration::from_millis(1500);
