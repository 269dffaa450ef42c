//! The README's commands run, and its table is the code's.

use std::path::Path;

use whybounce::report::dialects;
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

#[test]
fn the_table_of_dialects_is_the_code_s() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/report/dialect/table.md");
    let documented = std::fs::read_to_string(file).expect("a table");
    let mut wanted = String::from("| dialect | known by |\n|---|---|\n");
    for dialect in dialects() {
        let ways: Vec<String> = dialect
            .known_by
            .iter()
            .map(|marks| marks.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ").replace('|', "\\|"))
            .collect();
        wanted.push_str(&format!("| `{}` | {} |\n", dialect.name, ways.join("; or ")));
    }
    assert_eq!(documented, wanted, "the table should be\n{wanted}");
}
