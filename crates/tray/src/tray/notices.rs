//! What a person is told unasked, and when.

use std::collections::BTreeSet;

use daemon_wire::CardBody;

use super::condition::{Concern, concerns};
use super::memory::Memory;
use super::words::Speaker;
use super::world::{Workstation, World};

/// Words for a notification; no national id is in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    pub(crate) title: String,
    pub(crate) body: String,
}

/// What a person is told of a card unasked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    /// It is blocked, perhaps for good: told once for each stay.
    Blocked {
        /// The card's id.
        card: String,
        for_good: bool,
    },
    /// Its end is near: told once a day.
    Expiry {
        /// The card's id.
        card: String,
        /// The day on which it is told.
        today: String,
    },
}

/// What has been told of the cards that are there.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Being told, and not shown yet.
    under_way: BTreeSet<Subject>,
    /// Blocked cards that were told.
    blocked: BTreeSet<Subject>,
}

impl Told {
    /// What is to be told now, each under way until [`shown`](Self::shown) or
    /// [`not_shown`](Self::not_shown). `today` names the day.
    pub(crate) fn due(
        &mut self,
        world: &World,
        memory: &Memory,
        today: &str,
        speaker: Speaker,
    ) -> Vec<(Subject, Notice)> {
        let World::Workstation(workstation) = world else {
            return Vec::new();
        };
        let all = worth_telling(workstation, today, speaker);
        let is_there = |subject: &Subject| all.iter().any(|(there, _)| there == subject);
        self.blocked.retain(is_there);
        // A card that was pulled meanwhile begins another stay.
        self.under_way
            .retain(|subject| matches!(subject, Subject::Expiry { .. }) || is_there(subject));
        let due: Vec<_> = all
            .into_iter()
            .filter(|(subject, _)| !self.is_told(subject, memory))
            .collect();
        self.under_way
            .extend(due.iter().map(|(subject, _)| subject.clone()));
        due
    }

    fn is_told(&self, subject: &Subject, memory: &Memory) -> bool {
        let before = match subject {
            Subject::Blocked { .. } => self.blocked.contains(subject),
            Subject::Expiry { card, today } => memory.has_told_expiry(card, today),
        };
        before || self.under_way.contains(subject)
    }

    /// The desktop has shown it.
    pub(crate) fn shown(&mut self, subject: Subject, memory: &mut Memory) {
        if !self.under_way.remove(&subject) {
            return;
        }
        match subject {
            Subject::Blocked { .. } => {
                self.blocked.insert(subject);
            }
            Subject::Expiry { card, today } => memory.tell_expiry(&card, &today),
        }
    }

    /// The desktop has not shown it: it is due again.
    pub(crate) fn not_shown(&mut self, subject: &Subject) {
        self.under_way.remove(subject);
    }
}

/// All that a person should know of these cards, told or not.
fn worth_telling(
    workstation: &Workstation,
    today: &str,
    speaker: Speaker,
) -> Vec<(Subject, Notice)> {
    let mut notices = Vec::new();
    for card in &workstation.cards {
        for concern in concerns(card, &workstation.status.environment) {
            let id = card.id.clone();
            match concern {
                Concern::Blocked | Concern::BlockedForGood => {
                    let for_good = concern == Concern::BlockedForGood;
                    let subject = Subject::Blocked { card: id, for_good };
                    notices.push((subject, blocked_notice(card, for_good, speaker)));
                }
                Concern::ExpiresSoon { days } => {
                    let today = today.to_owned();
                    let subject = Subject::Expiry { card: id, today };
                    notices.push((subject, expiry_notice(card, days, speaker)));
                }
                Concern::LastTry
                | Concern::PerhapsBlocked
                | Concern::NotYetValid
                | Concern::OtherEnvironment
                | Concern::Expired => {}
            }
        }
    }
    notices
}

fn blocked_notice(card: &CardBody, for_good: bool, speaker: Speaker) -> Notice {
    let (texts, holder) = (speaker.texts, speaker.holder(card));
    if for_good {
        Notice {
            title: texts.blocked_for_good_title(),
            body: texts.blocked_for_good_notice(&holder),
        }
    } else {
        Notice {
            title: texts.blocked_title(),
            body: texts.blocked_notice(&holder),
        }
    }
}

fn expiry_notice(card: &CardBody, days: u64, speaker: Speaker) -> Notice {
    let end = card.validity.as_ref();
    let end = end.map_or_else(
        || "?".to_owned(),
        |validity| speaker.day(&validity.not_after),
    );
    Notice {
        title: speaker.texts.expires_title(days),
        body: speaker.texts.expires_notice(&speaker.holder(card), &end),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::workstation;
    use super::super::world::Silence;
    use super::*;
    use texts::Language;

    fn world(change: impl FnOnce(&mut Workstation)) -> World {
        let mut workstation = workstation();
        change(&mut workstation);
        World::Workstation(Box::new(workstation))
    }

    fn blocked() -> World {
        world(|station| station.cards[0].pin.state = "blocked".into())
    }

    fn expiring() -> World {
        world(|station| {
            if let Some(validity) = &mut station.cards[0].validity {
                validity.days_left = 12;
            }
        })
    }

    /// How many notices each of these moments brings, where the desktop shows them all.
    fn told(moments: &[(&World, &str)]) -> Vec<usize> {
        let (mut told, mut memory) = (Told::default(), Memory::default());
        let speaker = Speaker::new(Language::French);
        let due = moments.iter().map(|(world, today)| {
            let due = told.due(world, &memory, today, speaker);
            let count = due.len();
            for (subject, notice) in due {
                let words = format!("{} {}", notice.title, notice.body);
                assert!(!words.contains("899700000018"), "{words}");
                told.shown(subject, &mut memory);
            }
            count
        });
        due.collect()
    }

    #[test]
    fn what_the_desktop_did_not_show_is_told_at_the_next_event_and_not_before_it_said_so() {
        for world in [blocked(), expiring()] {
            let (mut told, mut memory) = (Told::default(), Memory::default());
            let speaker = Speaker::new(Language::French);
            let first = told.due(&world, &memory, DAY, speaker);
            assert_eq!(first.len(), 1);
            assert_eq!(told.due(&world, &memory, DAY, speaker), [], "under way");
            told.not_shown(&first[0].0);
            assert_eq!(memory, Memory::default());
            assert_eq!(told.due(&world, &memory, DAY, speaker), first);
            told.shown(first[0].0.clone(), &mut memory);
            assert_eq!(told.due(&world, &memory, DAY, speaker), []);
        }
    }

    #[test]
    fn a_card_that_was_pulled_before_its_notice_was_shown_is_told_at_its_next_stay() {
        let (mut told, mut memory) = (Told::default(), Memory::default());
        let speaker = Speaker::new(Language::French);
        let first = told.due(&blocked(), &memory, DAY, speaker);
        let empty = world(|station| station.cards.clear());
        assert_eq!(told.due(&empty, &memory, DAY, speaker), []);
        told.shown(first[0].0.clone(), &mut memory);
        assert_eq!(told.due(&blocked(), &memory, DAY, speaker), first);
    }

    const DAY: &str = "2026-11-28";

    #[test]
    fn a_blocked_card_is_told_once_for_each_stay() {
        let (blocked, empty) = (blocked(), world(|station| station.cards.clear()));
        let moments = [
            &blocked,
            &blocked,
            &World::NoAgent(Silence::Slow),
            &blocked,
            &empty,
            &blocked,
        ];
        assert_eq!(told(&moments.map(|world| (world, DAY))), [1, 0, 0, 0, 0, 1]);
    }

    #[test]
    fn a_card_that_is_blocked_for_good_after_it_was_blocked_is_told_again() {
        let lost = world(|station| station.cards[0].pin.state = "definitivelyBlocked".into());
        assert_eq!(told(&[(&blocked(), DAY), (&lost, DAY)]), [1, 1]);
    }

    #[test]
    fn the_end_of_a_card_is_told_once_a_day_however_often_it_is_inserted() {
        let (expiring, empty) = (expiring(), world(|station| station.cards.clear()));
        let moments = [
            (&expiring, DAY),
            (&empty, DAY),
            (&expiring, DAY),
            (&expiring, "2026-11-29"),
            (&expiring, "2026-11-29"),
        ];
        assert_eq!(told(&moments), [1, 0, 0, 1, 0]);
    }
}
