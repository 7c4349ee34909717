//! Three users at once on one machine, as on a terminal server: each has an agent, a port and a card, and nothing of
//! the others'. The users are real ones, made by `useradd`.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what cannot be looked at fails its test"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use cpxd_tests::calls::{authenticate_body, path_of};
use cpxd_tests::system_users::{SystemUser, UserAgent, open};
use cpxd_tests::waiting::until;
use serde_json::{Value, json};

/// Three users with their agents. The third one's name has all that a name may have.
fn three_users(of: &str) -> [UserAgent; 3] {
    [
        (format!("cpxd-{of}-a"), "cps3"),
        (format!("cpxd-{of}-b"), "cps4"),
        (format!("zoé.{of}'%h$𝒵"), "cpe"),
    ]
    .map(|(name, card)| UserAgent::start(SystemUser::make(&name), card))
}

/// Each of them with the two others.
fn each_with_the_others(agents: &[UserAgent; 3]) -> [(&UserAgent, [&UserAgent; 2]); 3] {
    let [a, b, c] = agents;
    [(a, [b, c]), (b, [a, c]), (c, [a, b])]
}

/// The number of the only card that a user's `cpxd status` shows, once it is there.
fn card_in_status(user: &SystemUser) -> Value {
    until("a card", || {
        let status = user.told(&["status"]);
        let cards = status["cards"].as_array().unwrap();
        assert!(cards.len() < 2, "{status}");
        let number = cards.first()?["number"].clone();
        assert!(number.is_string(), "{status}");
        Some(number)
    })
}

#[test]
fn each_of_three_users_has_a_port_and_sees_his_own_card_alone() {
    let agents = three_users("see");
    let ports: BTreeSet<_> = agents.iter().map(UserAgent::url).collect();
    assert_eq!(ports.len(), 3, "{ports:?}");
    let cards = agents.each_ref().map(|agent| card_in_status(&agent.user));
    for (agent, card) in agents.iter().zip(&cards) {
        let others = cards.iter().filter(|other| *other != card);
        assert_eq!(others.count(), 2, "{cards:?}");
        let shown = agent.user.cpxd(&["status"]).output().unwrap();
        let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
        assert!(shown.contains(&agent.url()), "{shown}");
        for other in &cards {
            let is_shown = shown.contains(other.as_str().unwrap());
            assert_eq!(is_shown, other == card, "{shown}");
        }
        let readers = &agent.user.told(&["readers"])["readers"];
        assert_eq!(readers.as_array().unwrap().len(), 1, "{readers}");
        let process = fs::read_to_string(format!("/proc/{}/status", agent.pid())).unwrap();
        let uid = agent.user.uid();
        let whose = format!("Uid:\t{uid}\t{uid}\t{uid}\t{uid}\n");
        assert!(process.contains(&whose), "{process}");
    }
}

#[test]
fn a_user_gets_at_the_socket_of_another_neither_through_the_folders_nor_past_them() {
    let agents = three_users("sock");
    for (agent, others) in each_with_the_others(&agents) {
        let own = agent.at_socket(&agent.user, "/v1", &[]);
        assert_eq!(own.status, 200, "{own:?}");
        for other in others {
            let refused = agent.at_socket(&other.user, "/v1/cards", &[]);
            assert_eq!(refused.status, 0, "{refused:?}");
            assert!(!agent.log().contains(&refusal_of(&other.user)));
        }
    }
    // With every door on the way open, the agent itself looks who it is.
    for agent in &agents {
        let socket = agent.socket();
        open(&socket, 0o777);
        for folder in socket.ancestors().skip(1).take(2) {
            open(folder, 0o777);
        }
    }
    for (agent, others) in each_with_the_others(&agents) {
        let folder = agent.socket().parent().unwrap().to_owned();
        for other in others {
            assert!(other.user.reads(&folder), "he gets as far as the socket");
            let refused = agent.at_socket(&other.user, "/v1/cards", &[]);
            assert_eq!(refused.status, 0, "{refused:?}");
        }
        // The first refusal of a minute has a line of its own.
        until("the refusal in the log", || {
            let log = agent.log();
            let is_told = |other: &&UserAgent| log.contains(&refusal_of(&other.user));
            others.iter().any(is_told).then_some(())
        });
        let own = agent.at_socket(&agent.user, "/v1", &[]);
        assert_eq!(own.status, 200, "{own:?}");
    }
}

fn refusal_of(user: &SystemUser) -> String {
    format!("belongs to another user (uid {})", user.uid())
}

#[test]
fn the_command_line_of_a_user_speaks_to_no_agent_of_another() {
    let agents = three_users("cli");
    let [a, b, _] = &agents;
    let card = card_in_status(&a.user);
    let state = a.user.state();
    let ask = || {
        let mut cpxd = b.user.cpxd(&["cards", "--json", "--state-dir"]);
        cpxd.arg(&state).env("XDG_RUNTIME_DIR", a.user.session());
        let output = cpxd.output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        assert!(!output.status.success(), "{said}");
        assert!(!said.contains(card.as_str().unwrap()), "{said}");
        said
    };
    let _ = ask();
    // Even where he gets at everything, he is told whose agent it is.
    open_everything(&a.user);
    let said = ask();
    assert!(said.contains("another user"), "{said}");
    let state_of_b = card_in_status(&b.user);
    assert_ne!(state_of_b, card, "his own is served as before");
}

/// As an administrator may have done who wanted to help.
fn open_everything(user: &SystemUser) {
    for folder in [user.home(), user.session()] {
        for path in everything_below(&folder) {
            if !path.is_symlink() {
                open(&path, 0o777);
            }
        }
    }
}

fn everything_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![folder.to_owned()];
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if fs::symlink_metadata(&path).unwrap().is_dir() {
            found.extend(everything_below(&path));
        } else {
            found.push(path);
        }
    }
    found
}

#[test]
fn a_user_reads_nothing_that_the_agent_of_another_keeps() {
    let agents = three_users("read");
    for agent in &agents {
        let _ = authenticated_card(agent);
    }
    for (agent, others) in each_with_the_others(&agents) {
        let kept = [
            everything_below(&agent.user.state()),
            everything_below(agent.socket().parent().unwrap()),
        ]
        .concat();
        for name in ["demo-token", "endpoint.json", "tls/leaf.pem", "journal"] {
            assert!(kept.contains(&agent.state_file(name)), "{name}: {kept:?}");
            let path = agent.state_file(name);
            assert!(agent.user.reads(&path), "its own user reads {name}");
        }
        for other in others {
            for path in &kept {
                assert!(!other.user.reads(path), "{}", path.display());
            }
        }
    }
}

#[test]
fn a_user_is_refused_at_the_port_of_another_also_with_the_token_of_its_own_user() {
    let agents = three_users("port");
    for (agent, others) in each_with_the_others(&agents) {
        let token = agent.authorization();
        let own = agent.at_port(&agent.user, "/v1/cards", &["-H", &token]);
        assert_eq!(own.status, 200, "{own:?}");
        for other in others {
            let token_of_other = other.authorization();
            for arguments in [
                &[][..],
                &["-H", &token],
                &["-H", &token_of_other],
                &["-H", &token, "--http1.1", "--tls-max", "1.2"],
            ] {
                let refused = agent.at_port(&other.user, "/v1/cards", arguments);
                let refusal = (refused.status, refused.code());
                assert_eq!(refusal, (403, "peer-refused".to_owned()), "{refused:?}");
            }
        }
    }
}

/// Uses the card of an agent once, and has it.
fn authenticated_card(agent: &UserAgent) -> Value {
    let card = until("a card", || {
        let cards = agent.read("/v1/cards");
        cards["cards"].as_array()?.first().cloned()
    });
    let path = path_of(&card, "/authenticate");
    let authenticated = agent.call(&path, &authenticate_body());
    assert_eq!(authenticated.status, 200, "{authenticated:?}");
    card
}

#[test]
fn grants_sessions_and_journal_of_a_user_never_appear_in_those_of_another() {
    let agents = three_users("own");
    let [a, b, c] = &agents;
    let card = authenticated_card(a);
    let paired = a
        .user
        .told(&["pair", "--name", PROGRAM, "--right", "identify"]);
    let session = a.call_with_token("/v1/sessions", &json!({ "card": card["id"] }));
    assert_eq!(session.status, 200, "{session:?}");
    let session = session.json()["id"].as_str().unwrap().to_owned();

    let of = |agent: &UserAgent| {
        let told = ["grants", "sessions", "journal"].map(|what| agent.user.told(&[what]));
        let kept: String = everything_below(&agent.state_file("journal"))
            .iter()
            .filter(|path| path.is_file())
            .map(|path| fs::read_to_string(path).unwrap())
            .collect();
        [&told.map(|told| told.to_string())[..], &[kept]].concat()
    };
    let card = card["id"].as_str().unwrap();
    let marks = [PROGRAM, &session, card];
    let [grants, sessions, journal, kept] = &of(a)[..] else {
        panic!("four texts");
    };
    for (text, mark) in [
        (grants, PROGRAM),
        (sessions, session.as_str()),
        (journal, card),
        (kept, card),
    ] {
        assert!(text.contains(mark), "{mark}: {text}");
    }
    for other in [b, c] {
        for (text, mark) in of(other)
            .iter()
            .flat_map(|text| marks.iter().map(move |mark| (text, mark)))
        {
            assert!(!text.contains(mark), "{mark}: {text}");
        }
        // What is the one's to end or to take back is not there for the others.
        let mut end = other.user.cpxd(&["sessions", "end", &session]);
        assert!(!end.output().unwrap().status.success());
        let grant = paired["grant"]["id"].as_str().unwrap();
        let mut revoke = other.user.cpxd(&["grants", "revoke", grant]);
        assert!(!revoke.output().unwrap().status.success());
    }
    let after = a.user.told(&["grants"]).to_string();
    assert!(after.contains(PROGRAM), "{after}");
    let after = a.user.told(&["sessions"]).to_string();
    assert!(after.contains(&session), "{after}");
}

const PROGRAM: &str = "Program of one user";
