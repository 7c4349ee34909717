//! What a person is told unasked, and when.

use std::collections::BTreeSet;

use daemon_wire::CardBody;

use super::condition::{Concern, concerns};
use super::memory::Memory;
use super::words::Speaker;
use super::world::World;

/// Words for a notification; no national id is in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    pub(crate) title: String,
    pub(crate) body: String,
}

/// What has been told of the cards that are there.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Cards that are blocked, and whether for good: told once for each stay.
    blocked: BTreeSet<(String, bool)>,
}

impl Told {
    /// What is to be told now. `today` names the day; the memory is changed where a card's end was told.
    pub(crate) fn due(
        &mut self,
        world: &World,
        memory: &mut Memory,
        today: &str,
        speaker: Speaker,
    ) -> Vec<Notice> {
        let World::Workstation(workstation) = world else {
            return Vec::new();
        };
        let mut notices = Vec::new();
        let mut blocked = BTreeSet::new();
        for card in &workstation.cards {
            for concern in concerns(card, &workstation.status.environment) {
                match concern {
                    Concern::Blocked | Concern::BlockedForGood => {
                        let key = (card.id.clone(), concern == Concern::BlockedForGood);
                        if !self.blocked.contains(&key) {
                            notices.push(blocked_notice(card, key.1, speaker));
                        }
                        blocked.insert(key);
                    }
                    Concern::ExpiresSoon { days } => {
                        if memory.is_first_today(&card.id, today) {
                            notices.push(expiry_notice(card, days, speaker));
                        }
                    }
                    Concern::LastTry
                    | Concern::NotYetValid
                    | Concern::OtherEnvironment
                    | Concern::Expired => {}
                }
            }
        }
        self.blocked = blocked;
        notices
    }
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
    use super::super::world::Workstation;
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

    /// How many notices each of these moments brings.
    fn told(moments: &[(&World, &str)]) -> Vec<usize> {
        let (mut told, mut memory) = (Told::default(), Memory::default());
        let speaker = Speaker::new(Language::French);
        let due = moments.iter().map(|(world, today)| {
            let due = told.due(world, &mut memory, today, speaker);
            for notice in &due {
                let words = format!("{} {}", notice.title, notice.body);
                assert!(!words.contains("899700000018"), "{words}");
            }
            due.len()
        });
        due.collect()
    }

    const DAY: &str = "2026-11-28";

    #[test]
    fn a_blocked_card_is_told_once_for_each_stay() {
        let (blocked, empty) = (blocked(), world(|station| station.cards.clear()));
        let moments = [
            &blocked,
            &blocked,
            &World::NoAgent,
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
