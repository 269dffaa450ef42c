//! Imports go down only: no module of the library knows one that comes after it in the flow of data.

use std::path::{Path, PathBuf};

/// The library's modules, the lowest first. Each may use those before it.
const LAYERS: &[&str] = &[
    "limits", "bits", "visible", "phrases", "verdict", "input", "mail", "reply", "report", "rules", "classify", "answer",
    "check", "output",
];

/// What a module must not know although it stands below: `input` knows nothing of mail, `report` knows no rule, and so on.
const STRANGERS: &[(&str, &[&str])] = &[
    ("input", &["mail", "reply", "report", "rules", "verdict"]),
    ("mail", &["input", "reply", "verdict"]),
    ("reply", &["mail", "input", "verdict"]),
    ("report", &["rules", "input"]),
    ("rules", &["mail", "report", "input"]),
    ("classify", &["mail", "report", "input"]),
    ("check", &["mail", "input"]),
];

fn sources() -> Vec<(String, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    walkdir::WalkDir::new(&root)
        .sort_by_file_name()
        .into_iter()
        .map(|entry| entry.expect("a readable source tree").into_path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter_map(|path| {
            let relative = path.strip_prefix(&root).ok()?.with_extension("");
            let module = relative.components().next()?.as_os_str().to_str()?.to_owned();
            Some((module, path))
        })
        .filter(|(module, _)| !matches!(module.as_str(), "lib" | "main" | "cli" | "build"))
        .collect()
}

/// The library modules that a source names, tests left out.
fn uses(text: &str) -> Vec<String> {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let mut named = Vec::new();
    for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
        for part in line.split("crate::").skip(1) {
            let group = part.strip_prefix('{').and_then(|group| group.split('}').next());
            match group {
                Some(group) => {
                    named.extend(group.split(',').map(|name| name.trim().split("::").next().unwrap_or_default().to_owned()))
                }
                None => named.push(part.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default().to_owned()),
            }
        }
    }
    named.retain(|name| LAYERS.contains(&name.as_str()));
    named
}

#[test]
fn no_module_uses_one_that_comes_after_it() {
    let place = |module: &str| LAYERS.iter().position(|layer| *layer == module);
    let sources = sources();
    assert!(sources.len() > 20, "only {} sources found", sources.len());
    let mut wrong = Vec::new();
    for (module, path) in sources {
        let own = place(&module).unwrap_or_else(|| panic!("{}: the module `{module}` has no layer", path.display()));
        let text = std::fs::read_to_string(&path).expect("a readable source");
        for used in uses(&text) {
            let strange = STRANGERS.iter().any(|(of, strangers)| *of == module && strangers.contains(&used.as_str()));
            if place(&used).is_some_and(|used| used > own) || strange {
                wrong.push(format!("{} uses `{used}`", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_module_of_the_crate_page_has_a_layer() {
    let lib = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).expect("a readable source");
    let modules: Vec<&str> = lib
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ").or_else(|| line.strip_prefix("mod "))?.strip_suffix(';'))
        .collect();
    assert_eq!(modules.len(), LAYERS.len(), "{modules:?}");
    for module in modules {
        assert!(LAYERS.contains(&module), "{module}");
    }
}
