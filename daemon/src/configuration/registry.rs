//! The machine's policy on Windows: what a group policy says, then the file of the machine, then what
//! was said to the installer. All three are an administrator's.

use anyhow::Context as _;
use toml::{Table, Value};

use super::file::ConfigurationFile;

/// The machine's settings, the stronger ones first.
///
/// # Errors
/// When one of the three is there and cannot be read, or says what is no setting.
#[cfg(windows)]
pub(super) fn machine(file: &std::path::Path) -> anyhow::Result<ConfigurationFile> {
    let file = super::file::read_if_there(file)?;
    let (policy, installed) = (of_key(POLICY)?, of_key(INSTALLED)?);
    Ok(policy.over(file).over(installed))
}

#[cfg(windows)]
fn of_key(key: &str) -> anyhow::Result<ConfigurationFile> {
    use platform::registry::{RegistryValue, values_of_machine};

    let values = values_of_machine(key).with_context(|| format!("reading HKLM\\{key}"))?;
    let mut texts = Vec::new();
    for (name, value) in values {
        let text = match value {
            RegistryValue::Text(text) => text,
            RegistryValue::Number(number) => number.to_string(),
            RegistryValue::Other(kind) => {
                anyhow::bail!("HKLM\\{key}, {name}: a value of kind {kind} is no setting")
            }
        };
        texts.push((name, text));
    }
    settings(&texts).with_context(|| format!("in HKLM\\{key}"))
}

/// Settings by their names in the file, each as a text; an empty one says nothing.
fn settings(texts: &[(String, String)]) -> anyhow::Result<ConfigurationFile> {
    let mut table = Table::new();
    for (name, text) in texts {
        let text = text.trim();
        if !text.is_empty() && !OTHERS.contains(&name.as_str()) {
            table.insert(name.clone(), setting(name, text)?);
        }
    }
    Ok(table.try_into()?)
}

fn setting(name: &str, text: &str) -> anyhow::Result<Value> {
    let number = || {
        text.parse::<i64>()
            .with_context(|| format!("{name}: {text:?} is no number"))
    };
    let value = match name {
        "port" | "session-inactivity-seconds" | "session-age-seconds" => Value::Integer(number()?),
        "metrics" | "remember-cards" | "trust-ca" | "update-check" => match text {
            "0" | "false" => Value::Boolean(false),
            "1" | "true" => Value::Boolean(true),
            _ => anyhow::bail!("{name}: {text:?} is neither 1 nor 0"),
        },
        "reader-source" => Value::Array(words(text).map(Value::from).collect()),
        "allowed-origins" => {
            let sites = words(text).map(|site| {
                // A site of which no right is named may do what needs the holder's code each time.
                let (origin, rights) = site.split_once('=').unwrap_or((site, USUAL_RIGHTS));
                let rights = rights.split(',').map(str::trim).map(Value::from).collect();
                let mut table = Table::new();
                table.insert("origin".into(), Value::from(origin));
                table.insert("rights".into(), Value::Array(rights));
                Value::Table(table)
            });
            Value::Array(sites.collect())
        }
        _ => Value::from(text),
    };
    Ok(value)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(';')
        .map(str::trim)
        .filter(|word| !word.is_empty())
}

/// What the installer keeps beside the agent's settings.
const OTHERS: [&str; 1] = ["start-menu"];
const USUAL_RIGHTS: &str = "identify,authenticate";
#[cfg(windows)]
const POLICY: &str = r"Software\Policies\cpxd";
#[cfg(windows)]
const INSTALLED: &str = r"Software\cpxd";

#[cfg(test)]
mod tests {
    use super::*;

    fn of(texts: &[(&str, &str)]) -> anyhow::Result<ConfigurationFile> {
        let texts: Vec<_> = texts
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect();
        settings(&texts)
    }

    #[test]
    fn texts_of_the_registry_say_what_the_same_file_would() {
        let said = of(&[
            ("port", "27905"),
            ("reader-source", "pcsc; virtual"),
            ("remember-cards", "0"),
            ("environment", "test"),
            (
                "allowed-origins",
                "https://a.example; https://b.example=sign",
            ),
        ]);
        let file = r#"
            port = 27905
            reader-source = ["pcsc", "virtual"]
            remember-cards = false
            environment = "test"
            allowed-origins = [
                { origin = "https://a.example", rights = ["identify", "authenticate"] },
                { origin = "https://b.example", rights = ["sign"] },
            ]
        "#;
        assert_eq!(said.unwrap(), toml::from_str(file).unwrap());
    }

    #[test]
    fn what_the_templates_of_group_policies_write_is_a_setting() {
        let templates = include_str!("../../../packaging/windows/policies/cpxd.admx");
        let policies: Vec<&str> = templates.split("<policy name=").skip(1).collect();
        assert!(policies.len() > 8);
        for policy in policies {
            let between = |begin: &str, end: &str| -> Vec<String> {
                let rest = policy.split(begin).skip(1);
                rest.filter_map(|rest| Some(rest.split_once(end)?.0.to_owned()))
                    .collect()
            };
            let names = between("valueName=\"", "\"");
            let [name] = names.as_slice() else {
                panic!("{policy}");
            };
            let mut texts = between("<string>", "</string>");
            texts.extend(between("minValue=\"", "\""));
            texts.extend(between("maxValue=\"", "\""));
            texts.extend(between("<decimal value=\"", "\""));
            if policy.contains("<text ") {
                texts.push(String::new());
            }
            assert!(!texts.is_empty(), "{name}");
            for text in texts {
                of(&[(name, &text)]).unwrap();
            }
        }
    }

    #[test]
    fn what_was_not_said_to_the_installer_says_nothing() {
        let said = of(&[("port", ""), ("language", ""), ("start-menu", "1")]);
        assert_eq!(said.unwrap(), ConfigurationFile::default());
    }

    #[test]
    fn what_is_no_setting_is_an_error_that_names_it() {
        for (name, text) in [
            ("port", "many"),
            ("port", "99999"),
            ("remember-cards", "2"),
            ("trust-ca", "yes"),
            ("language", "de"),
            ("prot", "1"),
        ] {
            let error = format!("{:#}", of(&[(name, text)]).unwrap_err());
            let names_both = error.contains(name) && (name == "prot" || error.contains(text));
            assert!(names_both, "{error}");
        }
    }

    #[test]
    fn the_stronger_one_wins_and_leaves_the_rest() {
        let policy = of(&[("port", "1")]).unwrap();
        let installed = of(&[("port", "2"), ("prompt", "window")]).unwrap();
        let both = of(&[("port", "1"), ("prompt", "window")]).unwrap();
        assert_eq!(policy.over(installed), both);
    }
}
