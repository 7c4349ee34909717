//! The agent itself.

use super::options;
use crate::facts::{AgentState, ConfigurationFact, Facts, Obstacle};
use crate::finding::Verdict;
use crate::{Cause, CauseCode};

pub(super) fn configuration(facts: &Facts) -> Verdict {
    // An agent that runs goes on with what its files said at its start.
    let (unusable, refused, verdict): (_, _, fn(Cause) -> Verdict) = match facts.agent.state {
        AgentState::Runs => (
            CauseCode::ConfigurationUnusableSince,
            CauseCode::ConfigurationRefusedSince,
            Verdict::warning,
        ),
        AgentState::Absent | AgentState::Silent => (
            CauseCode::ConfigurationUnusable,
            CauseCode::ConfigurationRefused,
            Verdict::failed,
        ),
    };
    match &facts.configuration {
        ConfigurationFact::Usable => Verdict::ok(CauseCode::ConfigurationGood),
        ConfigurationFact::Unusable {
            file,
            line,
            problem,
        } => verdict(
            unusable
                .with("file", file.as_str())
                .with("line", line.to_string())
                .with("problem", problem.as_str()),
        ),
        ConfigurationFact::Refused { problem } => {
            verdict(refused.with("problem", problem.as_str()))
        }
    }
}

pub(super) fn runs(facts: &Facts) -> Verdict {
    match facts.agent.state {
        AgentState::Runs => Verdict::ok(CauseCode::AgentRuns),
        AgentState::Absent => Verdict::failed(why_absent(facts)),
        AgentState::Silent => Verdict::failed(CauseCode::AgentSilent),
    }
}

fn why_absent(facts: &Facts) -> Cause {
    match &facts.agent.obstacle {
        None => CauseCode::AgentAbsent.with("options", options(facts)),
        Some(Obstacle::StateUnwritable { folder }) => {
            CauseCode::AgentStateUnwritable.with("folder", folder.as_str())
        }
        Some(Obstacle::StateNewer { version }) => {
            CauseCode::AgentStateNewer.with("version", version.as_str())
        }
        Some(Obstacle::PortHeld { port, program }) => {
            let port = port.to_string();
            match program.as_deref() {
                Some(program) if is_agent(program) => {
                    CauseCode::AgentPortHeldByAgent.with("port", port)
                }
                Some(program) => CauseCode::AgentPortHeld
                    .with("port", port)
                    .with("program", program),
                None => CauseCode::AgentPortHeldBySomebody.with("port", port),
            }
        }
    }
}

/// Whether a program is an agent, perhaps another user's.
fn is_agent(program: &str) -> bool {
    program == "cpxd" || program == "cpxd.exe"
}

pub(super) fn version(facts: &Facts) -> Verdict {
    let agent = &facts.agent;
    let running = agent.running_version.as_deref().unwrap_or_default();
    if agent.is_replaced == Some(true) {
        return Verdict::warning(CauseCode::AgentReplaced);
    }
    if let Some(installed) = agent
        .installed_version
        .as_deref()
        .filter(|it| *it != running)
    {
        let cause = CauseCode::AgentVersionDiffers.with("running", running);
        return Verdict::warning(cause.with("installed", installed));
    }
    match &agent.newer_version {
        Some(newer) => {
            Verdict::warning(CauseCode::AgentNewerVersion.with("version", newer.as_str()))
        }
        None => Verdict::ok(CauseCode::AgentCurrent.with("version", running)),
    }
}

pub(super) fn port(facts: &Facts) -> Verdict {
    let agent = &facts.agent;
    let Some(port) = agent.port else {
        return Verdict::unknown(CauseCode::PortUnknown);
    };
    let used = port.to_string();
    match (agent.wanted_port, &agent.port_holder) {
        // Each user of a terminal server has an agent, and whoever calls one finds its port.
        (Some(wanted), Some(program)) if wanted != port && is_agent(program) => Verdict::ok(
            CauseCode::PortTakenByAgent
                .with("wanted", wanted.to_string())
                .with("used", used),
        ),
        (Some(wanted), Some(program)) if wanted != port => Verdict::warning(
            CauseCode::PortTaken
                .with("wanted", wanted.to_string())
                .with("used", used)
                .with("program", program.as_str()),
        ),
        (Some(wanted), None) if wanted != port => Verdict::warning(
            CauseCode::PortTakenBySomebody
                .with("wanted", wanted.to_string())
                .with("used", used),
        ),
        (Some(_) | None, _) => Verdict::ok(CauseCode::PortFirst.with("port", used)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{assert_judged, sound};
    use crate::{Check, State};

    #[test]
    fn a_first_port_that_another_agent_has_is_nothing_to_mend() {
        let mut facts = sound();
        facts.agent.port = Some(27902);
        facts.agent.port_holder = Some("cpxd".into());
        let cause = CauseCode::PortTakenByAgent;
        assert_judged(&facts, Check::Port, State::Ok, cause);
    }

    #[test]
    fn a_command_of_a_remedy_means_the_agent_that_was_asked_about() {
        let mut facts = sound();
        facts.agent.state = AgentState::Absent;
        for (folder, options) in [
            (None, ""),
            (Some("/srv/state"), " --state-dir /srv/state"),
            (Some("/srv/a state"), " --state-dir \"/srv/a state\""),
        ] {
            facts.state_dir = folder.map(str::to_owned);
            let found = crate::diagnose(&facts);
            let absent = found.first_failed().unwrap();
            let given = ("options", options.to_owned().into());
            assert_eq!(absent.cause.parameters, [given]);
        }
    }

    #[test]
    fn what_keeps_an_agent_from_starting_is_why_it_does_not_run() {
        let held = |program: Option<&str>| Obstacle::PortHeld {
            port: 27900,
            program: program.map(str::to_owned),
        };
        let folder = "/state".into();
        let version = "9.0.0".into();
        for (obstacle, cause) in [
            (
                Obstacle::StateUnwritable { folder },
                CauseCode::AgentStateUnwritable,
            ),
            (Obstacle::StateNewer { version }, CauseCode::AgentStateNewer),
            (held(Some("nc")), CauseCode::AgentPortHeld),
            (held(Some("cpxd")), CauseCode::AgentPortHeldByAgent),
            (held(None), CauseCode::AgentPortHeldBySomebody),
        ] {
            let mut facts = sound();
            facts.agent.state = AgentState::Absent;
            facts.agent.obstacle = Some(obstacle);
            assert_judged(&facts, Check::AgentRuns, State::Failed, cause);
        }
    }

    fn broken() -> [ConfigurationFact; 2] {
        let problem = "unknown field `prot`".to_owned();
        let refused = ConfigurationFact::Refused {
            problem: problem.clone(),
        };
        let unusable = ConfigurationFact::Unusable {
            file: "cpxd.toml".into(),
            line: 1,
            problem,
        };
        [unusable, refused]
    }

    #[test]
    fn a_configuration_that_cannot_be_used_is_the_root_cause_and_the_cards_are_judged() {
        let mut facts = sound();
        facts.agent.state = AgentState::Absent;
        let [unusable, refused] = broken();
        for (fact, cause) in [
            (unusable, CauseCode::ConfigurationUnusable),
            (refused, CauseCode::ConfigurationRefused),
        ] {
            facts.configuration = fact;
            assert_judged(&facts, Check::Configuration, State::Failed, cause);
            let found = crate::diagnose(&facts);
            assert_eq!(found.first_failed().unwrap().check, Check::Configuration);
            let (state, cause) = (State::NotApplicable, CauseCode::HangsOn);
            assert_judged(&facts, Check::AgentRuns, state, cause);
            assert_judged(&facts, Check::CardKnown, State::Ok, CauseCode::CardKnown);
        }
    }

    #[test]
    fn a_configuration_that_became_unusable_stops_no_agent_that_runs() {
        let [unusable, refused] = broken();
        for (fact, cause) in [
            (unusable, CauseCode::ConfigurationUnusableSince),
            (refused, CauseCode::ConfigurationRefusedSince),
        ] {
            let mut facts = sound();
            facts.configuration = fact;
            assert_judged(&facts, Check::Configuration, State::Warning, cause);
            assert_judged(&facts, Check::AgentRuns, State::Ok, CauseCode::AgentRuns);
            assert!(crate::diagnose(&facts).first_failed().is_none());
        }
    }

    #[test]
    fn an_agent_that_does_not_run_is_the_first_that_failed() {
        let mut facts = sound();
        facts.agent.state = AgentState::Absent;
        assert_judged(
            &facts,
            Check::AgentRuns,
            State::Failed,
            CauseCode::AgentAbsent,
        );
        let first = crate::diagnose(&facts);
        assert_eq!(first.first_failed().unwrap().check, Check::AgentRuns);
        facts.agent.state = AgentState::Silent;
        assert_judged(
            &facts,
            Check::AgentRuns,
            State::Failed,
            CauseCode::AgentSilent,
        );
    }

    #[test]
    fn an_agent_older_than_what_is_installed_wants_to_be_started_again() {
        let mut facts = sound();
        facts.agent.installed_version = Some("9.9.9".into());
        let cause = CauseCode::AgentVersionDiffers;
        assert_judged(&facts, Check::AgentVersion, State::Warning, cause);
        facts.agent.is_replaced = Some(true);
        assert_judged(
            &facts,
            Check::AgentVersion,
            State::Warning,
            CauseCode::AgentReplaced,
        );
    }

    #[test]
    fn a_newer_version_that_is_announced_is_told() {
        let mut facts = sound();
        facts.agent.newer_version = Some("9.9.9".into());
        let cause = CauseCode::AgentNewerVersion;
        assert_judged(&facts, Check::AgentVersion, State::Warning, cause);
    }

    #[test]
    fn a_first_port_that_another_program_has_is_told_with_its_name() {
        let mut facts = sound();
        facts.agent.port = Some(27901);
        let cause = CauseCode::PortTakenBySomebody;
        assert_judged(&facts, Check::Port, State::Warning, cause);
        facts.agent.port_holder = Some("nc".into());
        assert_judged(&facts, Check::Port, State::Warning, CauseCode::PortTaken);
        facts.agent.wanted_port = None;
        assert_judged(&facts, Check::Port, State::Ok, CauseCode::PortFirst);
    }
}
