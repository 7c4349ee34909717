//! What the agent would find out about the workstation of a state, judged by its own rules and in its own words.

use std::collections::HashMap;

use diagnosis::facts::{
    AgentFacts, AgentState, BrowserFacts, CardFacts, CertificateFacts, ChainFact,
    ConfigurationFact, CryptolibFacts, Facts, MachineFacts, ModuleFacts, ModuleState,
    NativeHostFacts, NativeHostState, ReaderFacts, ServiceFact, StoreFacts,
};
use diagnosis::{Finding, Value as Parameter, diagnose};
use serde_json::{Value, json};
use texts::{Argument, Language};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use daemon_types::{
    CodeCondition, CodeState, Environment, ErrorCode, Generation, ReaderCondition, UnblockCodeState,
};

/// What is known of the workstation beside its readers and cards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surroundings {
    /// Cryptolib, two browsers and their extension: all as it should be.
    InOrder,
    /// Neither Cryptolib nor a browser that knows the agent, as after the agent alone was installed.
    Bare,
}

/// The answer of `GET /v1/diagnostics` where these are the other answers.
#[must_use]
pub(super) fn of(
    answers: &HashMap<&'static str, (u16, Value)>,
    surroundings: Surroundings,
    language: Language,
) -> Value {
    let found = diagnose(&facts(answers, surroundings));
    let checks = found
        .findings
        .iter()
        .map(|finding| check(finding, language));
    let readiness = found.pro_sante_connect;
    let title = readiness
        .check
        .map(|it| texts::check_title(it.id(), language));
    json!({
        "made": text_of(OffsetDateTime::now_utc()),
        "checks": checks.collect::<Vec<_>>(),
        "proSanteConnect": {
            "state": readiness.state.as_str(),
            "reason": texts::readiness_reason(readiness.reason, &title.unwrap_or_default(), language),
            "otherWay": texts::way_by_phone(language),
        },
    })
}

fn check(finding: &Finding, language: Language) -> Value {
    let id = finding.check.id();
    let parameters = finding.cause.parameters.iter();
    let arguments: Vec<_> = parameters
        .map(|(name, value)| (*name, argument(value, language)))
        .collect();
    let code = finding.cause.code.as_str();
    let words = texts::cause_words(code, &arguments, language).expect("words of a cause");
    let details = finding.details.iter().map(|detail| {
        let name = texts::detail_label(detail.name.as_str(), language);
        json!({ "name": name, "value": detail.value })
    });
    let mut body = json!({
        "id": id, "state": finding.state.as_str(), "title": texts::check_title(id, language),
        "code": code, "cause": words.sentence, "details": details.collect::<Vec<_>>(),
    });
    if let Some(remedy) = words.remedy {
        body["remedy"] = json!(remedy);
    }
    if let Some(action) = finding.action {
        body["action"] = json!(action.as_str());
    }
    body
}

fn argument(value: &Parameter, language: Language) -> Argument {
    match value {
        Parameter::Text(text) => Argument::Text(text.clone()),
        Parameter::Number(number) => Argument::Number(*number),
        Parameter::Day(day) => Argument::Day(day.year(), day.month().into(), day.day()),
        Parameter::Check(check) => Argument::Text(texts::check_title(check.id(), language)),
    }
}

fn facts(answers: &HashMap<&'static str, (u16, Value)>, surroundings: Surroundings) -> Facts {
    let now = OffsetDateTime::now_utc();
    let status = &answers["/v1/status"].1;
    let version = status["version"].as_str().map(ToOwned::to_owned);
    let readers = listed(&answers["/v1/readers"].1["readers"]);
    Facts {
        now,
        unanswered: Vec::new(),
        environment: environment(status),
        configuration: ConfigurationFact::Usable,
        state_dir: None,
        agent: AgentFacts {
            state: AgentState::Runs,
            obstacle: None,
            running_version: version.clone(),
            installed_version: version,
            is_replaced: Some(false),
            newer_version: status["newerVersion"].as_str().map(ToOwned::to_owned),
            wanted_port: Some(27900),
            port: Some(27900),
            port_holder: None,
        },
        machine: MachineFacts {
            released: now - Duration::days(400),
            journal_times: Some(vec![now - Duration::minutes(1)]),
            free_bytes: Some(1 << 40),
            proxy_variables: Some(Vec::new()),
            no_proxy: None,
        },
        service: match status["state"].as_str() {
            Some("ready") => ServiceFact::Works,
            _ => ServiceFact::NotRunning,
        },
        usb_readers: Some(readers.iter().map(name_of).collect()),
        readers: Some(readers.iter().map(reader).collect()),
        reader_programs: Some(Vec::new()),
        cards: listed(&answers["/v1/cards"].1["cards"])
            .iter()
            .map(card)
            .collect(),
        cryptolib: CryptolibFacts {
            is_there: Some(surroundings == Surroundings::InOrder),
            version: Some([5, 2, 0]),
            is_only_32_bits: Some(false),
            cache: None,
        },
        browsers: browsers(surroundings == Surroundings::InOrder),
    }
}

fn reader(reader: &Value) -> ReaderFacts {
    let condition = match (reader["state"].as_str(), reader["problem"].as_str()) {
        (_, Some("card-unknown")) => ReaderCondition::CardProblem(ErrorCode::CardUnknown, None),
        (_, Some(_)) => ReaderCondition::CardProblem(ErrorCode::CardMute, None),
        (Some("card"), None) => ReaderCondition::Card,
        (Some("busy"), None) => ReaderCondition::Busy,
        (Some("unreachable"), None) => ReaderCondition::Unreachable,
        _ => ReaderCondition::Empty,
    };
    ReaderFacts {
        name: name_of(reader),
        condition,
    }
}

fn card(card: &Value) -> CardFacts {
    let certificates = listed(&card["certificates"]);
    let number = |value: &Value| value.as_u64().and_then(|it| u8::try_from(it).ok());
    CardFacts {
        environment: environment(card),
        generation: Some(Generation::Cps3),
        pin: CodeState {
            condition: condition(&card["pin"]),
            tries_left: number(&card["pin"]["triesLeft"]),
            tries_maximum: number(&card["pin"]["triesMaximum"]),
            minimum_len: 4,
            maximum_len: 4,
        },
        unblock_code: UnblockCodeState {
            condition: condition(&card["unblockCode"]),
            tries_left: number(&card["unblockCode"]["triesLeft"]),
            uses_left: None,
        },
        certificates: certificates.iter().filter_map(certificate).collect(),
        is_registered: Some(true),
    }
}

fn certificate(certificate: &Value) -> Option<CertificateFacts> {
    let time = |name: &str| OffsetDateTime::parse(certificate[name].as_str()?, &Rfc3339).ok();
    Some(CertificateFacts {
        not_before: time("notBefore")?,
        not_after: time("notAfter")?,
        chain: ChainFact::Proven,
    })
}

fn condition(code: &Value) -> CodeCondition {
    match code["state"].as_str() {
        Some("ready") => CodeCondition::Ready,
        Some("blocked") => CodeCondition::Blocked,
        Some("definitivelyBlocked") => CodeCondition::DefinitivelyBlocked,
        _ => CodeCondition::Unknown,
    }
}

fn browsers(are_told: bool) -> BrowserFacts {
    let state = if are_told {
        NativeHostState::Told
    } else {
        NativeHostState::NotTold
    };
    let host = |browser: &str| NativeHostFacts {
        browser: browser.into(),
        state,
    };
    let store = |name: &str| StoreFacts {
        name: name.into(),
        is_trusting: Some(are_told),
    };
    let module = |browser: &str| ModuleFacts {
        browser: browser.into(),
        state: ModuleState::NotRegistered,
    };
    BrowserFacts {
        native_hosts: Some(vec![host("Chromium"), host("Firefox")]),
        has_authority: Some(true),
        stores: Some(vec![store("Chromium"), store("Firefox")]),
        loopback_by_policy: None,
        own_module: Some(vec![module("Chromium"), module("Firefox")]),
        asked_instead: None,
    }
}

fn environment(body: &Value) -> Environment {
    match body["environment"].as_str() {
        Some("test") => Environment::Test,
        _ => Environment::Production,
    }
}

fn listed(list: &Value) -> &[Value] {
    list.as_array().map_or(&[], Vec::as_slice)
}

fn name_of(reader: &Value) -> String {
    reader["name"].as_str().unwrap_or_default().to_owned()
}

fn text_of(time: OffsetDateTime) -> String {
    time.format(&Rfc3339).expect("a time")
}
