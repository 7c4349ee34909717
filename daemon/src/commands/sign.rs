//! `cpxd sign`.

use std::fs::File;
use std::io;
use std::path::Path;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use daemon_types::HashAlgorithm;
use daemon_wire::{DigestBody, SignBody, SignaturesBody};
use ring::digest;
use texts::CommandTexts;

use super::question_notice::say_when_asked;
use super::signature_file::SignatureFile;
use super::{call_timeout, choose_card, connect, language};
use crate::command_line::{Common, SignOptions};
use crate::refusal::unreadable;
use crate::screen;

pub(crate) fn run(options: &SignOptions, common: &Common) -> anyhow::Result<()> {
    let algorithm = options.algorithm;
    let digest = digest_of_file(&options.file, algorithm.hash())
        .map_err(|error| unreadable(&options.file, &error))?;
    let file = signature_file(options, common)?;
    let client = connect(common)?;
    let card = choose_card(&client, &options.which)?;
    let body = SignBody {
        hash: algorithm.hash().as_str().into(),
        algorithm: Some(algorithm.as_str().into()),
        digests: vec![DigestBody {
            value: STANDARD.encode(digest),
            description: description(&options.file),
        }],
        session: None,
        timeout_seconds: options.which.timeout,
    };
    let texts = CommandTexts::new(language());
    let path = format!("/v1/cards/{}/sign", card.id);
    say_when_asked(&client, &card)?;
    let signed: SignaturesBody = client.call(&path, &body, call_timeout(&options.which))?;
    let signature = signed
        .signatures
        .first()
        .context("the answer has no signature")?;
    let signature = STANDARD.decode(signature)?;
    let written = match &file {
        Some(file) => Some(file.write(&signature)?),
        None => None,
    };
    match written {
        Some(path) if !common.json => {
            let path = path.display().to_string();
            screen::line(&texts.signature_written(&signed.algorithm, &path))
        }
        _ => screen::json(&signed),
    }
}

/// Where the signature goes. With `--json` it is in the answer, and in a file only where one is named.
fn signature_file(options: &SignOptions, common: &Common) -> anyhow::Result<Option<SignatureFile>> {
    let path = match &options.out {
        None if common.json => return Ok(None),
        None => SignatureFile::beside(&options.file)?,
        Some(path) => path.clone(),
    };
    SignatureFile::check(path, &options.file, options.force).map(Some)
}

fn digest_of_file(path: &Path, hash: HashAlgorithm) -> io::Result<digest::Digest> {
    let mut context = Hasher(digest::Context::new(match hash {
        HashAlgorithm::Sha256 => &digest::SHA256,
        HashAlgorithm::Sha384 => &digest::SHA384,
        HashAlgorithm::Sha512 => &digest::SHA512,
    }));
    io::copy(&mut File::open(path)?, &mut context)?;
    Ok(context.0.finish())
}

struct Hasher(digest::Context);

impl io::Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The file's name, which is all that the holder is shown of it.
fn description(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().chars().take(200).collect()
}
