//! Where the official module lies on each system ("Cryptolib CPS", versions 5.1 and 5.2).

use std::path::PathBuf;

/// Places to look at, the likeliest first. The old modules for CPS2ter are none of them.
#[must_use]
pub fn known_places() -> Vec<PathBuf> {
    if cfg!(target_os = "windows") {
        let windows =
            std::env::var_os("WINDIR").map_or_else(|| r"C:\Windows".into(), PathBuf::from);
        let name = if cfg!(target_pointer_width = "64") {
            "cps3_pkcs11_w64.dll"
        } else {
            "cps3_pkcs11_w32.dll"
        };
        return vec![windows.join("System32").join(name)];
    }
    let places: &[&str] = if cfg!(target_os = "macos") {
        &["/usr/local/lib/libcps3_pkcs11_osx.dylib"]
    } else {
        &[
            "/opt/santesocial/CPS/lib/libcps3_pkcs11_lux.so",
            "/usr/lib64/libcps3_pkcs11_lux.so",
        ]
    };
    places.iter().map(PathBuf::from).collect()
}
