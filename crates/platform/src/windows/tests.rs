//! What of this can be tried without another user: run by `cargo xtask package windows --try`, in Wine.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::instance::InstanceLock;
use crate::paths::AgentPaths;
use crate::peer::of_same_user;
use crate::private_files::{PrivateFileError, ensure_private_folder, read_private, write_private};
use crate::socket::{ConnectError, bind, connect};
use crate::tcp_owner::is_ours;
use crate::trust_stores::{TrustAnchor, TrustStore};

use super::access_list::rights_to;
use super::accounts::UserId;

struct Place {
    _folder: tempfile::TempDir,
    paths: AgentPaths,
    lock: InstanceLock,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let paths = AgentPaths::resolve(Some(&folder.path().join("state"))).unwrap();
        let lock = InstanceLock::acquire(&paths.lock_file()).unwrap();
        Self {
            _folder: folder,
            paths,
            lock,
        }
    }
}

#[tokio::test]
async fn both_ends_of_the_pipe_know_each_other_and_speak() {
    let place = Place::new();
    let mut listener = bind(&place.paths, &place.lock).unwrap();
    let client = connect(&place.paths).unwrap();
    let mut connection = listener.accept().await.unwrap();
    let own = std::env::current_exe().unwrap();
    for peer in [
        of_same_user(&client).unwrap(),
        of_same_user(&connection).unwrap(),
    ] {
        assert_eq!(peer.uid, UserId::of_this_process().unwrap());
        assert_eq!(peer.pid, Some(std::process::id()));
        assert_eq!(peer.executable.as_deref(), Some(own.as_path()));
        assert!(peer.file.is_some());
    }
    client.write_within(b"question", None).unwrap();
    connection.readable().await.unwrap();
    assert!(!connection.was_left());
    let mut bytes = [0; 16];
    let len = connection.read(&mut bytes).await.unwrap();
    assert_eq!(bytes.get(..len), Some(&b"question"[..]));
    connection.write_all(b"answer").await.unwrap();
    let len = client.read_within(&mut bytes, None).unwrap();
    assert_eq!(bytes.get(..len), Some(&b"answer"[..]));
    drop(client);
    assert!(connection.was_left());
    assert_eq!(connection.read(&mut bytes).await.unwrap(), 0);
}

#[tokio::test]
async fn a_wait_at_the_pipe_ends_in_time_and_when_somebody_hangs_up() {
    let place = Place::new();
    let mut listener = bind(&place.paths, &place.lock).unwrap();
    let client = connect(&place.paths).unwrap();
    let _silent = listener.accept().await.unwrap();
    let late = client.read_within(&mut [0; 16], Some(Duration::from_millis(50)));
    assert_eq!(late.unwrap_err().kind(), ErrorKind::TimedOut);
    thread::scope(|scope| {
        let waiting = scope.spawn(|| client.read_within(&mut [0; 16], None));
        client.hang_up();
        let ended = waiting.join().unwrap();
        assert_eq!(ended.unwrap_err().kind(), ErrorKind::ConnectionAborted);
    });
}

#[tokio::test]
async fn the_pipe_is_this_users_alone() {
    let place = Place::new();
    let mut listener = bind(&place.paths, &place.lock).unwrap();
    let client = connect(&place.paths).unwrap();
    let connection = listener.accept().await.unwrap();
    let rights = rights_to(&connection.as_file()).unwrap();
    assert_eq!(rights.other, None);
    drop(client);
}

#[test]
fn nobody_answers_where_no_agent_listens() {
    let place = Place::new();
    let answer = connect(&place.paths);
    assert!(matches!(answer, Err(ConnectError::NotRunning { .. })));
}

#[test]
fn a_private_file_is_read_again_and_nobody_elses() {
    let folder = tempfile::tempdir().unwrap();
    let private = folder.path().join("private");
    ensure_private_folder(&private).unwrap();
    let path = private.join("token");
    write_private(&path, b"first").unwrap();
    write_private(&path, b"token").unwrap();
    assert_eq!(read_private(&path).unwrap(), b"token");
    assert_eq!(rights_to(&File::open(&path).unwrap()).unwrap().other, None);
    assert_eq!(fs::read_dir(&private).unwrap().count(), 1);
    let absent = read_private(&private.join("absent"));
    assert!(matches!(absent, Err(PrivateFileError::Io { .. })));
    let folder = read_private(&private);
    assert!(matches!(folder, Err(PrivateFileError::NotAFile { .. })));
}

/// Wine names the owner of a connection some time after its program first used it.
#[test]
fn a_connection_of_this_process_is_ours() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    client.write_all(b"used").unwrap();
    let (server, peer) = listener.accept().unwrap();
    let local = server.local_addr().unwrap();
    let end = Instant::now() + Duration::from_secs(10);
    while !is_ours(local, peer).is_ok_and(|ours| ours) {
        assert!(Instant::now() < end, "{:?}", is_ours(local, peer));
    }
    drop((client, server));
    assert!(is_ours(local, peer).is_err());
}

#[test]
fn an_authority_comes_into_the_users_roots_once() {
    let pem = include_str!("../trust_stores/testdata/authority.pem");
    let anchor = TrustAnchor::from_pem(pem).unwrap();
    let [store] = TrustStore::of_this_user().try_into().unwrap();
    assert!(!store.trusts(&anchor).unwrap());
    assert!(store.add(&anchor).unwrap());
    assert!(store.trusts(&anchor).unwrap());
    assert!(!store.add(&anchor).unwrap(), "it was there");
}
