//! `cpxd sign`.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use daemon_types::HashAlgorithm;
use daemon_wire::{DigestBody, SignBody, SignaturesBody};
use ring::digest;
use texts::CommandTexts;

use super::{call_timeout, choose_card, connect, language};
use crate::command_line::{Common, SignOptions};
use crate::screen;

pub(crate) fn run(options: &SignOptions, common: &Common) -> anyhow::Result<()> {
    let algorithm = options.algorithm;
    let digest = digest_of_file(&options.file, algorithm.hash())
        .with_context(|| format!("reading {}", options.file.display()))?;
    let client = connect(common)?;
    let card = choose_card(&client, &options.which)?;
    let body = SignBody {
        hash: algorithm.hash().as_str().into(),
        algorithm: Some(algorithm.as_str().into()),
        digests: vec![DigestBody {
            value: STANDARD.encode(digest),
            description: description(&options.file),
        }],
        timeout_seconds: options.which.timeout,
    };
    let texts = CommandTexts::new(language());
    screen::remark(&texts.answer_the_question());
    let path = format!("/v1/cards/{}/sign", card.id);
    let signed: SignaturesBody = client.call(&path, &body, call_timeout(&options.which))?;
    if common.json {
        return screen::json(&signed);
    }
    let signature = signed
        .signatures
        .first()
        .context("the answer has no signature")?;
    let out = options.out.clone().unwrap_or_else(|| beside(&options.file));
    fs::write(&out, STANDARD.decode(signature)?)
        .with_context(|| format!("writing {}", out.display()))?;
    screen::line(&texts.signature_written(&signed.algorithm, &out.display().to_string()))
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

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".sig");
    name.into()
}
