//! Cards and callers in words; what others wrote goes through `foreign_text`.

use daemon_types::ErrorCode;
use daemon_wire::{CardBody, GrantBody, SessionBody};
use texts::{Language, TrayTexts, error_title, foreign_text};

use super::condition::{Concern, Condition, concerns};
use super::world::{Silence, Workstation, World};

/// Most characters of a name that others chose: a menu is narrow.
const LONGEST_NAME: usize = 60;

/// The sentences of one language.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Speaker {
    pub(crate) texts: TrayTexts,
}

impl Speaker {
    pub(crate) const fn new(language: Language) -> Self {
        Self {
            texts: TrayTexts::new(language),
        }
    }

    pub(crate) const fn language(self) -> Language {
        self.texts.language()
    }

    /// Everything in a line, for the title of the icon.
    pub(crate) fn title(self, world: &World) -> String {
        match world {
            World::NoAgent(silence) => self.silence(silence),
            World::Workstation(workstation) => self.title_of(workstation),
        }
    }

    /// Why the agent tells nothing, in a line.
    pub(crate) fn silence(self, silence: &Silence) -> String {
        match silence {
            Silence::Absent => self.texts.agent_absent(),
            Silence::Slow => self.texts.agent_slow(),
            Silence::Refuses { title, .. } => title.clone(),
            Silence::Strange(_) => self.texts.agent_strange(),
        }
    }

    fn title_of(self, workstation: &Workstation) -> String {
        match workstation.cards.as_slice() {
            [] => match self.unusable_cards(workstation).into_iter().next() {
                Some(unusable) => unusable,
                None => error_title(nothing_there(workstation), self.language()),
            },
            [card] => self.card_line(card, &workstation.status.environment),
            cards => self.texts.several_cards(count(cards.len())),
        }
    }

    /// A card: whose, of which kind, and how it stands with it.
    pub(crate) fn card_line(self, card: &CardBody, environment: &str) -> String {
        let mut parts = vec![self.holder(card)];
        if names_of(card).is_some() {
            parts.push(self.kind(card));
        }
        if card.environment == "test" {
            parts.push(self.texts.test_card());
        }
        parts.push(self.state(card));
        let concerns = concerns(card, environment);
        parts.extend(
            concerns
                .into_iter()
                .filter_map(|concern| self.warning(concern)),
        );
        parts.join(" · ")
    }

    /// Whose card it is.
    pub(crate) fn holder(self, card: &CardBody) -> String {
        match names_of(card) {
            Some(names) => self.foreign(&names),
            None => self.nameless_card(card),
        }
    }

    fn nameless_card(self, card: &CardBody) -> String {
        let number = self.foreign(&card.number);
        match card.kind() {
            Some(kind) => self.texts.nameless_card(&self.foreign(kind), &number),
            None => self.texts.untyped_card(&number),
        }
    }

    fn kind(self, card: &CardBody) -> String {
        let kind = card.kind().map(|kind| self.foreign(kind));
        kind.unwrap_or_else(|| self.texts.any_card())
    }

    fn state(self, card: &CardBody) -> String {
        match (card.pin.state.as_str(), card.pin.tries_left) {
            ("unknown", _) => self.texts.perhaps_blocked(),
            ("blocked", _) => self.texts.blocked(),
            ("definitivelyBlocked", _) => self.texts.blocked_for_good(),
            ("absent", _) => self.texts.without_code(),
            (_, Some(tries)) => self.texts.ready_with_tries(tries.into()),
            (_, None) => self.texts.ready(),
        }
    }

    /// What the state does not say already.
    fn warning(self, concern: Concern) -> Option<String> {
        match concern {
            Concern::ExpiresSoon { days } => Some(self.texts.expires(days)),
            Concern::NotYetValid => Some(self.texts.not_yet_valid()),
            Concern::OtherEnvironment => Some(self.texts.other_environment()),
            Concern::Expired => Some(self.texts.expired()),
            Concern::LastTry
            | Concern::PerhapsBlocked
            | Concern::Blocked
            | Concern::BlockedForGood => None,
        }
    }

    /// Readers whose card cannot be used, and why.
    pub(crate) fn unusable_cards(self, workstation: &Workstation) -> Vec<String> {
        let readers = workstation.readers.iter();
        let unusable = readers.filter_map(|reader| {
            let problem = error_title(reader.problem.as_deref()?, self.language());
            Some(
                self.texts
                    .unusable_card(&self.foreign(&reader.name), &problem),
            )
        });
        unusable.collect()
    }

    /// Whose session it is.
    pub(crate) fn caller_of_session(self, session: &SessionBody) -> String {
        self.caller(
            session.name.as_deref(),
            session.origin.as_deref(),
            session.top_origin.as_deref(),
        )
    }

    /// Whose grant it is.
    pub(crate) fn caller_of_grant(self, grant: &GrantBody) -> String {
        self.caller(
            grant.name.as_deref(),
            grant.origin.as_deref(),
            grant.top_origin.as_deref(),
        )
    }

    /// An origin is shown in full, whatever its length: it is ASCII and canonical by its type.
    fn caller(self, name: Option<&str>, origin: Option<&str>, around: Option<&str>) -> String {
        match (name, origin, around) {
            (Some(name), _, _) => self.texts.program(&self.foreign(name)),
            (None, Some(origin), Some(around)) => self.texts.inner_site(origin, around),
            (None, Some(origin), None) => self.texts.site(origin),
            (None, None, _) => self.texts.demo_program(),
        }
    }

    /// The day of an RFC 3339 time, as people write it.
    pub(crate) fn day(self, time: &str) -> String {
        let day = time.split_once('T').map_or(time, |(day, _)| day);
        let parts: Vec<_> = day.split('-').collect();
        match (self.language(), parts.as_slice()) {
            (Language::French, [year, month, day]) => format!("{day}/{month}/{year}"),
            _ => day.to_owned(),
        }
    }

    fn foreign(self, text: &str) -> String {
        foreign_text(text, LONGEST_NAME, self.language())
    }
}

/// The error code for a workstation without a usable card.
pub(crate) fn nothing_there(workstation: &Workstation) -> &'static str {
    let code = if workstation.readers.is_empty() {
        let missing = workstation.status.missing_service();
        missing.unwrap_or(ErrorCode::NoReader)
    } else {
        ErrorCode::NoCard
    };
    code.as_str()
}

/// The names on a card, if it names somebody or something.
fn names_of(card: &CardBody) -> Option<String> {
    let holder = &card.holder;
    let names: Vec<_> = [&holder.given_name, &holder.family_name]
        .into_iter()
        .filter_map(|name| name.as_deref())
        .filter(|name| !name.trim().is_empty())
        .collect();
    (!names.is_empty()).then(|| names.join(" "))
}

pub(crate) fn count(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

/// Whether somebody should look.
pub(crate) const fn wants_attention(condition: Condition) -> bool {
    matches!(condition, Condition::Attention | Condition::Blocked)
}

#[cfg(test)]
mod tests {
    use super::super::sample::{card, workstation};
    use super::*;

    fn line(change: impl FnOnce(&mut CardBody), language: Language) -> String {
        let mut card = card();
        card.environment = "production".into();
        change(&mut card);
        Speaker::new(language).card_line(&card, "production")
    }

    #[test]
    fn a_card_is_a_line_in_both_languages() {
        assert_eq!(
            line(|_| {}, Language::French),
            "JEANNE MARTIN · CPS · prête, 3 essais"
        );
        let untyped = |card: &mut CardBody| {
            card.card_type = None;
            card.generation = None;
        };
        assert_eq!(
            line(untyped, Language::French),
            "JEANNE MARTIN · carte · prête, 3 essais"
        );
        let untyped_and_nameless = |card: &mut CardBody| {
            untyped(card);
            card.holder.family_name = None;
            card.holder.given_name = None;
        };
        assert!(line(untyped_and_nameless, Language::English).starts_with("Card 9999123456 · "));
        let one = line(|card| card.pin.tries_left = Some(1), Language::English);
        assert_eq!(one, "JEANNE MARTIN · CPS · ready, one try left");
        let unknown = line(|card| card.pin.tries_left = None, Language::English);
        assert_eq!(unknown, "JEANNE MARTIN · CPS · ready");
    }

    #[test]
    fn its_end_is_told_in_real_plurals() {
        let within = |days: i64| {
            let change = |card: &mut CardBody| {
                if let Some(validity) = &mut card.validity {
                    validity.days_left = days;
                }
            };
            line(change, Language::French)
        };
        assert!(within(0).ends_with("expire aujourd’hui"));
        assert!(within(1).ends_with("expire demain"));
        assert!(within(12).ends_with("expire dans 12 jours"));
        assert!(within(-3).ends_with("périmée"));
    }

    #[test]
    fn a_day_is_written_as_people_write_it() {
        let day = |language| Speaker::new(language).day("2027-02-26T08:00:00Z");
        assert_eq!(day(Language::French), "26/02/2027");
        assert_eq!(day(Language::English), "2027-02-26");
    }

    #[test]
    fn a_blocked_card_is_called_blocked_once() {
        let line = line(|card| card.pin.state = "blocked".into(), Language::French);
        assert_eq!(line, "JEANNE MARTIN · CPS · code bloqué");
    }

    #[test]
    fn a_card_that_may_be_blocked_is_called_neither_blocked_nor_ready() {
        let line = |language| line(|card| card.pin.state = "unknown".into(), language);
        assert_eq!(
            line(Language::French),
            "JEANNE MARTIN · CPS · peut-être bloquée"
        );
        assert_eq!(
            line(Language::English),
            "JEANNE MARTIN · CPS · perhaps blocked"
        );
    }

    #[test]
    fn no_line_holds_a_national_id() {
        let card = card();
        for language in Language::ALL {
            let line = Speaker::new(language).card_line(&card, "test");
            assert!(!line.contains("899700000018"), "{line}");
        }
    }

    #[test]
    fn the_title_tells_what_is_missing() {
        let speaker = Speaker::new(Language::English);
        let mut station = workstation();
        station.cards.clear();
        let title =
            |station: &Workstation| speaker.title(&World::Workstation(Box::new(station.clone())));
        assert_eq!(title(&station), error_title("no-card", Language::English));
        station.readers[0].problem = Some("card-unknown".into());
        assert!(title(&station).starts_with("Reader 1: "));
        station.readers.clear();
        assert_eq!(title(&station), error_title("no-reader", Language::English));
        station.status.state = "pcscUnavailable".into();
        let no_service = error_title("pcsc-unavailable", Language::English);
        assert_eq!(title(&station), no_service);
        station.status.state = "moduleFailed".into();
        let no_module = error_title("module-failed", Language::English);
        assert_eq!(title(&station), no_module);
    }

    #[test]
    fn names_that_would_turn_or_hide_the_line_are_named() {
        let name = "Logi\u{202e}ciel\u{7}\n";
        let mut session = workstation().sessions.remove(0);
        session.name = Some(name.into());
        let words = Speaker::new(Language::English).caller_of_session(&session);
        assert!(words.contains("[U+202E]"), "{words}");
        assert!(!words.contains(['\u{202e}', '\u{7}', '\n']), "{words:?}");
    }
}
