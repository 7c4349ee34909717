//! How it stands with the workstation and with each card: what the icon shows.

use std::ops::RangeInclusive;

use daemon_wire::CardBody;

use super::world::{Workstation, World};

/// Days before its end in which a card is spoken of: it is renewed in weeks.
pub(crate) const EXPIRES_SOON: RangeInclusive<i64> = 0..=60;

/// What the icon shows, the more urgent the later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Condition {
    /// The agent tells nothing.
    NoAgent,
    /// There is no reader, or no service for readers.
    NoReader,
    /// No reader holds a card.
    NoCard,
    /// Every card can be used.
    Ready,
    /// A card wants something.
    Attention,
    /// A card cannot be used.
    Blocked,
}

/// What is the matter with a card, the more urgent the later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Concern {
    /// It ends in so many days.
    ExpiresSoon { days: u64 },
    /// One wrong code more blocks it.
    LastTry,
    /// Its code may be blocked, which its next use shows.
    PerhapsBlocked,
    /// Its first day is to come.
    NotYetValid,
    /// It is a test card among real ones, or the other way round.
    OtherEnvironment,
    /// Its end is over.
    Expired,
    /// Its code is blocked.
    Blocked,
    /// Nothing unblocks it.
    BlockedForGood,
}

impl Concern {
    /// Whether the card is of no use like this.
    const fn stops_the_card(self) -> bool {
        matches!(self, Self::Expired | Self::Blocked | Self::BlockedForGood)
    }
}

impl Condition {
    /// The worst of what there is.
    pub(crate) fn of(world: &World) -> Self {
        match world {
            World::NoAgent(_) => Self::NoAgent,
            World::Workstation(workstation) => Self::of_workstation(workstation),
        }
    }

    fn of_workstation(workstation: &Workstation) -> Self {
        let environment = &workstation.status.environment;
        let cards = workstation.cards.iter().map(|card| {
            let concerns = concerns(card, environment);
            if concerns.iter().any(|concern| concern.stops_the_card()) {
                Self::Blocked
            } else if concerns.is_empty() {
                Self::Ready
            } else {
                Self::Attention
            }
        });
        let readers = workstation.readers.iter().map(|reader| {
            match (reader.problem.is_some(), reader.state.as_str()) {
                (true, _) | (false, "unreachable") => Self::Attention,
                (false, _) => Self::NoCard,
            }
        });
        cards.chain(readers).max().unwrap_or(Self::NoReader)
    }
}

/// All that is the matter with a card where the agent works in `environment`, the most urgent first.
pub(crate) fn concerns(card: &CardBody, environment: &str) -> Vec<Concern> {
    let has_certificate = |status: &str| {
        card.certificates
            .iter()
            .any(|certificate| certificate.status == status)
    };
    let days_left = card.validity.as_ref().map(|validity| validity.days_left);
    let is_expired = has_certificate("expired") || days_left.is_some_and(|days| days < 0);
    let soon = days_left.filter(|days| EXPIRES_SOON.contains(days) && !is_expired);
    let soon = soon.and_then(|days| u64::try_from(days).ok());
    let code = match (card.pin.state.as_str(), card.pin.tries_left) {
        ("blocked", _) => Some(Concern::Blocked),
        ("definitivelyBlocked", _) => Some(Concern::BlockedForGood),
        ("unknown", _) => Some(Concern::PerhapsBlocked),
        ("ready", Some(1)) => Some(Concern::LastTry),
        _ => None,
    };
    let mut concerns: Vec<_> = [
        code,
        is_expired.then_some(Concern::Expired),
        (card.environment != environment).then_some(Concern::OtherEnvironment),
        has_certificate("notYetValid").then_some(Concern::NotYetValid),
        soon.map(|days| Concern::ExpiresSoon { days }),
    ]
    .into_iter()
    .flatten()
    .collect();
    concerns.sort_unstable_by(|one, other| other.cmp(one));
    concerns
}

#[cfg(test)]
mod tests {
    use super::super::sample::{card, workstation};
    use super::super::world::Silence;
    use super::*;

    fn condition(change: impl FnOnce(&mut Workstation)) -> Condition {
        let mut workstation = workstation();
        change(&mut workstation);
        Condition::of(&World::Workstation(Box::new(workstation)))
    }

    #[test]
    fn the_icon_shows_the_worst_of_what_there_is() {
        assert_eq!(
            Condition::of(&World::NoAgent(Silence::Slow)),
            Condition::NoAgent
        );
        assert_eq!(condition(|_| {}), Condition::Ready);
        let no_card = condition(|station| station.cards.clear());
        assert_eq!(no_card, Condition::NoCard);
        let nothing = condition(|station| {
            station.cards.clear();
            station.readers.clear();
        });
        assert_eq!(nothing, Condition::NoReader);
        let last_try = condition(|station| station.cards[0].pin.tries_left = Some(1));
        assert_eq!(last_try, Condition::Attention);
        let unknown = condition(|station| station.cards[0].pin.tries_left = None);
        assert_eq!(unknown, Condition::Ready);
        let in_doubt = condition(|station| station.cards[0].pin.state = "unknown".into());
        assert_eq!(in_doubt, Condition::Attention);
        let foreign = condition(|station| station.readers[0].problem = Some("card-unknown".into()));
        assert_eq!(foreign, Condition::Attention);
        let blocked = condition(|station| station.cards[0].pin.state = "blocked".into());
        assert_eq!(blocked, Condition::Blocked);
        let second = condition(|station| {
            let mut second = station.cards[0].clone();
            second.pin.state = "definitivelyBlocked".into();
            station.cards.push(second);
        });
        assert_eq!(second, Condition::Blocked);
        let other = condition(|station| station.status.environment = "production".into());
        assert_eq!(other, Condition::Attention);
    }

    #[test]
    fn sixty_days_before_its_end_a_card_is_spoken_of_and_not_a_day_earlier() {
        let with_days = |days: i64| {
            let mut card = card();
            if let Some(validity) = &mut card.validity {
                validity.days_left = days;
            }
            concerns(&card, "test")
        };
        assert_eq!(with_days(61), []);
        assert_eq!(with_days(60), [Concern::ExpiresSoon { days: 60 }]);
        assert_eq!(with_days(0), [Concern::ExpiresSoon { days: 0 }]);
        assert_eq!(with_days(-1), [Concern::Expired]);
    }

    #[test]
    fn the_most_urgent_concern_comes_first() {
        let mut card = card();
        card.pin.state = "blocked".into();
        if let Some(validity) = &mut card.validity {
            validity.days_left = 3;
        }
        assert_eq!(
            concerns(&card, "production"),
            [
                Concern::Blocked,
                Concern::OtherEnvironment,
                Concern::ExpiresSoon { days: 3 }
            ]
        );
    }
}
