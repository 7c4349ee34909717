//! The grants of this installation: programs that hold a token, and sites.

mod file;

use daemon_types::{GrantId, PairingRequest, ProgramGrant, Rights, Site, SiteGrant};
use time::{Duration, OffsetDateTime};

use crate::{Token, TokenDigest};
pub use file::GrantsFileError;

/// How long a program stays paired after its last use, so that no forgotten one keeps its rights.
pub const PROGRAM_LIFETIME: Duration = Duration::days(365);

/// How long a site's grant lasts; the holder is asked again then.
pub const SITE_LIFETIME: Duration = Duration::days(SiteGrant::DAYS as i64);

/// All grants that a holder gave, as [`file`] keeps them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    programs: Vec<PairedToken>,
    sites: Vec<SiteGrant>,
}

/// A program's grant with what is kept of its token.
#[derive(Clone, Debug, PartialEq, Eq)]
struct PairedToken {
    digest: TokenDigest,
    grant: ProgramGrant,
}

impl Grants {
    /// The programs whose grants are not over.
    pub fn programs(&self, now: OffsetDateTime) -> impl Iterator<Item = &ProgramGrant> {
        let programs = self.programs.iter().map(|program| &program.grant);
        programs.filter(move |grant| now < grant.end)
    }

    /// The sites whose grants are not over.
    pub fn sites(&self, now: OffsetDateTime) -> impl Iterator<Item = &SiteGrant> {
        self.sites.iter().filter(move |grant| now < grant.end)
    }

    /// The program that a presented token belongs to.
    #[must_use]
    pub fn program_with_token(
        &self,
        presented: &str,
        now: OffsetDateTime,
    ) -> Option<&ProgramGrant> {
        let digest = TokenDigest::of(presented);
        let known = self.programs.iter().find(|known| known.digest == digest)?;
        Some(&known.grant).filter(|grant| now < grant.end)
    }

    /// What the holder granted to a site; empty where it has no grant.
    #[must_use]
    pub fn rights_of(&self, site: &Site, now: OffsetDateTime) -> Rights {
        let grants = self.sites(now).filter(|grant| grant.site == *site);
        Rights::from_iter(grants.flat_map(|grant| grant.rights.iter()))
    }

    /// What a program may do by its grant, and until when; `None` where it has none any more.
    #[must_use]
    pub fn program(&self, id: &GrantId, now: OffsetDateTime) -> Option<&ProgramGrant> {
        self.programs(now).find(|grant| grant.id == *id)
    }

    /// Whether a program is paired under this name, written in whatever case and with whatever spaces.
    #[must_use]
    pub fn has_program_named(&self, name: &str, now: OffsetDateTime) -> bool {
        let name = plain(name);
        self.programs(now).any(|grant| plain(&grant.name) == name)
    }

    /// Lets a program in that will show this token.
    pub fn add_program(
        &mut self,
        id: GrantId,
        token: &Token,
        request: PairingRequest,
        now: OffsetDateTime,
    ) -> ProgramGrant {
        self.forget_what_is_over(now);
        let grant = ProgramGrant {
            id,
            name: request.name,
            rights: request.rights,
            origins: request.origins,
            created: now,
            last_use: None,
            end: now + PROGRAM_LIFETIME,
        };
        self.programs.push(PairedToken {
            digest: TokenDigest::of(token.expose()),
            grant: grant.clone(),
        });
        grant
    }

    /// Lets a site in. What it was granted before is part of the new grant, which takes its place.
    pub fn add_site(
        &mut self,
        id: GrantId,
        site: Site,
        rights: &Rights,
        now: OffsetDateTime,
    ) -> SiteGrant {
        self.forget_what_is_over(now);
        let before = self.rights_of(&site, now);
        self.sites.retain(|grant| grant.site != site);
        let grant = SiteGrant {
            id,
            site,
            rights: Rights::from_iter(before.iter().chain(rights.iter())),
            created: now,
            end: now + SITE_LIFETIME,
        };
        self.sites.push(grant.clone());
        grant
    }

    /// Takes a grant back; says whether there was one of this name.
    pub fn revoke(&mut self, id: &GrantId) -> bool {
        let before = self.programs.len() + self.sites.len();
        self.programs.retain(|program| program.grant.id != *id);
        self.sites.retain(|grant| grant.id != *id);
        self.programs.len() + self.sites.len() < before
    }

    /// Notes that a program showed its token, and puts its end off. Days are enough: says whether
    /// this was the first use of its day, and so whether anything changed.
    pub fn note_use(&mut self, id: &GrantId, now: OffsetDateTime) -> bool {
        let mut programs = self.programs.iter_mut();
        let Some(program) = programs.find(|program| program.grant.id == *id) else {
            return false;
        };
        let day = now.replace_time(time::Time::MIDNIGHT);
        if program.grant.last_use == Some(day) {
            return false;
        }
        program.grant.last_use = Some(day);
        program.grant.end = day + PROGRAM_LIFETIME;
        true
    }

    fn forget_what_is_over(&mut self, now: OffsetDateTime) {
        self.programs.retain(|program| now < program.grant.end);
        self.sites.retain(|grant| now < grant.end);
    }
}

/// A name as people compare it.
fn plain(name: &str) -> String {
    let words: Vec<_> = name.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use daemon_types::{Origin, Right};
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-11-22 10:00 UTC);

    pub(super) fn request() -> PairingRequest {
        PairingRequest {
            name: "Logiciel".into(),
            rights: Rights::from_iter([Right::Identify, Right::Authenticate]),
            origins: vec![Origin::parse("https://service.example").unwrap()],
        }
    }

    pub(super) fn site(origin: &str) -> Site {
        Site {
            origin: Origin::parse(origin).unwrap(),
            top_origin: None,
        }
    }

    pub(super) fn some() -> Grants {
        let mut grants = Grants::default();
        let token = Token::from_random([7; 32]);
        grants.add_program(GrantId("p".into()), &token, request(), NOW);
        let rights = Rights::from_iter([Right::Identify]);
        let site = site("https://service.example");
        grants.add_site(GrantId("s".into()), site, &rights, NOW);
        grants
    }

    fn has_program(grants: &Grants, now: OffsetDateTime) -> bool {
        let token = Token::from_random([7; 32]);
        grants.program_with_token(token.expose(), now).is_some()
    }

    #[test]
    fn a_token_is_known_until_the_grant_is_over_or_revoked() {
        let mut grants = some();
        assert!(has_program(&grants, NOW));
        assert!(grants.program_with_token("", NOW).is_none());
        let last_moment = NOW + PROGRAM_LIFETIME - Duration::SECOND;
        assert!(has_program(&grants, last_moment));
        assert!(!has_program(&grants, NOW + PROGRAM_LIFETIME));
        assert!(grants.revoke(&GrantId("p".into())));
        assert!(!has_program(&grants, NOW));
        assert!(!grants.revoke(&GrantId("p".into())));
    }

    #[test]
    fn a_name_is_taken_until_its_grant_is_over_whatever_its_case_and_spaces() {
        let grants = some();
        for taken in ["Logiciel", "LOGICIEL", " logiciel\u{a0}"] {
            assert!(grants.has_program_named(taken, NOW), "{taken:?}");
        }
        assert!(!grants.has_program_named("Logiciel 2", NOW));
        assert!(!grants.has_program_named("Logiciel", NOW + PROGRAM_LIFETIME));
    }

    #[test]
    fn a_use_is_noted_once_a_day_and_puts_the_end_off() {
        let mut grants = some();
        let id = GrantId("p".into());
        assert!(grants.note_use(&id, NOW));
        assert!(!grants.note_use(&id, NOW + Duration::hours(13)));
        let later = NOW + Duration::days(300);
        assert!(grants.note_use(&id, later));
        assert!(has_program(&grants, later + Duration::days(364)));
        assert!(!grants.note_use(&GrantId("nobody".into()), NOW));
    }

    #[test]
    fn a_site_has_its_rights_as_the_exact_site_and_until_the_end() {
        let grants = some();
        let rights = |origin| grants.rights_of(&site(origin), NOW);
        assert!(rights("https://service.example").contains(Right::Identify));
        for other in [
            "https://sub.service.example",
            "https://service.example:8443",
            "https://service.example.evil.test",
            "https://evilservice.example",
        ] {
            assert_eq!(rights(other), Rights::default(), "{other}");
        }
        let embedded = Site {
            top_origin: Some(Origin::parse("https://evil.example").unwrap()),
            ..site("https://service.example")
        };
        assert_eq!(grants.rights_of(&embedded, NOW), Rights::default());
        let over = grants.rights_of(&site("https://service.example"), NOW + SITE_LIFETIME);
        assert_eq!(over, Rights::default());
    }

    #[test]
    fn more_rights_for_a_site_are_one_grant_with_the_earlier_ones() {
        let mut grants = some();
        let site = site("https://service.example");
        let more = Rights::from_iter([Right::Sign]);
        let grant = grants.add_site(GrantId("s2".into()), site, &more, NOW);
        assert!(grant.rights.contains(Right::Identify) && grant.rights.contains(Right::Sign));
        assert_eq!(grants.sites(NOW).count(), 1);
    }

    #[test]
    fn what_is_over_is_forgotten_when_something_is_added() {
        let mut grants = some();
        let later = NOW + PROGRAM_LIFETIME;
        let token = Token::from_random([8; 32]);
        grants.add_program(GrantId("q".into()), &token, request(), later);
        assert_eq!((grants.programs.len(), grants.sites.len()), (1, 0));
    }
}
