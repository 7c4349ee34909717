//! What this installation keeps: its salt for ids, and the demo's token.

use std::env::consts::EXE_SUFFIX;
use std::path::PathBuf;

use daemon_core::{Token, Tokens};
use daemon_types::{AllowedOrigins, PairedProgram, Rights};
use platform::paths::AgentPaths;
use platform::private_files::{read_private, write_private};
use ring::rand::{SecureRandom, SystemRandom};

/// The program that speaks for pages to this agent: it stands beside the agent's own executable.
pub(crate) fn native_host() -> Option<PathBuf> {
    let own = std::env::current_exe().ok()?;
    Some(own.parent()?.join(format!("cpxd-native-host{EXE_SUFFIX}")))
}

/// The PKCS#11 module of this installation: beside the agent's own executable, or where packages put it.
#[cfg(target_os = "linux")]
pub(crate) fn pkcs11_module() -> Option<PathBuf> {
    let own = std::env::current_exe().ok()?;
    let folder = own.parent()?;
    let beside = folder.join(PKCS11_MODULE);
    let packaged = folder.parent()?.join("lib/cpxd").join(PKCS11_MODULE);
    Some(if packaged.is_file() { packaged } else { beside })
}

#[cfg(target_os = "linux")]
const PKCS11_MODULE: &str = "libcpxd_pkcs11.so";

/// The name by which the extension asks its browser for that program.
pub(crate) const NATIVE_HOST_NAME: &str = "cpxd.native_host";

/// The extension in Chromium's family, by the key in its manifest.
pub(crate) const EXTENSION_OF_CHROMIUM: &str = "aoghbgjkojfehjkkpompkbamadonpmmn";

/// The extension in Firefox.
pub(crate) const EXTENSION_OF_FIREFOX: &str = "extension@cpxd";

/// The secret that ids of cards and readers are derived with; made at the first start.
pub(crate) fn id_salt(paths: &AgentPaths) -> anyhow::Result<[u8; 32]> {
    let file = paths.card_id_salt_file();
    if file.exists() {
        let kept = read_private(&file)?;
        if let Ok(salt) = <[u8; 32]>::try_from(kept.as_slice()) {
            return Ok(salt);
        }
        anyhow::bail!(
            "{} is damaged: remove it, and card ids will be new",
            file.display()
        );
    }
    let salt = random()?;
    write_private(&file, &salt)?;
    Ok(salt)
}

/// The token with all rights in the demo's state folder; made at its first start and the same at
/// each one, so that what was written to try it goes on working.
pub(crate) fn demo_tokens(paths: &AgentPaths) -> anyhow::Result<Tokens> {
    let token = match kept_demo_token(paths) {
        Some(token) => token,
        None => Token::from_random(random()?),
    };
    // Written again, so that a file that others could read is theirs no more.
    write_private(&paths.demo_token_file(), token.expose().as_bytes())?;
    let mut tokens = Tokens::default();
    let program = PairedProgram {
        name: "cpxd demo".into(),
        rights: Rights::all(),
        origins: AllowedOrigins::Any,
        grant: None,
    };
    tokens.add(&token, program);
    Ok(tokens)
}

/// A file that is not this user's alone, or holds no token, gives way to a fresh one.
fn kept_demo_token(paths: &AgentPaths) -> Option<Token> {
    let kept = read_private(&paths.demo_token_file()).ok()?;
    Token::from_text(std::str::from_utf8(&kept).ok()?)
}

fn random() -> anyhow::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| anyhow::anyhow!("the system gives no random numbers"))?;
    Ok(bytes)
}
