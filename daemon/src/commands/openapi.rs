//! `cpxd openapi`.

use crate::screen;

pub(crate) fn print() -> anyhow::Result<()> {
    screen::json(&daemon_api::openapi())
}
