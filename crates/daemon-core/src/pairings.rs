//! Programs that asked to be paired and wait for the holder.

use daemon_types::{ErrorCode, PairingCode, PairingId, PairingRequest};
use time::{Duration, OffsetDateTime};

use crate::{Token, TokenDigest};

/// The pairings that are not decided yet.
#[derive(Debug, Default)]
pub struct Pairings(Vec<OpenPairing>);

#[derive(Debug)]
struct OpenPairing {
    id: PairingId,
    secret: TokenDigest,
    request: PairingRequest,
    code: PairingCode,
    opened: OffsetDateTime,
    /// The holder has the question before them.
    is_asked: bool,
    questions: u32,
}

/// What a program is told when it asked to be paired.
#[derive(Debug)]
pub struct OpenedPairing {
    /// Name of the pairing.
    pub id: PairingId,
    /// What the program shows to the holder.
    pub code: PairingCode,
    /// What the program proves with that it is the one who asked.
    pub secret: Token,
    /// Until when the holder may agree.
    pub expires: OffsetDateTime,
}

/// A pairing whose holder is to be asked now.
#[derive(Clone, Debug)]
pub struct PairingToAsk {
    /// What the program wants.
    pub request: PairingRequest,
    /// What it shows to the holder.
    pub code: PairingCode,
    /// Until when the holder may agree.
    pub expires: OffsetDateTime,
}

impl Pairings {
    /// How long a pairing waits.
    pub const LIFETIME: Duration = Duration::minutes(5);

    /// Most pairings that wait at once.
    pub const MOST: usize = 8;

    /// How often a program that leaves may have its holder asked again.
    pub const MOST_QUESTIONS: u32 = 5;

    /// Takes a request; `random` is fresh.
    ///
    /// # Errors
    /// `busy` when too many wait.
    pub fn open(
        &mut self,
        request: PairingRequest,
        random: [u8; 64],
        now: OffsetDateTime,
    ) -> Result<OpenedPairing, ErrorCode> {
        self.0.retain(|pairing| pairing.waits(now));
        if self.0.len() >= Self::MOST {
            return Err(ErrorCode::Busy);
        }
        let (secret, rest) = random.split_first_chunk().ok_or(ErrorCode::Internal)?;
        let (code, rest) = rest.split_first_chunk().ok_or(ErrorCode::Internal)?;
        let id = PairingId(hex::encode(rest.get(..16).unwrap_or(rest)));
        let (secret, code) = (Token::from_random(*secret), PairingCode::from_random(*code));
        self.0.push(OpenPairing {
            id: id.clone(),
            secret: TokenDigest::of(secret.expose()),
            request,
            code: code.clone(),
            opened: now,
            is_asked: false,
            questions: 0,
        });
        Ok(OpenedPairing {
            id,
            code,
            secret,
            expires: now + Self::LIFETIME,
        })
    }

    /// The pairing that its program wants decided now. It is asked about until it is closed or
    /// put back.
    ///
    /// # Errors
    /// `not-found` for one that is decided, over or was never there, `token-invalid` for a secret
    /// that is not its own, `busy` while the holder is asked already, `rate-limited` when they were
    /// asked too often.
    pub fn ask(
        &mut self,
        id: &PairingId,
        secret: &str,
        now: OffsetDateTime,
    ) -> Result<PairingToAsk, ErrorCode> {
        self.0.retain(|pairing| pairing.waits(now));
        let mut pairings = self.0.iter_mut();
        let pairing = pairings.find(|pairing| pairing.id == *id);
        let pairing = pairing.ok_or(ErrorCode::NotFound)?;
        if pairing.secret != TokenDigest::of(secret) {
            return Err(ErrorCode::TokenInvalid);
        }
        if pairing.is_asked {
            return Err(ErrorCode::Busy);
        }
        if pairing.questions >= Self::MOST_QUESTIONS {
            return Err(ErrorCode::RateLimited);
        }
        pairing.is_asked = true;
        pairing.questions += 1;
        Ok(PairingToAsk {
            request: pairing.request.clone(),
            code: pairing.code.clone(),
            expires: pairing.opened + Self::LIFETIME,
        })
    }

    /// The holder said yes or no: the secret is worth nothing from here on.
    pub fn close(&mut self, id: &PairingId) {
        self.0.retain(|pairing| pairing.id != *id);
    }

    /// The program left before the holder answered; it may come back.
    pub fn put_back(&mut self, id: &PairingId) {
        for pairing in self.0.iter_mut().filter(|pairing| pairing.id == *id) {
            pairing.is_asked = false;
        }
    }
}

impl OpenPairing {
    /// A clock that went back ends a pairing too.
    fn waits(&self, now: OffsetDateTime) -> bool {
        (self.opened..self.opened + Pairings::LIFETIME).contains(&now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use daemon_types::Rights;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-11-22 10:00 UTC);

    fn open(pairings: &mut Pairings, random: u8) -> Result<OpenedPairing, ErrorCode> {
        let request = PairingRequest {
            name: "Logiciel".into(),
            rights: Rights::all(),
            origins: Vec::new(),
        };
        pairings.open(request, [random; 64], NOW)
    }

    fn code_of<T: std::fmt::Debug>(result: Result<T, ErrorCode>) -> ErrorCode {
        result.unwrap_err()
    }

    #[test]
    fn only_the_one_who_asked_has_the_holder_asked() {
        let mut pairings = Pairings::default();
        let (one, other) = (
            open(&mut pairings, 1).unwrap(),
            open(&mut pairings, 2).unwrap(),
        );
        let with_others_secret = pairings.ask(&one.id, other.secret.expose(), NOW);
        assert_eq!(code_of(with_others_secret), ErrorCode::TokenInvalid);
        assert_eq!(
            code_of(pairings.ask(&one.id, "", NOW)),
            ErrorCode::TokenInvalid
        );
        let asked = pairings.ask(&one.id, one.secret.expose(), NOW).unwrap();
        assert_eq!(asked.code, one.code);
        assert_ne!(one.code, other.code);
    }

    #[test]
    fn a_secret_is_worth_nothing_after_the_decision() {
        let mut pairings = Pairings::default();
        let opened = open(&mut pairings, 1).unwrap();
        let secret = opened.secret.expose();
        pairings.ask(&opened.id, secret, NOW).unwrap();
        assert_eq!(
            code_of(pairings.ask(&opened.id, secret, NOW)),
            ErrorCode::Busy
        );
        pairings.put_back(&opened.id);
        pairings.ask(&opened.id, secret, NOW).unwrap();
        pairings.close(&opened.id);
        assert_eq!(
            code_of(pairings.ask(&opened.id, secret, NOW)),
            ErrorCode::NotFound
        );
    }

    #[test]
    fn a_program_that_leaves_again_and_again_is_not_asked_about_for_ever() {
        let mut pairings = Pairings::default();
        let opened = open(&mut pairings, 1).unwrap();
        let secret = opened.secret.expose();
        for _ in 0..Pairings::MOST_QUESTIONS {
            pairings.ask(&opened.id, secret, NOW).unwrap();
            pairings.put_back(&opened.id);
        }
        let once_more = pairings.ask(&opened.id, secret, NOW);
        assert_eq!(code_of(once_more), ErrorCode::RateLimited);
    }

    #[test]
    fn a_pairing_waits_five_minutes_and_not_in_the_past() {
        for (then, is_there) in [
            (NOW + Duration::seconds(299), true),
            (NOW + Pairings::LIFETIME, false),
            (NOW - Duration::SECOND, false),
        ] {
            let mut pairings = Pairings::default();
            let opened = open(&mut pairings, 1).unwrap();
            let asked = pairings.ask(&opened.id, opened.secret.expose(), then);
            assert_eq!(asked.is_ok(), is_there, "{then}");
        }
    }

    #[test]
    fn no_more_wait_than_fit_and_those_that_are_over_make_room() {
        let mut pairings = Pairings::default();
        for random in 0..8 {
            open(&mut pairings, random).unwrap();
        }
        assert_eq!(code_of(open(&mut pairings, 9)), ErrorCode::Busy);
        let request = PairingRequest {
            name: "Logiciel".into(),
            rights: Rights::all(),
            origins: Vec::new(),
        };
        let later = NOW + Pairings::LIFETIME;
        assert!(pairings.open(request, [9; 64], later).is_ok());
    }
}
