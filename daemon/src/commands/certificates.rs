//! `cpxd certificates`.

use daemon_client::Client;
use daemon_wire::{CardBody, CardList, CertificateBody};
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
    let paths = paths_of(&cards, options);
    if paths.is_empty() {
        return Err(Refusal::of_code("key-absent").into());
    }
    if options.pem && !common.json {
        return print_pem(&client, &paths);
    }
    let certificates = paths
        .iter()
        .map(|path| client.read(path))
        .collect::<Result<Vec<CertificateBody>, _>>()?;
    if common.json {
        return screen::json(&json!({ "certificates": certificates }));
    }
    let lines = Lines::new(language());
    for certificate in &certificates {
        screen::line(lines.certificate(certificate).trim_start())?;
    }
    Ok(())
}

/// Where the API has the wanted certificates.
fn paths_of(cards: &[CardBody], options: &CertificatesOptions) -> Vec<String> {
    let wanted = options.role.map(Role::as_str);
    let mut paths = Vec::new();
    for card in cards {
        for certificate in &card.certificates {
            if wanted.is_none_or(|role| certificate.role == role) {
                let role = &certificate.role;
                paths.push(format!("/v1/cards/{}/certificates/{role}", card.id));
            }
        }
    }
    paths
}

fn print_pem(client: &Client, paths: &[String]) -> anyhow::Result<()> {
    for path in paths {
        let pem = client.read_text(path, "application/x-pem-file")?;
        screen::line(pem.trim_end())?;
    }
    Ok(())
}
