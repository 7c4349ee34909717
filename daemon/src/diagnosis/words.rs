//! What was found, in words.

use daemon_wire::{CheckBody, CheckDetailBody, DiagnosticsBody, ProSanteConnectBody};
use diagnosis::{CauseCode, Check, Diagnosis, Finding, Readiness, State, Value};
use texts::{Argument, CauseWords, Language};
use time::OffsetDateTime;

/// The answer of the API.
pub(crate) fn of(found: &Diagnosis, made: OffsetDateTime, language: Language) -> DiagnosticsBody {
    // More digits would be taken for a number of somebody's in a support bundle.
    let to_the_second = made.replace_nanosecond(0).unwrap_or(made);
    DiagnosticsBody {
        made: daemon_wire::to_rfc3339(to_the_second),
        checks: found
            .findings
            .iter()
            .map(|finding| check(finding, language))
            .collect(),
        pro_sante_connect: readiness(&found.pro_sante_connect, language),
    }
}

/// Has the check of the version say that another one is installed than the one that answered.
pub(crate) fn tell_version(
    body: &mut DiagnosticsBody,
    running: &str,
    installed: &str,
    language: Language,
) {
    let mut checks = body.checks.iter_mut();
    let Some(version) = checks.find(|check| check.id == Check::AgentVersion.id()) else {
        return;
    };
    let text = |text: &str| Argument::Text(text.to_owned());
    let arguments = [("running", text(running)), ("installed", text(installed))];
    let code = CauseCode::AgentVersionDiffers;
    let said = said(code, &arguments, language);
    version.state = State::Warning.as_str().into();
    version.code = code.as_str().into();
    version.cause = said.sentence;
    version.remedy = said.remedy;
}

fn check(finding: &Finding, language: Language) -> CheckBody {
    let id = finding.check.id();
    let argument = |(name, value): &(&'static str, Value)| {
        let value = match value {
            Value::Text(text) => Argument::Text(text.clone()),
            Value::Day(day) => Argument::Day(day.year(), day.month().into(), day.day()),
            Value::Number(number) => Argument::Number(*number),
            Value::Check(check) => Argument::Text(texts::check_title(check.id(), language)),
        };
        (*name, value)
    };
    let cause = &finding.cause;
    let arguments: Vec<_> = cause.parameters.iter().map(argument).collect();
    let said = said(cause.code, &arguments, language);
    let details = finding.details.iter().map(|detail| CheckDetailBody {
        name: texts::detail_label(detail.name.as_str(), language),
        value: texts::foreign_text(&detail.value, LONGEST_NAME, language),
    });
    CheckBody {
        id: id.into(),
        state: finding.state.as_str().into(),
        title: texts::check_title(id, language),
        code: cause.code.as_str().into(),
        cause: said.sentence,
        remedy: said.remedy,
        details: details.collect(),
        action: finding.action.map(|action| action.as_str().to_owned()),
    }
}

fn said(code: CauseCode, arguments: &[(&'static str, Argument)], language: Language) -> CauseWords {
    texts::cause_words(code.as_str(), arguments, language).unwrap_or_else(|problem| {
        tracing::debug!(problem, "a cause has no words");
        CauseWords {
            sentence: code.as_str().to_owned(),
            remedy: None,
        }
    })
}

fn readiness(found: &Readiness, language: Language) -> ProSanteConnectBody {
    let check = found
        .check
        .map(|check| texts::check_title(check.id(), language));
    let check = check.unwrap_or_default();
    ProSanteConnectBody {
        state: found.state.as_str().into(),
        reason: texts::readiness_reason(found.reason, &check, language),
        other_way: texts::way_by_phone(language),
    }
}

/// Longest name that others chose, in characters.
const LONGEST_NAME: usize = 200;
