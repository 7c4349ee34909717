//! Bytes that this account alone understands (DPAPI).

use std::io;
use std::ptr;

use windows_sys::Win32::Foundation::LocalFree;
use windows_sys::Win32::Security::Cryptography::{
    CRYPT_INTEGER_BLOB, CRYPTPROTECT_UI_FORBIDDEN, CryptProtectData, CryptUnprotectData,
};
use zeroize::{Zeroize as _, Zeroizing};

use super::succeeded;

/// Seals bytes for this account.
pub(crate) fn seal(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let blob = blob_of(bytes)?;
    let mut sealed = NONE;
    // SAFETY: the blob points to bytes that are still there; `sealed` takes one blob.
    succeeded(unsafe {
        CryptProtectData(
            &raw const blob,
            ptr::null(),
            ptr::null(),
            ptr::null(),
            ptr::null(),
            CRYPTPROTECT_UI_FORBIDDEN,
            &raw mut sealed,
        )
    })?;
    // SAFETY: the system gave this blob.
    let sealed = unsafe { taken(sealed) };
    Ok([MARK, sealed.as_slice()].concat())
}

/// Opens what [`seal`] made; none for bytes that are not sealed.
pub(crate) fn unseal(bytes: &[u8]) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let Some(sealed) = bytes.strip_prefix(MARK) else {
        return Ok(None);
    };
    let blob = blob_of(sealed)?;
    let mut opened = NONE;
    // SAFETY: as for sealing; nobody wants the description.
    succeeded(unsafe {
        CryptUnprotectData(
            &raw const blob,
            ptr::null_mut(),
            ptr::null(),
            ptr::null(),
            ptr::null(),
            CRYPTPROTECT_UI_FORBIDDEN,
            &raw mut opened,
        )
    })?;
    // SAFETY: the system gave this blob.
    Ok(Some(unsafe { taken(opened) }))
}

/// For functions that read it and write nothing there.
fn blob_of(bytes: &[u8]) -> io::Result<CRYPT_INTEGER_BLOB> {
    Ok(CRYPT_INTEGER_BLOB {
        cbData: u32::try_from(bytes.len()).map_err(io::Error::other)?,
        pbData: bytes.as_ptr().cast_mut(),
    })
}

/// Copies what the system gave, wipes it, and gives it back.
///
/// # Safety
/// The system made the blob, and nobody has freed it.
unsafe fn taken(blob: CRYPT_INTEGER_BLOB) -> Zeroizing<Vec<u8>> {
    let len = usize::try_from(blob.cbData).unwrap_or(0);
    if blob.pbData.is_null() {
        return Zeroizing::default();
    }
    // SAFETY: the system wrote so many bytes there, and nobody else has them.
    let bytes = unsafe { std::slice::from_raw_parts_mut(blob.pbData, len) };
    let copy = Zeroizing::new(bytes.to_vec());
    bytes.zeroize();
    // SAFETY: the system asks for this; nothing of it is used any more.
    unsafe { LocalFree(blob.pbData.cast()) };
    copy
}

const NONE: CRYPT_INTEGER_BLOB = CRYPT_INTEGER_BLOB {
    cbData: 0,
    pbData: ptr::null_mut(),
};
/// What sealed bytes begin with; no key in PEM does.
const MARK: &[u8] = b"cpxd, sealed by DPAPI for one account\n";
