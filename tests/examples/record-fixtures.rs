//! Writes the dialogues of `apdu-fixtures/` that the virtual card can hold, after a change of the card or of
//! the profiles. A file whose dialogue did not change keeps its source line. Look at the difference
//! before you commit it: it is what every card in the field will be asked from now on.
#![expect(clippy::print_stdout, reason = "it says what it wrote")]

use cpxd_tests::fixtures::{Fixture, record_all};

fn main() -> std::io::Result<()> {
    for fixture in record_all() {
        let path = fixture.path();
        let before = std::fs::read_to_string(&path).unwrap_or_default();
        if Fixture::without_source(&before) == Fixture::without_source(&fixture.text) {
            println!("unchanged  {}", fixture.file_name);
        } else {
            std::fs::write(&path, &fixture.text)?;
            println!("written    {}", fixture.file_name);
        }
    }
    Ok(())
}
