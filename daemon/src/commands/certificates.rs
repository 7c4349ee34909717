//! `cpxd certificates`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use daemon_client::Client;
use daemon_wire::{CardBody, CardList, CertificateBody};

use super::card_lines::Lines;
use super::{connect, language, no_card, refusal_by_code};
use crate::command_line::{CertificatesOptions, Common};
use crate::screen;

pub(crate) fn print(options: &CertificatesOptions, common: &Common) -> anyhow::Result<()> {
    let client = connect(common)?;
    let CardList { cards } = client.read("/v1/cards")?;
    if cards.is_empty() {
        return Err(no_card(&client)?);
    }
    let mut certificates = Vec::new();
    for card in &cards {
        certificates.extend(certificates_of(&client, card, options)?);
    }
    if certificates.is_empty() {
        return Err(refusal_by_code("key-absent"));
    }
    if common.json {
        return screen::json(&serde_json::json!({ "certificates": certificates }));
    }
    let lines = Lines::new(language());
    for certificate in &certificates {
        if options.pem {
            screen::line(&to_pem(certificate)?)?;
        } else {
            screen::line(lines.certificate(certificate).trim_start())?;
        }
    }
    Ok(())
}

fn certificates_of(
    client: &Client,
    card: &CardBody,
    options: &CertificatesOptions,
) -> anyhow::Result<Vec<CertificateBody>> {
    let wanted = options.role.map(crate::command_line::Role::as_str);
    let mut certificates = Vec::new();
    for certificate in &card.certificates {
        if wanted.is_none_or(|role| certificate.role == role) {
            let path = format!("/v1/cards/{}/certificates/{}", card.id, certificate.role);
            certificates.push(client.read(&path)?);
        }
    }
    Ok(certificates)
}

fn to_pem(certificate: &CertificateBody) -> anyhow::Result<String> {
    let base64 = certificate.certificate.as_deref().unwrap_or_default();
    let der = STANDARD.decode(base64)?;
    Ok(daemon_api::to_pem(&der).trim_end().to_owned())
}
