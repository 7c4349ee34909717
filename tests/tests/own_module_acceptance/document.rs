//! `docs/pkcs11-acceptance.md`, written from the tables.

use std::fmt::Write as _;

use cryptoki_sys::{
    CK_RV, CKR_ARGUMENTS_BAD, CKR_BUFFER_TOO_SMALL, CKR_CRYPTOKI_ALREADY_INITIALIZED,
    CKR_CRYPTOKI_NOT_INITIALIZED, CKR_DATA_INVALID, CKR_DATA_LEN_RANGE, CKR_DEVICE_ERROR,
    CKR_FUNCTION_CANCELED, CKR_FUNCTION_FAILED, CKR_FUNCTION_NOT_SUPPORTED, CKR_GENERAL_ERROR,
    CKR_KEY_FUNCTION_NOT_PERMITTED, CKR_KEY_HANDLE_INVALID, CKR_KEY_TYPE_INCONSISTENT,
    CKR_MECHANISM_INVALID, CKR_MECHANISM_PARAM_INVALID, CKR_NO_EVENT, CKR_OBJECT_HANDLE_INVALID,
    CKR_OK, CKR_OPERATION_ACTIVE, CKR_OPERATION_NOT_INITIALIZED, CKR_PIN_INCORRECT,
    CKR_SESSION_HANDLE_INVALID, CKR_SESSION_READ_ONLY_EXISTS, CKR_SIGNATURE_INVALID,
    CKR_SIGNATURE_LEN_RANGE, CKR_SLOT_ID_INVALID, CKR_TOKEN_NOT_PRESENT, CKR_TOKEN_WRITE_PROTECTED,
    CKR_USER_ALREADY_LOGGED_IN, CKR_USER_NOT_LOGGED_IN, CKR_USER_TYPE_INVALID,
};

use crate::list::{Cards, Line, Number, Ours};
use crate::{TABLES, mute_card};

/// The whole document.
pub(crate) fn text() -> String {
    let numbers: Vec<_> = TABLES
        .iter()
        .chain([&mute_card::TABLE])
        .flat_map(|table| table.iter())
        .filter_map(|line| match line {
            Line::Number(number) => Some(number),
            Line::Step(_) => None,
        })
        .collect();
    let mut numbers = numbers;
    numbers.sort_by_key(|number| number.number);
    let count = |is: fn(&Ours) -> bool| numbers.iter().filter(|number| is(&number.ours)).count();
    let mut text = format!(
        "{HEAD}\n| | numbers |\n| --- | --- |\n| all | {} |\n| the same code | {} |\n| another code, which is better \
         | {} |\n| not for this module | {} |\n\n## Number by number\n\n| number | call | situation | the agency's code | ours |\n\
         | --- | --- | --- | --- | --- |\n",
        numbers.len(),
        count(|ours| *ours == Ours::Same),
        count(|ours| matches!(ours, Ours::Better(..))),
        count(|ours| matches!(ours, Ours::NotApplicable(..))),
    );
    for number in numbers {
        writeln!(text, "{}", row(number)).expect("text");
    }
    text
}

fn row(number: &Number) -> String {
    let cards = match number.cards {
        Cards::Both => "",
        Cards::Cps4 => " (CPS4)",
    };
    let ours = match number.ours {
        Ours::Same => "the same".to_owned(),
        Ours::Better(code, reason) => format!("better: `{}`. {reason}", name(code)),
        Ours::NotApplicable(code, reason) => {
            format!("not for this module: `{}`. {reason}", name(code))
        }
    };
    format!(
        "| {}{cards} | `{}` | {} | `{}` | {ours} |",
        number.number,
        number.function,
        number.situation,
        name(number.expected),
    )
}

/// The name of a code; the number of one that no table has.
pub(crate) fn name(code: CK_RV) -> String {
    let known = NAMES.iter().find(|(known, _)| *known == code);
    known.map_or_else(|| format!("{code:#x}"), |(_, name)| (*name).to_owned())
}

macro_rules! names {
    ($($name:ident),* $(,)?) => { &[$(($name, stringify!($name))),*] };
}

const NAMES: &[(CK_RV, &str)] = names![
    CKR_ARGUMENTS_BAD,
    CKR_BUFFER_TOO_SMALL,
    CKR_CRYPTOKI_ALREADY_INITIALIZED,
    CKR_CRYPTOKI_NOT_INITIALIZED,
    CKR_DATA_INVALID,
    CKR_DATA_LEN_RANGE,
    CKR_DEVICE_ERROR,
    CKR_FUNCTION_CANCELED,
    CKR_FUNCTION_FAILED,
    CKR_FUNCTION_NOT_SUPPORTED,
    CKR_GENERAL_ERROR,
    CKR_KEY_FUNCTION_NOT_PERMITTED,
    CKR_KEY_HANDLE_INVALID,
    CKR_KEY_TYPE_INCONSISTENT,
    CKR_MECHANISM_INVALID,
    CKR_MECHANISM_PARAM_INVALID,
    CKR_NO_EVENT,
    CKR_OBJECT_HANDLE_INVALID,
    CKR_OK,
    CKR_OPERATION_ACTIVE,
    CKR_OPERATION_NOT_INITIALIZED,
    CKR_PIN_INCORRECT,
    CKR_SESSION_HANDLE_INVALID,
    CKR_SESSION_READ_ONLY_EXISTS,
    CKR_SIGNATURE_INVALID,
    CKR_SIGNATURE_LEN_RANGE,
    CKR_SLOT_ID_INVALID,
    CKR_TOKEN_NOT_PRESENT,
    CKR_TOKEN_WRITE_PROTECTED,
    CKR_USER_ALREADY_LOGGED_IN,
    CKR_USER_NOT_LOGGED_IN,
    CKR_USER_TYPE_INVALID,
];

const HEAD: &str = "\
# The agency's acceptance list

The agency publishes how it accepts its own PKCS#11 module: numbered calls on real cards, each with the code that it
expects (`ansforge/dops-cryptolib`, reports of releases 5.2.0 and 5.2.1 for Linux: a CPS3 has 245 of the numbers, a
CPS4 253, both together 257). This is our list in its image: its numbers and codes, our words and our calls, run by
`tests/tests/own_module_acceptance` on virtual cards of both generations behind a real pcscd. That test writes this
page, too (`UPDATE_EXPECT=1`), and fails when the two differ. Where `CPXD_CRYPTOLIB_MODULE` names the official module, the same calls are made to it.

Numbers that the reports do not have are left out here, too: 3, 14 to 99, 121 and 122 (waiting for a card by hand) and
so on. \"CPS4\" marks what the agency runs on a CPS4 alone.
";
