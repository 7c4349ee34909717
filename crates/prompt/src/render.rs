//! A question in words, as the terminal shows it before the holder answers.

use std::path::Path;

use daemon_types::{
    Asker, CardLabel, Environment, Purpose, Question, SignatureCode, SignedHash, Site,
};
use texts::{Language, PromptTexts, foreign_text};

use crate::render_stakes::{stakes, unblocking};

/// Most characters shown of a name that others chose.
const LONGEST_NAME: usize = 80;
/// Most characters shown of a description or a folder.
const LONGEST_DESCRIPTION: usize = 200;

/// Who asks, for what, with which card, and what a wrong code would cost.
pub(crate) fn render(question: &Question, language: Language) -> String {
    let texts = PromptTexts::new(language);
    let mut lines = vec![String::new(), format!("── {} ──", texts.title())];
    if question.card.environment == Environment::Test {
        lines.push(texts.test_card());
    }
    lines.push(String::new());
    lines.extend(asker(&question.asker, texts));
    lines.push(purpose(&question.purpose, texts));
    lines.extend(card(question, texts));
    lines.push(String::new());
    lines.extend(documents(&question.purpose, texts));
    lines.extend(terms(&question.purpose, texts));
    if let Some(entry) = question.codes.pin {
        lines.extend(stakes(entry, texts));
    }
    if let Some(entry) = question.codes.unblock_code {
        lines.extend(unblocking(entry, texts));
    }
    lines.join("\n")
}

fn asker(asker: &Asker, texts: PromptTexts) -> Vec<String> {
    match asker {
        Asker::PairedProgram(name) => vec![texts.paired_program_asks(&named(name, texts))],
        Asker::DemoToken => vec![texts.demo_token_asks()],
        Asker::Program(None) => vec![texts.unknown_program_asks()],
        Asker::Program(Some(path)) => program(path, texts),
        Asker::Page(site) => page(site, texts),
        Asker::Console => vec![texts.console_asks()],
    }
}

/// In full, whatever its length: an origin is ASCII and canonical by its type.
fn page(site: &Site, texts: PromptTexts) -> Vec<String> {
    let mut lines = vec![texts.page_asks(site.origin.as_str())];
    let around = site.top_origin.as_ref();
    lines.extend(around.map(|origin| texts.site_inside(origin.as_str())));
    lines
}

fn program(path: &Path, texts: PromptTexts) -> Vec<String> {
    match executable(path, texts) {
        Some((name, folder)) => vec![texts.program_asks(&name), folder],
        None => vec![texts.unknown_program_asks()],
    }
}

/// The name of an executable, and where it lies. They are apart, so that a long folder cannot hide
/// the name.
pub(crate) fn executable(path: &Path, texts: PromptTexts) -> Option<(String, String)> {
    let name = named(&path.file_name()?.to_string_lossy(), texts);
    let folder = path.parent().unwrap_or(Path::new("")).to_string_lossy();
    let folder = foreign_text(&folder, LONGEST_DESCRIPTION, texts.language());
    Some((name, texts.program_folder(&folder)))
}

fn purpose(purpose: &Purpose, texts: PromptTexts) -> String {
    match purpose {
        // In full, whatever its length: an origin is ASCII and canonical by its type.
        Purpose::Authenticate { origin } => texts.to_authenticate(origin.as_str()),
        Purpose::UseAuthenticationKey => texts.to_use_authentication_key(),
        Purpose::Decipher => texts.to_decipher(),
        Purpose::Sign { documents, .. } => texts.to_sign(count(documents.len())),
        Purpose::ReadActivities => texts.to_read_activities(),
        Purpose::ChangePin => texts.to_change_pin(),
        Purpose::UnblockPin => texts.to_unblock_pin(),
        Purpose::OpenSession(_) => texts.to_open_session(),
    }
}

/// What a session allows, how long it lasts, and what it costs.
fn terms(purpose: &Purpose, texts: PromptTexts) -> Vec<String> {
    let Purpose::OpenSession(terms) = purpose else {
        return Vec::new();
    };
    let mut lines = vec![texts.session_allows()];
    if terms.authenticates {
        lines.push(format!("  – {}", texts.session_authenticates()));
    }
    if terms.deciphers {
        lines.push(format!("  – {}", texts.session_deciphers()));
    }
    let signs = terms.signs.map(|code| match code {
        SignatureCode::Each => texts.session_signs_with_code(),
        SignatureCode::Session => texts.session_signs_with_consent(),
    });
    lines.extend(signs.map(|sentence| format!("  – {sentence}")));
    let [idle, age] = [terms.limits.inactivity, terms.limits.age].map(|time| texts.lasting(time));
    lines.push(texts.session_ends(&idle, &age));
    lines.push(texts.session_shares_card());
    lines.push(String::new());
    lines
}

/// The card that works, or the one that is worked on.
fn card(question: &Question, texts: PromptTexts) -> Vec<String> {
    let card: &CardLabel = &question.card;
    let number = named(&card.number, texts);
    let kind = card.card_type.as_ref().map(|kind| named(kind, texts));
    let mut lines = vec![match (&question.purpose, kind) {
        (Purpose::ChangePin | Purpose::UnblockPin, Some(kind)) => texts.of_card(&kind, &number),
        (Purpose::ChangePin | Purpose::UnblockPin, None) => texts.of_untyped_card(&number),
        (_, Some(kind)) => texts.with_card(&kind, &number),
        (_, None) => texts.with_untyped_card(&number),
    }];
    if card.holder != card.number {
        lines.push(texts.of_holder(&named(&card.holder, texts)));
    }
    lines
}

fn documents(purpose: &Purpose, texts: PromptTexts) -> Vec<String> {
    let Purpose::Sign {
        documents,
        digests,
        hash,
    } = purpose
    else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    for (index, description) in documents.iter().enumerate() {
        lines.push(format!(
            "{:>3}. {}",
            index + 1,
            described(description, texts)
        ));
        lines.extend(digests.get(index).map(|digest| shown_digest(*hash, digest)));
    }
    lines.push(texts.descriptions_unchecked());
    lines.push(String::new());
    lines
}

fn described(description: &str, texts: PromptTexts) -> String {
    if description.trim().is_empty() {
        texts.no_description()
    } else {
        foreign_text(description, LONGEST_DESCRIPTION, texts.language())
    }
}

fn shown_digest(hash: SignedHash, digest: &[u8]) -> String {
    format!("     {} {}", hash.as_str(), hex::encode(digest))
}

pub(crate) fn named(name: &str, texts: PromptTexts) -> String {
    foreign_text(name, LONGEST_NAME, texts.language())
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::sample_questions::{
        authentication, last_try, last_unblock_try, pin_change, signature, unblocking, with_entry,
    };

    fn french(question: &Question) -> String {
        render(question, Language::French)
    }

    fn english(question: &Question) -> String {
        render(question, Language::English)
    }

    #[test]
    fn reading_places_of_work_says_so() {
        let mut question = authentication();
        question.purpose = Purpose::ReadActivities;
        let french = render(&question, Language::French);
        assert!(
            french.contains("pour lire vos lieux d’exercice"),
            "{french}"
        );
        assert!(french.contains("avec la carte CPS"), "{french}");
    }

    #[test]
    fn an_authentication_in_french() {
        expect![[r#"

            ── cpxd vous pose une question ──
            CARTE DE TEST : rien de ce qu’elle fait n’a de valeur

            Demande de « Logiciel du cabinet », un programme que vous avez associé sous ce nom
            pour prouver votre identité au site https://service.example
            avec la carte CPS n° 2900000001
            qui appartient à MARTIN Jeanne

            Il reste 3 essais avant le blocage de la carte."#]]
        .assert_eq(&french(&authentication()));
    }

    #[test]
    fn an_authentication_in_english() {
        expect![[r#"

            ── cpxd has a question for you ──
            TEST CARD: nothing that it does has any value

            “Logiciel du cabinet” asks, a program that you paired under this name
            to prove who you are to the site https://service.example
            with the CPS card no. 2900000001
            which belongs to MARTIN Jeanne

            3 tries are left before the card blocks itself."#]]
        .assert_eq(&english(&authentication()));
    }

    #[test]
    fn a_last_try_in_french() {
        expect![[r#"

            ── cpxd vous pose une question ──
            CARTE DE TEST : rien de ce qu’elle fait n’a de valeur

            Demande de « Logiciel du cabinet », un programme que vous avez associé sous ce nom
            pour prouver votre identité au site https://service.example
            avec la carte CPS n° 2900000001
            qui appartient à MARTIN Jeanne

            Le code saisi n’est pas le bon.
            Il reste un seul essai avant le blocage de la carte.
            ATTENTION : si ce code est faux, la carte sera bloquée. Il faudra alors le code de déblocage à 8 chiffres, qui figure sur le courrier de votre code porteur."#]].assert_eq(&french(&last_try()));
    }

    #[test]
    fn a_last_try_in_english() {
        expect![[r#"

            ── cpxd has a question for you ──
            TEST CARD: nothing that it does has any value

            “Logiciel du cabinet” asks, a program that you paired under this name
            to prove who you are to the site https://service.example
            with the CPS card no. 2900000001
            which belongs to MARTIN Jeanne

            The code typed is not the right one.
            One single try is left before the card blocks itself.
            WARNING: if this code is wrong, the card will be blocked. You will then need the 8-digit unblock code, which is on the letter that gave you your code."#]].assert_eq(&english(&last_try()));
    }

    #[test]
    fn signatures_in_french() {
        let question = signature(&["Ordonnance du 21/11/2026", "Arrêt de travail"]);
        expect![[r#"

            ── cpxd vous pose une question ──
            CARTE DE TEST : rien de ce qu’elle fait n’a de valeur

            Demande de « Logiciel du cabinet », un programme que vous avez associé sous ce nom
            pour signer 2 documents en votre nom
            avec la carte CPS n° 2900000001
            qui appartient à MARTIN Jeanne

              1. Ordonnance du 21/11/2026
                 SHA-256 a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5
              2. Arrêt de travail
                 SHA-256 a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5
            Ces descriptions viennent du programme ; cpxd ne les a pas vérifiées.
        "#]]
        .assert_eq(&french(&question));
    }

    #[test]
    fn signatures_by_a_program_with_a_production_card_in_english() {
        let mut question = signature(&["Ordonnance du 21/11/2026"]);
        question.asker = Asker::Program(Some("/usr/lib/cabinet/logiciel".into()));
        question.card.environment = Environment::Production;
        question.card.card_type = None;
        question.card.holder = question.card.number.clone();
        expect![[r#"

            ── cpxd has a question for you ──

            The program logiciel asks
            in the folder /usr/lib/cabinet
            to sign one document in your name
            with the card no. 2900000001

              1. Ordonnance du 21/11/2026
                 SHA-256 a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5
            These descriptions are the program’s words; cpxd did not check them.
        "#]]
        .assert_eq(&english(&question));
    }

    #[test]
    fn a_change_of_code_in_both_languages() {
        expect![[r#"

            ── cpxd vous pose une question ──
            CARTE DE TEST : rien de ce qu’elle fait n’a de valeur

            Demande de « Logiciel du cabinet », un programme que vous avez associé sous ce nom
            pour changer le code porteur
            de la carte CPS n° 2900000001
            qui appartient à MARTIN Jeanne

            Il reste 3 essais avant le blocage de la carte."#]]
        .assert_eq(&french(&pin_change()));
        expect![[r#"

            ── cpxd has a question for you ──
            TEST CARD: nothing that it does has any value

            “Logiciel du cabinet” asks, a program that you paired under this name
            to change the code
            of the CPS card no. 2900000001
            which belongs to MARTIN Jeanne

            3 tries are left before the card blocks itself."#]]
        .assert_eq(&english(&pin_change()));
    }

    #[test]
    fn an_unblocking_in_french() {
        expect![[r#"

            ── cpxd vous pose une question ──
            CARTE DE TEST : rien de ce qu’elle fait n’a de valeur

            Demande de « Logiciel du cabinet », un programme que vous avez associé sous ce nom
            pour débloquer et remplacer le code porteur
            de la carte CPS n° 2900000001
            qui appartient à MARTIN Jeanne

            La carte est bloquée : trop de codes faux ont été saisis. Le code de déblocage la débloque, et vous choisissez alors un nouveau code porteur.
            Le code de déblocage a 8 chiffres et figure sur le courrier de votre code porteur. Sans ce courrier, appelez le 0 809 40 00 82 ou envoyez le formulaire F501 à monserviceclient.cartes@esante.gouv.fr.

            Il reste 10 essais du code de déblocage.
            Le code de déblocage peut encore servir 100 fois."#]].assert_eq(&french(&unblocking()));
    }

    #[test]
    fn an_unblocking_in_english() {
        let mut question = unblocking();
        question.card.card_type = None;
        expect![[r#"

            ── cpxd has a question for you ──
            TEST CARD: nothing that it does has any value

            “Logiciel du cabinet” asks, a program that you paired under this name
            to unblock and replace the code
            of the card no. 2900000001
            which belongs to MARTIN Jeanne

            The card is blocked: too many wrong codes were typed. The unblock code unblocks it, and you then choose a new code.
            The unblock code has 8 digits and is on the letter that gave you your code. Without that letter, call 0 809 40 00 82 (from France) or send the form F501 to monserviceclient.cartes@esante.gouv.fr.

            10 tries of the unblock code are left.
            The unblock code can still be used 100 times."#]].assert_eq(&english(&question));
    }

    #[test]
    fn a_last_unblock_try_in_both_languages() {
        expect![[r#"

            ── cpxd vous pose une question ──
            CARTE DE TEST : rien de ce qu’elle fait n’a de valeur

            Demande de « Logiciel du cabinet », un programme que vous avez associé sous ce nom
            pour débloquer et remplacer le code porteur
            de la carte CPS n° 2900000001
            qui appartient à MARTIN Jeanne

            La carte est bloquée : trop de codes faux ont été saisis. Le code de déblocage la débloque, et vous choisissez alors un nouveau code porteur.
            Le code de déblocage a 8 chiffres et figure sur le courrier de votre code porteur. Sans ce courrier, appelez le 0 809 40 00 82 ou envoyez le formulaire F501 à monserviceclient.cartes@esante.gouv.fr.

            Le code de déblocage saisi n’est pas le bon.
            Il reste un seul essai du code de déblocage.
            Le code de déblocage ne peut plus servir qu’une seule fois.
            ATTENTION : si ce code de déblocage est faux, la carte sera définitivement bloquée et il faudra en demander une nouvelle."#]].assert_eq(&french(&last_unblock_try()));
        expect![[r#"

            ── cpxd has a question for you ──
            TEST CARD: nothing that it does has any value

            “Logiciel du cabinet” asks, a program that you paired under this name
            to unblock and replace the code
            of the CPS card no. 2900000001
            which belongs to MARTIN Jeanne

            The card is blocked: too many wrong codes were typed. The unblock code unblocks it, and you then choose a new code.
            The unblock code has 8 digits and is on the letter that gave you your code. Without that letter, call 0 809 40 00 82 (from France) or send the form F501 to monserviceclient.cartes@esante.gouv.fr.

            The unblock code typed is not the right one.
            One single try of the unblock code is left.
            The unblock code can be used only once more.
            WARNING: if this unblock code is wrong, the card will be blocked for good and you will have to ask for a new one."#]].assert_eq(&english(&last_unblock_try()));
    }

    #[test]
    fn a_caller_cannot_write_lines_of_its_own() {
        let mut question = signature(&[
            "a\r\n  2. Autre document\u{1b}[2J",
            "\u{202e}fdp.exe\u{2066}",
            "x                                        Code porteur :",
            &"é".repeat(10_000),
            " \t",
        ]);
        question.asker = Asker::PairedProgram(format!("cpxd\n\u{200b}{}", "A".repeat(10_000)));
        expect![[r#"

            ── cpxd vous pose une question ──
            CARTE DE TEST : rien de ce qu’elle fait n’a de valeur

            Demande de « cpxd[U+000A][U+200B]AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA… (10006 caractères en tout) », un programme que vous avez associé sous ce nom
            pour signer 5 documents en votre nom
            avec la carte CPS n° 2900000001
            qui appartient à MARTIN Jeanne

              1. a[U+000D][U+000A] 2. Autre document[U+001B][2J
                 SHA-256 a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5
              2. [U+202E]fdp.exe[U+2066]
                 SHA-256 a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5
              3. x Code porteur :
                 SHA-256 a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5
              4. éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé… (10000 caractères en tout)
                 SHA-256 a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5
              5. (sans description)
                 SHA-256 a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5
            Ces descriptions viennent du programme ; cpxd ne les a pas vérifiées.
        "#]].assert_eq(&french(&question));
    }

    #[test]
    fn a_program_shows_its_file_name_before_a_long_folder() {
        let mut question = authentication();
        let folder = format!("/home/{}", "a/".repeat(2000));
        question.asker = Asker::Program(Some(format!("{folder}logiciel\u{7}").into()));
        let lines = english(&question);
        assert!(
            lines.contains("The program logiciel[U+0007] asks\n"),
            "{lines}"
        );
        assert!(lines.contains("characters in all)"), "{lines}");
        question.asker = Asker::Program(None);
        assert!(english(&question).contains("which the system does not name"));
        question.asker = Asker::Program(Some("/".into()));
        assert!(english(&question).contains("which the system does not name"));
    }

    #[test]
    fn who_shows_the_token_of_the_demo_was_paired_by_nobody() {
        let mut question = authentication();
        question.asker = Asker::DemoToken;
        assert!(english(&question).contains("showed the token of the demo"));
        assert!(french(&question).contains("le jeton de la démonstration"));
        assert!(!english(&question).contains("paired"));
    }

    #[test]
    fn text_of_the_card_is_foreign_too() {
        let mut question = authentication();
        question.card.holder = "MARTIN\u{1b}[8m".to_owned();
        question.card.card_type = Some("CPS\n".to_owned());
        question.card.number = "1\u{202e}2".to_owned();
        let lines = english(&question);
        assert!(lines.contains("MARTIN[U+001B][8m"), "{lines}");
        assert!(
            lines.contains("CPS[U+000A] card no.\u{a0}1[U+202E]2"),
            "{lines}"
        );
    }

    #[test]
    fn a_long_origin_is_shown_in_full() {
        let origin = format!(
            "https://{}.example:8443",
            ["a".repeat(60), "b".repeat(60)].join(".")
        );
        let mut question = authentication();
        question.purpose = Purpose::Authenticate {
            origin: daemon_types::Origin::parse(&origin).unwrap(),
        };
        assert!(english(&question).contains(&origin));
    }

    #[test]
    fn says_nothing_of_tries_that_the_card_does_not_tell() {
        let question = with_entry(|entry| entry.tries_left = None);
        assert!(!english(&question).contains("left"));
    }
}
