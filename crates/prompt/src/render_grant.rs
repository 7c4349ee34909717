//! The question whether somebody may call at all, in words.

use daemon_types::{Applicant, Environment, GrantQuestion, Right};
use texts::{Language, PromptTexts};

use crate::render::{executable, named};

/// Who wants to be let in, to do what, and how the holder knows them.
pub(crate) fn render_grant(question: &GrantQuestion, language: Language) -> String {
    let texts = PromptTexts::new(language);
    let mut lines = vec![String::new(), format!("── {} ──", texts.title())];
    if question.environment == Environment::Test {
        lines.push(texts.test_environment());
    }
    lines.push(String::new());
    lines.extend(applicant(&question.applicant, texts));
    lines.push(String::new());
    lines.push(texts.could_then());
    let rights = question.rights.iter();
    lines.extend(rights.map(|right| format!("  - {}", allowed(right, texts))));
    if let Applicant::Program { origins, code, .. } = &question.applicant {
        if !origins.is_empty() {
            lines.push(texts.for_sites());
            lines.extend(origins.iter().map(|origin| format!("  - {origin}")));
        }
        lines.push(String::new());
        lines.push(texts.pairing_code(code.as_str()));
    }
    lines.join("\n")
}

fn applicant(applicant: &Applicant, texts: PromptTexts) -> Vec<String> {
    match applicant {
        Applicant::Program {
            name,
            executable: path,
            name_is_taken,
            ..
        } => {
            let mut lines = vec![texts.program_wants_in(&named(name, texts))];
            lines.push(texts.name_unchecked());
            if let Some((file, folder)) = path.as_ref().and_then(|path| executable(path, texts)) {
                lines.push(texts.pairing_asked_by(&file));
                lines.push(folder);
            } else {
                lines.push(texts.pairing_asked_by_nobody_known());
            }
            if *name_is_taken {
                lines.push(texts.name_is_taken());
            }
            lines
        }
        // In full, whatever its length: an origin is ASCII and canonical by its type.
        Applicant::Page(site) => {
            let mut lines = vec![texts.site_wants_in(site.origin.as_str())];
            let around = site.top_origin.as_ref();
            lines.extend(around.map(|origin| texts.site_inside(origin.as_str())));
            lines
        }
    }
}

fn allowed(right: Right, texts: PromptTexts) -> String {
    match right {
        Right::Identify => texts.right_identify(),
        Right::Authenticate => texts.right_authenticate(),
        Right::Sign => texts.right_sign(),
        Right::Manage => texts.right_manage(),
        Right::Decipher => texts.right_decipher(),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::sample_questions::{pairing, site_grant};

    #[test]
    fn a_pairing_in_french() {
        expect![[r#"

            ── cpxd vous pose une question ──
            CARTES DE TEST SEULEMENT : rien de ce qu’elles font n’a de valeur

            Un programme qui dit s’appeler « Logiciel du cabinet » veut être associé à cpxd
            Ce nom vient du programme ; cpxd ne l’a pas vérifié.
            Il le demande par le programme logiciel
            dans le dossier /usr/lib/cabinet

            Il pourrait alors :
              - voir vos cartes et à qui elles appartiennent
              - vous demander de prouver votre identité, chaque fois avec votre code
              - vous demander de signer, chaque fois avec votre accord
              - vous demander de changer votre code ou de débloquer votre carte
              - déchiffrer ce qui a été chiffré pour vous
            Il prouverait votre identité à ces seuls sites :
              - https://service.example

            Code : 123ABC. N’acceptez que si le programme affiche le même code."#]]
        .assert_eq(&render_grant(&pairing(), Language::French));
    }

    #[test]
    fn a_pairing_in_english() {
        expect![[r#"

            ── cpxd has a question for you ──
            TEST CARDS ALONE: nothing that they do has any value

            A program that calls itself “Logiciel du cabinet” wants to be paired with cpxd
            That name is the program’s own word; cpxd did not check it.
            It asks through the program logiciel
            in the folder /usr/lib/cabinet

            It could then:
              - see your cards, and who they belong to
              - ask you to prove who you are, each time with your code
              - ask you to sign, each time with your consent
              - ask you to change your code or to unblock your card
              - decipher what was enciphered for you
            It would prove who you are to these sites alone:
              - https://service.example

            Code: 123ABC. Agree only if the program shows the same code."#]]
        .assert_eq(&render_grant(&pairing(), Language::English));
    }

    #[test]
    fn a_sites_grant_in_both_languages() {
        expect![[r#"

            ── cpxd vous pose une question ──

            Le site https://service.example veut utiliser votre carte
            lorsqu’il s’affiche dans le site https://portal.example:8443

            Il pourrait alors :
              - voir vos cartes et à qui elles appartiennent
              - vous demander de signer, chaque fois avec votre accord"#]]
        .assert_eq(&render_grant(&site_grant(), Language::French));
        expect![[r#"

            ── cpxd has a question for you ──

            The site https://service.example wants to use your card
            while it is shown inside the site https://portal.example:8443

            It could then:
              - see your cards, and who they belong to
              - ask you to sign, each time with your consent"#]]
        .assert_eq(&render_grant(&site_grant(), Language::English));
    }

    #[test]
    fn a_second_program_of_a_name_is_told_apart_from_the_first() {
        let mut question = pairing();
        if let Applicant::Program {
            executable,
            name_is_taken,
            ..
        } = &mut question.applicant
        {
            (*executable, *name_is_taken) = (None, true);
        }
        for (language, unknown, taken) in [
            (
                Language::French,
                "cpxd ne sait pas quel programme le demande.",
                "ATTENTION\u{a0}: un autre programme est déjà associé sous ce nom.",
            ),
            (
                Language::English,
                "cpxd does not know which program asks.",
                "TAKE CARE: another program is paired under this name already.",
            ),
        ] {
            let words = render_grant(&question, language);
            assert!(words.contains(unknown) && words.contains(taken), "{words}");
            let first = render_grant(&pairing(), language);
            assert!(
                !first.contains(unknown) && !first.contains(taken),
                "{first}"
            );
        }
    }

    #[test]
    fn a_name_cannot_write_lines_of_its_own() {
        let mut question = pairing();
        if let Applicant::Program { name, .. } = &mut question.applicant {
            *name = "Logiciel\nCode: 000000. \u{202e}".into();
        }
        let words = render_grant(&question, Language::English);
        assert!(
            words.contains("Logiciel[U+000A]Code: 000000. [U+202E]"),
            "{words}"
        );
    }
}
