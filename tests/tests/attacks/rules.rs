//! The table of SECURITY.md that says which test shows which rule names tests that are there.

use std::fs;

use cpxd_tests::programs::workspace_dir;

#[test]
fn every_rule_of_door_and_grants_names_a_test_that_exists() {
    let page = fs::read_to_string(workspace_dir().join("SECURITY.md")).unwrap();
    let (_, table) = page.split_once("## Which test shows which rule").unwrap();
    let table = table.split("\n## ").next().unwrap();
    let rows: Vec<_> = table
        .lines()
        .filter(|line| line.starts_with("| "))
        .collect();
    let mut rules = 0;
    for row in rows.iter().skip(2) {
        let (_, tests) = row.trim_matches('|').split_once('|').unwrap();
        let mut named = tests.split('`').skip(1).step_by(2).peekable();
        assert!(named.peek().is_some(), "a rule without a test: {row}");
        for test in named {
            let (file, name) = test.split_once("::").unwrap();
            let file = workspace_dir().join("tests/tests").join(file);
            let text = fs::read_to_string(&file).unwrap_or_default();
            // The second is a behaviour with a test for each browser.
            let is_there = [format!("fn {name}()"), format!("fn {name}(kind: Kind)")]
                .iter()
                .any(|signature| text.contains(signature));
            assert!(is_there, "{test} of {row}");
        }
        rules += 1;
    }
    assert!(rules >= 20, "{rules}");
}
