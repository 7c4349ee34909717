//! The official module, which is not ours to ship: it is judged where `CPXD_CRYPTOLIB_MODULE` names it.

use std::io::Write as _;
use std::path::PathBuf;

/// Its place. Where none is named, that is said past the capture of the test's own output: nobody may take this
/// for a test that ran.
///
/// # Panics
/// Panics when nobody can be told.
#[must_use]
pub fn official_module() -> Option<PathBuf> {
    let named = std::env::var_os("CPXD_CRYPTOLIB_MODULE").map(PathBuf::from);
    if named.is_none() {
        writeln!(
            std::io::stderr(),
            "\n!!! NOT RUN: the official Cryptolib CPS module was not judged, for CPXD_CRYPTOLIB_MODULE does not name it\n"
        )
        .expect("somebody to tell");
    }
    named
}
