//! The nomenclature tables, with the newer files that user and machine have.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use daemon_cards::nomenclature::{Nomenclature, Table};

/// The built-in tables and over them the files of these folders, the last of which wins.
///
/// They are read once: cards refer to them as long as the agent runs.
pub(crate) fn of_this_agent(folders: &[PathBuf]) -> &'static Nomenclature {
    static TABLES: OnceLock<Nomenclature> = OnceLock::new();
    TABLES.get_or_init(|| load(folders))
}

/// A file that cannot be used costs labels, and nobody is kept from working by that.
fn load(folders: &[PathBuf]) -> Nomenclature {
    let mut nomenclature = Nomenclature::BUILT_IN.clone();
    for folder in folders {
        for table in Table::ALL {
            let file = folder.join(table.name()).with_extension("csv");
            if let Err(error) = update(&mut nomenclature, table, &file) {
                let file = file.display();
                tracing::warn!(event = "nomenclature-passed-over", %file, error, "a nomenclature table is passed over");
            }
        }
    }
    nomenclature
}

fn update(nomenclature: &mut Nomenclature, table: Table, file: &Path) -> Result<(), String> {
    match fs::metadata(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.to_string()),
        // Reading a pipe would keep the agent from starting.
        Ok(metadata) if !metadata.is_file() => return Err("it is no file".to_owned()),
        Ok(metadata) if metadata.len() > MAXIMUM_LEN => {
            return Err(format!("it has more than {MAXIMUM_LEN} bytes"));
        }
        Ok(_) => {}
    }
    let csv = fs::read_to_string(file).map_err(|error| error.to_string())?;
    nomenclature
        .update(table, &csv)
        .map_err(|error| error.to_string())
}

/// Bytes of one table at most; the longest that is published has some ten thousand.
const MAXIMUM_LEN: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_folder_wins_and_a_wrong_file_costs_itself_alone() {
        let (user, machine) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let write = |folder: &tempfile::TempDir, name: &str, csv: &str| {
            fs::write(folder.path().join(name), csv).unwrap();
        };
        write(
            &user,
            "G15.csv",
            "code;label\n10;De l'utilisateur\n97;Nouvelle\n",
        );
        write(&machine, "G15.csv", "code;label\n10;De la machine\n");
        write(&machine, "R02.csv", "code,label\nSA07,Cabinet\n");
        let folders = [&user, &machine, &user].map(|folder| folder.path().to_owned());
        let [first, last, _] = &folders;
        let nomenclature = load(&[first.clone(), last.clone(), first.join("absent")]);
        let label = |table, code| nomenclature.label(table, code);
        assert_eq!(label(Table::Professions, "10"), Some("De la machine"));
        assert_eq!(label(Table::Professions, "97"), Some("Nouvelle"));
        assert_eq!(label(Table::Sectors, "SA07"), Some("Cabinet individuel"));
    }

    #[test]
    fn what_is_no_file_or_too_long_for_a_table_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let file = |table: Table| folder.path().join(table.name()).with_extension("csv");
        fs::create_dir(file(Table::Sectors)).unwrap();
        let mut csv = String::from("code;label\n10;Trop long\n");
        csv.push_str(&"\n".repeat(1 << 20));
        fs::write(file(Table::Professions), csv).unwrap();
        let mut nomenclature = Nomenclature::BUILT_IN.clone();
        for (table, reason) in [
            (Table::Sectors, "no file"),
            (Table::Professions, "more than"),
        ] {
            let error = update(&mut nomenclature, table, &file(table)).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
        assert_ne!(
            nomenclature.label(Table::Professions, "10"),
            Some("Trop long")
        );
    }
}
