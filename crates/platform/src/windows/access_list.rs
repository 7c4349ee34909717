//! Who may do what with a file, a folder or a pipe.

use std::fs::File;
use std::io;
use std::os::windows::io::AsRawHandle as _;
use std::path::Path;
use std::ptr;

use windows_sys::Win32::Foundation::LocalFree;
use windows_sys::Win32::Security::Authorization::{
    ConvertStringSecurityDescriptorToSecurityDescriptorW, GetSecurityInfo, SDDL_REVISION_1,
    SE_FILE_OBJECT, SetSecurityInfo,
};
use windows_sys::Win32::Security::{
    ACCESS_ALLOWED_ACE, ACE_HEADER, ACL, DACL_SECURITY_INFORMATION, GetAce,
    GetSecurityDescriptorDacl, OWNER_SECURITY_INFORMATION, PROTECTED_DACL_SECURITY_INFORMATION,
    PSECURITY_DESCRIPTOR, PSID, SECURITY_ATTRIBUTES,
};
use windows_sys::Win32::Storage::FileSystem::CreateDirectoryW;

use super::accounts::{UserId, text_of_sid};
use super::{no_error, succeeded, wide};

/// A security descriptor that the system made.
pub(super) struct Descriptor(PSECURITY_DESCRIPTOR);

impl Drop for Descriptor {
    fn drop(&mut self) {
        // SAFETY: the system gave it to be freed so, and nothing of it is used any more.
        unsafe { LocalFree(self.0) };
    }
}

impl Descriptor {
    /// A pipe for this user alone, and for nobody who comes over the network.
    pub(super) fn of_pipe() -> io::Result<Self> {
        let user = UserId::of_this_process()?;
        Self::parse(&format!("D:P(D;;GA;;;NU)(A;;GA;;;{})", user.sid()))
    }

    /// A file, or a folder and all that comes to be in it, for this user and the system itself.
    pub(super) fn of_private_files() -> io::Result<Self> {
        let user = UserId::of_this_process()?;
        let user = user.sid();
        Self::parse(&format!("D:P(A;OICI;FA;;;{user})(A;OICI;FA;;;SY)"))
    }

    /// By the security descriptor definition language.
    fn parse(text: &str) -> io::Result<Self> {
        let text = wide(text.as_ref());
        let mut descriptor: PSECURITY_DESCRIPTOR = ptr::null_mut();
        // SAFETY: the text ends with a zero; `descriptor` takes one pointer.
        succeeded(unsafe {
            ConvertStringSecurityDescriptorToSecurityDescriptorW(
                text.as_ptr(),
                SDDL_REVISION_1,
                &raw mut descriptor,
                ptr::null_mut(),
            )
        })?;
        Ok(Self(descriptor))
    }

    /// What functions that make something take; it points to this.
    pub(super) fn attributes(&self) -> io::Result<SECURITY_ATTRIBUTES> {
        Ok(SECURITY_ATTRIBUTES {
            nLength: u32::try_from(size_of::<SECURITY_ATTRIBUTES>()).map_err(io::Error::other)?,
            lpSecurityDescriptor: self.0,
            bInheritHandle: 0,
        })
    }

    fn list(&self) -> io::Result<*const ACL> {
        let (mut is_there, mut is_default) = (0, 0);
        let mut list: *mut ACL = ptr::null_mut();
        // SAFETY: the descriptor is whole; the others take one value each.
        succeeded(unsafe {
            GetSecurityDescriptorDacl(
                self.0,
                &raw mut is_there,
                &raw mut list,
                &raw mut is_default,
            )
        })?;
        Ok(list)
    }
}

/// Makes a folder for this user alone; its parents are there.
pub(super) fn make_private_folder(path: &Path) -> io::Result<()> {
    let descriptor = Descriptor::of_private_files()?;
    let attributes = descriptor.attributes()?;
    let path = wide(path.as_os_str());
    // SAFETY: the path ends with a zero, and the attributes point to a descriptor that is still there.
    succeeded(unsafe { CreateDirectoryW(path.as_ptr(), &raw const attributes) })
}

/// Takes from all others the rights to an opened file or folder, those that it inherited too.
pub(super) fn close_to_others(file: &File) -> io::Result<()> {
    let descriptor = Descriptor::of_private_files()?;
    let list = descriptor.list()?;
    // SAFETY: the handle is open, and the list lies in a descriptor that is still there.
    no_error(unsafe {
        SetSecurityInfo(
            file.as_raw_handle(),
            SE_FILE_OBJECT,
            DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION,
            ptr::null_mut(),
            ptr::null_mut(),
            list,
            ptr::null(),
        )
    })
}

/// Who has rights to an opened file or folder.
pub(super) struct Rights {
    /// Its owner's security identifier.
    pub(super) owner: String,
    /// One besides this user and the system who has any; or what is wrong with the list.
    pub(super) other: Option<String>,
}

/// Looks up the owner and the access list.
pub(super) fn rights_to(file: &File) -> io::Result<Rights> {
    let mut owner: PSID = ptr::null_mut();
    let mut list: *mut ACL = ptr::null_mut();
    let mut descriptor: PSECURITY_DESCRIPTOR = ptr::null_mut();
    // SAFETY: the handle is open; each of the others takes one pointer.
    no_error(unsafe {
        GetSecurityInfo(
            file.as_raw_handle(),
            SE_FILE_OBJECT,
            OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
            &raw mut owner,
            ptr::null_mut(),
            &raw mut list,
            ptr::null_mut(),
            &raw mut descriptor,
        )
    })?;
    let _freed_at_the_end = Descriptor(descriptor);
    // SAFETY: the owner lies in the descriptor.
    let owner = unsafe { text_of_sid(owner) }?;
    if list.is_null() {
        let other = Some("everybody (there is no access list)".to_owned());
        return Ok(Rights { owner, other });
    }
    let user = UserId::of_this_process()?;
    // SAFETY: the list lies in the descriptor.
    let other = unsafe { other_than(user.sid(), list) }?;
    Ok(Rights { owner, other })
}

/// The first who has rights by this list and is neither this user nor one who has all rights anyway.
///
/// # Safety
/// It must be a list.
unsafe fn other_than(user: &str, list: *const ACL) -> io::Result<Option<String>> {
    // SAFETY: the caller says that it is a list.
    let count = unsafe { (*list).AceCount };
    for index in 0..u32::from(count) {
        let mut entry = ptr::null_mut();
        // SAFETY: the list is whole; `entry` takes one pointer.
        succeeded(unsafe { GetAce(list, index, &raw mut entry) })?;
        // SAFETY: each entry begins with its header.
        let header = unsafe { &*entry.cast::<ACE_HEADER>() };
        match header.AceType {
            ACCESS_DENIED => continue,
            ACCESS_ALLOWED => {}
            kind => return Ok(Some(format!("somebody (an entry of kind {kind})"))),
        }
        let entry = entry.cast::<ACCESS_ALLOWED_ACE>();
        // SAFETY: an entry of this kind ends with an identifier, which begins at this field.
        let who = unsafe { text_of_sid((&raw mut (*entry).SidStart).cast()) }?;
        // SAFETY: an entry of this kind.
        let allows_nothing = unsafe { (*entry).Mask } == 0;
        if who != user && !WITH_ALL_RIGHTS.contains(&who.as_str()) && !allows_nothing {
            return Ok(Some(who));
        }
    }
    Ok(None)
}

/// Who may be an owner: this user, or who could become it at any time.
pub(super) fn may_own(owner: &str) -> bool {
    [SYSTEM, ADMINISTRATORS].contains(&owner)
        || UserId::of_this_process().is_ok_and(|user| user.sid() == owner)
}

const SYSTEM: &str = "S-1-5-18";
const ADMINISTRATORS: &str = "S-1-5-32-544";
/// The system, the administrators, and the owner, whoever it is: that is checked by itself.
const WITH_ALL_RIGHTS: [&str; 4] = [SYSTEM, ADMINISTRATORS, "S-1-3-0", "S-1-3-4"];
const ACCESS_ALLOWED: u8 = 0;
const ACCESS_DENIED: u8 = 1;
