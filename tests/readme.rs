//! The README's commands run, and its table is the code's.

use std::path::Path;

use whybounce::verdict::Cause;

#[test]
fn the_commands_of_the_readme_give_what_it_shows() {
    trycmd::TestCases::new().case("README.md").run();
}

#[test]
fn the_table_of_causes_is_the_code_s() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("a README");
    let rows: Vec<&str> = readme.lines().filter(|line| line.starts_with("| `")).collect();
    let wanted: Vec<String> = Cause::ALL
        .iter()
        .map(|cause| format!("| `{cause}` | {} | {} | `{}` |", cause.meaning(), cause.bounce_type(), cause.action()))
        .collect();
    assert_eq!(rows, wanted, "the table should be\n{}\n", wanted.join("\n"));
}
