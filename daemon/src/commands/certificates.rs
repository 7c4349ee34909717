//! `cpxd certificates`.

use daemon_client::Client;
use daemon_wire::{CardBody, CardList, CertificateBody};
use serde::Serialize;
use serde_json::json;

use super::card_lines::Lines;
use super::{connect, language, no_card};
use crate::command_line::{CertificatesOptions, Common, Role};
use crate::refusal::Refusal;
use crate::screen;

pub(crate) fn print(options: &CertificatesOptions, common: &Common) -> anyhow::Result<()> {
    let client = connect(common)?;
    let CardList { cards } = client.read("/v1/cards")?;
    if cards.is_empty() {
        return Err(no_card(&client)?);
    }
    let wanted = Wanted::of(&cards, options);
    if wanted.is_empty() {
        return Err(Refusal::of_code("key-absent").into());
    }
    if options.pem && !common.json {
        return print_pem(&client, &wanted);
    }
    let mut found = Vec::new();
    for Wanted { card, path } in &wanted {
        found.push((*card, client.read::<CertificateBody>(path)?));
    }
    if common.json {
        let certificates: Vec<_> = found
            .iter()
            .map(|(card, found)| OfCard::of(card, found))
            .collect();
        return screen::json(&json!({ "certificates": certificates }));
    }
    let lines = Lines::new(language());
    let mut last = None;
    for (card, certificate) in &found {
        if last.replace(&card.id) != Some(&card.id) {
            screen::line(&lines.title(card))?;
        }
        screen::line(&lines.certificate(certificate))?;
    }
    Ok(())
}

/// A certificate that is asked for, and where the API has it.
struct Wanted<'a> {
    card: &'a CardBody,
    path: String,
}

impl<'a> Wanted<'a> {
    fn of(cards: &'a [CardBody], options: &CertificatesOptions) -> Vec<Self> {
        let wanted = options.role.map(Role::as_str);
        let mut all = Vec::new();
        for card in cards {
            for certificate in &card.certificates {
                if wanted.is_none_or(|role| certificate.role == role) {
                    let role = &certificate.role;
                    let path = format!("/v1/cards/{}/certificates/{role}", card.id);
                    all.push(Self { card, path });
                }
            }
        }
        all
    }
}

/// What the API answers about a certificate, and whose it is.
#[derive(Serialize)]
struct OfCard<'a> {
    card: &'a str,
    #[serde(flatten)]
    certificate: &'a CertificateBody,
}

impl<'a> OfCard<'a> {
    fn of(card: &'a CardBody, certificate: &'a CertificateBody) -> Self {
        Self {
            card: &card.id,
            certificate,
        }
    }
}

fn print_pem(client: &Client, wanted: &[Wanted<'_>]) -> anyhow::Result<()> {
    for Wanted { path, .. } in wanted {
        let pem = client.read_text(path, "application/x-pem-file")?;
        screen::line(pem.trim_end())?;
    }
    Ok(())
}
