//! What is wrong with this workstation, as far as the API tells.

use texts::{CommandTexts, ErrorFacts, error_detail, error_title};

use super::condition::{Concern, concerns};
use super::words::{Speaker, nothing_there};
use super::world::{Silence, Workstation, World};

/// One sentence, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) sentence: String,
    pub(crate) remedy: String,
}

/// The most urgent finding, or that there is none.
pub(crate) fn diagnose(world: &World, speaker: Speaker) -> Finding {
    let code = match world {
        World::NoAgent(silence) => return of_silence(silence, speaker),
        World::Workstation(workstation) => fault(workstation),
    };
    match code {
        Some(code) => Finding {
            sentence: error_title(&code, speaker.language()),
            remedy: error_detail(&code, speaker.language(), &ErrorFacts::default()),
        },
        None => worth_knowing(world, speaker),
    }
}

fn of_silence(silence: &Silence, speaker: Speaker) -> Finding {
    let texts = CommandTexts::new(speaker.language());
    let remedy = match silence {
        Silence::Absent => texts.agent_does_not_run(),
        Silence::Slow => texts.agent_too_slow(),
        Silence::Refuses { detail, .. } => detail.clone(),
        Silence::Strange(problem) => texts.agent_not_understood(problem),
    };
    Finding {
        sentence: speaker.silence(silence),
        remedy,
    }
}

/// The error code of what keeps the workstation from working.
fn fault(workstation: &Workstation) -> Option<String> {
    let problems = workstation.readers.iter().filter_map(|reader| {
        let unreachable = (reader.state == "unreachable").then(|| "card-mute".to_owned());
        reader.problem.clone().or(unreachable)
    });
    let environment = &workstation.status.environment;
    let of_cards = workstation.cards.iter().filter_map(|card| {
        let code = match concerns(card, environment).first()? {
            Concern::BlockedForGood => "card-definitively-blocked",
            Concern::Blocked => "pin-blocked",
            Concern::Expired => "certificate-expired",
            Concern::OtherEnvironment => "environment-mismatch",
            Concern::NotYetValid => "certificate-not-yet-valid",
            Concern::LastTry | Concern::PerhapsBlocked | Concern::ExpiresSoon { .. } => {
                return None;
            }
        };
        Some(code.to_owned())
    });
    let no_card = workstation
        .cards
        .is_empty()
        .then(|| nothing_there(workstation).to_owned());
    of_cards.chain(problems).chain(no_card).next()
}

/// Nothing is wrong; a card may still want something.
fn worth_knowing(world: &World, speaker: Speaker) -> Finding {
    let texts = speaker.texts;
    if let World::Workstation(workstation) = world {
        let environment = &workstation.status.environment;
        for card in &workstation.cards {
            if !concerns(card, environment).is_empty() {
                return Finding {
                    sentence: texts.all_well(),
                    remedy: speaker.card_line(card, environment),
                };
            }
        }
    }
    Finding {
        sentence: texts.all_well(),
        remedy: texts.all_well_detail(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::workstation;
    use super::*;
    use texts::Language;

    fn sentence(change: impl FnOnce(&mut Workstation)) -> String {
        let mut workstation = workstation();
        change(&mut workstation);
        let world = World::Workstation(Box::new(workstation));
        diagnose(&world, Speaker::new(Language::French)).sentence
    }

    #[test]
    fn each_fault_has_its_sentence_and_its_remedy() {
        assert_eq!(sentence(|_| {}), "la carte et le lecteur fonctionnent");
        let blocked = sentence(|station| station.cards[0].pin.state = "blocked".into());
        assert_eq!(blocked, "Carte bloquée");
        let foreign = sentence(|station| {
            station.cards.clear();
            station.readers[0].problem = Some("card-unknown".into());
        });
        assert_eq!(foreign, "Carte non reconnue");
        let empty = sentence(|station| station.cards.clear());
        assert_eq!(empty, "Aucune carte dans le lecteur");
        let silent = |why| diagnose(&World::NoAgent(why), Speaker::new(Language::French));
        assert!(silent(Silence::Absent).remedy.contains("cpxd run"));
        let slow = silent(Silence::Slow);
        assert_eq!(slow.sentence, "L’agent cpxd ne répond pas à temps");
        assert!(slow.remedy.contains("redémarrez-le"));
        let strange = silent(Silence::Strange("HTTP 500".into()));
        assert!(strange.remedy.contains("HTTP 500"));
    }
}
