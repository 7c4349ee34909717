//! What a shell and `man` know of the commands: the same words as `--help`.
#![expect(
    clippy::unwrap_used,
    reason = "a command without a page fails its test"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use cpxd_tests::programs::program;

fn cpxd(arguments: &[&str]) -> String {
    let output = Command::new(program("cpxd"))
        .args(arguments)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "cpxd {arguments:?}: {text}");
    text
}

/// The commands that `--help` shows below these words, but for `help` itself, with what they do.
fn commands_below(words: &[&str]) -> Vec<(String, String)> {
    let help = cpxd(&[words, &["--help"]].concat());
    let Some((_, list)) = help.split_once("Commands:\n") else {
        return Vec::new();
    };
    list.lines()
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.trim().split_once("  "))
        .map(|(name, about)| (name.to_owned(), about.trim().to_owned()))
        .filter(|(name, _)| name != "help")
        .collect()
}

/// Every public command by its words, such as `pin change`, with the line of `--help`.
fn every_command() -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (name, about) in commands_below(&[]) {
        for (below, about) in commands_below(&[&name]) {
            all.push((format!("{name} {below}"), about));
        }
        all.push((name, about));
    }
    assert!(all.iter().any(|(name, _)| name == "pin change"), "{all:?}");
    all
}

/// A manual page as a reader sees it, on one long line, so that no word of a sentence is torn.
fn page(folder: &Path, name: &str) -> String {
    let output: Output = Command::new("man")
        .args(["--warnings", "--local-file"])
        .arg(folder.join(format!("{name}.1")))
        .env("MANWIDTH", "10000")
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {complaints}");
    assert!(complaints.is_empty(), "{name}: {complaints}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_public_command_has_a_manual_page_with_the_words_of_its_help_and_a_hidden_one_has_none() {
    let folder = tempfile::tempdir().unwrap();
    cpxd(&["manual-pages", folder.path().to_str().unwrap()]);
    let whole = page(folder.path(), "cpxd");
    assert!(whole.contains("--state-dir"), "{whole}");
    let mut expected = vec!["cpxd.1".to_owned()];
    for (words, about) in every_command() {
        let name = format!("cpxd-{}", words.replace(' ', "-"));
        let read = page(folder.path(), &name);
        assert!(read.contains(&about), "{name}: {read}");
        expected.push(format!("{name}.1"));
    }
    let mut written: Vec<String> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    written.sort();
    expected.sort();
    assert_eq!(written, expected);
}

#[test]
fn a_shell_completes_every_public_command_and_no_hidden_one() {
    let script = cpxd(&["completions", "bash"]);
    for (words, _) in every_command() {
        let typed: Vec<&str> = words.split(' ').collect();
        let (last, before) = typed.split_last().unwrap();
        let offered = completed_by_bash(&script, before);
        assert!(
            offered.contains(&(*last).to_owned()),
            "{words}: {offered:?}"
        );
    }
    let offered = completed_by_bash(&script, &[]);
    assert!(!offered.contains(&"manual-pages".to_owned()), "{offered:?}");
    for shell in ["zsh", "fish"] {
        let script = cpxd(&["completions", shell]);
        assert!(script.contains("unblock"), "{shell}");
        assert!(!script.contains("manual-pages"), "{shell}");
    }
}

/// What bash itself offers after `cpxd` and these words.
fn completed_by_bash(script: &str, words: &[&str]) -> Vec<String> {
    let ask = format!(
        "{script}\nCOMP_WORDS=(cpxd {} ''); COMP_CWORD={}\n_cpxd cpxd '' x; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        words.join(" "),
        words.len() + 1,
    );
    let output = Command::new("bash").args(["-c", &ask]).output().unwrap();
    let offered = String::from_utf8(output.stdout).unwrap();
    offered.lines().map(ToOwned::to_owned).collect()
}
