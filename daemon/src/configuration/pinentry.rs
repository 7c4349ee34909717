//! Whether the pinentry that is to ask can be told a code.

use std::path::{Path, PathBuf};

use super::file::{ConfigurationFile, PromptName};

/// Why it is not asked by.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum PinentrySettingError {
    #[error(
        "prompt = \"pinentry\": name the program beside it, such as pinentry = \"/usr/bin/pinentry-qt\""
    )]
    Nameless,
    #[error(
        "{}: the policy has prompt = \"pinentry\" and has to name the program too, such as pinentry = \"/usr/bin/pinentry-qt\": no user chooses who is told the code on its behalf",
        policy.display()
    )]
    NamelessInPolicy { policy: PathBuf },
    #[error("pinentry: {} has to be a path from the root", .0.display())]
    RelativePath(PathBuf),
    #[error("pinentry: there is no program {}", .0.display())]
    Missing(PathBuf),
}

/// No path of search leads to a pinentry: it is told the code. Who decides that one asks says which.
pub(super) fn check(
    policy: &Path,
    machine: &ConfigurationFile,
    user: &ConfigurationFile,
) -> Result<(), PinentrySettingError> {
    let asks = Some(PromptName::Pinentry);
    if machine.prompt == asks && machine.pinentry.is_none() {
        let policy = policy.to_owned();
        return Err(PinentrySettingError::NamelessInPolicy { policy });
    }
    let asks = machine.prompt.or(user.prompt) == asks;
    let Some(pinentry) = machine.pinentry.as_ref().or(user.pinentry.as_ref()) else {
        return match asks {
            true => Err(PinentrySettingError::Nameless),
            false => Ok(()),
        };
    };
    if !pinentry.is_absolute() {
        return Err(PinentrySettingError::RelativePath(pinentry.clone()));
    }
    if asks && !pinentry.is_file() {
        return Err(PinentrySettingError::Missing(pinentry.clone()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(machine: &str, user: &str) -> Result<(), PinentrySettingError> {
        let [machine, user] = [machine, user].map(|text| toml::from_str(text).unwrap());
        check(Path::new("/etc/cpxd/cpxd.toml"), &machine, &user)
    }

    fn this_program() -> String {
        format!("pinentry = {:?}", std::env::current_exe().unwrap())
    }

    const ASKS: &str = "prompt = \"pinentry\"";

    #[test]
    fn a_pinentry_is_named_by_its_whole_path_and_has_to_be_there() {
        let nowhere = "pinentry = \"/nowhere/pinentry\"";
        for (text, complaint) in [
            (ASKS, "name the program beside it"),
            ("pinentry = \"pinentry-qt\"", "from the root"),
            (
                &format!("{ASKS}\n{nowhere}"),
                "no program /nowhere/pinentry",
            ),
        ] {
            let error = checked("", text).unwrap_err().to_string();
            assert!(error.contains(complaint), "{error}");
        }
        let named = format!("{ASKS}\n{}", this_program());
        assert_eq!(checked("", &named), Ok(()));
        assert_eq!(checked("", nowhere), Ok(()));
    }

    #[test]
    fn a_policy_that_has_a_pinentry_ask_names_it_and_no_user_does() {
        let error = checked(ASKS, &this_program()).unwrap_err();
        assert!(
            matches!(error, PinentrySettingError::NamelessInPolicy { .. }),
            "{error}"
        );
        assert!(error.to_string().starts_with("/etc/cpxd/cpxd.toml"));
        let named = format!("{ASKS}\n{}", this_program());
        assert_eq!(checked(&named, "pinentry = \"/nowhere/pinentry\""), Ok(()));
        assert_eq!(checked(&this_program(), ASKS), Ok(()));
    }
}
