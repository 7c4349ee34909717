//! The menu, before any desktop shows it.

use daemon_wire::{CardBody, GrantBody, SessionBody};
use texts::Language;

use super::diagnosis::diagnose;
use super::words::{Speaker, count};
use super::world::{Workstation, World};

/// One line of the menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// Something to read.
    Line(String),
    /// Something to do.
    Action(String, Action),
    /// One of several, and whether it is the one.
    Choice(String, bool, Action),
    /// More lines behind a line.
    Submenu(String, Vec<Entry>),
    /// A rule between lines.
    Separator,
}

/// What a person may choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// End the session of this id.
    EndSession(String),
    /// Take back the grant of this id.
    Revoke(String),
    /// Have the code of this card changed.
    ChangeCode(String),
    /// Have this card unblocked.
    UnblockCode(String),
    /// Open the agent's own page in the browser.
    OpenConsole,
    /// Say what is wrong, and what to do.
    Diagnose,
    /// Speak this language, or the system's.
    Speak(Option<Language>),
    /// End the tray.
    Quit,
}

/// The whole menu. `chosen` is the language that the person chose, where they did.
pub(crate) fn menu(world: &World, speaker: Speaker, chosen: Option<Language>) -> Vec<Entry> {
    let mut entries = match world {
        World::NoAgent(_) => vec![Entry::Line(speaker.title(world))],
        World::Workstation(workstation) => of_workstation(workstation, world, speaker),
    };
    let finding = diagnose(world, speaker);
    entries.push(Entry::Separator);
    if matches!(world, World::Workstation(_)) {
        let open = Entry::Action(speaker.texts.console(), Action::OpenConsole);
        entries.push(open);
    }
    entries.extend([
        Entry::Action(
            speaker.texts.diagnostic(&finding.sentence),
            Action::Diagnose,
        ),
        languages(speaker, chosen),
        Entry::Action(speaker.texts.quit(), Action::Quit),
    ]);
    entries
}

fn of_workstation(workstation: &Workstation, world: &World, speaker: Speaker) -> Vec<Entry> {
    let environment = &workstation.status.environment;
    let mut entries: Vec<_> = workstation
        .cards
        .iter()
        .map(|card| of_card(card, environment, speaker))
        .collect();
    let unusable = speaker.unusable_cards(workstation);
    entries.extend(unusable.into_iter().map(Entry::Line));
    if entries.is_empty() {
        entries.push(Entry::Line(speaker.title(world)));
    }
    entries.push(Entry::Separator);
    entries.push(sessions(workstation, speaker));
    entries.push(grants(&workstation.grants, speaker));
    entries
}

/// A card, and behind it what can be done with its code.
fn of_card(card: &CardBody, environment: &str, speaker: Speaker) -> Entry {
    let line = speaker.card_line(card, environment);
    let texts = speaker.texts;
    let change = || Entry::Action(texts.change_code(), Action::ChangeCode(card.id.clone()));
    let unblock = || Entry::Action(texts.unblock_code(), Action::UnblockCode(card.id.clone()));
    match card.pin.state.as_str() {
        "ready" => Entry::Submenu(line, vec![change()]),
        "unknown" => Entry::Submenu(line, vec![change(), unblock()]),
        "blocked" => Entry::Submenu(line, vec![unblock()]),
        _ => Entry::Line(line),
    }
}

fn sessions(workstation: &Workstation, speaker: Speaker) -> Entry {
    if workstation.sessions.is_empty() {
        return Entry::Line(speaker.texts.no_session());
    }
    let ends = workstation.sessions.iter().map(|session| {
        let (caller, card) = parties(session, workstation, speaker);
        Entry::Action(
            speaker.texts.end_session(&caller, &card),
            Action::EndSession(session.id.clone()),
        )
    });
    let heading = speaker.texts.sessions(count(workstation.sessions.len()));
    Entry::Submenu(heading, ends.collect())
}

fn parties(session: &SessionBody, workstation: &Workstation, speaker: Speaker) -> (String, String) {
    let mut cards = workstation.cards.iter();
    let card = cards.find(|card| card.id == session.card);
    let card = card.map_or_else(|| "?".to_owned(), |card| speaker.holder(card));
    (speaker.caller_of_session(session), card)
}

/// Taking one back lies two submenus deep, so that no single slip does it: who is put out has to
/// ask its holder again.
fn grants(grants: &[GrantBody], speaker: Speaker) -> Entry {
    let texts = speaker.texts;
    if grants.is_empty() {
        return Entry::Line(texts.no_grant());
    }
    let entries = grants.iter().map(|grant| {
        let caller = speaker.caller_of_grant(grant);
        match &grant.id {
            Some(id) => {
                let line = match &grant.end {
                    Some(end) => texts.until(&caller, &speaker.day(end)),
                    None => caller,
                };
                let revoke = Entry::Action(texts.revoke(), Action::Revoke(id.clone()));
                Entry::Submenu(line, vec![revoke])
            }
            None => Entry::Line(texts.by_policy(&caller)),
        }
    });
    Entry::Submenu(texts.grants(count(grants.len())), entries.collect())
}

fn languages(speaker: Speaker, chosen: Option<Language>) -> Entry {
    let choice = |words: String, language: Option<Language>| {
        Entry::Choice(words, language == chosen, Action::Speak(language))
    };
    Entry::Submenu(
        speaker.texts.languages(),
        vec![
            choice(speaker.texts.language_of_system(), None),
            choice("Français".into(), Some(Language::French)),
            choice("English".into(), Some(Language::English)),
        ],
    )
}

/// What is where in a menu, whatever the words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Something to read, or a rule.
    Still,
    /// Something to choose.
    Choosable(Action),
    /// What lies behind a line.
    Behind(Vec<Place>),
}

/// The places of a menu, from above.
pub(crate) fn places(entries: &[Entry]) -> Vec<Place> {
    let places = entries.iter().map(|entry| match entry {
        Entry::Line(_) | Entry::Separator => Place::Still,
        Entry::Action(_, action) | Entry::Choice(_, _, action) => Place::Choosable(action.clone()),
        Entry::Submenu(_, entries) => Place::Behind(places(entries)),
    });
    places.collect()
}

/// Whether two menus have as many lines in the same submenus, whatever these do.
pub(crate) fn are_alike(one: &[Place], other: &[Place]) -> bool {
    one.len() == other.len()
        && one
            .iter()
            .zip(other)
            .all(|(one, other)| match (one, other) {
                (Place::Behind(one), Place::Behind(other)) => are_alike(one, other),
                (Place::Behind(inner), _) | (_, Place::Behind(inner)) => inner.is_empty(),
                (Place::Still | Place::Choosable(_), Place::Still | Place::Choosable(_)) => true,
            })
}

#[cfg(test)]
mod tests {
    use super::super::sample::workstation;
    use super::super::world::Silence;
    use super::*;

    fn shown(change: impl FnOnce(&mut Workstation)) -> Vec<Entry> {
        let mut workstation = workstation();
        change(&mut workstation);
        let world = World::Workstation(Box::new(workstation));
        menu(&world, Speaker::new(Language::English), None)
    }

    fn actions(entries: &[Entry]) -> Vec<Action> {
        let mut found = Vec::new();
        for entry in entries {
            match entry {
                Entry::Action(_, action) | Entry::Choice(_, _, action) => {
                    found.push(action.clone());
                }
                Entry::Submenu(_, entries) => found.extend(actions(entries)),
                Entry::Line(_) | Entry::Separator => {}
            }
        }
        found
    }

    #[test]
    fn each_session_can_be_ended_and_each_grant_of_the_holder_taken_back() {
        let actions = actions(&shown(|_| {}));
        assert!(actions.contains(&Action::EndSession("s1".into())));
        assert!(actions.contains(&Action::Revoke("g1".into())));
        assert!(actions.contains(&Action::Revoke("g2".into())));
        let revocations = actions.iter();
        let revocations = revocations.filter(|action| matches!(action, Action::Revoke(_)));
        assert_eq!(revocations.count(), 2, "none of the administrator's");
    }

    #[test]
    fn no_single_click_takes_a_grant_back() {
        for entry in shown(|_| {}) {
            let Entry::Submenu(_, inner) = entry else {
                continue;
            };
            let direct = |entry: &Entry| matches!(entry, Entry::Action(_, Action::Revoke(_)));
            assert!(!inner.iter().any(direct));
        }
    }

    #[test]
    fn a_blocked_card_offers_to_be_unblocked_and_nothing_else() {
        let blocked = shown(|station| station.cards[0].pin.state = "blocked".into());
        let actions = actions(&blocked);
        assert!(actions.contains(&Action::UnblockCode("c1".into())));
        assert!(!actions.contains(&Action::ChangeCode("c1".into())));
        let lost = shown(|station| station.cards[0].pin.state = "definitivelyBlocked".into());
        assert!(matches!(lost.first(), Some(Entry::Line(_))));
    }

    #[test]
    fn a_card_that_may_be_blocked_offers_both() {
        let in_doubt = shown(|station| station.cards[0].pin.state = "unknown".into());
        let actions = actions(&in_doubt);
        assert!(actions.contains(&Action::ChangeCode("c1".into())));
        assert!(actions.contains(&Action::UnblockCode("c1".into())));
    }

    #[test]
    fn without_an_agent_what_is_left_works() {
        let entries = menu(
            &World::NoAgent(Silence::Absent),
            Speaker::new(Language::French),
            None,
        );
        let actions = actions(&entries);
        assert!(actions.contains(&Action::Diagnose) && actions.contains(&Action::Quit));
        assert_eq!(actions.len(), 5);
    }
}
