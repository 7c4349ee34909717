//! What administrators wrote into the registry, for this machine.

use std::io;
use std::ptr;

use windows_sys::Win32::Foundation::{ERROR_FILE_NOT_FOUND, ERROR_NO_MORE_ITEMS, NO_ERROR};
use windows_sys::Win32::System::Registry::{
    HKEY, HKEY_LOCAL_MACHINE, KEY_QUERY_VALUE, KEY_WOW64_64KEY, REG_DWORD, REG_EXPAND_SZ, REG_SZ,
    RegCloseKey, RegEnumValueW, RegOpenKeyExW,
};

use super::{no_error, wide};

/// What a value holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegistryValue {
    /// REG_SZ, and REG_EXPAND_SZ as it stands there.
    Text(String),
    /// REG_DWORD.
    Number(u32),
    /// Something else, of which only the kind is told.
    Other(u32),
}

/// The values of a key of the local machine; none where there is no such key.
///
/// # Errors
/// What the system says; a policy that cannot be read must not be passed over.
pub fn values_of_machine(key: &str) -> io::Result<Vec<(String, RegistryValue)>> {
    let Some(key) = Key::open(key)? else {
        return Ok(Vec::new());
    };
    let mut values = Vec::new();
    for index in 0.. {
        match key.value(index)? {
            Some(value) => values.push(value),
            None => break,
        }
    }
    Ok(values)
}

struct Key(HKEY);

impl Drop for Key {
    fn drop(&mut self) {
        // SAFETY: the key is open, and closed here alone.
        unsafe { RegCloseKey(self.0) };
    }
}

impl Key {
    fn open(path: &str) -> io::Result<Option<Self>> {
        let path = wide(path.as_ref());
        let mut key: HKEY = ptr::null_mut();
        let rights = KEY_QUERY_VALUE | KEY_WOW64_64KEY;
        // SAFETY: the path ends with a zero; `key` takes one value.
        let opened =
            unsafe { RegOpenKeyExW(HKEY_LOCAL_MACHINE, path.as_ptr(), 0, rights, &raw mut key) };
        match opened {
            ERROR_FILE_NOT_FOUND => Ok(None),
            opened => no_error(opened).map(|()| Some(Self(key))),
        }
    }

    fn value(&self, index: u32) -> io::Result<Option<(String, RegistryValue)>> {
        let mut name = vec![0_u16; LONGEST_NAME];
        let mut name_len = u32::try_from(name.len()).map_err(io::Error::other)?;
        let mut data = vec![0_u8; LONGEST_VALUE];
        let mut data_len = u32::try_from(data.len()).map_err(io::Error::other)?;
        let mut kind = 0;
        // SAFETY: the buffers have the lengths that are said; the others take one value each.
        let read = unsafe {
            RegEnumValueW(
                self.0,
                index,
                name.as_mut_ptr(),
                &raw mut name_len,
                ptr::null(),
                &raw mut kind,
                data.as_mut_ptr(),
                &raw mut data_len,
            )
        };
        match read {
            NO_ERROR => {}
            ERROR_NO_MORE_ITEMS => return Ok(None),
            number => no_error(number)?,
        }
        name.truncate(usize::try_from(name_len).map_err(io::Error::other)?);
        data.truncate(usize::try_from(data_len).map_err(io::Error::other)?);
        let name = String::from_utf16(&name).map_err(io::Error::other)?;
        Ok(Some((name, value_of(kind, &data)?)))
    }
}

fn value_of(kind: u32, data: &[u8]) -> io::Result<RegistryValue> {
    match (kind, data) {
        (REG_DWORD, &[a, b, c, d]) => Ok(RegistryValue::Number(u32::from_le_bytes([a, b, c, d]))),
        (REG_SZ | REG_EXPAND_SZ, text) => {
            let (units, _) = text.as_chunks::<2>();
            let units = units.iter().map(|unit| u16::from_le_bytes(*unit));
            let units: Vec<u16> = units.take_while(|unit| *unit != 0).collect();
            let text = String::from_utf16(&units).map_err(io::Error::other)?;
            Ok(RegistryValue::Text(text))
        }
        (kind, _) => Ok(RegistryValue::Other(kind)),
    }
}

/// The system takes none that is longer.
const LONGEST_NAME: usize = 16_384;
/// A setting that is longer is refused by the system's error.
const LONGEST_VALUE: usize = 65_536;
