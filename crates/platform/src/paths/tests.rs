use super::*;
use crate::current_user;
use crate::unix::LONGEST_SOCKET_PATH;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use tempfile::TempDir;

fn surroundings(root: &TempDir) -> Surroundings {
    let short_root = root.path().join("short");
    fs::create_dir_all(&short_root).unwrap();
    Surroundings {
        home: Some(root.path().join("home")),
        xdg_config_home: None,
        xdg_state_home: None,
        xdg_runtime_dir: None,
        short_root,
    }
}

fn mode_of(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn both_folders_are_made_and_closed_to_others() {
    let root = tempfile::tempdir().unwrap();
    let paths = surroundings(&root).agent_paths(None).unwrap();
    assert!(paths.state_dir().starts_with(root.path().join("home")));
    assert_eq!(mode_of(paths.state_dir()), 0o700);
    assert_eq!(mode_of(paths.runtime_dir()), 0o700);
}

#[test]
fn a_service_manager_keeps_the_socket_of_the_usual_state_folder_alone() {
    let root = tempfile::tempdir().unwrap();
    let session = root.path().join("session");
    ensure_private_folder(&session).unwrap();
    let surroundings = Surroundings {
        xdg_runtime_dir: Some(session.clone()),
        ..surroundings(&root)
    };
    let usual = surroundings.agent_paths(None).unwrap();
    let socket = session.join("cpxd/cpxd.sock");
    assert_eq!(usual.service_socket(), Some(socket.as_path()));
    assert_eq!(usual.sockets_to_try().last(), Some(&socket));
    let other = surroundings.agent_paths(Some(&root.path().join("other")));
    assert_eq!(other.unwrap().service_socket(), None);
}

#[test]
fn who_only_looks_finds_the_same_folders_and_makes_none() {
    let root = tempfile::tempdir().unwrap();
    let surroundings = surroundings(&root);
    let state = root.path().join("state");
    let before = surroundings.paths_to_look_at(Some(&state)).unwrap();
    assert!(!state.exists());
    assert!(!before.runtime_dir().exists());
    let made = surroundings.agent_paths(Some(&state)).unwrap();
    assert_eq!(surroundings.paths_to_look_at(Some(&state)).unwrap(), made);
}

#[test]
fn a_state_folder_open_to_others_is_tightened() {
    let root = tempfile::tempdir().unwrap();
    let state = root.path().join("state");
    fs::create_dir(&state).unwrap();
    fs::set_permissions(&state, fs::Permissions::from_mode(0o755)).unwrap();
    surroundings(&root).agent_paths(Some(&state)).unwrap();
    assert_eq!(mode_of(&state), 0o700);
}

#[test]
fn without_a_session_folder_the_runtime_folder_is_in_the_state_folder() {
    let root = tempfile::tempdir().unwrap();
    let state = root.path().join("state");
    let mut without = surroundings(&root);
    let paths = without.agent_paths(Some(&state)).unwrap();
    assert_eq!(paths.runtime_dir(), paths.state_dir().join("run"));

    without.xdg_runtime_dir = Some(root.path().join("absent"));
    assert_eq!(without.agent_paths(Some(&state)).unwrap(), paths);
}

#[test]
fn each_state_folder_has_its_own_runtime_folder_in_the_session() {
    let root = tempfile::tempdir().unwrap();
    let session = root.path().join("session");
    fs::create_dir(&session).unwrap();
    let mut with = surroundings(&root);
    with.xdg_runtime_dir = Some(session.clone());
    let one = with.agent_paths(Some(&root.path().join("one"))).unwrap();
    let two = with.agent_paths(Some(&root.path().join("two"))).unwrap();
    let one_by_another_name = with
        .agent_paths(Some(&root.path().join("two/../one")))
        .unwrap();
    assert_eq!(one.runtime_dir().parent(), Some(session.as_path()));
    assert_ne!(one.runtime_dir(), two.runtime_dir());
    assert_eq!(one, one_by_another_name);
}

#[test]
fn a_session_folder_behind_a_link_is_not_used() {
    let root = tempfile::tempdir().unwrap();
    let link = root.path().join("session");
    symlink(root.path(), &link).unwrap();
    let mut with = surroundings(&root);
    with.xdg_runtime_dir = Some(link);
    let paths = with.agent_paths(None).unwrap();
    assert_eq!(paths.runtime_dir(), paths.state_dir().join("run"));
}

#[test]
fn a_path_too_long_for_a_socket_moves_to_the_short_root() {
    let root = tempfile::tempdir().unwrap();
    let surroundings = surroundings(&root);
    let state = root.path().join("s".repeat(LONGEST_SOCKET_PATH));
    let paths = surroundings.agent_paths(Some(&state)).unwrap();
    let name = paths.runtime_dir().file_name().unwrap().to_str().unwrap();
    assert_eq!(
        paths.runtime_dir().parent(),
        Some(surroundings.short_root.as_path())
    );
    assert!(name.starts_with(&format!("cpxd-{}-", current_user())));
    assert_eq!(mode_of(paths.runtime_dir()), 0o700);
}

#[test]
fn a_link_put_in_the_short_root_by_somebody_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let surroundings = surroundings(&root);
    let state = root.path().join("s".repeat(LONGEST_SOCKET_PATH));
    let expected = surroundings.agent_paths(Some(&state)).unwrap();
    fs::remove_dir(expected.runtime_dir()).unwrap();
    symlink(root.path(), expected.runtime_dir()).unwrap();
    assert!(matches!(
        surroundings.agent_paths(Some(&state)),
        Err(PathsError::Folder(PrivateFileError::NotAFolder { .. }))
    ));
}

#[test]
fn a_user_without_home_must_name_a_state_folder() {
    let root = tempfile::tempdir().unwrap();
    let mut homeless = surroundings(&root);
    homeless.home = None;
    assert!(matches!(
        homeless.agent_paths(None),
        Err(PathsError::NoHome)
    ));
    assert!(homeless.config_files().user.is_none());
    let state = root.path().join("state");
    assert!(homeless.agent_paths(Some(&state)).is_ok());
}

#[test]
fn xdg_variables_win_over_the_home_folder() {
    let root = tempfile::tempdir().unwrap();
    let mut with = surroundings(&root);
    with.xdg_state_home = Some(root.path().join("state"));
    with.xdg_config_home = Some(root.path().join("config"));
    let paths = with.agent_paths(None).unwrap();
    assert_eq!(paths.state_dir(), root.path().join("state/cpxd"));
    assert_eq!(
        with.config_files().user,
        Some(root.path().join("config/cpxd/cpxd.toml"))
    );
}

#[test]
fn relative_paths_in_variables_are_ignored() {
    assert_eq!(absolute(PathBuf::from("relative/state")), None);
    assert_eq!(absolute(PathBuf::new()), None);
    assert_eq!(absolute(PathBuf::from("/x")), Some(PathBuf::from("/x")));
}

#[test]
fn a_client_without_a_session_folder_reads_the_endpoint_of_an_agent_that_has_one() {
    let root = tempfile::tempdir().unwrap();
    let session = root.path().join("session");
    fs::create_dir(&session).unwrap();
    let client = surroundings(&root).agent_paths(None).unwrap();
    assert!(client.read_endpoint().is_err(), "nobody announced itself");
    let mut with_session = surroundings(&root);
    with_session.xdg_runtime_dir = Some(session);
    let agent = with_session.agent_paths(None).unwrap();
    agent.publish_endpoint(b"here").unwrap();
    assert_ne!(agent.endpoint_file(), client.endpoint_file());
    assert_eq!(client.read_endpoint().unwrap(), b"here");
    assert_eq!(agent.read_endpoint().unwrap(), b"here");
}

#[test]
fn the_link_in_the_state_folder_leads_to_the_endpoint() {
    let root = tempfile::tempdir().unwrap();
    let paths = surroundings(&root).agent_paths(None).unwrap();
    for contents in ["first", "second"] {
        paths.publish_endpoint(contents.as_bytes()).unwrap();
        assert_eq!(fs::read_to_string(paths.endpoint_link()).unwrap(), contents);
        assert_eq!(
            read_private(&paths.endpoint_file()).unwrap(),
            contents.as_bytes()
        );
    }
    paths.withdraw_endpoint().unwrap();
    paths.withdraw_endpoint().unwrap();
    assert!(fs::symlink_metadata(paths.endpoint_link()).is_err());
    assert!(!paths.endpoint_file().exists());
}
