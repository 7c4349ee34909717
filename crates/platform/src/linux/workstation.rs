//! Linux: pcscd's socket, `/sys`, `/proc`, and the lists of packages.

use std::collections::HashSet;
use std::env;
use std::fs;
use std::io::{self, Read as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use procfs::net::{TcpNetEntry, TcpState};
use procfs::process::{FDTarget, Process, all_processes};
use rustix::fs::Access;
use rustix::io::Errno;

use super::asked_program::said_by;
use super::unix_peers::peers_of;
use crate::workstation::{Account, Cryptolib, InstalledCryptolib, ServiceSocket};

pub(crate) fn smart_card_service() -> ServiceSocket {
    let Err(error) = UnixStream::connect(service_socket_path()) else {
        return ServiceSocket::Listens;
    };
    let kind = error.kind();
    if kind == io::ErrorKind::PermissionDenied {
        ServiceSocket::AccessDenied
    } else if !matches!(
        kind,
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
    ) {
        ServiceSocket::Unknown
    } else if is_installed() {
        ServiceSocket::Nobody
    } else {
        ServiceSocket::NotInstalled
    }
}

/// Each interface of a device has a folder of its own, beside the device's.
pub(crate) fn usb_smart_card_readers() -> Option<Vec<String>> {
    let devices = Path::new(USB_DEVICES);
    let mut found = Vec::new();
    for entry in fs::read_dir(devices).ok()?.flatten() {
        let interface = entry.file_name().to_string_lossy().into_owned();
        let Some((device, _)) = interface.split_once(':') else {
            continue;
        };
        let class = fs::read_to_string(entry.path().join("bInterfaceClass"));
        if class.is_ok_and(|class| class.trim() == SMART_CARD_CLASS) {
            let product = fs::read_to_string(devices.join(device).join("product"));
            let product = product.map(|name| name.trim().to_owned());
            found.push(product.unwrap_or_else(|_| device.to_owned()));
        }
    }
    found.sort();
    found.dedup();
    Some(found)
}

pub(crate) fn smart_card_programs() -> Option<Vec<String>> {
    let sockets = peers_of(&service_socket_path()).ok()?;
    let mut names = programs_with(&sockets)?;
    names.extend(known_programs_of_others());
    names.sort();
    names.dedup();
    Some(names)
}

pub(crate) fn program_at_port(port: u16) -> Option<String> {
    let tables = [procfs::net::tcp, procfs::net::tcp6];
    let entries = tables.into_iter().filter_map(|table| table().ok());
    let listens =
        |entry: &TcpNetEntry| entry.state == TcpState::Listen && entry.local_address.port() == port;
    let listening: Vec<TcpNetEntry> = entries.flatten().filter(listens).collect();
    let sockets = listening.iter().map(|entry| entry.inode).collect();
    let seen = programs_with(&sockets)?.into_iter().next();
    let owners: HashSet<u32> = listening.iter().map(|entry| entry.uid).collect();
    seen.or_else(|| agent_of_another(&owners))
}

/// Which sockets another user's program has cannot be seen; where that user has an agent, it is taken to be that.
fn agent_of_another(users: &HashSet<u32>) -> Option<String> {
    let mut others = all_processes().ok()?.flatten();
    others.find_map(|process| {
        let is_theirs = process.uid().is_ok_and(|uid| users.contains(&uid));
        let name = name_of(&process).filter(|name| name == AGENT)?;
        (is_theirs && process.fd().is_err()).then_some(name)
    })
}

pub(crate) fn is_program_replaced() -> Option<bool> {
    let program = fs::read_link("/proc/self/exe").ok()?;
    Some(program.to_string_lossy().ends_with(REPLACED))
}

pub(crate) fn free_bytes(folder: &Path) -> Option<u64> {
    let told = rustix::fs::statvfs(folder).ok()?;
    told.f_bavail.checked_mul(told.f_frsize)
}

pub(crate) fn may_write(folder: &Path) -> Option<bool> {
    let asked = rustix::fs::access(folder, Access::WRITE_OK | Access::EXEC_OK);
    match asked {
        Ok(()) => Some(true),
        Err(Errno::ACCESS | Errno::ROFS | Errno::PERM | Errno::NOTDIR) => Some(false),
        Err(_) => None,
    }
}

pub(crate) fn cryptolib() -> Cryptolib {
    let modules: Vec<PathBuf> = CRYPTOLIB_MODULES
        .iter()
        .map(PathBuf::from)
        .filter(|module| module.is_file())
        .collect();
    let Some(first) = modules.first() else {
        return Cryptolib::Absent;
    };
    let widths: Vec<u8> = modules.iter().filter_map(|it| elf_class(it)).collect();
    Cryptolib::There(InstalledCryptolib {
        has_64_bits: (!widths.is_empty()).then(|| widths.contains(&ELF_CLASS_64)),
        version: version_of_package(first),
        cache: CRYPTOLIB_CACHE.into(),
        authorities: CRYPTOLIB_AUTHORITIES.into(),
    })
}

pub(crate) fn allows_loopback_by_policy() -> Option<bool> {
    let folders = POLICY_FOLDERS.iter().flat_map(fs::read_dir);
    let files = folders.flatten().flatten().map(|entry| entry.path());
    let texts = files.filter_map(|file| fs::read_to_string(file).ok());
    Some(
        texts
            .into_iter()
            .any(|text| POLICIES.iter().any(|policy| text.contains(policy))),
    )
}

pub(crate) fn host_name() -> Option<String> {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    Some(name.trim().to_owned())
}

/// By getent(1), which asks the directory of a hospital as well as the file of this machine.
pub(crate) fn account() -> Option<Account> {
    let uid = rustix::process::getuid().as_raw().to_string();
    let until = Instant::now() + TIME_OF_ACCOUNTS;
    account_in(&said_by(&GETENT, &["passwd", &uid], until)?)
}

/// A line of passwd(5); in the description, the sign `&` stands for the name.
fn account_in(line: &str) -> Option<Account> {
    let mut fields = line.trim_end().split(':');
    let (name, described, home) = (fields.next()?, fields.nth(3)?, fields.next()?);
    let described = described.replace('&', name);
    let described = described.split(',').map(str::trim).map(str::to_owned);
    Some(Account {
        name: name.to_owned(),
        described: described.filter(|text| !text.is_empty()).collect(),
        home: home.into(),
    })
}

/// As libpcsclite looks for it.
fn service_socket_path() -> PathBuf {
    env::var_os("PCSCLITE_CSOCK_NAME").map_or_else(|| PCSCD_SOCKET.into(), PathBuf::from)
}

fn is_installed() -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders = env::split_paths(&path).chain(SYSTEM_PROGRAMS.map(PathBuf::from));
    folders.any(|folder| folder.join("pcscd").is_file())
}

/// The programs, other than this one, that hold one of these sockets.
fn programs_with(sockets: &HashSet<u64>) -> Option<Vec<String>> {
    let own = std::process::id();
    let holds = |process: &Process| {
        let descriptors = process.fd().into_iter().flatten().flatten();
        let mut targets = descriptors.map(|descriptor| descriptor.target);
        targets.any(|it| matches!(it, FDTarget::Socket(inode) if sockets.contains(&inode)))
    };
    let others = all_processes().ok()?.flatten();
    let others = others.filter(|it| u32::try_from(it.pid()) != Ok(own));
    Some(others.filter(holds).filter_map(|it| name_of(&it)).collect())
}

/// Descriptors of other users' programs cannot be seen, but their names can.
fn known_programs_of_others() -> Vec<String> {
    let processes = all_processes().into_iter().flatten().flatten();
    let hidden = processes.filter(|process| process.fd().is_err());
    let names = hidden.filter_map(|process| name_of(&process));
    names
        .filter(|name| KNOWN_PROGRAMS.contains(&name.as_str()))
        .collect()
}

/// The name of its file; the kernel's own word is cut off after 15 characters.
fn name_of(process: &Process) -> Option<String> {
    let file = process.exe().ok();
    let file = file.and_then(|exe| Some(exe.file_name()?.to_string_lossy().into_owned()));
    let file = file.map(|name| name.strip_suffix(REPLACED).unwrap_or(&name).to_owned());
    file.or_else(|| Some(process.stat().ok()?.comm))
}

/// The fifth byte of an ELF file (elf(5), EI_CLASS).
fn elf_class(file: &Path) -> Option<u8> {
    let mut begin = [0; 5];
    fs::File::open(file).ok()?.read_exact(&mut begin).ok()?;
    let [0x7f, b'E', b'L', b'F', class] = begin else {
        return None;
    };
    Some(class)
}

fn version_of_package(file: &Path) -> Option<[u32; 3]> {
    let file = file.to_str()?;
    let until = Instant::now() + TIME_OF_PACKAGE_LISTS;
    let by_rpm = said_by(&RPM, &["-qf", "--queryformat", "%{VERSION}", file], until);
    let by_dpkg = || {
        let owner = said_by(&DPKG_QUERY, &["-S", file], until)?;
        let (package, _) = owner.split_once(": ")?;
        said_by(&DPKG_QUERY, &["-W", "-f", "${Version}", package], until)
    };
    version_in(&by_rpm.or_else(by_dpkg)?)
}

/// The numbers that a version begins with: 5.2.2 of `5.2.2-1`.
fn version_in(text: &str) -> Option<[u32; 3]> {
    let numbers = text.split(|sign: char| !sign.is_ascii_digit());
    let mut numbers = numbers.map_while(|number| number.parse().ok());
    let major = numbers.next()?;
    Some([
        major,
        numbers.next().unwrap_or_default(),
        numbers.next().unwrap_or_default(),
    ])
}

/// The link to a program keeps the path of a file that is gone, with this behind it (proc(5)).
const REPLACED: &str = " (deleted)";
const AGENT: &str = "cpxd";
const PCSCD_SOCKET: &str = "/run/pcscd/pcscd.comm";
const SYSTEM_PROGRAMS: [&str; 3] = ["/usr/sbin", "/sbin", "/usr/local/sbin"];
const USB_DEVICES: &str = "/sys/bus/usb/devices";
/// USB class 0x0B, "Smart Card" (CCID).
const SMART_CARD_CLASS: &str = "0b";
/// Programs that are known to keep readers for themselves.
const KNOWN_PROGRAMS: [&str; 5] = ["scdaemon", "cpgeslux", "galsvlux", "galss", "galssd"];
const CRYPTOLIB_MODULES: [&str; 3] = [
    "/opt/santesocial/CPS/lib/libcps3_pkcs11_lux.so",
    "/usr/lib64/libcps3_pkcs11_lux.so",
    "/usr/lib/libcps3_pkcs11_lux.so",
];
const GETENT: [&str; 2] = ["/usr/bin/getent", "/bin/getent"];
/// A directory that is away must not keep a bundle from being made.
const TIME_OF_ACCOUNTS: Duration = Duration::from_secs(3);
const RPM: [&str; 2] = ["/usr/bin/rpm", "/bin/rpm"];
const DPKG_QUERY: [&str; 2] = ["/usr/bin/dpkg-query", "/bin/dpkg-query"];
/// For all that is asked of them together; less than a diagnosis waits for an answer.
const TIME_OF_PACKAGE_LISTS: Duration = Duration::from_secs(3);
const CRYPTOLIB_CACHE: &str = "/etc/opt/santesocial/CPS/cache";
const CRYPTOLIB_AUTHORITIES: &str = "/etc/opt/santesocial/CPS/Coffre";
const ELF_CLASS_64: u8 = 2;
/// Chromium, Chrome, Edge, Brave, Firefox.
const POLICY_FOLDERS: [&str; 6] = [
    "/etc/chromium/policies/managed",
    "/etc/opt/chrome/policies/managed",
    "/etc/opt/edge/policies/managed",
    "/etc/brave/policies/managed",
    "/etc/firefox/policies",
    "/usr/share/firefox-esr/distribution",
];
const POLICIES: [&str; 4] = [
    "\"LoopbackNetworkAllowedForUrls\"",
    "\"LocalNetworkAccessAllowedForUrls\"",
    "\"LocalNetworkAccessRestrictionsTemporaryOptOut\"",
    "\"LocalNetworkAccess\"",
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn a_version_is_read_from_what_package_lists_say() {
        assert_eq!(version_in("5.2.2"), Some([5, 2, 2]));
        assert_eq!(version_in("5.1.12-1"), Some([5, 1, 12]));
        assert_eq!(version_in("5"), Some([5, 0, 0]));
        assert_eq!(version_in("file /x is not owned"), None);
    }

    #[test]
    fn an_account_has_all_that_is_noted_down_about_its_user() {
        let line = "hduhamel:x:1001:100:Hélène &,Salle 3,,0145:/home/hduhamel:/bin/sh\n";
        let account = account_in(line).unwrap();
        assert_eq!(account.name, "hduhamel");
        assert_eq!(account.described, ["Hélène hduhamel", "Salle 3", "0145"]);
        assert_eq!(account.home, Path::new("/home/hduhamel"));
        assert_eq!(account_in("x:y"), None);
    }

    #[test]
    fn a_port_of_another_program_has_its_name_and_one_of_ours_has_none() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        assert_eq!(program_at_port(port), None, "it is this program's");
        drop(listener);
        assert_eq!(program_at_port(port), None, "nobody listens there");
    }

    #[test]
    fn the_space_of_a_folder_that_is_not_made_yet_is_that_of_its_parent() {
        let folder = tempfile::tempdir().unwrap();
        let to_come = folder.path().join("a/b");
        assert!(crate::workstation::free_bytes(&to_come).unwrap() > 0);
    }

    #[test]
    fn a_program_that_stands_where_it_was_started_is_not_replaced() {
        assert_eq!(is_program_replaced(), Some(false));
    }

    #[test]
    fn a_file_that_is_no_program_has_no_width() {
        assert_eq!(elf_class(Path::new("/etc/hostname")), None);
        assert_eq!(elf_class(Path::new("/proc/self/exe")), Some(ELF_CLASS_64));
    }
}
